package dev.verbena.verbs.rdmacore.ffi;

/**
 * The argument of {@code bind_mw}, the verb for windows of type 1.
 *
 * <pre>{@code
 * struct ibv_mw_bind {
 *        0  uint64_t                wr_id;
 *        8  unsigned int            send_flags;
 *       16  struct ibv_mw_bind_info bind_info;
 * }  size 48
 * }</pre>
 */
@CStruct("struct ibv_mw_bind")
public final class IbvMwBind {
    @CStruct.SizeOf
    public static final int SIZE = 48;

    @CStruct.Offset(value = "wr_id", bytes = 8)
    static final int WR_ID = 0;

    @CStruct.Offset(value = "send_flags", bytes = 4)
    static final int SEND_FLAGS = 8;

    @CStruct.Offset(value = "bind_info", bytes = 32)
    static final int BIND_INFO = 16;

    private IbvMwBind() {}

    /** Writes every field. */
    public static void set(long bind, long wrId, int sendFlags, long mr, long addr, long length, int accessFlags) {
        Memory.putLong(bind + WR_ID, wrId);
        Memory.putInt(bind + SEND_FLAGS, sendFlags);
        IbvMwBindInfo.set(bind + BIND_INFO, mr, addr, length, accessFlags);
    }
}
