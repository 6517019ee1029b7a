package dev.verbena.connection;

import dev.verbena.memory.RegisteredBlock;
import dev.verbena.messaging.ChannelOwner;
import dev.verbena.messaging.Credits;
import dev.verbena.messaging.Frame;
import dev.verbena.messaging.Receiver;
import dev.verbena.messaging.Sender;
import dev.verbena.metrics.ConnectionEndedEvent;
import dev.verbena.metrics.ConnectionOpenedEvent;
import dev.verbena.metrics.Counters;
import dev.verbena.onesided.OneSided;
import dev.verbena.queuepair.ConnectionException;
import dev.verbena.queuepair.ConnectionException.Reason;
import dev.verbena.queuepair.EventLoop;
import dev.verbena.queuepair.LoopFuture;
import dev.verbena.queuepair.QueuePairEnd;
import dev.verbena.queuepair.SendRing;
import dev.verbena.verbs.CompletionOpcode;
import dev.verbena.verbs.CompletionStatus;
import dev.verbena.verbs.QueuePair;
import dev.verbena.verbs.VerbsException;
import dev.verbena.verbs.WorkCompletions;
import dev.verbena.verbs.cm.ConnectionId;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One end of a connection: its queue pair, rings and directions, and the states of its life.
 *
 * <pre>
 * CONNECTING --established--> OPEN --close--> CLOSING --goodbye arrived--> ENDING --flushed--> CLOSED
 *      any of these --failure, the peer's goodbye, abort--> ENDING
 * </pre>
 *
 * <p>In ENDING the queue pair is in ERROR and the device gives back what it had; only then is anything released. What the
 * peer had sent before it went is still delivered.
 *
 * <p>Threading: made and attached by the connection manager's thread, everything else on the loop's.
 */
final class ConnectionCore extends QueuePairEnd implements ChannelOwner {
    private static final Logger LOG = LoggerFactory.getLogger(ConnectionCore.class);
    private static final long FLUSH_TIMEOUT_NS = TimeUnit.SECONDS.toNanos(2);
    private static final long FLUSH_SLACK_MS = 5_000;
    /** Bases are never negative. */
    private static final long NO_PLACE = -1;

    private enum State {
        CONNECTING,
        OPEN,
        CLOSING,
        ENDING,
        CLOSED
    }

    private final QueuePairManager manager;
    private final ConnectionManagerThread cm;
    private final QueuePairManagerConfig config;
    private final EventLoop loop;
    private final QueuePair qp;
    private final long base;
    private final RegisteredBlock sendBlock;
    private final SendRing sends;
    private final ConnectionReceives receives;
    private final Credits credits;
    private final Sender sender;
    private final Receiver receiver;
    private final OneSided oneSided;
    private final Counters counters = new Counters();
    private final Connection facade = new Connection(this);
    private final CompletableFuture<ConnectionException> closed = new LoopFuture<>();

    private volatile State state = State.CONNECTING;
    private volatile @Nullable ConnectionException cause;
    private volatile @Nullable InetSocketAddress peerAddress;
    private @Nullable ConnectionId id;
    private boolean disconnected;
    private boolean flushSeen;
    private boolean sendsFlushed;
    private int flushedUntil;
    private boolean goodbyeSent;
    private boolean marked;
    private @Nullable IntConsumer immediateHandler;
    private final Heartbeat heartbeat;
    private final SlowWatch slowWatch = new SlowWatch();
    private long deadlineNs;
    private @Nullable Consumer<ConnectionException> onNeverOpened;

