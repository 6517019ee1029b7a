package dev.verbena.verbs.rdmacore.ffi;

/**
 * What {@code ibv_query_device} fills in.
 *
 * <pre>{@code
 * struct ibv_device_attr {
 *        0  char[64]            fw_ver;
 *       64  __be64              node_guid;
 *       72  __be64              sys_image_guid;
 *       80  uint64_t            max_mr_size;
 *       88  uint64_t            page_size_cap;
 *       96  uint32_t            vendor_id;
 *      100  uint32_t            vendor_part_id;
 *      104  uint32_t            hw_ver;
 *      108  int                 max_qp;
 *      112  int                 max_qp_wr;
 *      116  unsigned int        device_cap_flags;
 *      120  int                 max_sge;
 *      124  int                 max_sge_rd;
 *      128  int                 max_cq;
 *      132  int                 max_cqe;
 *      136  int                 max_mr;
 *      140  int                 max_pd;
 *      144  int                 max_qp_rd_atom;
 *      148  int                 max_ee_rd_atom;
 *      152  int                 max_res_rd_atom;
 *      156  int                 max_qp_init_rd_atom;
 *      160  int                 max_ee_init_rd_atom;
 *      164  enum ibv_atomic_cap atomic_cap;
 *      168  int                 max_ee;
 *      172  int                 max_rdd;
 *      176  int                 max_mw;
 *      180  int                 max_raw_ipv6_qp;
 *      184  int                 max_raw_ethy_qp;
 *      188  int                 max_mcast_grp;
 *      192  int                 max_mcast_qp_attach;
 *      196  int                 max_total_mcast_qp_attach;
 *      200  int                 max_ah;
 *      204  int                 max_fmr;
 *      208  int                 max_map_per_fmr;
 *      212  int                 max_srq;
 *      216  int                 max_srq_wr;
 *      220  int                 max_srq_sge;
 *      224  uint16_t            max_pkeys;
 *      226  uint8_t             local_ca_ack_delay;
 *      227  uint8_t             phys_port_cnt;
 * }  size 232
 * }</pre>
 */
@CStruct("struct ibv_device_attr")
public final class IbvDeviceAttr {
    @CStruct.SizeOf
    public static final int SIZE = 232;

    @CStruct.Offset(value = "fw_ver", bytes = 64)
    static final int FW_VER = 0;

    @CStruct.Offset(value = "node_guid", bytes = 8)
    static final int NODE_GUID = 64;

    @CStruct.Offset(value = "sys_image_guid", bytes = 8)
    static final int SYS_IMAGE_GUID = 72;

    @CStruct.Offset(value = "max_mr_size", bytes = 8)
    static final int MAX_MR_SIZE = 80;

    @CStruct.Offset(value = "page_size_cap", bytes = 8)
    static final int PAGE_SIZE_CAP = 88;

    @CStruct.Offset(value = "vendor_id", bytes = 4)
    static final int VENDOR_ID = 96;

    @CStruct.Offset(value = "vendor_part_id", bytes = 4)
    static final int VENDOR_PART_ID = 100;

    @CStruct.Offset(value = "hw_ver", bytes = 4)
    static final int HW_VER = 104;

    @CStruct.Offset(value = "max_qp", bytes = 4)
    static final int MAX_QP = 108;

    @CStruct.Offset(value = "max_qp_wr", bytes = 4)
    static final int MAX_QP_WR = 112;

    @CStruct.Offset(value = "device_cap_flags", bytes = 4)
    static final int DEVICE_CAP_FLAGS = 116;

    @CStruct.Offset(value = "max_sge", bytes = 4)
    static final int MAX_SGE = 120;

    @CStruct.Offset(value = "max_sge_rd", bytes = 4)
    static final int MAX_SGE_RD = 124;

    @CStruct.Offset(value = "max_cq", bytes = 4)
    static final int MAX_CQ = 128;

    @CStruct.Offset(value = "max_cqe", bytes = 4)
    static final int MAX_CQE = 132;

    @CStruct.Offset(value = "max_mr", bytes = 4)
    static final int MAX_MR = 136;

    @CStruct.Offset(value = "max_pd", bytes = 4)
    static final int MAX_PD = 140;

    @CStruct.Offset(value = "max_qp_rd_atom", bytes = 4)
    static final int MAX_QP_RD_ATOM = 144;

    @CStruct.Offset(value = "max_ee_rd_atom", bytes = 4)
    static final int MAX_EE_RD_ATOM = 148;

