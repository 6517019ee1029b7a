package dev.verbena.messaging;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * Two sides with nothing but their credits and a wire: whatever they send and hold, what is granted never exceeds what is
 * posted, and they never wait for each other.
 */
final class CreditsTest {
    private static final int SCALE = Integer.getInteger("scale", 1);
    private static final int DATA = 0;
    private static final int CONTROL = 1;

    private record FrameOnWire(int kind, int data, int control) {}

    private static final class Side {
        private final int window;
        private final Credits credits;
        private final ArrayDeque<FrameOnWire> incoming = new ArrayDeque<>();
        private int posted;
        private int held;
        private int dataToSend;
        private int controlToSend;
        private long delivered;

        Side(int window, int controlWindow) {
            this.window = window;
            this.credits = new Credits(window, controlWindow);
            this.posted = window + controlWindow;
        }

        private void send(Side to, int kind) {
            FrameOnWire frame = new FrameOnWire(kind, credits.takeOwedData(), credits.takeOwedControl());
            assertThat(credits.granted()).isLessThanOrEqualTo(posted);
            to.incoming.add(frame);
        }

        /** What a turn of the loop does: control frames, data, then returns. */
        boolean pump(Side to) {
            boolean any = false;
            while (controlToSend > 0 && credits.canSendControl()) {
                controlToSend--;
                credits.useControl();
                send(to, CONTROL);
                any = true;
            }
            while (dataToSend > 0 && credits.canSendData()) {
                dataToSend--;
                credits.useData();
                send(to, DATA);
                any = true;
            }
            if (credits.owesHalf() && credits.canSendReturn()) {
                credits.useControl();
                send(to, CONTROL);
                any = true;
            }
            return any;
        }

        /** The tick: data credits that are owed below half of the window. */
        boolean tick(Side to) {
            if (credits.owesAny() && credits.canSendReturn()) {
                credits.useControl();
                send(to, CONTROL);
                return true;
            }
            return false;
        }

        boolean receive(boolean hold) {
            FrameOnWire frame = incoming.poll();
            if (frame == null) {
                return false;
            }
            posted--;
            assertThat(credits.arrived(frame.kind == DATA)).isTrue();
            assertThat(credits.returned(frame.data, frame.control)).isTrue();
            if (frame.kind == CONTROL) {
                posted++;
                credits.reposted(0, 1);
            } else {
                delivered++;
                if (hold && held < window) {
                    held++;
                } else {
                    posted++;
                    credits.reposted(1, 0);
                }
            }
            return true;
        }

        void releaseOne() {
            if (held > 0) {
                held--;
                posted++;
                credits.reposted(1, 0);
            }
        }
    }

    @Test
    void twoSidesNeverWaitForEachOtherWhateverTheySend() {
        long seed = Long.getLong("seed", System.nanoTime());
        for (int run = 0; run < 300 * SCALE; run++) {
            Random random = new Random(seed + run);
            Side[] sides = {side(random), side(random)};
            sides[0].credits.open(sides[1].window, sides[1].window, sides[1].posted - sides[1].window);
            sides[1].credits.open(sides[0].window, sides[0].window, sides[0].posted - sides[0].window);
            long[] sent = new long[2];
            for (int step = 0; step < 500; step++) {
                int who = random.nextInt(2);
                Side side = sides[who];
                switch (random.nextInt(5)) {
                    case 0 -> {
                        int burst = random.nextInt(40);
                        side.dataToSend += burst;
                        sent[who] += burst;
                    }
                    case 1 -> side.controlToSend += random.nextInt(30);
                    case 2 -> side.pump(sides[1 - who]);
                    case 3 -> {
                        for (int n = random.nextInt(20); n > 0; n--) {
                            side.receive(random.nextInt(3) == 0);
                        }
                    }
                    default -> side.releaseOne();
                }
            }
            settle(sides);
            for (int who = 0; who < 2; who++) {
                assertThat(sides[1 - who].delivered)
                        .as("seed %d, run %d, side %d", seed, run, who)
                        .isEqualTo(sent[who]);
                assertThat(sides[who].controlToSend)
                        .as("seed %d, run %d", seed, run)
                        .isZero();
            }
        }
    }

    private static Side side(Random random) {
        return new Side(1 + random.nextInt(40), 4 + random.nextInt(20));
    }

    /** Turns both loops until nothing moves any more, holding nothing. */
    private static void settle(Side[] sides) {
        boolean moved = true;
        while (moved) {
            moved = false;
            for (int who = 0; who < 2; who++) {
                Side side = sides[who];
                while (side.held > 0) {
                    side.releaseOne();
                }
                while (side.receive(false)) {
                    moved = true;
                }
                moved |= side.pump(sides[1 - who]);
            }
            if (!moved) {
                for (int who = 0; who < 2; who++) {
                    moved |= sides[who].tick(sides[1 - who]);
                }
            }
        }
    }

    @Test
    void idleSidesBecomeSilent() {
        Side[] sides = {new Side(100, 16), new Side(100, 16)};
        sides[0].credits.open(100, 100, 16);
        sides[1].credits.open(100, 100, 16);
        sides[0].dataToSend = 1000;
        int frames = 0;
        for (boolean moved = true; moved; ) {
            moved = false;
            for (int who = 0; who < 2; who++) {
                moved |= sides[who].pump(sides[1 - who]);
                while (sides[1 - who].receive(false)) {
                    frames++;
                    assertThat(frames).isLessThan(3000);
                }
            }
        }
        assertThat(sides[1].delivered).isEqualTo(1000);
    }

    @Test
    void creditsThatWereNotGrantedAreNoticed() {
        Credits credits = new Credits(10, 4);
        credits.open(10, 10, 4);
        assertThat(credits.returned(1, 0)).isFalse();
        Credits others = new Credits(1, 4);
        others.open(10, 10, 4);
        assertThat(others.arrived(true)).isTrue();
        assertThat(others.arrived(true)).isFalse();
    }
}
