package dev.verbena.verbs.rdmacore;

import dev.verbena.verbs.Refusal;
import dev.verbena.verbs.ScatterGatherList;
import dev.verbena.verbs.rdmacore.ffi.DataPath;
import dev.verbena.verbs.rdmacore.ffi.IbvRecvWr;
import dev.verbena.verbs.rdmacore.ffi.IbvSge;
import dev.verbena.verbs.rdmacore.ffi.Memory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;

/**
 * Receives that have been staged and wait for the doorbell: a chain of {@code struct ibv_recv_wr} in one block of native
 * memory, each with its own entries. The block grows until it has room for as many as the queue has slots.
 *
 * <p>Ownership: the block belongs to the collector, so that nothing can be left behind or freed too early.
 *
 * <p>Threading: one thread at a time. Hot path: staging and flushing allocate nothing once the block has grown.
 */
final class ReceiveStage {
    private static final int ROOM_FIRST = 64;

    private final int slots;
    private final int entriesMax;
    private final long entriesBytes;
    private MemorySegment block;
    private long requests;
    private long entries;
    private long badRequest;
    private int room;
    private int staged;
    private int lastErrno;

    ReceiveStage(int slots, int entriesMax) {
        this.slots = slots;
        this.entriesMax = entriesMax;
        this.entriesBytes = (long) entriesMax * IbvSge.SIZE;
        this.block = allocate(Math.min(slots, ROOM_FIRST));
    }

    private MemorySegment allocate(int newRoom) {
        MemorySegment fresh =
                Arena.ofAuto().allocate(Long.BYTES + newRoom * (IbvRecvWr.SIZE + entriesBytes), Long.BYTES);
        badRequest = fresh.address();
        requests = badRequest + Long.BYTES;
        entries = requests + (long) newRoom * IbvRecvWr.SIZE;
        room = newRoom;
        return fresh;
    }

    /** Stages a receive into one entry, or into none if the length is zero; 0 or RECEIVE_QUEUE_FULL. */
    int stage(long id, long address, int lengthBytes, int lkey) {
        int index = staged;
        if (index == room && !grow()) {
            return Refusal.RECEIVE_QUEUE_FULL;
        }
        long sge = entries + index * entriesBytes;
        int count = lengthBytes == 0 ? 0 : 1;
        if (count > entriesMax) {
            throw tooManyEntries(count);
        }
        if (count != 0) {
            IbvSge.set(sge, address, lengthBytes, lkey);
        }
        append(index, id, sge, count);
        return 0;
    }

    /** Stages a receive into several entries; 0 or RECEIVE_QUEUE_FULL. */
    int stage(long id, ScatterGatherList list) {
        int index = staged;
        if (index == room && !grow()) {
            return Refusal.RECEIVE_QUEUE_FULL;
        }
        int count = list.size();
        if (count > entriesMax) {
            throw tooManyEntries(count);
        }
        long first = entries + index * entriesBytes;
        for (int i = 0; i < count; i++) {
            IbvSge.set(first + (long) i * IbvSge.SIZE, list.address(i), list.lengthBytes(i), list.lkey(i));
        }
        append(index, id, first, count);
        return 0;
    }

    private void append(int index, long id, long sge, int count) {
        long wr = requests + (long) index * IbvRecvWr.SIZE;
        IbvRecvWr.set(wr, id, 0, sge, count);
        if (index != 0) {
            IbvRecvWr.next(wr - IbvRecvWr.SIZE, wr);
        }
        staged = index + 1;
    }

    /** Rings the doorbell for all that is staged; answers how many the device took. */
    int flush(MemorySegment postReceive, long queue) {
        int count = staged;
        if (count == 0) {
            lastErrno = 0;
            return 0;
        }
        staged = 0;
        Memory.putLong(badRequest, 0);
        int error = DataPath.post_recv(postReceive, queue, requests, badRequest);
        if (error == 0) {
            lastErrno = 0;
            return count;
        }
        lastErrno = Math.abs(error);
        return accepted(count);
    }

    private int accepted(int count) {
        long bad = Memory.getLong(badRequest);
        long index = (bad - requests) / IbvRecvWr.SIZE;
        return bad == 0 || index < 0 || index >= count ? 0 : (int) index;
    }

    /** Forgets what is staged. */
    void discard() {
        staged = 0;
    }

    int lastErrno() {
        return lastErrno;
    }

    private boolean grow() {
        if (room == slots) {
            return false;
        }
        MemorySegment oldBlock = block;
        long oldRequests = requests;
        long oldEntries = entries;
        try {
            block = allocate((int) Math.min(slots, 2L * room));
            for (int i = 0; i < staged; i++) {
                long from = oldRequests + (long) i * IbvRecvWr.SIZE;
                long to = requests + (long) i * IbvRecvWr.SIZE;
                long sge = entries + i * entriesBytes;
                Memory.copy(oldEntries + i * entriesBytes, sge, entriesBytes);
                IbvRecvWr.set(to, IbvRecvWr.wrId(from), 0, sge, IbvRecvWr.numSge(from));
                if (i != 0) {
                    IbvRecvWr.next(to - IbvRecvWr.SIZE, to);
                }
            }
        } finally {
            Reference.reachabilityFence(oldBlock);
        }
        return true;
    }

    private IllegalArgumentException tooManyEntries(int count) {
        return new IllegalArgumentException(count + " entries in a receive, at most " + entriesMax + " are possible");
    }
}
