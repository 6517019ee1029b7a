package dev.verbena.verbs.embedded;

import static org.assertj.core.api.Assertions.assertThat;

import dev.verbena.verbs.AccessFlags;
import dev.verbena.verbs.CompletionQueue;
import dev.verbena.verbs.CompletionStatus;
import dev.verbena.verbs.Context;
import dev.verbena.verbs.MemoryRegion;
import dev.verbena.verbs.ProtectionDomain;
import dev.verbena.verbs.QueuePair;
import dev.verbena.verbs.QueuePairConfig;
import dev.verbena.verbs.SendFlags;
import dev.verbena.verbs.Verbs;
import dev.verbena.verbs.WorkCompletions;
import dev.verbena.verbs.cm.ConnectionEvent;
import dev.verbena.verbs.cm.ConnectionEventType;
import dev.verbena.verbs.cm.ConnectionId;
import dev.verbena.verbs.cm.ConnectionParameters;
import dev.verbena.verbs.cm.EventChannel;
import dev.verbena.verbs.cm.IdOption;
import dev.verbena.verbs.cm.PortSpace;
import dev.verbena.verbs.spi.VerbsProvider;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A receiving process is stopped by a signal, and its ring runs full, or nobody takes out of its shared receive queue: as from a
 * device that does not answer, requests to it end when the acknowledge timeout has passed as often as retries are allowed.
 */
final class StoppedReceiverTest {
    /** More than a ring has slots for. */
    private static final int MESSAGES = 6000;

    private static final int BYTES = 8;
    private static final Duration LIMIT = Duration.ofSeconds(20);
    /** By rights 4 thirds of a second, since no process is thought to be stopped in less than one. */
    private static final Duration FAILS_WITHIN = Duration.ofSeconds(4);
    /** Two processes and two processors, and others on them. */
    private static final Duration ANSWERS_WITHIN = Duration.ofSeconds(1);

    private final VerbsProvider provider = Verbs.provider("embedded");
    private final List<Peer> peers = new ArrayList<>();
    private Context context;
    private EventChannel channel;
    private ProtectionDomain pd;
    private MemoryRegion memory;
    private ConnectionId listener;

    @BeforeEach
    void open() {
        context = Verbs.devices(provider).getFirst().open();
        channel = EventChannel.open(provider);
        pd = context.allocateProtectionDomain();
        memory = pd.allocate(BYTES, AccessFlags.LOCAL_WRITE);
        listener = channel.createId(PortSpace.TCP);
        listener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        listener.listen(2);
    }

    @AfterEach
    void close() throws InterruptedException {
        for (Peer peer : peers) {
            peer.process.destroyForcibly().waitFor();
        }
        channel.close();
        context.close();
    }

    /** A counting process and what is known of the requests to it. */
    private static final class Peer {
        private final Process process;
        private final CompletionQueue cq;
        private final QueuePair qp;
        private final WorkCompletions completions = new WorkCompletions(64);
        private int sent;
        private int answers;
        private int counted;
        private final List<CompletionStatus> failures = new ArrayList<>();

        Peer(Process process, CompletionQueue cq, QueuePair qp) {
            this.process = process;
            this.cq = cq;
            this.qp = qp;
        }

        void poll() {
            for (int polled = cq.poll(completions); polled > 0; polled = cq.poll(completions)) {
                for (int index = 0; index < polled; index++) {
                    count(index);
                }
            }
        }

        private void count(int index) {
            if (!completions.succeeded(index)) {
                failures.add(completions.statusOf(index));
            } else if (completions.isReceive(index)) {
                counted = completions.immediate(index);
                answers++;
            } else {
                sent++;
            }
        }
    }

    /** @param ackTimeout as ibv_modify_qp(3) encodes it */
    private Peer start(boolean shared, int ackTimeout, int retries) throws Exception {
        InetSocketAddress here = listener.localAddress();
        String port = String.valueOf(here == null ? 0 : here.getPort());
        Process process = Jvm.start(CounterMain.class, List.of(), port, String.valueOf(shared));
        CompletionQueue cq = context.createCompletionQueue(2 * CounterMain.RECEIVES);
        QueuePair qp = pd.createQueuePair(
                QueuePairConfig.reliable(cq).sendSlots(CounterMain.RECEIVES).receiveSlots(4));
        Peer peer = new Peer(process, cq, qp);
        peers.add(peer);
        ConnectionId id = next(ConnectionEventType.CONNECT_REQUEST).id();
        id.setOption(IdOption.ACK_TIMEOUT, ackTimeout);
        id.attach(qp);
        id.accept(ConnectionParameters.DEFAULT.withRetries(retries, 7));
        next(ConnectionEventType.ESTABLISHED);
        return peer;
    }

