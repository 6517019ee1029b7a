package dev.verbena.verbs.rdmacore;

import dev.verbena.verbs.ScatterGatherList;
import dev.verbena.verbs.SendFlags;
import dev.verbena.verbs.rdmacore.ffi.DataPath;
import dev.verbena.verbs.rdmacore.ffi.IbvSendWr;
import dev.verbena.verbs.rdmacore.ffi.IbvSge;
import dev.verbena.verbs.rdmacore.ffi.Memory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;

/**
 * Send requests that have been staged and wait for the doorbell: a chain of {@code struct ibv_send_wr} in one block of
 * native memory, each with its own entries. The block grows until it has room for as many as the queue has slots.
 *
 * <p>Use: {@link #next()} answers the request to fill, {@link #entry} or {@link #entries} fill its entries, and
 * {@link #append} puts it into the chain.
 *
 * <p>Inline payloads are copied into the block when they are staged: the caller may use, or free, their memory before the
 * doorbell rings.
 *
 * <p>Ownership: the block belongs to the collector, so that nothing can be left behind or freed too early.
 *
 * <p>Threading: one thread at a time. Hot path: staging and flushing allocate nothing once the block has grown.
 */
final class SendStage {
    private static final int ROOM_FIRST = 64;

    private final int slots;
    private final int entriesMax;
    private final long entriesBytes;
    private final int inlineMax;
    private final long inlineBytes;
    private MemorySegment block;
    private long requests;
    private long entries;
    private long inlines;
    private long badRequest;
    private int room;
    private int staged;
    private int lastErrno;

    SendStage(int slots, int entriesMax, int inlineMax) {
        this.slots = slots;
        this.entriesMax = entriesMax;
        this.entriesBytes = (long) entriesMax * IbvSge.SIZE;
        this.inlineMax = inlineMax;
        this.inlineBytes = (inlineMax + Long.BYTES - 1L) & -Long.BYTES;
        this.block = allocate(Math.min(slots, ROOM_FIRST));
    }

    private MemorySegment allocate(int newRoom) {
        MemorySegment fresh = Arena.ofAuto()
                .allocate(Long.BYTES + newRoom * (IbvSendWr.SIZE + entriesBytes + inlineBytes), Long.BYTES);
        badRequest = fresh.address();
        requests = badRequest + Long.BYTES;
        entries = requests + (long) newRoom * IbvSendWr.SIZE;
        inlines = entries + newRoom * entriesBytes;
        room = newRoom;
        return fresh;
    }

    /** The next request's address, or 0 when as many as the queue has slots are staged. */
    long next() {
        if (staged == room && !grow()) {
            return 0;
        }
        return requests + (long) staged * IbvSendWr.SIZE;
    }

    /** Fills the next request's only entry; answers how many entries there are: none for a length of zero. */
    int entry(long address, int lengthBytes, int lkey, int flags) {
        if (lengthBytes == 0) {
            return 0;
        }
        if (entriesMax == 0) {
            throw tooManyEntries(1);
        }
        long from = (flags & SendFlags.INLINE) == 0 ? address : copied(0, address, lengthBytes);
        IbvSge.set(entries + staged * entriesBytes, from, lengthBytes, lkey);
        return 1;
    }

    /** Fills the next request's entries; answers how many there are. */
    int entries(ScatterGatherList list, int flags) {
        int count = list.size();
        if (count > entriesMax) {
            throw tooManyEntries(count);
        }
        long first = entries + staged * entriesBytes;
        boolean inline = (flags & SendFlags.INLINE) != 0;
        int copiedBytes = 0;
        for (int i = 0; i < count; i++) {
            long from = list.address(i);
            if (inline) {
                from = copied(copiedBytes, from, list.lengthBytes(i));
                copiedBytes += list.lengthBytes(i);
            }
            IbvSge.set(first + (long) i * IbvSge.SIZE, from, list.lengthBytes(i), list.lkey(i));
        }
        return count;
    }

    private long copied(int offset, long address, int lengthBytes) {
        if (lengthBytes > inlineMax - offset) {
            throw new IllegalArgumentException("more inline bytes than the " + inlineMax + " that were granted");
        }
        long to = inlines + staged * inlineBytes + offset;
        Memory.copy(address, to, lengthBytes);
        return to;
    }

    /** Writes what all requests have, and puts the request that {@link #next()} answered into the chain. */
    void append(long wr, long id, int entryCount, int opcode, int flags, int immediateOrKey) {
        int index = staged;
        IbvSendWr.set(wr, id, 0, entries + index * entriesBytes, entryCount, opcode, flags, immediateOrKey);
        if (index != 0) {
            IbvSendWr.next(wr - IbvSendWr.SIZE, wr);
        }
        staged = index + 1;
    }

    /** Rings the doorbell for all that is staged; answers how many the device took. */
    int flush(MemorySegment postSend, long qp, boolean critical) {
        int count = staged;
        if (count == 0) {
            lastErrno = 0;
            return 0;
        }
        staged = 0;
        long bad = badRequest;
        Memory.putLong(bad, 0);
        int error = critical
                ? DataPath.post_send_critical(postSend, qp, requests, bad)
                : DataPath.post_send(postSend, qp, requests, bad);
        if (error == 0) {
            lastErrno = 0;
            return count;
        }
        lastErrno = Math.abs(error);
        return accepted(count);
    }

    private int accepted(int count) {
        long bad = Memory.getLong(badRequest);
        long index = (bad - requests) / IbvSendWr.SIZE;
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
        long oldInlines = inlines;
        try {
            block = allocate((int) Math.min(slots, 2L * room));
            Memory.copy(oldRequests, requests, (long) staged * IbvSendWr.SIZE);
            Memory.copy(oldEntries, entries, staged * entriesBytes);
            Memory.copy(oldInlines, inlines, staged * inlineBytes);
            for (int i = 0; i < staged; i++) {
                long wr = requests + (long) i * IbvSendWr.SIZE;
                IbvSendWr.sgList(wr, entries + i * entriesBytes);
                if ((IbvSendWr.sendFlags(wr) & SendFlags.INLINE) != 0) {
                    moveEntries(wr, inlines - oldInlines);
                }
                IbvSendWr.next(wr, i + 1 < staged ? wr + IbvSendWr.SIZE : 0);
            }
        } finally {
            Reference.reachabilityFence(oldBlock);
        }
        return true;
    }

    private static void moveEntries(long wr, long distance) {
        for (int i = 0; i < IbvSendWr.numSge(wr); i++) {
            long sge = IbvSendWr.sgList(wr) + (long) i * IbvSge.SIZE;
            IbvSge.set(sge, IbvSge.addr(sge) + distance, IbvSge.length(sge), IbvSge.lkey(sge));
        }
    }

    private IllegalArgumentException tooManyEntries(int count) {
        return new IllegalArgumentException(count + " entries in a request, at most " + entriesMax + " are possible");
    }
}
