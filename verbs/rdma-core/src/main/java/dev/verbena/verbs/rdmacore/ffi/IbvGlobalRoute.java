package dev.verbena.verbs.rdmacore.ffi;

/**
 * The global routing header's part of an address.
 *
 * <pre>{@code
 * struct ibv_global_route {
 *        0  union ibv_gid dgid;
 *       16  uint32_t      flow_label;
 *       20  uint8_t       sgid_index;
 *       21  uint8_t       hop_limit;
 *       22  uint8_t       traffic_class;
 * }  size 24
 * }</pre>
 */
@CStruct("struct ibv_global_route")
public final class IbvGlobalRoute {
    @CStruct.SizeOf
    public static final int SIZE = 24;

    @CStruct.Offset(value = "dgid", bytes = 16)
    static final int DGID = 0;

    @CStruct.Offset(value = "flow_label", bytes = 4)
    static final int FLOW_LABEL = 16;

    @CStruct.Offset(value = "sgid_index", bytes = 1)
    static final int SGID_INDEX = 20;

    @CStruct.Offset(value = "hop_limit", bytes = 1)
    static final int HOP_LIMIT = 21;

    @CStruct.Offset(value = "traffic_class", bytes = 1)
    static final int TRAFFIC_CLASS = 22;

    private IbvGlobalRoute() {}

    /** The address of the nested {@code union ibv_gid}. */
    public static long dgid(long grh) {
        return grh + DGID;
    }

    public static int flowLabel(long grh) {
        return Memory.getInt(grh + FLOW_LABEL);
    }

    public static int sgidIndex(long grh) {
        return Memory.getUnsignedByte(grh + SGID_INDEX);
    }

    public static int hopLimit(long grh) {
        return Memory.getUnsignedByte(grh + HOP_LIMIT);
    }

    public static int trafficClass(long grh) {
        return Memory.getUnsignedByte(grh + TRAFFIC_CLASS);
    }

    /** Writes every field. */
    public static void set(long grh, byte[] dgid, int flowLabel, int sgidIndex, int hopLimit, int trafficClass) {
        Memory.putBytes(grh + DGID, dgid);
        Memory.putInt(grh + FLOW_LABEL, flowLabel);
        Memory.putByte(grh + SGID_INDEX, sgidIndex);
        Memory.putByte(grh + HOP_LIMIT, hopLimit);
        Memory.putByte(grh + TRAFFIC_CLASS, trafficClass);
    }
}
