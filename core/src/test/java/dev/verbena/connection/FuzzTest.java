package dev.verbena.connection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.verbena.connection.FrameModel.Verdict;
import dev.verbena.queuepair.ConnectionException;
import dev.verbena.queuepair.ConnectionException.Reason;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Random and mutated frames, {@code -Dframes=} of them, from {@code -Dseed=}: each connection ends as a model of the wire
 * format says, nothing is allocated by a forged length, and a good peer is served all the time.
 */
final class FuzzTest {
    private static final int FRAMES = Integer.getInteger("frames", TestDevices.areEmbedded() ? 20_000 : 1000);
    /** The same in each build, so that a failure belongs to the change that it comes with. */
    private static final long SEED = Long.getLong("seed", 1);

    private static final int REPORT_EVERY = 50_000;
    private static final int MESSAGE_MAX = 1 << 16;
    private static final long BUDGET = 32L << 20;
    /** Of data frames, and of control frames: fewer than the credits, which this peer does not count. */
    private static final int DATA_MAX = 100;

    private static final int CONTROL_MAX = 15;
    private static final int OFFERS_MAX = 16;

    private final BlockingQueue<ConnectionException> causes = new LinkedBlockingQueue<>();
    private final AtomicInteger handedOver = new AtomicInteger();

    @Test
    @Timeout(600)
    void everyConnectionEndsAsTheWireFormatSays() throws Exception {
        QueuePairManagerConfig config =
                Pair.config().messageMaxBytes(MESSAGE_MAX).lockedMemoryMaxBytes(BUDGET);
        try (QueuePairManager server = QueuePairManager.open(config);
                QueuePairManager client = QueuePairManager.open(Pair.clientConfig());
                Listener bad = server.listen(Pair.loopback(0), connection -> {
                    handedOver.incrementAndGet();
                    connection.onMessage(message -> {});
                    connection.onClose(causes::add);
                });
                Listener good = server.listen(
                        Pair.loopback(0),
                        connection -> connection.onMessage(message -> {
                            CompletableFuture<Void> _ = connection.send(message.retain());
                        }));
                RawPeer.Host host = new RawPeer.Host()) {
            BlockingQueue<Integer> back = new LinkedBlockingQueue<>();
            Connection served = client.connect(good.address()).get(10, TimeUnit.SECONDS);
            served.onMessage(message -> back.add(message.readableBytes()));

            int frames = 0;
            int connections = 0;
            int reported = 0;
            while (frames < FRAMES) {
                frames += fuzz(host, server, bad, connections);
                if (frames / REPORT_EVERY > reported) {
                    reported = frames / REPORT_EVERY;
                    System.out.printf("%,d of %,d frames%n", frames, FRAMES);
                }
                if (connections++ % 64 == 0) {
                    served.send(client.allocator().directBuffer(77).writeZero(77))
                            .get(10, TimeUnit.SECONDS);
                    assertThat(back.poll(10, TimeUnit.SECONDS)).isEqualTo(77);
                }
            }

            System.out.printf("seed %d: %,d frames on %,d connections%n", SEED, frames, connections);
            await().untilAsserted(() -> assertThat(server.connectionCount()).isEqualTo(1));
            served.close();
            await().untilAsserted(() -> assertThat(server.memoryInUseBytes()).isZero());
            assertThat(server.budget().usedBytes()).isLessThanOrEqualTo(BUDGET);
            assertThat(causes).isEmpty();
        }
    }

    /** One connection; answers how many frames it had. */
    private int fuzz(RawPeer.Host host, QueuePairManager server, Listener listener, int number)
            throws InterruptedException {
        int before = handedOver.get();
        Random random = new Random(SEED + number);
        FrameModel model = new FrameModel(
                RawPeer.SLOT, MESSAGE_MAX, host.readableAddress(), RawPeer.READABLE_BYTES, host.readableKey());
        Generator generator = new Generator(random, host);
        Verdict verdict = Verdict.GOES_ON;
        int frames = 0;
        byte[] last = new byte[0];
        try (RawPeer peer = new RawPeer(host, listener.address()).connected()) {
            while (verdict == Verdict.GOES_ON && generator.mayGoOn()) {
                last = generator.next();
                verdict = model.judge(last);
                frames++;
                if (!peer.send(last)) {
                    break;
                }
            }
            if (verdict != Verdict.GOES_ON) {
                peer.awaitEnd();
            }
        }
        int shown = Math.min(last.length, 64);
        String what = "seed " + (SEED + number) + ", after " + frames + " frames, the last of " + last.length
                + " bytes " + Arrays.toString(Arrays.copyOf(last, shown)) + " which means " + verdict;
        // What the device ends before the program has heard of it is nobody's connection; frames wait until then.
        await().pollInterval(Duration.ofMillis(1))
                .until(() -> !causes.isEmpty() || (handedOver.get() == before && server.connectionCount() == 1));
        if (handedOver.get() == before) {
            assertThat(verdict).as(what).isEqualTo(Verdict.DEVICE);
            return frames;
        }
        ConnectionException cause = causes.poll(10, TimeUnit.SECONDS);
        assertThat(cause).as(what).isNotNull();
        assertThat(cause.reason()).as(what + ": " + cause.getMessage()).isIn(expected(verdict, model));
        return frames;
    }

