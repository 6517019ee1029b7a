package com.ibm.disni.util;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/**
 * Stands in front of DiSNI's own class of this name, which asks a class of the JDK that nobody may ask since Java 16.
 *
 * <p>Threading: any thread.
 */
public final class MemoryUtils {
    private MemoryUtils() {}

    /**
     * Where index 0 of a direct buffer lies, wherever its position is.
     *
     * @throws IllegalArgumentException for a heap buffer: it has no address that a device could use
     */
    public static long getAddress(ByteBuffer buffer) {
        if (!buffer.isDirect()) {
            throw new IllegalArgumentException("a heap buffer moves and has no address; allocate a direct one");
        }
        return MemorySegment.ofBuffer(buffer).address() - buffer.position();
    }
}
