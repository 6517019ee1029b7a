package dev.verbena.bench.perftest;

import dev.verbena.verbs.SendFlags;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/**
 * The loops of the latency benchmarks; both sides of a SEND and of a WRITE, and the asking side of a READ and of an atomic.
 *
 * <p>Hot path: all of it. Threading: one thread.
 */
final class LatencyLoops {
    private static final VarHandle BYTE = ValueLayout.JAVA_BYTE.varHandle();
    private static final int CHECK_EVERY = 64;

    private final Settings settings;
    private final Side side;
    private final Requests requests;
    private final Run run;
    private final Times times;
    private final boolean writesFirst;
    private final long iterations;
    private long received;

    /** @param writesFirst whether this side begins a latency benchmark of WRITEs: with a perftest the server does */
    LatencyLoops(Settings settings, Side side, Requests requests, Run run, Times times, boolean writesFirst) {
        this.settings = settings;
        this.side = side;
        this.requests = requests;
        this.run = run;
        this.times = times;
        this.writesFirst = writesFirst;
        this.iterations = settings.isDuration() ? Long.MAX_VALUE : settings.iterations();
    }

    /** Whether there is something to do on this side. */
    static boolean hasPart(Settings settings) {
        return settings.client() || !settings.test().verb().isRequest();
    }

    /** Plays this side's part. */
    void play() {
        switch (settings.test().verb()) {
            case SEND -> {
                if (settings.client()) {
                    pingSend();
                } else {
                    pongSend();
                }
            }
            case WRITE -> write();
            case READ, ATOMIC -> request();
        }
    }

    private void pingSend() {
        for (long i = 0; i < iterations; i++) {
            check(i);
            if (!times.begin(i)) {
                return;
            }
            post();
            if (!receive()) {
                return;
            }
            times.end();
        }
    }

    private void pongSend() {
        for (long i = 0; i < iterations; i++) {
            check(i);
            if (!receive() || !times.begin(i)) {
                return;
            }
            post();
            times.end();
        }
    }

    private void check(long i) {
        if (i % CHECK_EVERY == 0) {
            run.checkpoint(i);
        }
    }

    private void post() {
        requests.post(0, 0, 0, SendFlags.SIGNALED);
        int _ = side.sends().await(run, Long.MAX_VALUE);
    }

    private boolean receive() {
        if (side.receives().await(run, times.endNs()) == 0) {
            return false;
        }
        received++;
        if (received + settings.receiveSlots() <= iterations) {
            requests.postReceive(0, 0);
        }
        return true;
    }

    /** Each side polls the last byte of its memory, and then writes the number of the turn into the other's. */
    private void write() {
        MemorySegment memory = side.memory().memory();
        long mine = side.incomingOffset(0) + settings.bytes() - 1;
        long source = side.outgoingOffset(0) + settings.bytes() - 1;
        for (long i = 0; i < iterations; i++) {
            check(i);
            if (!writesFirst && !awaitByte(memory, mine, (byte) (i + 1))) {
                return;
            }
            if (!times.begin(i)) {
                return;
            }
            memory.set(ValueLayout.JAVA_BYTE, source, (byte) (i + 1));
            post();
            if (writesFirst && !awaitByte(memory, mine, (byte) (i + 1))) {
                return;
            }
            times.end();
        }
    }

    private boolean awaitByte(MemorySegment memory, long offset, byte value) {
        run.busy();
        int empty = 0;
        while ((byte) BYTE.getAcquire(memory, offset) != value) {
            empty = run.idle(empty, "a WRITE of the other side");
            if (empty == 0 && times.endNs() != Long.MAX_VALUE && System.nanoTime() - times.endNs() >= 0) {
                return false;
            }
        }
        return true;
    }

    private void request() {
        for (long i = 0; i < iterations; i++) {
            check(i);
            if (!times.begin(i)) {
                return;
            }
            post();
            times.end();
        }
    }
}
