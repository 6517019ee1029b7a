package dev.verbena.verbs.embedded;

import dev.verbena.verbs.WorkCompletions;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Puts a datagram that has arrived into a posted receive: 40 bytes of a global route header, then the payload. One that
 * does not fit is lost and leaves the receive where it is.
 *
 * <p>Threading: under the receive completion queue's guard.
 */
final class DatagramReceiver {
    private static final int HEADER_BYTES = 40;
    /** Version 6 in the first four bits. */
    private static final byte VERSION_6 = 0x60;
    /** InfiniBand transport. */
    private static final byte NEXT_HEADER = 0x1b;

    private final Node node;
    private final int domain;
    private final long entry;
    private final Places places = new Places();
    private final MemorySegment message = Arena.ofAuto().allocate(HEADER_BYTES + EmbeddedContext.MTU_BYTES, 64);

    DatagramReceiver(Node node, int domain, long entry) {
        this.node = node;
        this.domain = domain;
        this.entry = entry;
    }

    boolean receive(
            ReceiveQueue receives,
            RingReader reader,
            int lengthBytes,
            int operation,
            int immediate,
            int source,
            int number,
            long[] record,
            int recordAt) {
        long slot = receives.oldest();
        int total = HEADER_BYTES + lengthBytes;
        if (Memory.getLong(slot + Layout.RECEIVE_LENGTH) < total) {
            return false;
        }
        writeHeader(lengthBytes);
        reader.copyPayload(lengthBytes, message.address() + HEADER_BYTES);
        int status = place(slot, receives.entriesMax(), total);
        boolean withImmediate = (operation & Layout.FLAG_IMMEDIATE) != 0;
        WorkCompletionRecord.set(
                record,
                recordAt,
                receives.take(),
                status,
                WorkCompletionRecord.RECV,
                total,
                withImmediate ? Integer.reverseBytes(immediate) : 0,
                number,
                source,
                WorkCompletions.GLOBAL_ROUTE_HEADER | (withImmediate ? WorkCompletions.WITH_IMMEDIATE : 0));
        return true;
    }

    private int place(long slot, int entriesMax, int total) {
        long epoch = Memory.getLong(entry + Layout.QP_RECEIVE_EPOCH) + 1;
        Memory.putLong(entry + Layout.QP_RECEIVE_EPOCH, epoch);
        Fences.light();
        try {
            places.clear();
            int left = total;
            int entries = Math.min(Memory.getInt(slot + Layout.RECEIVE_ENTRIES), entriesMax);
            for (int i = 0; i < entries && left > 0; i++) {
                long at = slot + Layout.RECEIVE_LIST + i * Layout.ENTRY_BYTES;
                int bytes = Math.min(left, Memory.getInt(at + Layout.ENTRY_LENGTH));
                int lkey = Memory.getInt(at + Layout.ENTRY_KEY);
                if (!places.addLocal(node.control(), domain, Memory.getLong(at), bytes, lkey, true)) {
                    return WorkCompletionRecord.LOC_PROT_ERR;
                }
                left -= bytes;
            }
            return places.scatter(message.address(), total);
        } finally {
            Memory.putLongRelease(entry + Layout.QP_RECEIVE_EPOCH, epoch + 1);
        }
    }

    private void writeHeader(int lengthBytes) {
        long at = message.address();
        Memory.clear(at, HEADER_BYTES);
        Memory.putByte(at, VERSION_6);
        Memory.putByte(at + 4, (byte) (lengthBytes >>> 8));
        Memory.putByte(at + 5, (byte) lengthBytes);
        Memory.putByte(at + 6, NEXT_HEADER);
        Memory.putByte(at + 7, (byte) 64);
        // Both ends are this host.
        byte[] gid = Addresses.hostGid().bytes();
        Memory.putBytes(at + 8, gid);
        Memory.putBytes(at + 24, gid);
    }
}