    private static Set<Reason> expected(Verdict verdict, FrameModel model) {
        Reason reason = switch (verdict) {
            case PROTOCOL -> Reason.PROTOCOL;
            case CLOSED -> Reason.PEER_CLOSED;
            case DEVICE -> Reason.DEVICE;
            case GOES_ON -> Reason.PEER_LOST;
        };
        Set<Reason> reasons = EnumSet.of(reason);
        if (model.isOpen()) {
            reasons.add(Reason.PROTOCOL);
        }
        if (model.isMaybeDevice()) {
            reasons.add(Reason.DEVICE);
        }
        return reasons;
    }

    /** Frames of a peer that mostly behaves, so that it comes further than the first one. */
    private static final class Generator {
        private final Random random;
        private final RawPeer.Host host;
        private int shares;
        private int data;
        private int control;
        private int offers;
        private int offered;

        Generator(Random random, RawPeer.Host host) {
            this.random = random;
            this.host = host;
        }

        boolean mayGoOn() {
            return data < DATA_MAX && control < CONTROL_MAX && offers < OFFERS_MAX;
        }

        byte[] next() {
            byte[] frame = valid();
            if (random.nextInt(40) == 0) {
                frame = mutated(frame);
            }
            if (frame[0] == 1 || frame[0] == 2) {
                data++;
                offers += frame[0] - 1;
            } else {
                control++;
            }
            return frame;
        }

        private byte[] valid() {
            int choice = random.nextInt(100);
            if (choice < 80) {
                byte[] body = new byte[random.nextInt(8) == 0 ? random.nextInt(RawPeer.SLOT - 16) : random.nextInt(64)];
                random.nextBytes(body);
                return RawPeer.frame(1, 0, 0, body.length, body);
            }
            if (choice < 88) {
                return offer();
            }
            return switch (random.nextInt(8)) {
                case 0, 1 -> share(shares++);
                case 2 -> shares == 0 ? share(shares++) : RawPeer.frame(7, 0, 0, 4, number(random.nextInt(shares)));
                case 3 -> RawPeer.frame(9, 0, 0, 0);
                case 4 -> RawPeer.frame(3, 0, 0, 0);
                case 6 -> RawPeer.frame(14, 0, 0, 4, number(random.nextInt(200)));
                case 5 -> offered == 0 ? offer() : RawPeer.frame(13, 0, 0, 4, number(random.nextInt(offered)));
                default -> RawPeer.frame(random.nextInt(4) == 0 ? 5 : 10, 0, 0, 0);
            };
        }

        private byte[] offer() {
            long length = random.nextInt(16) == 0 ? random.nextLong() : 1 + random.nextInt(RawPeer.READABLE_BYTES);
            byte[] body = ByteBuffer.allocate(32)
                    .putInt(offered++)
                    .putInt(random.nextInt(50) == 0 ? random.nextInt() : host.readableKey())
                    .putLong(length)
                    .putLong(host.readableAddress())
                    .putLong(random.nextInt(8) == 0 ? 1 + random.nextLong(Math.max(length, 1)) : length)
                    .array();
            return RawPeer.frame(2, 0, 0, 32, body);
        }

        private static byte[] number(int number) {
            return ByteBuffer.allocate(4).putInt(number).array();
        }

        private byte[] share(int number) {
            byte[] body = ByteBuffer.allocate(28)
                    .putInt(number)
                    .putInt(1 << 24)
                    .putInt(random.nextInt())
                    .putLong(random.nextLong() >>> 2)
                    .putLong(random.nextInt(1 << 20))
                    .array();
            return RawPeer.frame(6, 0, 0, 28, body);
        }

        private byte[] mutated(byte[] frame) {
            switch (random.nextInt(5)) {
                case 0 -> {
                    byte[] noise = new byte[1 + random.nextInt(64)];
                    random.nextBytes(noise);
                    return noise;
                }
                case 1 -> {
                    return Arrays.copyOf(frame, 1 + random.nextInt(RawPeer.SLOT + 8));
                }
                case 2 -> frame[random.nextInt(Math.min(frame.length, 40))] ^= (byte) (1 << random.nextInt(8));
                default -> {
                    for (int i = 1 + random.nextInt(4); i > 0; i--) {
                        frame[random.nextInt(Math.min(frame.length, 40))] = (byte) random.nextInt();
                    }
                }
            }
            return frame;
        }
    }
}
