package dev.verbena.cli;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import dev.verbena.verbs.MemoryRegion;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * What rping(1) sends: where memory lies, its key and its length, in network order.
 *
 * <p>Threading: immutable.
 */
record RpingInfo(long address, int rkey, int lengthBytes) {
    /** Bytes of the message. */
    static final int WIRE_BYTES = 16;

    private static final ValueLayout.OfLong LONG = JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfInt INT = JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

    static RpingInfo of(MemoryRegion region) {
        return new RpingInfo(region.address(), region.rkey(), (int) region.lengthBytes());
    }

    void write(MemorySegment memory, long offset) {
        memory.set(LONG, offset, address);
        memory.set(INT, offset + 8, rkey);
        memory.set(INT, offset + 12, lengthBytes);
    }

    static RpingInfo read(MemorySegment memory, long offset) {
        return new RpingInfo(memory.get(LONG, offset), memory.get(INT, offset + 8), memory.get(INT, offset + 12));
    }
}