    private ConnectionEvent next(ConnectionEventType type) throws InterruptedException {
        ConnectionEvent event = channel.await(LIMIT);
        if (event == null || event.type() != type) {
            throw new AssertionError("expected " + type + ", there came " + event);
        }
        return event;
    }

    private void send(Peer to, int immediate) {
        assertThat(to.qp.postSendWithImmediate(
                        immediate, memory.address(), BYTES, memory.lkey(), immediate, SendFlags.SIGNALED))
                .isZero();
    }

    private void sendAll(Peer to) {
        for (int number = 0; number < MESSAGES; number++) {
            send(to, number);
        }
    }

    /** Asks a peer for its count until something is so; answers how long the slowest answer took. */
    private Duration askUntil(Peer peer, BooleanSupplier end) {
        long slowest = 0;
        long start = System.nanoTime();
        while (!end.getAsBoolean()) {
            assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(LIMIT);
            slowest = Math.max(slowest, ask(peer));
        }
        return Duration.ofNanos(slowest);
    }

    private long ask(Peer peer) {
        int wanted = peer.answers + 1;
        assertThat(peer.qp.postReceive(0, memory.address(), BYTES, memory.lkey()))
                .isZero();
        long asked = System.nanoTime();
        send(peer, CounterMain.ASK);
        until(peer, () -> peer.answers == wanted);
        return System.nanoTime() - asked;
    }

    private static void until(Peer peer, BooleanSupplier end) {
        long start = System.nanoTime();
        while (!end.getAsBoolean()) {
            assertThat(peer.failures).isEmpty();
            assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(LIMIT);
            peer.poll();
            LockSupport.parkNanos(20_000);
        }
    }

    private static void stop(Peer peer) throws Exception {
        Jvm.signal(peer.process.toHandle(), "-STOP");
        Awaitility.await().atMost(LIMIT).until(() -> Jvm.isStopped(peer.process));
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void requestsToAStoppedProcessEndInTimeAndNobodyElseWaits(boolean shared) throws Exception {
        Peer stopped = start(shared, 10, 2);
        Peer other = start(shared, 10, 2);
        ask(other);
        ask(stopped);
        stop(stopped);
        long start = System.nanoTime();

        sendAll(stopped);
        Duration slowest = askUntil(other, () -> {
            stopped.poll();
            return !stopped.failures.isEmpty();
        });

        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(FAILS_WITHIN);
        assertThat(slowest).as("the slowest answer of the other").isLessThan(ANSWERS_WITHIN);
        assertThat(stopped.failures.getFirst()).isEqualTo(CompletionStatus.RETRY_EXC_ERR);
        Awaitility.await().atMost(LIMIT).until(() -> {
            stopped.poll();
            // The question at the beginning was sent, too.
            return stopped.sent + stopped.failures.size() >= MESSAGES + 1;
        });
        assertThat(stopped.failures.subList(1, stopped.failures.size())).containsOnly(CompletionStatus.WR_FLUSH_ERR);
        ask(other);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aProcessThatGoesOnInTimeMissesNothing(boolean shared) throws Exception {
        Peer stopped = start(shared, 18, 7);
        ask(stopped);
        stop(stopped);

        sendAll(stopped);
        int before = settled(stopped);
        assertThat(before).as("requests that a stopped process did not hold up").isLessThan(MESSAGES);
        Jvm.signal(stopped.process.toHandle(), "-CONT");

        until(stopped, () -> stopped.sent == MESSAGES + 1);
        ask(stopped);
        assertThat(stopped.counted).isEqualTo(MESSAGES);
    }

    /** How many requests are done when nothing moves any more: as many as the ring had room for. */
    private static int settled(Peer peer) {
        int[] last = {-1};
        Awaitility.await().pollInterval(Duration.ofMillis(100)).atMost(LIMIT).until(() -> {
            int before = last[0];
            peer.poll();
            last[0] = peer.sent;
            return last[0] == before;
        });
        return last[0];
    }

    @Test
    void aReceiverThatIsSlowIsNotTakenForStopped() throws Exception {
        Peer busy = start(false, 10, 0);
        stop(busy);
        sendAll(busy);
        // It never stops for as long as a process has to, to count as stopped, but has little time.
        long start = System.nanoTime();
        while (busy.sent < MESSAGES && System.nanoTime() - start < LIMIT.toNanos()) {
            Jvm.signal(busy.process.toHandle(), "-CONT");
            busy.poll();
            Jvm.signal(busy.process.toHandle(), "-STOP");
            busy.poll();
        }
        Jvm.signal(busy.process.toHandle(), "-CONT");

        until(busy, () -> busy.sent == MESSAGES);
        ask(busy);
        assertThat(busy.counted).isEqualTo(MESSAGES);
    }
}
