package dev.verbena.bench.compare;

import dev.verbena.bench.BarePingPong;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/**
 * What the machine itself takes: a cache line that goes to the other processor and another that comes back, and a copy
 * between two shared mappings. Nothing that goes through memory is faster.
 *
 * <p>Threading: one thread.
 */
final class LimitsSide implements Side {
    private static final VarHandle LINE = ValueLayout.JAVA_LONG.varHandle();
    private static final int PONG = 512;

    private final BarePingPong bare;
    private final MemorySegment from;
    private final MemorySegment to;
    private boolean whole;
    private long sequence;
    private long copied;

    LimitsSide(BarePingPong bare) {
        this.bare = bare;
        from = bare.bytes(0);
        to = bare.bytes(1);
    }

    @Override
    public boolean carries(int bytes) {
        return bytes == Messages.LARGE_BYTES;
    }

    @Override
    public void checkWhole(boolean check) {
        whole = check;
    }

    double gate(boolean client) {
        if (client) {
            return bare.ping();
        }
        bare.pong();
        return 0;
    }

    @Override
    public void echo(int rounds, @Nullable Histogram each) {
        long before = System.nanoTime();
        for (int i = 0; i < rounds; i++) {
            long next = ++sequence;
            LINE.setRelease(from, 0L, next);
            while ((long) LINE.getAcquire(from, PONG) != next) {
                Thread.onSpinWait();
            }
            if (each != null) {
                long now = System.nanoTime();
                each.recordValue(now - before);
                before = now;
            }
        }
    }

    @Override
    public void answer(int rounds) {
        for (int i = 0; i < rounds; i++) {
            long next = ++sequence;
            while ((long) LINE.getAcquire(from, 0L) != next) {
                Thread.onSpinWait();
            }
            LINE.setRelease(from, PONG, next);
        }
    }

    /** Copies by itself: the other side only looks at the last one. */
    @Override
    public void push(int bytes, int messages) {
        for (int i = 0; i < messages; i++) {
            long at = copied % Messages.BUFFER_BYTES;
            Messages.write(from.address() + at, bytes, copied / bytes + 1, whole);
            MemorySegment.copy(from, at, to, at, bytes);
            Messages.check(to.address() + at, bytes, copied / bytes + 1, whole);
            copied += bytes;
        }
        // The lines of the echo lie in the first message.
        from.set(ValueLayout.JAVA_LONG, 0, sequence);
        from.set(ValueLayout.JAVA_LONG, PONG, sequence);
    }

    @Override
    public void take(int bytes, int messages) {
        // The copy is the initiator's alone.
    }

    @Override
    public void close() {}
}
