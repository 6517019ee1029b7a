package dev.verbena.verbs.rdmacore.ffi;

/**
 * One line of a port's GID table, as {@code _ibv_query_gid_ex} fills it in.
 *
 * <pre>{@code
 * struct ibv_gid_entry {
 *        0  union ibv_gid gid;
 *       16  uint32_t      gid_index;
 *       20  uint32_t      port_num;
 *       24  uint32_t      gid_type;
 *       28  uint32_t      ndev_ifindex;
 * }  size 32
 * }</pre>
 */
@CStruct("struct ibv_gid_entry")
public final class IbvGidEntry {
    @CStruct.SizeOf
    public static final int SIZE = 32;

    @CStruct.Offset(value = "gid", bytes = 16)
    static final int GID = 0;

    @CStruct.Offset(value = "gid_index", bytes = 4)
    static final int GID_INDEX = 16;

    @CStruct.Offset(value = "port_num", bytes = 4)
    static final int PORT_NUM = 20;

    @CStruct.Offset(value = "gid_type", bytes = 4)
    static final int GID_TYPE = 24;

    @CStruct.Offset(value = "ndev_ifindex", bytes = 4)
    static final int NDEV_IFINDEX = 28;

    @CStruct.Value
    public static final int IBV_GID_TYPE_IB = 0;

    @CStruct.Value
    public static final int IBV_GID_TYPE_ROCE_V1 = 1;

    @CStruct.Value
    public static final int IBV_GID_TYPE_ROCE_V2 = 2;

    private IbvGidEntry() {}

    /** The address of the nested {@code union ibv_gid}. */
    public static long gid(long entry) {
        return entry + GID;
    }

    public static int gidIndex(long entry) {
        return Memory.getInt(entry + GID_INDEX);
    }

    public static int portNum(long entry) {
        return Memory.getInt(entry + PORT_NUM);
    }

    public static int gidType(long entry) {
        return Memory.getInt(entry + GID_TYPE);
    }

    public static int ndevIfindex(long entry) {
        return Memory.getInt(entry + NDEV_IFINDEX);
    }
}