    /** A queue pair with its rings on a loop, not attached. What fails leaves nothing behind. */
    ConnectionCore(QueuePairManager manager, ConnectionManagerThread cm, EventLoop loop) {
        this.manager = manager;
        this.cm = cm;
        this.config = manager.config();
        this.loop = loop;
        this.heartbeat = new Heartbeat(config.heartbeat());
        int entries = config.entriesPerConnection();
        loop.reserve(entries);
        RegisteredBlock sendMemory = null;
        long place = NO_PLACE;
        try {
            place = loop.register(this);
            sendMemory = manager.localPool().take((long) config.sendSlots() * config.sendSlotBytes());
            receives = new ConnectionReceives(manager, loop);
        } catch (RuntimeException e) {
            loop.unreserve(entries);
            if (place != NO_PLACE) {
                loop.unregister(place);
            }
            if (sendMemory != null) {
                sendMemory.release();
            }
            throw e;
        }
        this.qp = receives.queuePair();
        this.sendBlock = sendMemory;
        this.base = place;
        this.sends =
                new SendRing(loop, this, qp, base, config.sendSlots(), sendMemory, config.sendSlotBytes(), counters);
        this.credits = receives.credits();
        this.sender = new Sender(
                this,
                sends,
                receives.window(),
                manager.allocator(),
                manager.registrations(),
                config.registerMinBytes(),
                manager.protectionDomain(),
                sendMemory.region().memory(),
                counters);
        this.receiver = new Receiver(
                this,
                receives.window(),
                receives.messages(),
                sends,
                sender,
                manager.allocator(),
                manager.registrations(),
                config.messageMaxBytes(),
                counters);
        this.oneSided = new OneSided(this, loop, sends, sender, manager.protectionDomain(), counters);
        manager.remember(this);
    }

    // ---------------------------------------------------------------- for the facade

    EventLoop loop() {
        return loop;
    }

    Sender sender() {
        return sender;
    }

    Receiver receiver() {
        return receiver;
    }

    OneSided oneSided() {
        return oneSided;
    }

    void onImmediate(IntConsumer handler) {
        onLoop(() -> immediateHandler = handler);
    }

    Counters counters() {
        return counters;
    }

    Connection facade() {
        return facade;
    }

    boolean isOpen() {
        return state == State.OPEN;
    }

    @Nullable
    ConnectionException cause() {
        return cause;
    }

    @Nullable
    InetSocketAddress peerAddress() {
        return peerAddress;
    }

    CompletableFuture<ConnectionException> closed() {
        return closed;
    }

    long closeBoundMs() {
        return config.closeTimeout().toMillis() + FLUSH_SLACK_MS;
    }

    /** Runs it on the loop's thread, at once when that is the caller's. */
    void onLoop(Runnable task) {
        boolean _ = tryOnLoop(task);
    }

    /** False when the loop has ended. */
    private boolean tryOnLoop(Runnable task) {
        if (loop.isOwner()) {
            task.run();
        } else {
            try {
                loop.execute(() -> runOrEnd(task));
            } catch (RejectedExecutionException e) {
                LOG.debug("{}: {}", this, e.getMessage());
                return false;
            }
        }
        return true;
    }

    /** What it throws ends this connection: half of it may be done. */
    private void runOrEnd(Runnable task) {
        try {
            task.run();
        } catch (RuntimeException | Error e) {
            LOG.error("{}: a task failed", this, e);
            onFault(e);
        }
    }

    // ---------------------------------------------------------------- coming about; the connection manager's thread

    /**
     * Attaches the queue pair and posts receives: from the peer's first credits on they must be there.
     *
     * @param posted told when they are, on whichever thread
     * @param refused told instead when there are none
     */
    void attach(ConnectionId connectionId, Runnable posted, Consumer<VerbsException> refused) {
        id = connectionId;
        connectionId.attach(qp);
        receives.post(base, this, posted, refused);
    }

    /**
     * The peer is there.
     *
     * @param opened told first of all
     * @param neverOpened told instead, when it has ended before, or with the first word to {@code opened}
     */
    void established(
            Handshake peer,
            int readDepth,
            @Nullable InetSocketAddress address,
            Consumer<Connection> opened,
            Consumer<ConnectionException> neverOpened) {
        if (!tryOnLoop(() -> open(peer, readDepth, address, opened, neverOpened))) {
            neverOpened.accept(new ConnectionException(Reason.CLOSED, this + ": the manager was closed"));
        }
    }

