package dev.verbena.verbs.rdmacore.ffi;

/**
 * One piece of registered memory in a work request. Hot path.
 *
 * <pre>{@code
 * struct ibv_sge {
 *        0  uint64_t addr;
 *        8  uint32_t length;
 *       12  uint32_t lkey;
 * }  size 16
 * }</pre>
 */
@CStruct("struct ibv_sge")
public final class IbvSge {
    @CStruct.SizeOf
    public static final int SIZE = 16;

    @CStruct.Offset(value = "addr", bytes = 8)
    static final int ADDR = 0;

    @CStruct.Offset(value = "length", bytes = 4)
    static final int LENGTH = 8;

    @CStruct.Offset(value = "lkey", bytes = 4)
    static final int LKEY = 12;

    private IbvSge() {}

    public static long addr(long sge) {
        return Memory.getLong(sge + ADDR);
    }

    public static int length(long sge) {
        return Memory.getInt(sge + LENGTH);
    }

    public static int lkey(long sge) {
        return Memory.getInt(sge + LKEY);
    }

    /** Writes every field. */
    public static void set(long sge, long addr, int length, int lkey) {
        Memory.putLong(sge + ADDR, addr);
        Memory.putInt(sge + LENGTH, length);
        Memory.putInt(sge + LKEY, lkey);
    }
}
