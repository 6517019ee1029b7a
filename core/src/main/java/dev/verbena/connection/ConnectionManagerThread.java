package dev.verbena.connection;

import dev.verbena.queuepair.ConnectionException;
import dev.verbena.queuepair.ConnectionException.Reason;
import dev.verbena.queuepair.LoopFuture;
import dev.verbena.verbs.VerbsException;
import dev.verbena.verbs.cm.ConnectionEvent;
import dev.verbena.verbs.cm.ConnectionEventType;
import dev.verbena.verbs.cm.ConnectionId;
import dev.verbena.verbs.cm.EventChannel;
import dev.verbena.verbs.cm.IdOption;
import dev.verbena.verbs.cm.PortSpace;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ThreadFactory;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes connections and hears of their end: the one thread that reads the connection manager's events, and the steps of
 * each attempt and request.
 *
 * <p>Threading: its own thread; what is public to the package may be called from any.
 */
final class ConnectionManagerThread implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ConnectionManagerThread.class);
    private static final Duration TURN = Duration.ofMillis(50);
    private static final long CLOSE_TIMEOUT_MS = 5_000;
    private static final int BACKLOG = 128;
    /** 67 ms, seven times; the default for RoCE makes each of them seconds. */
    private static final int ACK_TIMEOUT = 14;

    private static final int REFUSED_BY_PROGRAM = 28;
    private static final long PAUSE_MIN_NS = Duration.ofMillis(20).toNanos();
    private static final long PAUSE_MAX_NS = Duration.ofSeconds(1).toNanos();

    /** What an id stands for. */
    sealed interface Role permits Listening, Attempt, Incoming, Established {}

    /** A listener and who is told of its connections. */
    static final class Listening implements Role {
        private final ConnectionId id;
        private final InetSocketAddress address;
        private final Consumer<Connection> handler;

        private Listening(ConnectionId id, InetSocketAddress address, Consumer<Connection> handler) {
            this.id = id;
            this.address = address;
            this.handler = handler;
        }

        InetSocketAddress address() {
            return address;
        }
    }

    /** A connection that this side wants, over all its tries. */
    private static final class Attempt implements Role {
        private final @Nullable InetSocketAddress source;
        private final InetSocketAddress destination;
        private final CompletableFuture<Connection> future;
        private final Consumer<Connection> opened;
        private final long deadlineNs;
        private int retriesLeft;
        private long pauseNs = PAUSE_MIN_NS;
        private long nextTryNs;
        private @Nullable ConnectionId id;
        private @Nullable ConnectionCore core;
        private @Nullable ConnectionException last;

        private Attempt(
                @Nullable InetSocketAddress source,
                InetSocketAddress destination,
                CompletableFuture<Connection> future,
                Consumer<Connection> opened,
                long deadlineNs,
                int retries) {
            this.source = source;
            this.destination = destination;
            this.future = future;
            this.opened = opened;
            this.deadlineNs = deadlineNs;
            this.retriesLeft = retries;
        }
    }

    /** A request that was accepted; the peer has to say that it is ready. */
    private record Incoming(
            ConnectionCore core, Handshake peer, int readDepth, Consumer<Connection> opened, long deadlineNs)
            implements Role {}

    /** A connection that stands. */
    private record Established(ConnectionCore core) implements Role {}

    private final QueuePairManager manager;
    private final EventChannel channel;
    private final Thread thread;
    private final Queue<Runnable> commands = new ConcurrentLinkedQueue<>();
    private final Map<ConnectionId, Role> roles = new HashMap<>();
    private final ArrayList<Attempt> attempts = new ArrayList<>();
    private final Object ending = new Object();
    private volatile boolean closing;
    private volatile boolean ended;

    ConnectionManagerThread(QueuePairManager manager, EventChannel channel, ThreadFactory threads) {
        this.manager = manager;
        this.channel = channel;
        this.thread = threads.newThread(this::run);
        this.thread.setName("verbena-cm");
        this.thread.start();
    }

    // ---------------------------------------------------------------- for the others

    private void command(Runnable command) {
        commands.add(command);
        if (ended) {
            end();
        } else if (!closing) {
            channel.wakeUp();
        }
    }

    /** Listens at once, so that a wrong address is an exception here. */
    Listening listen(InetSocketAddress address, Consumer<Connection> handler) {
        ConnectionId id = channel.createId(PortSpace.TCP);
        try {
            shortenAckTimeout(id);
            id.setOption(IdOption.REUSE_ADDRESS, 1);
            id.bind(address);
            InetSocketAddress bound = id.localAddress();
            if (bound == null) {
                throw new IllegalStateException("a listener without an address");
            }
            Listening listening = new Listening(id, bound, handler);
            // Before listening: the first request may come at once, and this thread reads it after the command.
            commands.add(() -> roles.put(id, listening));
            id.listen(BACKLOG);
            channel.wakeUp();
            return listening;
        } catch (RuntimeException e) {
            id.close();
            command(() -> roles.remove(id));
            throw e;
        }
    }

    /** At once: when it returns, nobody is connected any more. */
    void stopListening(Listening listening) {
        listening.id.close();
        command(() -> roles.remove(listening.id));
    }

    CompletableFuture<Connection> connect(
            @Nullable InetSocketAddress source, InetSocketAddress destination, Consumer<Connection> opened) {
        CompletableFuture<Connection> future = new LoopFuture<>();
        QueuePairManagerConfig config = manager.config();
        Attempt attempt = new Attempt(
                source,
                destination,
                future,
                opened,
                System.nanoTime() + config.connectTimeout().toNanos(),
                config.connectRetries());
        command(() -> {
            attempts.add(attempt);
            if (!closing) {
                begin(attempt);
            }
        });
        return future;
    }

    /** Ends a connection on the wire. */
    void disconnect(ConnectionId id) {
        command(() -> {
            try {
                id.disconnect();
            } catch (VerbsException | IllegalStateException e) {
                // It never was connected, or the other side was first.
                LOG.debug("{}", e.getMessage());
            }
        });
    }

    /** The connection is over on this side: its id is not needed any more. */
    void forget(ConnectionId id) {
        command(() -> {
            roles.remove(id);
            id.close();
        });
    }

    private static void shortenAckTimeout(ConnectionId id) {
        try {
            id.setOption(IdOption.ACK_TIMEOUT, ACK_TIMEOUT);
        } catch (VerbsException e) {
            LOG.debug("the acknowledge timeout stays at the system's default: {}", e.getMessage());
        }
    }

    // ---------------------------------------------------------------- the thread

    private void run() {
        while (!closing) {
            try {
                turn();
            } catch (InterruptedException e) {
                LOG.debug("interrupted");
            } catch (RuntimeException | Error e) {
                LOG.error("a turn of the connection manager's thread failed", e);
            }
        }
        ended = true;
        end();
    }

    /** After the thread's last turn, on whichever thread: what is still asked for is done, or fails, so that nobody waits. */
    private void end() {
        synchronized (ending) {
            for (Runnable command = commands.poll(); command != null; command = commands.poll()) {
                try {
                    command.run();
                } catch (RuntimeException e) {
                    LOG.debug("after the end: {}", e.toString());
                }
            }
            for (Attempt attempt : new ArrayList<>(attempts)) {
                give(attempt, new ConnectionException(Reason.CLOSED, "the manager was closed while it was connecting"));
            }
        }
    }

    private void turn() throws InterruptedException {
        runCommands();
        ConnectionEvent event = channel.await(TURN);
        for (; event != null; event = channel.poll()) {
            // A listener's role may have been left by the thread that this event answers.
            runCommands();
            dispatch(event);
        }
        checkDeadlines(System.nanoTime());
    }

    private void runCommands() {
        for (Runnable command = commands.poll(); command != null; command = commands.poll()) {
            command.run();
        }
    }

    private void dispatch(ConnectionEvent event) {
        LOG.debug("{}", event);
        ConnectionId listener = event.listener();
        Role role = roles.get(listener != null ? listener : event.id());
        switch (role) {
            case Listening listening -> onRequest(listening, event);
            case Attempt attempt -> onAttempt(attempt, event);
            case Incoming incoming -> onIncoming(incoming, event);
            case Established established -> onEstablished(established, event);
            case null -> {
                if (listener != null) {
                    event.id().close();
                }
            }
        }
    }

    private void checkDeadlines(long nowNs) {
        for (Attempt attempt : new ArrayList<>(attempts)) {
            if (attempt.future.isDone()) {
                give(attempt, new ConnectionException(Reason.CLOSED, "connecting was cancelled"));
            } else if (nowNs - attempt.deadlineNs >= 0) {
                ConnectionException last = attempt.last;
                give(
                        attempt,
                        new ConnectionException(
                                Reason.TIMEOUT,
                                attempt.destination + " has not been reached within "
                                        + manager.config().connectTimeout().toMillis() + " ms"
                                        + (last == null ? "" : "; the last attempt: " + last.getMessage()),
                                last));
            } else if (attempt.id == null && nowNs - attempt.nextTryNs >= 0) {
                begin(attempt);
            }
        }
        for (Map.Entry<ConnectionId, Role> entry : new ArrayList<>(roles.entrySet())) {
            if (entry.getValue() instanceof Incoming incoming && nowNs - incoming.deadlineNs >= 0) {
                roles.put(entry.getKey(), new Established(incoming.core));
                incoming.core.abandon(new ConnectionException(
                        Reason.TIMEOUT, "the peer asked for a connection and then did not say that it is ready"));
            }
        }
    }

    // ---------------------------------------------------------------- the active side

    private void begin(Attempt attempt) {
        try {
            ConnectionId id = channel.createId(PortSpace.TCP);
            attempt.id = id;
            roles.put(id, attempt);
            shortenAckTimeout(id);
            id.resolveAddress(attempt.source, attempt.destination, left(attempt));
        } catch (VerbsException e) {
            give(attempt, new ConnectionException(Reason.REFUSED, String.valueOf(e.getMessage()), e));
        } catch (IllegalStateException e) {
            give(attempt, new ConnectionException(Reason.CLOSED, "the manager is closed", e));
        }
    }

    private static Duration left(Attempt attempt) {
        return Duration.ofNanos(Math.max(attempt.deadlineNs - System.nanoTime(), 1_000_000));
    }

    private void onAttempt(Attempt attempt, ConnectionEvent event) {
        ConnectionId id = event.id();
        if (id != attempt.id) {
            return;
        }
        step(attempt, () -> {
            switch (event.type()) {
                case ADDR_RESOLVED -> id.resolveRoute(left(attempt));
                case ROUTE_RESOLVED -> prepare(attempt, id);
                case ESTABLISHED -> established(attempt, id, event);
                default -> {
                    if (event.type().isFailure()) {
                        retry(attempt, event);
                    }
                }
            }
        });
    }

    /** What fails in a step ends the attempt. */
    private void step(Attempt attempt, Runnable step) {
        try {
            step.run();
        } catch (VerbsException | IllegalArgumentException | IllegalStateException e) {
            give(attempt, new ConnectionException(Reason.REFUSED, String.valueOf(e.getMessage()), e));
        } catch (ConnectionException e) {
            give(attempt, e);
        }
    }

    /** The queue pair and its receives; only then is the peer told of credits. */
    private void prepare(Attempt attempt, ConnectionId id) {
        ConnectionCore core = new ConnectionCore(manager, this, manager.nextLoop());
        attempt.core = core;
        core.attach(
                id,
                () -> command(() -> {
                    if (attempt.core == core) {
                        step(attempt, () -> connect(id));
                    }
                }),
                e -> command(() -> {
                    if (attempt.core == core) {
                        give(attempt, new ConnectionException(Reason.REFUSED, String.valueOf(e.getMessage()), e));
                    }
                }));
    }

    private void connect(ConnectionId id) {
        int depth = manager.readDepthMax();
        id.connect(manager.config()
                .parameters()
                .withPrivateData(manager.config().handshake().encode())
                .withReadDepth(depth, depth));
    }

    private void established(Attempt attempt, ConnectionId id, ConnectionEvent event) {
        ConnectionCore core = attempt.core;
        if (core == null) {
            throw new IllegalStateException("established without a queue pair");
        }
        Handshake peer = Handshake.decode(event.privateData());
        attempts.remove(attempt);
        roles.put(id, new Established(core));
        core.established(
                peer,
                depth(event),
                id.peerAddress(),
                connection -> {
                    attempt.opened.accept(connection);
                    if (!attempt.future.complete(connection)) {
                        core.abandon(new ConnectionException(Reason.CLOSED, "connecting was cancelled"));
                    }
                },
                attempt.future::completeExceptionally);
    }

    private int depth(ConnectionEvent event) {
        return Math.clamp(event.initiatorDepth(), 1, manager.readDepthMax());
    }

    private void retry(Attempt attempt, ConnectionEvent event) {
        boolean byProgram = event.type() == ConnectionEventType.REJECTED && event.status() == REFUSED_BY_PROGRAM;
        ConnectionException failure = new ConnectionException(
                Reason.REFUSED,
                attempt.destination + ": " + event.explain() + (byProgram ? ": " + text(event.privateData()) : ""));
        if (byProgram || attempt.retriesLeft == 0) {
            give(attempt, failure);
            return;
        }
        attempt.retriesLeft--;
        attempt.last = failure;
        dropId(attempt, failure);
        attempt.nextTryNs = System.nanoTime() + attempt.pauseNs;
        attempt.pauseNs = Math.min(2 * attempt.pauseNs, PAUSE_MAX_NS);
    }

    private static String text(byte[] data) {
        int end = 0;
        while (end < data.length && data[end] != 0) {
            end++;
        }
        return new String(data, 0, end, StandardCharsets.UTF_8);
    }

    private void dropId(Attempt attempt, ConnectionException why) {
        ConnectionId id = attempt.id;
        ConnectionCore core = attempt.core;
        attempt.id = null;
        attempt.core = null;
        if (core != null && id != null) {
            roles.put(id, new Established(core));
            core.abandon(why);
        } else if (id != null) {
            roles.remove(id);
            id.close();
        }
    }

    private void give(Attempt attempt, ConnectionException failure) {
        attempts.remove(attempt);
        try {
            dropId(attempt, failure);
        } finally {
            attempt.future.completeExceptionally(failure);
        }
    }

    // ---------------------------------------------------------------- the passive side

    private void onRequest(Listening listening, ConnectionEvent event) {
        ConnectionId id = event.id();
        ConnectionCore core = null;
        try {
            Handshake peer = Handshake.decode(event.privateData());
            core = new ConnectionCore(manager, this, manager.nextLoop());
            int depth = depth(event);
            int served = Math.clamp(event.responderResources(), 1, manager.readDepthMax());
            Incoming incoming = new Incoming(
                    core,
                    peer,
                    depth,
                    listening.handler,
                    System.nanoTime() + manager.config().connectTimeout().toNanos());
            roles.put(id, incoming);
            core.attach(
                    id, () -> command(() -> accept(incoming, id, served)), e -> command(() -> refuse(incoming, id, e)));
        } catch (ConnectionException | VerbsException | IllegalArgumentException | IllegalStateException e) {
            refuse(id, core, e);
        }
    }

    private void accept(Incoming incoming, ConnectionId id, int served) {
        if (incoming.equals(roles.get(id))) {
            try {
                id.accept(manager.config()
                        .parameters()
                        .withPrivateData(manager.config().handshake().encode())
                        .withReadDepth(served, incoming.readDepth));
            } catch (VerbsException | IllegalArgumentException | IllegalStateException e) {
                refuse(id, incoming.core, e);
            }
        }
    }

    private void refuse(Incoming incoming, ConnectionId id, VerbsException e) {
        if (incoming.equals(roles.get(id))) {
            refuse(id, incoming.core, e);
        }
    }

    private void refuse(ConnectionId id, @Nullable ConnectionCore core, RuntimeException e) {
        LOG.warn("a connection request is refused: {}", e.getMessage());
        refuse(id, core, String.valueOf(e.getMessage()));
    }

    private void refuse(ConnectionId id, @Nullable ConnectionCore core, String why) {
        try {
            byte[] text = why.getBytes(StandardCharsets.UTF_8);
            id.reject(Arrays.copyOf(text, Math.min(text.length, PortSpace.TCP.rejectDataMax())));
        } catch (VerbsException | IllegalStateException e) {
            LOG.debug("{}", e.getMessage());
        }
        if (core == null) {
            roles.remove(id);
            id.close();
        } else {
            roles.put(id, new Established(core));
            core.abandon(new ConnectionException(Reason.REFUSED, why));
        }
    }

    private void onIncoming(Incoming incoming, ConnectionEvent event) {
        ConnectionId id = event.id();
        switch (event.type()) {
            case ESTABLISHED -> {
                roles.put(id, new Established(incoming.core));
                incoming.core.established(
                        incoming.peer, incoming.readDepth, id.peerAddress(), incoming.opened, why -> {});
            }
            case DISCONNECTED -> {
                // It may have been established and ended before its event was read.
                roles.put(id, new Established(incoming.core));
                incoming.core.disconnected();
            }
            default -> {
                if (event.type().isFailure()) {
                    roles.put(id, new Established(incoming.core));
                    incoming.core.abandon(new ConnectionException(Reason.PEER_LOST, event.explain()));
                }
            }
        }
    }

    private static void onEstablished(Established established, ConnectionEvent event) {
        switch (event.type()) {
            case DISCONNECTED -> established.core.disconnected();
            case DEVICE_REMOVAL ->
                established.core.abandon(new ConnectionException(Reason.DEVICE, "the device is going away"));
            default -> {}
        }
    }

    /** Ends the thread, bounded in time, and with the channel all ids. Idempotent. */
    @Override
    public void close() {
        closing = true;
        channel.wakeUp();
        try {
            thread.join(CLOSE_TIMEOUT_MS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        channel.close();
    }
}
