package dev.verbena.verbs.rdmacore.ffi;

/**
 * What a memory window is bound to.
 *
 * <pre>{@code
 * struct ibv_mw_bind_info {
 *        0  struct ibv_mr * mr;
 *        8  uint64_t        addr;
 *       16  uint64_t        length;
 *       24  unsigned int    mw_access_flags;
 * }  size 32
 * }</pre>
 */
@CStruct("struct ibv_mw_bind_info")
public final class IbvMwBindInfo {
    @CStruct.SizeOf
    public static final int SIZE = 32;

    @CStruct.Offset(value = "mr", bytes = 8)
    static final int MR = 0;

    @CStruct.Offset(value = "addr", bytes = 8)
    static final int ADDR = 8;

    @CStruct.Offset(value = "length", bytes = 8)
    static final int LENGTH = 16;

    @CStruct.Offset(value = "mw_access_flags", bytes = 4)
    static final int MW_ACCESS_FLAGS = 24;

    private IbvMwBindInfo() {}

    /** Writes every field. */
    public static void set(long info, long mr, long addr, long length, int accessFlags) {
        Memory.putLong(info + MR, mr);
        Memory.putLong(info + ADDR, addr);
        Memory.putLong(info + LENGTH, length);
        Memory.putInt(info + MW_ACCESS_FLAGS, accessFlags);
    }
}