    private void open(
            Handshake peer,
            int readDepth,
            @Nullable InetSocketAddress address,
            Consumer<Connection> opened,
            Consumer<ConnectionException> neverOpened) {
        ConnectionException known = cause;
        if (state == State.CLOSED && known != null) {
            neverOpened.accept(known);
            return;
        }
        onNeverOpened = neverOpened;
        if (state != State.CONNECTING) {
            return;
        }
        peerAddress = address;
        state = State.OPEN;
        receives.open(peer);
        receiver.open(readDepth, manager.messageBytesMax());
        sender.open(peer.frameMaxBytes());
        oneSided.open();
        heartbeat.open(System.nanoTime());
        ConnectionOpenedEvent.tell(this, loop);
        try {
            opened.accept(facade);
            onNeverOpened = null;
        } catch (RuntimeException e) {
            fail(new ConnectionException(Reason.HANDLER, "the connection's handler threw " + e, e));
        }
        receives.servePostponed(this::isOpen, receiver);
        touch();
    }

    /** The connection manager says that the connection is over. */
    void disconnected() {
        onLoop(() -> {
            if (state != State.CONNECTING && receives.tellOfError()) {
                // What the peer sent before lies in the completion queue, and behind it the flushed receives.
                disconnected = true;
                deadlineNs = System.nanoTime() + FLUSH_TIMEOUT_NS;
            } else {
                loop.whenDrained(() -> fail(lost()));
            }
        });
    }

    private ConnectionException lost() {
        return new ConnectionException(
                Reason.PEER_LOST, this + ": the peer is gone, it ended the connection without a goodbye");
    }

    // ---------------------------------------------------------------- completions

    @Override
    protected void onSendCompletion(int sequence, WorkCompletions completions, int index) {
        if (completions.status(index) == 0) {
            sends.onCompletion(sequence, null);
            touch();
        } else {
            onFailedSend(sequence, completions, index);
        }
    }

    private void onFailedSend(int sequence, WorkCompletions completions, int index) {
        touch();
        ConnectionException known = cause;
        if (known != null) {
            sends.onCompletion(sequence, known);
        } else if (completions.statusOf(index) == CompletionStatus.WR_FLUSH_ERR) {
            // The peer's goodbye may still lie behind it: the cause is known at the end of the turn.
            flushSeen = true;
            if (!sendsFlushed) {
                sendsFlushed = true;
                sends.onCompletion(sequence - 1, null);
            }
            flushedUntil = sequence;
        } else {
            ConnectionException why = causeOf(completions, index);
            fail(why);
            sends.onCompletion(sequence, why);
        }
    }

    private ConnectionException causeOf(WorkCompletions completions, int index) {
        CompletionStatus status = completions.statusOf(index);
        return switch (status) {
            case WR_FLUSH_ERR -> lost();
            // A process that is killed loses its memory before its queue pairs: then its device cannot complete what it
            // gets.
            case RETRY_EXC_ERR, RESP_TIMEOUT_ERR, REM_ABORT_ERR, REM_OP_ERR ->
                new ConnectionException(Reason.PEER_LOST, this + ": " + status + ", " + status.meaning());
            default ->
                new ConnectionException(
                        Reason.DEVICE,
                        this + ": " + status + ", " + status.meaning() + " (vendor error "
                                + completions.vendorError(index) + ")");
        };
    }

    @Override
    protected void onReceiveCompletion(int slot, WorkCompletions completions, int index) {
        receives.window().completed();
        if (completions.status(index) != 0) {
            onFailedReceive(completions, index);
        } else if (completions.opcode(index) == CompletionOpcode.RECV) {
            onFrame(slot, completions.lengthBytes(index));
        } else {
            onImmediate(slot, completions.immediate(index));
        }
    }

    private void onImmediate(int slot, int immediate) {
        IntConsumer handler = immediateHandler;
        if ((state == State.OPEN || state == State.CLOSING) && receiver.onImmediate(slot) && handler != null) {
            try {
                handler.accept(immediate);
            } catch (RuntimeException e) {
                fail(new ConnectionException(Reason.HANDLER, this + ": the handler of immediates threw " + e, e));
            }
        }
    }

