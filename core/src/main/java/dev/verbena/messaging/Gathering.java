package dev.verbena.messaging;

import dev.verbena.memory.OwnedMemory;
import dev.verbena.memory.Registration;
import dev.verbena.metrics.Counters;
import dev.verbena.netty.BlockByteBuf;
import dev.verbena.queuepair.ConnectionException;
import dev.verbena.queuepair.SendRing;
import dev.verbena.verbs.AccessFlags;
import dev.verbena.verbs.ScatterGatherList;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.CompositeByteBuf;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Makes one request of a message that lies in several places, or outside of registered memory. What is registered is an
 * entry as it is; long pieces of other direct memory are registered, out of the cache; the rest is copied, pieces that
 * follow each other into one entry. What is behind the last entry that the queue pair has is copied into that one.
 *
 * <p>Threading: the loop's thread.
 */
final class Gathering {
    /** Pieces that become one entry. */
    private record Run(List<ByteBuf> pieces, boolean copied) {
        int lengthBytes() {
            return pieces.stream().mapToInt(ByteBuf::readableBytes).sum();
        }
    }

    /** What the request owns besides the message: released when the device is done with it. */
    private record Owned(
            ByteBuf message,
            @Nullable ByteBuf copy,
            List<Registration> registrations,
            @Nullable SendRequest request) implements SendRing.Outstanding {
        @Override
        public void onDone(@Nullable ConnectionException failure) {
            message.release();
            if (copy != null) {
                copy.release();
            }
            registrations.forEach(Registration::release);
            if (request != null) {
                request.onDone(failure);
            }
        }
    }

    private final LongSource.Ways ways;
    private final int entriesMax;
    private final Counters counters;

    /**
     * For the requests of a queue pair.
     *
     * @param entriesMax its entries less that of the header
     */
    Gathering(LongSource.Ways ways, int entriesMax, Counters counters) {
        this.ways = ways;
        this.entriesMax = entriesMax;
        this.counters = counters;
    }

    /**
     * Appends the message to a list; answers what to tell when the request is done, which owns the message from now on.
     *
     * @throws RuntimeException when there is no registered memory for what has to be copied; the message is still the
     *     caller's
     */
    SendRing.Outstanding gather(ByteBuf message, ScatterGatherList list, @Nullable SendRequest request) {
        List<Run> runs = limited(runs(message));
        int copiedBytes = 0;
        for (Run run : runs) {
            copiedBytes += run.copied() ? run.lengthBytes() : 0;
        }
        List<Registration> registrations = new ArrayList<>();
        ByteBuf copy = null;
        try {
            if (copiedBytes > 0) {
                copy = ways.allocator().directBuffer(copiedBytes);
                counters.copies++;
            }
            for (Run run : runs) {
                if (run.copied() && copy != null) {
                    addCopy(list, run, copy);
                } else {
                    addAsItIs(list, run.pieces().getFirst(), registrations);
                }
            }
        } catch (RuntimeException e) {
            if (copy != null) {
                copy.release();
            }
            registrations.forEach(Registration::release);
            throw e;
        }
        return new Owned(message, copy, registrations, request);
    }

    private static void addCopy(ScatterGatherList list, Run run, ByteBuf copy) {
        BlockByteBuf block = BlockByteBuf.of(copy);
        if (block == null) {
            throw new AssertionError("not registered: " + copy);
        }
        int from = copy.writerIndex();
        run.pieces().forEach(piece -> copy.writeBytes(piece, piece.readerIndex(), piece.readableBytes()));
        list.add(copy.memoryAddress() + from, copy.writerIndex() - from, block.lkey());
    }

    private void addAsItIs(ScatterGatherList list, ByteBuf piece, List<Registration> registrations) {
        BlockByteBuf block = registered(piece);
        int length = piece.readableBytes();
        if (block != null) {
            list.add(piece.memoryAddress() + piece.readerIndex(), length, block.lkey());
        } else {
            Registration registration = ways.cache().acquire(OwnedMemory.of(piece), 0, length, AccessFlags.LOCAL_READ);
            registrations.add(registration);
            list.add(registration.address(), length, registration.lkey());
        }
    }

    private @Nullable BlockByteBuf registered(ByteBuf piece) {
        BlockByteBuf block = piece.hasMemoryAddress() ? BlockByteBuf.of(piece) : null;
        return block != null && ways.isOurs(block.block().region()) ? block : null;
    }

    private List<Run> runs(ByteBuf message) {
        List<Run> runs = new ArrayList<>();
        add(runs, message);
        return runs;
    }

    private void add(List<Run> runs, ByteBuf piece) {
        int length = piece.readableBytes();
        if (length == 0) {
            return;
        }
        if (piece instanceof CompositeByteBuf composite) {
            composite.decompose(composite.readerIndex(), length).forEach(part -> add(runs, part));
        } else if (registered(piece) != null || ways.canRegister(piece)) {
            runs.add(new Run(List.of(piece), false));
        } else if (!runs.isEmpty() && runs.getLast().copied()) {
            runs.getLast().pieces().add(piece);
        } else {
            Run run = new Run(new ArrayList<>(), true);
            run.pieces().add(piece);
            runs.add(run);
        }
    }

    /** At most as many as there are entries: the tail is one run, copied. */
    private List<Run> limited(List<Run> runs) {
        if (runs.size() <= entriesMax) {
            return runs;
        }
        List<ByteBuf> tail = new ArrayList<>();
        runs.subList(entriesMax - 1, runs.size()).forEach(run -> tail.addAll(run.pieces()));
        List<Run> fewer = new ArrayList<>(runs.subList(0, entriesMax - 1));
        fewer.add(new Run(tail, true));
        return fewer;
    }
}
