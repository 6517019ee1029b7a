package dev.verbena.verbs.rdmacore.ffi;

/**
 * What the {@code query_device_ex} slot fills in. Only this prefix is asked for; newer headers append more.
 *
 * <pre>{@code
 * struct ibv_device_attr_ex {
 *        0  struct ibv_device_attr orig_attr;
 *      232  uint32_t               comp_mask;
 *      240  uint64_t               odp_caps.general_caps;
 *      248  uint32_t               odp_caps.per_transport_caps.rc_odp_caps;
 *      252  uint32_t               odp_caps.per_transport_caps.uc_odp_caps;
 *      256  uint32_t               odp_caps.per_transport_caps.ud_odp_caps;
 *      264  uint64_t               completion_timestamp_mask;
 *      272  uint64_t               hca_core_clock;
 *      280  uint64_t               device_cap_flags_ex;
 * }
 * }</pre>
 */
@CStruct("struct ibv_device_attr_ex")
public final class IbvDeviceAttrEx {
    @CStruct.Offset(value = "orig_attr", bytes = 232)
    static final int ORIG_ATTR = 0;

    @CStruct.Offset(value = "comp_mask", bytes = 4)
    static final int COMP_MASK = 232;

    @CStruct.Offset(value = "odp_caps.general_caps", bytes = 8)
    static final int GENERAL_CAPS = 240;

    @CStruct.Offset(value = "odp_caps.per_transport_caps.rc_odp_caps", bytes = 4)
    static final int RC_ODP_CAPS = 248;

    @CStruct.Offset(value = "odp_caps.per_transport_caps.uc_odp_caps", bytes = 4)
    static final int UC_ODP_CAPS = 252;

    @CStruct.Offset(value = "odp_caps.per_transport_caps.ud_odp_caps", bytes = 4)
    static final int UD_ODP_CAPS = 256;

    @CStruct.Offset(value = "completion_timestamp_mask", bytes = 8)
    static final int COMPLETION_TIMESTAMP_MASK = 264;

    @CStruct.Offset(value = "hca_core_clock", bytes = 8)
    static final int HCA_CORE_CLOCK = 272;

    @CStruct.Offset(value = "device_cap_flags_ex", bytes = 8)
    static final int DEVICE_CAP_FLAGS_EX = 280;

    @CStruct.Value
    public static final int IBV_ODP_SUPPORT = 1 << 0;

    @CStruct.Value
    public static final int IBV_ODP_SUPPORT_IMPLICIT = 1 << 1;

    @CStruct.Value
    public static final int IBV_ODP_SUPPORT_SEND = 1 << 0;

    @CStruct.Value
    public static final int IBV_ODP_SUPPORT_RECV = 1 << 1;

    @CStruct.Value
    public static final int IBV_ODP_SUPPORT_WRITE = 1 << 2;

    @CStruct.Value
    public static final int IBV_ODP_SUPPORT_READ = 1 << 3;

    @CStruct.Value
    public static final int IBV_ODP_SUPPORT_ATOMIC = 1 << 4;

    @CStruct.Value
    public static final int IBV_ODP_SUPPORT_SRQ_RECV = 1 << 5;

    /** The bytes of the prefix laid out here, which is what {@code query_device_ex} is told to fill. */
    public static final int PREFIX_SIZE = DEVICE_CAP_FLAGS_EX + Long.BYTES;

    private IbvDeviceAttrEx() {}

    /** The address of the nested {@code struct ibv_device_attr}. */
    public static long origAttr(long attr) {
        return attr + ORIG_ATTR;
    }

    public static int compMask(long attr) {
        return Memory.getInt(attr + COMP_MASK);
    }

    public static long generalCaps(long attr) {
        return Memory.getLong(attr + GENERAL_CAPS);
    }

    public static int rcOdpCaps(long attr) {
        return Memory.getInt(attr + RC_ODP_CAPS);
    }

    public static int ucOdpCaps(long attr) {
        return Memory.getInt(attr + UC_ODP_CAPS);
    }

    public static int udOdpCaps(long attr) {
        return Memory.getInt(attr + UD_ODP_CAPS);
    }

    public static long completionTimestampMask(long attr) {
        return Memory.getLong(attr + COMPLETION_TIMESTAMP_MASK);
    }

    public static long hcaCoreClock(long attr) {
        return Memory.getLong(attr + HCA_CORE_CLOCK);
    }

    public static long deviceCapFlagsEx(long attr) {
        return Memory.getLong(attr + DEVICE_CAP_FLAGS_EX);
    }
}