    @CStruct.Offset(value = "max_res_rd_atom", bytes = 4)
    static final int MAX_RES_RD_ATOM = 152;

    @CStruct.Offset(value = "max_qp_init_rd_atom", bytes = 4)
    static final int MAX_QP_INIT_RD_ATOM = 156;

    @CStruct.Offset(value = "max_ee_init_rd_atom", bytes = 4)
    static final int MAX_EE_INIT_RD_ATOM = 160;

    @CStruct.Offset(value = "atomic_cap", bytes = 4)
    static final int ATOMIC_CAP = 164;

    @CStruct.Offset(value = "max_ee", bytes = 4)
    static final int MAX_EE = 168;

    @CStruct.Offset(value = "max_rdd", bytes = 4)
    static final int MAX_RDD = 172;

    @CStruct.Offset(value = "max_mw", bytes = 4)
    static final int MAX_MW = 176;

    @CStruct.Offset(value = "max_raw_ipv6_qp", bytes = 4)
    static final int MAX_RAW_IPV6_QP = 180;

    @CStruct.Offset(value = "max_raw_ethy_qp", bytes = 4)
    static final int MAX_RAW_ETHY_QP = 184;

    @CStruct.Offset(value = "max_mcast_grp", bytes = 4)
    static final int MAX_MCAST_GRP = 188;

    @CStruct.Offset(value = "max_mcast_qp_attach", bytes = 4)
    static final int MAX_MCAST_QP_ATTACH = 192;

    @CStruct.Offset(value = "max_total_mcast_qp_attach", bytes = 4)
    static final int MAX_TOTAL_MCAST_QP_ATTACH = 196;

    @CStruct.Offset(value = "max_ah", bytes = 4)
    static final int MAX_AH = 200;

    @CStruct.Offset(value = "max_fmr", bytes = 4)
    static final int MAX_FMR = 204;

    @CStruct.Offset(value = "max_map_per_fmr", bytes = 4)
    static final int MAX_MAP_PER_FMR = 208;

    @CStruct.Offset(value = "max_srq", bytes = 4)
    static final int MAX_SRQ = 212;

    @CStruct.Offset(value = "max_srq_wr", bytes = 4)
    static final int MAX_SRQ_WR = 216;

    @CStruct.Offset(value = "max_srq_sge", bytes = 4)
    static final int MAX_SRQ_SGE = 220;

    @CStruct.Offset(value = "max_pkeys", bytes = 2)
    static final int MAX_PKEYS = 224;

    @CStruct.Offset(value = "local_ca_ack_delay", bytes = 1)
    static final int LOCAL_CA_ACK_DELAY = 226;

    @CStruct.Offset(value = "phys_port_cnt", bytes = 1)
    static final int PHYS_PORT_CNT = 227;

    @CStruct.Value
    public static final int IBV_DEVICE_RESIZE_MAX_WR = 1 << 0;

    @CStruct.Value
    public static final int IBV_DEVICE_AUTO_PATH_MIG = 1 << 4;

    @CStruct.Value
    public static final int IBV_DEVICE_CURR_QP_STATE_MOD = 1 << 7;

    @CStruct.Value
    public static final int IBV_DEVICE_SYS_IMAGE_GUID = 1 << 11;

    @CStruct.Value
    public static final int IBV_DEVICE_RC_RNR_NAK_GEN = 1 << 12;

    @CStruct.Value
    public static final int IBV_DEVICE_SRQ_RESIZE = 1 << 13;

    @CStruct.Value
    public static final int IBV_DEVICE_MEM_WINDOW = 1 << 17;

    @CStruct.Value
    public static final int IBV_DEVICE_MEM_MGT_EXTENSIONS = 1 << 21;

    @CStruct.Value
    public static final int IBV_DEVICE_MEM_WINDOW_TYPE_2A = 1 << 23;

    @CStruct.Value
    public static final int IBV_DEVICE_MEM_WINDOW_TYPE_2B = 1 << 24;

    @CStruct.Value
    public static final int IBV_ATOMIC_NONE = 0;

    @CStruct.Value
    public static final int IBV_ATOMIC_HCA = 1;

    @CStruct.Value
    public static final int IBV_ATOMIC_GLOB = 2;

    private IbvDeviceAttr() {}

    public static String fwVer(long attr) {
        return Memory.getString(attr + FW_VER, 64);
    }

    public static long nodeGuid(long attr) {
        return Memory.getLong(attr + NODE_GUID);
    }