    private void onFrame(int slot, int bytes) {
        State now = state;
        if (now == State.OPEN || now == State.CLOSING) {
            receiver.onFrame(slot, bytes);
        } else if (now == State.CONNECTING) {
            if (!receives.postpone(slot, bytes)) {
                fail(new ConnectionException(Reason.PROTOCOL, this + ": the peer sent a frame without a credit"));
            }
        } else if (now == State.ENDING) {
            ConnectionException why = cause;
            if (why != null && why.reason() == Reason.PEER_LOST) {
                receiver.onFrame(slot, bytes);
            }
            touch();
        }
    }

    private void onFailedReceive(WorkCompletions completions, int index) {
        if (state != State.ENDING) {
            if (completions.statusOf(index) == CompletionStatus.WR_FLUSH_ERR) {
                // A goodbye may still lie behind it in this batch.
                flushSeen = true;
            } else {
                fail(causeOf(completions, index));
            }
        }
        touch();
    }

    // ---------------------------------------------------------------- turns

    @Override
    protected void onScheduled() {
        receiver.reclaim();
    }

    @Override
    protected void onTurnEnd() {
        State now = state;
        if (sender.isClaimed() && now != State.ENDING) {
            // Nothing may be posted before the claim; its end touches the connection again.
            return;
        }
        if (now == State.OPEN || now == State.CLOSING) {
            if (flushSeen) {
                fail(lost());
                return;
            }
            receiver.flush();
            if (isEnding()) {
                // A handler ended it: what is posted now would wait for a completion that does not come.
                return;
            }
            sender.pump();
            oneSided.pump();
            if (now == State.CLOSING && !goodbyeSent && sender.isDrained() && oneSided.isDrained()) {
                goodbyeSent = sender.tryGoodbye(this::onGoodbye);
            }
            sends.flush();
        } else if (now == State.ENDING) {
            finishWhenFlushed(System.nanoTime());
        }
    }

    private void onGoodbye(@Nullable ConnectionException failure) {
        fail(new ConnectionException(Reason.CLOSED, this + ": this side closed it"));
    }

    @Override
    protected void onTick(long nowNs) {
        State now = state;
        if (now == State.OPEN || now == State.CLOSING) {
            if ((disconnected || now == State.CLOSING) && nowNs - deadlineNs >= 0) {
                fail(
                        now == State.OPEN
                                ? lost()
                                : new ConnectionException(
                                        Reason.CLOSED,
                                        this + ": closed abruptly, the peer did not take what was sent"));
                return;
            }
            slowWatch.look(
                    this,
                    sender.isHeldBack(),
                    sends.underWay() + sender.offersUnderWay(),
                    31 * sends.finished() + sender.offersUnderWay());
            if (sender.isClaimed()) {
                return;
            }
            // While closing as well: the peer may need the credits for what it has still to say.
            if (credits.owesAny()) {
                sender.returnCredits();
            }
            receiver.tick();
            oneSided.shares().tick(nowNs);
            if (now == State.OPEN) {
                beat(nowNs);
            }
        } else if (now == State.ENDING) {
            finishWhenFlushed(nowNs);
        }
    }

    private void beat(long nowNs) {
        switch (heartbeat.look(receiver.frames(), nowNs)) {
            case ASK -> sender.control(Frame.PING, new byte[0]);
            case LOST ->
                fail(new ConnectionException(
                        Reason.PEER_LOST,
                        this + ": the peer has not answered within a heartbeat of " + config.heartbeat()));
            case NOTHING -> {}
        }
    }

    // ---------------------------------------------------------------- the end

    void closeGracefully() {
        onLoop(() -> {
            if (state == State.CONNECTING) {
                fail(new ConnectionException(Reason.CLOSED, this + ": closed before it was connected"));
            } else if (state == State.OPEN) {
                state = State.CLOSING;
                deadlineNs = System.nanoTime() + config.closeTimeout().toNanos();
                sender.stop();
                oneSided.stop();
                touch();
            }
        });
    }

    void abort() {
        onLoop(() -> fail(new ConnectionException(Reason.CLOSED, this + ": aborted by this side")));
    }

    @Override
    public void peerClosed() {
        fail(new ConnectionException(Reason.PEER_CLOSED, this + ": the peer closed it"));
    }

