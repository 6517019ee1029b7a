package dev.verbena.bench.compare;

import dev.verbena.bench.BarePingPong;
import java.lang.foreign.MemorySegment;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/**
 * What the machine itself takes: a cache line that goes to the other processor and another that comes back, and a copy
 * between two shared mappings. Nothing that goes through memory is faster.
 *
 * <p>Threading: one thread.
 */
final class LimitsSide implements Side {
    private final BarePingPong bare;
    private final MemorySegment from;
    private final MemorySegment to;
    private boolean whole;
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
        bare.ping(rounds, each);
    }

    @Override
    public void answer(int rounds) {
        bare.pong(rounds);
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
    }

    @Override
    public void take(int bytes, int messages) {
        // The copy is the initiator's alone.
    }

    @Override
    public void close() {}
}