    public static long sysImageGuid(long attr) {
        return Memory.getLong(attr + SYS_IMAGE_GUID);
    }

    public static long maxMrSize(long attr) {
        return Memory.getLong(attr + MAX_MR_SIZE);
    }

    public static long pageSizeCap(long attr) {
        return Memory.getLong(attr + PAGE_SIZE_CAP);
    }

    public static int vendorId(long attr) {
        return Memory.getInt(attr + VENDOR_ID);
    }

    public static int vendorPartId(long attr) {
        return Memory.getInt(attr + VENDOR_PART_ID);
    }

    public static int hwVer(long attr) {
        return Memory.getInt(attr + HW_VER);
    }

    public static int maxQp(long attr) {
        return Memory.getInt(attr + MAX_QP);
    }

    public static int maxQpWr(long attr) {
        return Memory.getInt(attr + MAX_QP_WR);
    }

    public static int deviceCapFlags(long attr) {
        return Memory.getInt(attr + DEVICE_CAP_FLAGS);
    }

    public static int maxSge(long attr) {
        return Memory.getInt(attr + MAX_SGE);
    }

    public static int maxSgeRd(long attr) {
        return Memory.getInt(attr + MAX_SGE_RD);
    }

    public static int maxCq(long attr) {
        return Memory.getInt(attr + MAX_CQ);
    }

    public static int maxCqe(long attr) {
        return Memory.getInt(attr + MAX_CQE);
    }

    public static int maxMr(long attr) {
        return Memory.getInt(attr + MAX_MR);
    }

    public static int maxPd(long attr) {
        return Memory.getInt(attr + MAX_PD);
    }

    public static int maxQpRdAtom(long attr) {
        return Memory.getInt(attr + MAX_QP_RD_ATOM);
    }

    public static int maxEeRdAtom(long attr) {
        return Memory.getInt(attr + MAX_EE_RD_ATOM);
    }

    public static int maxResRdAtom(long attr) {
        return Memory.getInt(attr + MAX_RES_RD_ATOM);
    }

    public static int maxQpInitRdAtom(long attr) {
        return Memory.getInt(attr + MAX_QP_INIT_RD_ATOM);
    }

    public static int maxEeInitRdAtom(long attr) {
        return Memory.getInt(attr + MAX_EE_INIT_RD_ATOM);
    }

    public static int atomicCap(long attr) {
        return Memory.getInt(attr + ATOMIC_CAP);
    }

    public static int maxEe(long attr) {
        return Memory.getInt(attr + MAX_EE);
    }

    public static int maxRdd(long attr) {
        return Memory.getInt(attr + MAX_RDD);
    }

    public static int maxMw(long attr) {
        return Memory.getInt(attr + MAX_MW);
    }

    public static int maxRawIpv6Qp(long attr) {
        return Memory.getInt(attr + MAX_RAW_IPV6_QP);
    }

    public static int maxRawEthyQp(long attr) {
        return Memory.getInt(attr + MAX_RAW_ETHY_QP);
    }

    public static int maxMcastGrp(long attr) {
        return Memory.getInt(attr + MAX_MCAST_GRP);
    }

    public static int maxMcastQpAttach(long attr) {
        return Memory.getInt(attr + MAX_MCAST_QP_ATTACH);
    }

    public static int maxTotalMcastQpAttach(long attr) {
        return Memory.getInt(attr + MAX_TOTAL_MCAST_QP_ATTACH);
    }

    public static int maxAh(long attr) {
        return Memory.getInt(attr + MAX_AH);
    }

    public static int maxFmr(long attr) {
        return Memory.getInt(attr + MAX_FMR);
    }

    public static int maxMapPerFmr(long attr) {
        return Memory.getInt(attr + MAX_MAP_PER_FMR);
    }

    public static int maxSrq(long attr) {
        return Memory.getInt(attr + MAX_SRQ);
    }

    public static int maxSrqWr(long attr) {
        return Memory.getInt(attr + MAX_SRQ_WR);
    }

    public static int maxSrqSge(long attr) {
        return Memory.getInt(attr + MAX_SRQ_SGE);
    }

    public static int maxPkeys(long attr) {
        return Memory.getUnsignedShort(attr + MAX_PKEYS);
    }

    public static int localCaAckDelay(long attr) {
        return Memory.getUnsignedByte(attr + LOCAL_CA_ACK_DELAY);
    }

    public static int physPortCnt(long attr) {
        return Memory.getUnsignedByte(attr + PHYS_PORT_CNT);
    }
}
