package dev.verbena.verbs.rdmacore.ffi;

/**
 * rdma_cm's counterpart of a socket.
 *
 * <pre>{@code
 * struct rdma_cm_id {
 *        0  struct ibv_context *        verbs;
 *        8  struct rdma_event_channel * channel;
 *       24  struct ibv_qp *             qp;
 *       32  struct sockaddr             route.addr.src_addr;
 *      160  struct sockaddr             route.addr.dst_addr;
 *      288  union ibv_gid               route.addr.addr.ibaddr.sgid;
 *      304  union ibv_gid               route.addr.addr.ibaddr.dgid;
 *      344  enum rdma_port_space        ps;
 *      348  uint8_t                     port_num;
 * }  size 416
 * }</pre>
 */
@CStruct("struct rdma_cm_id")
public final class RdmaCmId {
    @CStruct.SizeOf
    public static final int SIZE = 416;

    @CStruct.Offset(value = "verbs", bytes = 8)
    static final int VERBS = 0;

    @CStruct.Offset(value = "channel", bytes = 8)
    static final int CHANNEL = 8;

    @CStruct.Offset(value = "qp", bytes = 8)
    static final int QP = 24;

    @CStruct.Offset(value = "route.addr.src_addr", bytes = 16)
    static final int SRC_ADDR = 32;

    @CStruct.Offset(value = "route.addr.dst_addr", bytes = 16)
    static final int DST_ADDR = 160;

    @CStruct.Offset(value = "route.addr.addr.ibaddr.sgid", bytes = 16)
    static final int SGID = 288;

    @CStruct.Offset(value = "route.addr.addr.ibaddr.dgid", bytes = 16)
    static final int DGID = 304;

    @CStruct.Offset(value = "ps", bytes = 4)
    static final int PS = 344;

    @CStruct.Offset(value = "port_num", bytes = 1)
    static final int PORT_NUM = 348;

    @CStruct.Value
    public static final int RDMA_PS_TCP = 262;

    @CStruct.Value
    public static final int RDMA_PS_UDP = 273;

    @CStruct.Value
    public static final int RDMA_PS_IB = 319;

    @CStruct.Value
    public static final int RDMA_OPTION_ID = 0;

    @CStruct.Value
    public static final int RDMA_OPTION_ID_TOS = 0;

    @CStruct.Value
    public static final int RDMA_OPTION_ID_REUSEADDR = 1;

    @CStruct.Value
    public static final int RDMA_OPTION_ID_AFONLY = 2;

    @CStruct.Value
    public static final int RDMA_OPTION_ID_ACK_TIMEOUT = 3;

    @CStruct.Value
    public static final int RDMA_UDP_QKEY = 0x1234567;

    private RdmaCmId() {}

    public static long verbs(long id) {
        return Memory.getLong(id + VERBS);
    }

    public static long channel(long id) {
        return Memory.getLong(id + CHANNEL);
    }

    public static long qp(long id) {
        return Memory.getLong(id + QP);
    }

    /** The address of the nested {@code struct sockaddr}. */
    public static long srcAddr(long id) {
        return id + SRC_ADDR;
    }

    /** The address of the nested {@code struct sockaddr}. */
    public static long dstAddr(long id) {
        return id + DST_ADDR;
    }

    /** The address of the nested {@code union ibv_gid}. */
    public static long sgid(long id) {
        return id + SGID;
    }

    /** The address of the nested {@code union ibv_gid}. */
    public static long dgid(long id) {
        return id + DGID;
    }

    public static int ps(long id) {
        return Memory.getInt(id + PS);
    }

    public static int portNum(long id) {
        return Memory.getUnsignedByte(id + PORT_NUM);
    }
}
