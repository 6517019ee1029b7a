package dev.verbena.verbs.embedded;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The shared memory that a node gives to its peers, by slot and life of the slot, and small pieces of it for the receive
 * windows of queue pairs.
 *
 * <p>Threading: any thread; guarded by this object's monitor.
 */
final class Segments {
    static final int SEGMENTS_MAX = 1 << 16;
    private static final long CHUNK_BYTES = 1 << 20;
    private static final long SMALLEST_PIECE = 256;

    /** A segment and the name that entries of the control segment call it by. */
    record Segment(int slot, int life, SharedMemory memory) {}

    /** A piece of a segment. */
    record Piece(Segment segment, long offset, long lengthBytes) {
        long address() {
            return segment.memory().address() + offset;
        }
    }

    private final List<@Nullable Segment> segments = new ArrayList<>();
    private final Deque<Integer> freeSlots = new ArrayDeque<>();
    private final Map<Long, Deque<Piece>> freePieces = new HashMap<>();
    private int lives;
    private @Nullable Segment chunk;
    private long chunkUsed;

    synchronized Segment add(SharedMemory memory) {
        Integer slot = freeSlots.poll();
        Segment segment = new Segment(slot == null ? segments.size() : slot, ++lives, memory);
        if (slot == null) {
            segments.add(segment);
        } else {
            segments.set(slot, segment);
        }
        return segment;
    }

    /** The segment of a name, null when it is gone. */
    synchronized @Nullable Segment get(int slot, int life) {
        Segment segment = slot >= 0 && slot < segments.size() ? segments.get(slot) : null;
        return segment != null && segment.life == life ? segment : null;
    }

    synchronized void remove(Segment segment) {
        segments.set(segment.slot, null);
        freeSlots.add(segment.slot);
    }

    /** Zeroed memory for a window. */
    synchronized Piece allocate(long lengthBytes) {
        long size = Math.max(SMALLEST_PIECE, Long.highestOneBit(Math.max(lengthBytes - 1, 1)) << 1);
        if (size > CHUNK_BYTES / 2) {
            return new Piece(add(SharedMemory.create("verbena-window", lengthBytes)), 0, -1);
        }
        Deque<Piece> free = freePieces.get(size);
        Piece piece = free == null ? null : free.poll();
        if (piece != null) {
            Memory.clear(piece.address(), size);
            return piece;
        }
        Segment from = chunk;
        if (from == null || chunkUsed + size > CHUNK_BYTES) {
            from = add(SharedMemory.create("verbena-windows", CHUNK_BYTES));
            chunk = from;
            chunkUsed = 0;
        }
        piece = new Piece(from, chunkUsed, size);
        chunkUsed += size;
        return piece;
    }

    /** Gives a window's memory back, which nobody uses any more; answers the segment that is gone with it. */
    synchronized @Nullable Segment free(Piece piece) {
        if (piece.lengthBytes < 0) {
            remove(piece.segment);
            return piece.segment;
        }
        freePieces
                .computeIfAbsent(piece.lengthBytes, size -> new ArrayDeque<>())
                .add(piece);
        return null;
    }

    synchronized void close() {
        for (Segment segment : segments) {
            if (segment != null) {
                segment.memory.close();
            }
        }
        segments.clear();
    }
}
