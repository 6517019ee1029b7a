package dev.verbena.verbs.rdmacore.ffi;

/**
 * A memory window. A bind of type 1 changes {@code rkey}.
 *
 * <pre>{@code
 * struct ibv_mw {
 *       16  uint32_t         rkey;
 *       24  enum ibv_mw_type type;
 * }  size 32
 * }</pre>
 */
@CStruct("struct ibv_mw")
public final class IbvMw {
    @CStruct.SizeOf
    public static final int SIZE = 32;

    @CStruct.Offset(value = "rkey", bytes = 4)
    static final int RKEY = 16;

    @CStruct.Offset(value = "type", bytes = 4)
    static final int TYPE = 24;

    @CStruct.Value
    public static final int IBV_MW_TYPE_1 = 1;

    @CStruct.Value
    public static final int IBV_MW_TYPE_2 = 2;

    private IbvMw() {}

    public static int rkey(long mw) {
        return Memory.getInt(mw + RKEY);
    }

    public static void rkey(long mw, int value) {
        Memory.putInt(mw + RKEY, value);
    }

    public static int type(long mw) {
        return Memory.getInt(mw + TYPE);
    }
}
