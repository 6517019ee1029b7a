package dev.verbena.verbs.rdmacore.ffi;

/**
 * The 40 bytes in front of a received datagram.
 *
 * <pre>{@code
 * struct ibv_grh {
 *        0  __be32        version_tclass_flow;
 *        4  __be16        paylen;
 *        6  uint8_t       next_hdr;
 *        7  uint8_t       hop_limit;
 *        8  union ibv_gid sgid;
 *       24  union ibv_gid dgid;
 * }  size 40
 * }</pre>
 */
@CStruct("struct ibv_grh")
public final class IbvGrh {
    @CStruct.SizeOf
    public static final int SIZE = 40;

    @CStruct.Offset(value = "version_tclass_flow", bytes = 4)
    static final int VERSION_TCLASS_FLOW = 0;

    @CStruct.Offset(value = "paylen", bytes = 2)
    static final int PAYLEN = 4;

    @CStruct.Offset(value = "next_hdr", bytes = 1)
    static final int NEXT_HDR = 6;

    @CStruct.Offset(value = "hop_limit", bytes = 1)
    static final int HOP_LIMIT = 7;

    @CStruct.Offset(value = "sgid", bytes = 16)
    static final int SGID = 8;

    @CStruct.Offset(value = "dgid", bytes = 16)
    static final int DGID = 24;

    private IbvGrh() {}

    public static int versionTclassFlow(long grh) {
        return Memory.getInt(grh + VERSION_TCLASS_FLOW);
    }

    /** The address of the nested {@code union ibv_gid}. */
    public static long sgid(long grh) {
        return grh + SGID;
    }

    /** The address of the nested {@code union ibv_gid}. */
    public static long dgid(long grh) {
        return grh + DGID;
    }
}
