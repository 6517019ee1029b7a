package dev.verbena.verbs;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Tells memory that the garbage collector frees, or nobody, from memory that a call can free. The API has no question for
 * it: automatic segments are told by the kind of their scope, compared with one that is surely automatic.
 *
 * <p>Threading: a pure function.
 */
public final class ManagedMemory {
    private static final Class<?> AUTOMATIC = Arena.ofAuto().scope().getClass();
    private static final Class<?> BUFFER = MemorySegment.ofBuffer(java.nio.ByteBuffer.allocateDirect(0))
            .scope()
            .getClass();

    private ManagedMemory() {}

    /** Whether no call can free the segment. */
    public static boolean isManaged(MemorySegment segment) {
        Class<?> kind = segment.scope().getClass();
        return kind == AUTOMATIC
                || kind == BUFFER
                || segment.scope().equals(Arena.global().scope());
    }
}
