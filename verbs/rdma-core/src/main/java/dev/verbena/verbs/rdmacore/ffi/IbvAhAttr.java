package dev.verbena.verbs.rdmacore.ffi;

/**
 * An address: where a datagram, or a connected queue pair's packets, go.
 *
 * <pre>{@code
 * struct ibv_ah_attr {
 *        0  struct ibv_global_route grh;
 *       24  uint16_t                dlid;
 *       26  uint8_t                 sl;
 *       27  uint8_t                 src_path_bits;
 *       28  uint8_t                 static_rate;
 *       29  uint8_t                 is_global;
 *       30  uint8_t                 port_num;
 * }  size 32
 * }</pre>
 */
@CStruct("struct ibv_ah_attr")
public final class IbvAhAttr {
    @CStruct.SizeOf
    public static final int SIZE = 32;

    @CStruct.Offset(value = "grh", bytes = 24)
    static final int GRH = 0;

    @CStruct.Offset(value = "dlid", bytes = 2)
    static final int DLID = 24;

    @CStruct.Offset(value = "sl", bytes = 1)
    static final int SL = 26;

    @CStruct.Offset(value = "src_path_bits", bytes = 1)
    static final int SRC_PATH_BITS = 27;

    @CStruct.Offset(value = "static_rate", bytes = 1)
    static final int STATIC_RATE = 28;

    @CStruct.Offset(value = "is_global", bytes = 1)
    static final int IS_GLOBAL = 29;

    @CStruct.Offset(value = "port_num", bytes = 1)
    static final int PORT_NUM = 30;

    private IbvAhAttr() {}

    /** The address of the nested {@code struct ibv_global_route}. */
    public static long grh(long attr) {
        return attr + GRH;
    }

    public static int dlid(long attr) {
        return Memory.getUnsignedShort(attr + DLID);
    }

    public static int sl(long attr) {
        return Memory.getUnsignedByte(attr + SL);
    }

    public static int srcPathBits(long attr) {
        return Memory.getUnsignedByte(attr + SRC_PATH_BITS);
    }

    public static int staticRate(long attr) {
        return Memory.getUnsignedByte(attr + STATIC_RATE);
    }

    public static int isGlobal(long attr) {
        return Memory.getUnsignedByte(attr + IS_GLOBAL);
    }

    public static int portNum(long attr) {
        return Memory.getUnsignedByte(attr + PORT_NUM);
    }

    /** Writes every field but the nested {@code grh}, which {@link IbvGlobalRoute#set} writes. */
    public static void set(
            long attr, int dlid, int sl, int srcPathBits, int staticRate, boolean isGlobal, int portNum) {
        Memory.putShort(attr + DLID, dlid);
        Memory.putByte(attr + SL, sl);
        Memory.putByte(attr + SRC_PATH_BITS, srcPathBits);
        Memory.putByte(attr + STATIC_RATE, staticRate);
        Memory.putByte(attr + IS_GLOBAL, isGlobal ? 1 : 0);
        Memory.putByte(attr + PORT_NUM, portNum);
    }
}
