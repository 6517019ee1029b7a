package dev.verbena.connection;

import dev.verbena.messaging.Claim;
import dev.verbena.messaging.SendResult;
import dev.verbena.queuepair.EventLoop;
import dev.verbena.queuepair.WaitingPolicy;
import dev.verbena.verbs.AccessFlags;
import dev.verbena.verbs.CompletionQueue;
import dev.verbena.verbs.Context;
import dev.verbena.verbs.MemoryRegion;
import dev.verbena.verbs.ProtectionDomain;
import dev.verbena.verbs.QueuePair;
import dev.verbena.verbs.QueuePairConfig;
import dev.verbena.verbs.SendFlags;
import dev.verbena.verbs.Verbs;
import dev.verbena.verbs.WorkCompletions;
import java.util.Arrays;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;

/**
 * How much does the core add to the verbs? Both ends of a 64-byte ping-pong in one thread, so that only instructions count
 * and not the way between two processors: the verbs by themselves, then messages, in turns. Expected: less than 1.5, since
 * a message is one request and one receive, as in the raw form, and some tens of nanoseconds of bookkeeping.
 */
final class OverheadMain {
    private static final int ROUNDS = 200_000;
    private static final int SAMPLES = 9;
    private static final int BYTES = 64;

    private OverheadMain() {}

    public static void main(String[] args) throws Exception {
        QueuePairManagerConfig config = Pair.config()
                .waitingPolicy(WaitingPolicy.APPLICATION)
                .inlineMaxBytes(Integer.getInteger("inline", 220));
        try (Raw raw = new Raw();
                QueuePairManager client = QueuePairManager.open(config);
                QueuePairManager server = QueuePairManager.open(config)) {
            Messages messages = new Messages(client, server);
            double[] rawNs = new double[SAMPLES];
            double[] messagesNs = new double[SAMPLES];
            for (int i = -4; i < SAMPLES; i++) {
                double first = raw.roundTripNs();
                double second = messages.roundTripNs();
                if (i >= 0) {
                    rawNs[i] = first;
                    messagesNs[i] = second;
                }
            }
            Arrays.sort(rawNs);
            Arrays.sort(messagesNs);
            System.out.printf(
                    Locale.ROOT,
                    "round trip of %d B, both ends in one thread: verbs %.0f ns, messages %.0f ns, ratio %.2f%n",
                    BYTES,
                    rawNs[SAMPLES / 2],
                    messagesNs[SAMPLES / 2],
                    messagesNs[SAMPLES / 2] / rawNs[SAMPLES / 2]);
        }
    }

    /** Two queue pairs; each side posts its receive again before it answers, and signals one send in 64. */
    private static final class Raw implements AutoCloseable {
        private static final int RECEIVES = 64;
        private final Context context =
                Verbs.devices(Verbs.provider("embedded")).getFirst().open();
        private final ProtectionDomain pd = context.allocateProtectionDomain();
        private final CompletionQueue[] queues = {
            context.createCompletionQueue(1024), context.createCompletionQueue(1024)
        };
        private final QueuePair[] qps = new QueuePair[2];
        private final MemoryRegion region = pd.allocate(1 << 20, AccessFlags.LOCAL_WRITE);
        private final WorkCompletions completions = new WorkCompletions(64);
        private final int[] sent = new int[2];

        Raw() {
            for (int i = 0; i < 2; i++) {
                qps[i] = pd.createQueuePair(
                        QueuePairConfig.reliable(queues[i]).sendSlots(256).receiveSlots(RECEIVES));
                qps[i].initialize();
                for (int n = 0; n < RECEIVES; n++) {
                    qps[i].postReceive(n, address(i, n), 4096, region.lkey());
                }
            }
            qps[0].connectInitialized(qps[1].localEndpoint());
            qps[1].connectInitialized(qps[0].localEndpoint());
        }

        private long address(int side, int slot) {
            return region.address() + (side * RECEIVES + slot) * 4096L;
        }

        private void send(int side) {
            int flags = (++sent[side] & 63) == 0 ? SendFlags.SIGNALED : SendFlags.NONE;
            qps[side].postSend(1L << 40, region.address() + (1 << 19) + side * 64L, BYTES, region.lkey(), flags);
        }

        private void awaitMessage(int side) {
            while (true) {
                int polled = queues[side].poll(completions);
                boolean arrived = false;
                for (int i = 0; i < polled; i++) {
                    completions.requireSuccess(i);
                    if (completions.isReceive(i)) {
                        int slot = (int) completions.id(i);
                        qps[side].postReceive(slot, address(side, slot), 4096, region.lkey());
                        arrived = true;
                    }
                }
                if (arrived) {
                    return;
                }
            }
        }

        double roundTripNs() {
            long start = System.nanoTime();
            for (int i = 0; i < ROUNDS; i++) {
                send(0);
                awaitMessage(1);
                send(1);
                awaitMessage(0);
            }
            return (System.nanoTime() - start) / (double) ROUNDS;
        }

        @Override
        public void close() {
            context.close();
        }
    }

    private static final class Messages {
        private final EventLoop clientLoop;
        private final EventLoop serverLoop;
        private final Connection connection;
        private final Claim claim = new Claim();
        private long received;

        Messages(QueuePairManager client, QueuePairManager server) throws Exception {
            clientLoop = client.loops().getFirst();
            serverLoop = server.loops().getFirst();
            AtomicReference<Connection> accepted = new AtomicReference<>();
            Listener listener = server.listen(Pair.loopback(0), peer -> {
                peer.onMessage((type, message) -> {
                    if (peer.trySend(type, message.retain()) != SendResult.SENT) {
                        throw new IllegalStateException("back pressure");
                    }
                });
                accepted.set(peer);
            });
            CompletableFuture<Connection> future = client.connect(listener.address());
            while (!future.isDone() || accepted.get() == null) {
                clientLoop.poll();
                serverLoop.poll();
            }
            connection = future.get();
            connection.onMessage((type, message) -> received++);
        }

        double roundTripNs() {
            long start = System.nanoTime();
            for (int i = 0; i < ROUNDS; i++) {
                long next = received + 1;
                if (connection.tryClaim(BYTES, claim) < 0) {
                    throw new IllegalStateException("back pressure");
                }
                claim.commit();
                while (received != next) {
                    serverLoop.poll();
                    clientLoop.poll();
                }
            }
            return (System.nanoTime() - start) / (double) ROUNDS;
        }
    }
}
