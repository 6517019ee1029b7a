package dev.verbena.bench;

import dev.verbena.verbs.QueuePair;
import dev.verbena.verbs.SendFlags;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.util.Arrays;

/**
 * How long is a message under way when two processes poll? Expected for 64 bytes over shared memory: half a bare round
 * trip, and what a post and a poll cost.
 *
 * <p>Threading: one thread a side.
 */
final class Latency {
    private static final VarHandle BYTE = ValueLayout.JAVA_BYTE.varHandle();
    private static final int SLOT_BYTES = 256;

    private final Endpoint end;
    private final Exchange.Remote remote;
    private final int lengthBytes;
    private long received;

    Latency(Endpoint end, Exchange.Remote remote, int lengthBytes) {
        this.end = end;
        this.remote = remote;
        this.lengthBytes = lengthBytes;
    }

    // ---------------------------------------------------------------- messages

    /** Posts the receives that a ping-pong begins with. */
    void postReceives() {
        for (int i = 0; i < end.qps.length; i++) {
            for (int slot = 0; slot < end.receivesAhead(); slot++) {
                postReceive(i);
            }
        }
    }

    private void postReceive(int which) {
        long at = end.messages.address() + SLOT_BYTES + (received++ & 63) * SLOT_BYTES;
        Endpoint.taken(end.qps[which].postReceive(which, at, lengthBytes, end.messages.lkey()));
    }

    private void send(int which) {
        QueuePair qp = end.qps[which];
        Endpoint.taken(
                qp.postSend(which, end.messages.address(), lengthBytes, end.messages.lkey(), SendFlags.SIGNALED));
    }

    /** A message and a WRITE on every queue pair, without hurry, so that others have the processor. */
    void greet() throws InterruptedException {
        for (int which = 0; which < end.qps.length; which++) {
            send(which);
            awaitSent();
            Endpoint.taken(end.qps[which].postWrite(
                    which,
                    end.messages.address(),
                    lengthBytes,
                    end.messages.lkey(),
                    remote.address(),
                    remote.rkey(),
                    SendFlags.SIGNALED));
            awaitSent();
        }
    }

    private void awaitSent() throws InterruptedException {
        while (end.cq.poll(end.completions) == 0) {
            Thread.sleep(1);
        }
        end.completions.requireSuccess(0);
    }

    /** Takes the other side's greetings. */
    void awaitGreetings() {
        for (int left = end.qps.length; left > 0; ) {
            left -= awaitMessages();
        }
    }

    /** Polls until messages have come, and posts their receives anew; answers how many. */
    private int awaitMessages() {
        while (true) {
            int polled = end.cq.poll(end.completions);
            int come = 0;
            for (int i = 0; i < polled; i++) {
                end.completions.requireSuccess(i);
                if (end.completions.isReceive(i)) {
                    postReceive((int) end.completions.id(i));
                    come++;
                }
            }
            if (come > 0) {
                return come;
            }
            if (polled == 0) {
                Thread.onSpinWait();
            }
        }
    }

    /** Mean round trip in nanoseconds, over all queue pairs in turn. */
    double pingSend(int rounds) {
        int which = 0;
        long start = System.nanoTime();
        for (int i = 0; i < rounds; i++) {
            send(which);
            int _ = awaitMessages();
            which = which + 1 == end.qps.length ? 0 : which + 1;
        }
        return (System.nanoTime() - start) / (double) rounds;
    }

    void pongSend(int rounds) {
        int which = 0;
        for (int i = 0; i < rounds; i++) {
            int _ = awaitMessages();
            send(which);
            which = which + 1 == end.qps.length ? 0 : which + 1;
        }
    }

    /** Every round trip in nanoseconds, sorted; each has the price of a look at the clock in it. */
    long[] pingSendEach(int rounds) {
        long[] each = new long[rounds];
        long before = System.nanoTime();
        for (int i = 0; i < rounds; i++) {
            send(0);
            int _ = awaitMessages();
            long now = System.nanoTime();
            each[i] = now - before;
            before = now;
        }
        Arrays.sort(each);
        return each;
    }

    // ---------------------------------------------------------------- writes

    /** Mean round trip in nanoseconds of WRITEs, each side polling the last byte. */
    double pingWrite(int rounds) {
        MemorySegment mine = end.shared.memory();
        MemorySegment source = end.messages.memory();
        long start = System.nanoTime();
        for (int i = 1; i <= rounds; i++) {
            write(source, (byte) i);
            awaitByte(mine, (byte) i);
        }
        return (System.nanoTime() - start) / (double) rounds;
    }

    void pongWrite(int rounds) {
        MemorySegment mine = end.shared.memory();
        MemorySegment source = end.messages.memory();
        for (int i = 1; i <= rounds; i++) {
            awaitByte(mine, (byte) i);
            write(source, (byte) i);
        }
    }

    /** Both sides begin with a last byte that no round waits for first. */
    void clear() {
        end.shared.memory().set(ValueLayout.JAVA_BYTE, lengthBytes - 1L, (byte) 0);
    }

    private void write(MemorySegment source, byte value) {
        source.set(ValueLayout.JAVA_BYTE, lengthBytes - 1L, value);
        Endpoint.taken(end.qps[0].postWrite(
                0,
                end.messages.address(),
                lengthBytes,
                end.messages.lkey(),
                remote.address(),
                remote.rkey(),
                SendFlags.SIGNALED));
        end.awaitOne();
    }

    private void awaitByte(MemorySegment mine, byte value) {
        while ((byte) BYTE.getAcquire(mine, lengthBytes - 1L) != value) {
            Thread.onSpinWait();
        }
    }
}