    @Override
    public void fail(ConnectionException why) {
        if (state == State.ENDING || state == State.CLOSED) {
            return;
        }
        cause = why;
        state = State.ENDING;
        deadlineNs = System.nanoTime() + FLUSH_TIMEOUT_NS;
        sender.stop();
        oneSided.stop();
        if (sendsFlushed) {
            sends.failUntil(flushedUntil, why);
        }
        sends.settle(why);
        if (!why.isOrderly()) {
            LOG.debug("{}", why.getMessage());
        }
        ConnectionId attached = id;
        if (attached != null) {
            try {
                qp.fail();
            } catch (VerbsException | IllegalStateException e) {
                LOG.debug("{}: {}", this, e.getMessage());
            }
            cm.disconnect(attached);
        }
        touch();
    }

    /** Ends an attempt on the connection manager's behalf. */
    void abandon(ConnectionException why) {
        onLoop(() -> fail(why));
    }

    private void finishWhenFlushed(long nowNs) {
        boolean late = nowNs - deadlineNs >= 0;
        ConnectionException why = cause;
        if (why == null || state != State.ENDING) {
            return;
        }
        markLastSend();
        boolean flushed = sends.isIdle() && receives.areDone(this::touch);
        boolean unread = !isAbort(why) && receiver.isWaitingForHandler();
        if (late || (flushed && !unread)) {
            if (!flushed && id != null) {
                LOG.warn("{}: the device has not given back everything in time", this);
            }
            finish(why);
        }
    }

    /** Requests that asked for no completion tell nothing of their end: one that asks, behind them, does. */
    private void markLastSend() {
        if (!marked && !sends.isIdle() && sends.free() > 0) {
            marked = true;
            sends.postSlot(0, (SendRing.Outstanding) failure -> {});
            sends.flush();
        }
    }

    private static boolean isAbort(ConnectionException why) {
        return why.reason() != Reason.PEER_CLOSED && why.reason() != Reason.PEER_LOST;
    }

    private void finish(ConnectionException why) {
        state = State.CLOSED;
        counters.failures += why.isOrderly() ? 0 : 1;
        ConnectionEndedEvent.tell(this, why.reason(), why.getMessage(), counters);
        loop.unregister(base);
        receives.destroy(this);
        sends.abandon(why);
        sender.end(why);
        oneSided.end(why);
        receiver.end(why);
        sender.whenUnclaimed(sendBlock::release);
        loop.unreserve(config.entriesPerConnection());
        ConnectionId attached = id;
        if (attached != null) {
            cm.forget(attached);
        }
        manager.forget(this);
        Consumer<ConnectionException> told = onNeverOpened;
        if (told != null) {
            told.accept(why);
        }
        closed.complete(why);
    }

    // ---------------------------------------------------------------- for the directions

    @Override
    public void touch() {
        loop.touch(this);
    }

    @Override
    public boolean isEnding() {
        return state == State.ENDING || state == State.CLOSED;
    }

    @Override
    public ConnectionException whyClosed() {
        ConnectionException why = cause;
        return why != null ? why : new ConnectionException(Reason.CLOSED, this + ": it is closing");
    }

    @Override
    public void schedule() {
        loop.schedule(this);
    }

    @Override
    public boolean isLoopThread() {
        return loop.isOwner();
    }

    @Override
    public boolean onControl(int kind, ByteBuffer memory, int bodyAt, int bodyBytes) {
        return switch (kind) {
            case Frame.PING -> {
                sender.control(Frame.PONG, new byte[0]);
                yield true;
            }
            case Frame.PONG -> true;
            default -> oneSided.shares().onControl(kind, memory, bodyAt, bodyBytes);
        };
    }

    @Override
    protected void onFault(Throwable thrown) {
        fail(new ConnectionException(Reason.HANDLER, this + ": " + thrown, thrown));
    }

    @Override
    protected void onPostFailed(String why) {
        fail(new ConnectionException(Reason.DEVICE, this + ": " + why));
    }

    @Override
    public String toString() {
        InetSocketAddress address = peerAddress;
        return String.format("connection qp 0x%06x%s", qp.number(), address == null ? "" : " to " + address);
    }
}
