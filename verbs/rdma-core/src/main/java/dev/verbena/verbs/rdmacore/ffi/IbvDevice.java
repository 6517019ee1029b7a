package dev.verbena.verbs.rdmacore.ffi;

/**
 * A device in the list that {@code ibv_get_device_list} returns.
 *
 * <pre>{@code
 * struct ibv_device {
 *       16  enum ibv_node_type      node_type;
 *       20  enum ibv_transport_type transport_type;
 *       24  char[64]                name;
 *       88  char[64]                dev_name;
 *      152  char[256]               dev_path;
 *      408  char[256]               ibdev_path;
 * }  size 664
 * }</pre>
 */
@CStruct("struct ibv_device")
public final class IbvDevice {
    @CStruct.SizeOf
    public static final int SIZE = 664;

    @CStruct.Offset(value = "node_type", bytes = 4)
    static final int NODE_TYPE = 16;

    @CStruct.Offset(value = "transport_type", bytes = 4)
    static final int TRANSPORT_TYPE = 20;

    @CStruct.Offset(value = "name", bytes = 64)
    static final int NAME = 24;

    @CStruct.Offset(value = "dev_name", bytes = 64)
    static final int DEV_NAME = 88;

    @CStruct.Offset(value = "dev_path", bytes = 256)
    static final int DEV_PATH = 152;

    @CStruct.Offset(value = "ibdev_path", bytes = 256)
    static final int IBDEV_PATH = 408;

    @CStruct.Value
    public static final int IBV_TRANSPORT_IB = 0;

    @CStruct.Value
    public static final int IBV_TRANSPORT_IWARP = 1;

    private IbvDevice() {}

    public static int nodeType(long device) {
        return Memory.getInt(device + NODE_TYPE);
    }

    public static int transportType(long device) {
        return Memory.getInt(device + TRANSPORT_TYPE);
    }

    public static String name(long device) {
        return Memory.getString(device + NAME, 64);
    }

    public static String devName(long device) {
        return Memory.getString(device + DEV_NAME, 64);
    }

    public static String devPath(long device) {
        return Memory.getString(device + DEV_PATH, 256);
    }

    public static String ibdevPath(long device) {
        return Memory.getString(device + IBDEV_PATH, 256);
    }
}
