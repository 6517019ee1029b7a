package dev.verbena.verbs.rdmacore.ffi;

import java.lang.foreign.MemorySegment;

/**
 * The extended verbs, which lie in front of an {@link IbvContext}: the struct grows at its start, so each slot keeps its
 * negative offset from the context for ever. Offsets below are counted from {@code context}.
 *
 * <pre>{@code
 * struct verbs_context {
 *     -320  int (*query_port)(struct ibv_context *, uint8_t, struct ibv_port_attr *, size_t);
 *     -104  int (*query_device_ex)(struct ibv_context *, const struct ibv_query_device_ex_input *,
 *                                  struct ibv_device_attr_ex *, size_t);
 *       -8  size_t sz;
 *        0  struct ibv_context context;
 * }
 * }</pre>
 *
 * <p>It is there if {@code abi_compat} of the context holds {@code UINTPTR_MAX}; a slot is there if {@code sz} covers it
 * and it is not null.
 */
@CStruct(value = "struct verbs_context", origin = "context")
public final class VerbsContext {
    @CStruct.Offset(value = "query_port", bytes = 8)
    static final int QUERY_PORT = -320;

    @CStruct.Offset(value = "query_device_ex", bytes = 8)
    static final int QUERY_DEVICE_EX = -104;

    @CStruct.Offset(value = "sz", bytes = 8)
    static final int SZ = -8;

    private static final long ABI_IS_EXTENDED = -1;

    private VerbsContext() {}

    /** The function, or {@link MemorySegment#NULL}. */
    public static MemorySegment queryPort(long context) {
        return slot(context, QUERY_PORT);
    }

    /** The function, or {@link MemorySegment#NULL}. */
    public static MemorySegment queryDeviceEx(long context) {
        return slot(context, QUERY_DEVICE_EX);
    }

    private static MemorySegment slot(long context, int offset) {
        if (Memory.getLong(context + IbvContext.ABI_COMPAT) != ABI_IS_EXTENDED) {
            return MemorySegment.NULL;
        }
        long coveredBytes = Memory.getLong(context + SZ) - IbvContext.SIZE;
        if (coveredBytes < -offset) {
            return MemorySegment.NULL;
        }
        return MemorySegment.ofAddress(Memory.getLong(context + offset));
    }
}
