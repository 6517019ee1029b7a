package dev.verbena.verbs.rdmacore.ffi;

/**
 * A memory region.
 *
 * <pre>{@code
 * struct ibv_mr {
 *       16  void *   addr;
 *       24  size_t   length;
 *       36  uint32_t lkey;
 *       40  uint32_t rkey;
 * }  size 48
 * }</pre>
 */
@CStruct("struct ibv_mr")
public final class IbvMr {
    @CStruct.SizeOf
    public static final int SIZE = 48;

    @CStruct.Offset(value = "addr", bytes = 8)
    static final int ADDR = 16;

    @CStruct.Offset(value = "length", bytes = 8)
    static final int LENGTH = 24;

    @CStruct.Offset(value = "lkey", bytes = 4)
    static final int LKEY = 36;

    @CStruct.Offset(value = "rkey", bytes = 4)
    static final int RKEY = 40;

    @CStruct.Value
    public static final int IBV_ACCESS_LOCAL_WRITE = 1 << 0;

    @CStruct.Value
    public static final int IBV_ACCESS_REMOTE_WRITE = 1 << 1;

    @CStruct.Value
    public static final int IBV_ACCESS_REMOTE_READ = 1 << 2;

    @CStruct.Value
    public static final int IBV_ACCESS_REMOTE_ATOMIC = 1 << 3;

    @CStruct.Value
    public static final int IBV_ACCESS_MW_BIND = 1 << 4;

    @CStruct.Value
    public static final int IBV_ACCESS_ZERO_BASED = 1 << 5;

    @CStruct.Value
    public static final int IBV_ACCESS_ON_DEMAND = 1 << 6;

    @CStruct.Value
    public static final int IBV_ACCESS_HUGETLB = 1 << 7;

    @CStruct.Value
    public static final int IBV_ACCESS_RELAXED_ORDERING = 1 << 20;

    private IbvMr() {}

    public static long addr(long mr) {
        return Memory.getLong(mr + ADDR);
    }

    public static long length(long mr) {
        return Memory.getLong(mr + LENGTH);
    }

    public static int lkey(long mr) {
        return Memory.getInt(mr + LKEY);
    }

    public static int rkey(long mr) {
        return Memory.getInt(mr + RKEY);
    }
}
