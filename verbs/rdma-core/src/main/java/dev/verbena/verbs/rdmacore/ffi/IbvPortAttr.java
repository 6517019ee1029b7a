package dev.verbena.verbs.rdmacore.ffi;

/**
 * What the {@code query_port} slot fills in.
 *
 * <pre>{@code
 * struct ibv_port_attr {
 *        0  enum ibv_port_state state;
 *        4  enum ibv_mtu        max_mtu;
 *        8  enum ibv_mtu        active_mtu;
 *       12  int                 gid_tbl_len;
 *       16  uint32_t            port_cap_flags;
 *       20  uint32_t            max_msg_sz;
 *       24  uint32_t            bad_pkey_cntr;
 *       28  uint32_t            qkey_viol_cntr;
 *       32  uint16_t            pkey_tbl_len;
 *       34  uint16_t            lid;
 *       36  uint16_t            sm_lid;
 *       38  uint8_t             lmc;
 *       39  uint8_t             max_vl_num;
 *       40  uint8_t             sm_sl;
 *       41  uint8_t             subnet_timeout;
 *       42  uint8_t             init_type_reply;
 *       43  uint8_t             active_width;
 *       44  uint8_t             active_speed;
 *       45  uint8_t             phys_state;
 *       46  uint8_t             link_layer;
 *       47  uint8_t             flags;
 *       48  uint16_t            port_cap_flags2;
 * }  size 52
 * }</pre>
 */
@CStruct("struct ibv_port_attr")
public final class IbvPortAttr {
    @CStruct.SizeOf
    public static final int SIZE = 52;

    @CStruct.Offset(value = "state", bytes = 4)
    static final int STATE = 0;

    @CStruct.Offset(value = "max_mtu", bytes = 4)
    static final int MAX_MTU = 4;

    @CStruct.Offset(value = "active_mtu", bytes = 4)
    static final int ACTIVE_MTU = 8;

    @CStruct.Offset(value = "gid_tbl_len", bytes = 4)
    static final int GID_TBL_LEN = 12;

    @CStruct.Offset(value = "port_cap_flags", bytes = 4)
    static final int PORT_CAP_FLAGS = 16;

    @CStruct.Offset(value = "max_msg_sz", bytes = 4)
    static final int MAX_MSG_SZ = 20;

    @CStruct.Offset(value = "bad_pkey_cntr", bytes = 4)
    static final int BAD_PKEY_CNTR = 24;

    @CStruct.Offset(value = "qkey_viol_cntr", bytes = 4)
    static final int QKEY_VIOL_CNTR = 28;

    @CStruct.Offset(value = "pkey_tbl_len", bytes = 2)
    static final int PKEY_TBL_LEN = 32;

    @CStruct.Offset(value = "lid", bytes = 2)
    static final int LID = 34;

    @CStruct.Offset(value = "sm_lid", bytes = 2)
    static final int SM_LID = 36;

    @CStruct.Offset(value = "lmc", bytes = 1)
    static final int LMC = 38;

    @CStruct.Offset(value = "max_vl_num", bytes = 1)
    static final int MAX_VL_NUM = 39;

    @CStruct.Offset(value = "sm_sl", bytes = 1)
    static final int SM_SL = 40;

    @CStruct.Offset(value = "subnet_timeout", bytes = 1)
    static final int SUBNET_TIMEOUT = 41;

    @CStruct.Offset(value = "init_type_reply", bytes = 1)
    static final int INIT_TYPE_REPLY = 42;

    @CStruct.Offset(value = "active_width", bytes = 1)
    static final int ACTIVE_WIDTH = 43;

    @CStruct.Offset(value = "active_speed", bytes = 1)
    static final int ACTIVE_SPEED = 44;

    @CStruct.Offset(value = "phys_state", bytes = 1)
    static final int PHYS_STATE = 45;

    @CStruct.Offset(value = "link_layer", bytes = 1)
    static final int LINK_LAYER = 46;

    @CStruct.Offset(value = "flags", bytes = 1)
    static final int FLAGS = 47;

    @CStruct.Offset(value = "port_cap_flags2", bytes = 2)
    static final int PORT_CAP_FLAGS2 = 48;

    @CStruct.Value
    public static final int IBV_PORT_NOP = 0;

    @CStruct.Value
    public static final int IBV_PORT_DOWN = 1;

    @CStruct.Value
    public static final int IBV_PORT_INIT = 2;

    @CStruct.Value
    public static final int IBV_PORT_ARMED = 3;

    @CStruct.Value
    public static final int IBV_PORT_ACTIVE = 4;

    @CStruct.Value
    public static final int IBV_PORT_ACTIVE_DEFER = 5;

    @CStruct.Value
    public static final int IBV_LINK_LAYER_UNSPECIFIED = 0;

    @CStruct.Value
    public static final int IBV_LINK_LAYER_INFINIBAND = 1;

    @CStruct.Value
    public static final int IBV_LINK_LAYER_ETHERNET = 2;

    @CStruct.Value
    public static final int IBV_MTU_256 = 1;

    @CStruct.Value
    public static final int IBV_MTU_512 = 2;

    @CStruct.Value
    public static final int IBV_MTU_1024 = 3;

    @CStruct.Value
    public static final int IBV_MTU_2048 = 4;

    @CStruct.Value
    public static final int IBV_MTU_4096 = 5;

    private IbvPortAttr() {}

    public static int state(long attr) {
        return Memory.getInt(attr + STATE);
    }

    public static int maxMtu(long attr) {
        return Memory.getInt(attr + MAX_MTU);
    }

    public static int activeMtu(long attr) {
        return Memory.getInt(attr + ACTIVE_MTU);
    }

    public static int gidTblLen(long attr) {
        return Memory.getInt(attr + GID_TBL_LEN);
    }

    public static int portCapFlags(long attr) {
        return Memory.getInt(attr + PORT_CAP_FLAGS);
    }

    public static int maxMsgSz(long attr) {
        return Memory.getInt(attr + MAX_MSG_SZ);
    }

    public static int badPkeyCntr(long attr) {
        return Memory.getInt(attr + BAD_PKEY_CNTR);
    }

    public static int qkeyViolCntr(long attr) {
        return Memory.getInt(attr + QKEY_VIOL_CNTR);
    }

    public static int pkeyTblLen(long attr) {
        return Memory.getUnsignedShort(attr + PKEY_TBL_LEN);
    }

    public static int lid(long attr) {
        return Memory.getUnsignedShort(attr + LID);
    }

    public static int smLid(long attr) {
        return Memory.getUnsignedShort(attr + SM_LID);
    }

    public static int lmc(long attr) {
        return Memory.getUnsignedByte(attr + LMC);
    }

    public static int maxVlNum(long attr) {
        return Memory.getUnsignedByte(attr + MAX_VL_NUM);
    }

    public static int smSl(long attr) {
        return Memory.getUnsignedByte(attr + SM_SL);
    }

    public static int subnetTimeout(long attr) {
        return Memory.getUnsignedByte(attr + SUBNET_TIMEOUT);
    }

    public static int initTypeReply(long attr) {
        return Memory.getUnsignedByte(attr + INIT_TYPE_REPLY);
    }

    public static int activeWidth(long attr) {
        return Memory.getUnsignedByte(attr + ACTIVE_WIDTH);
    }

    public static int activeSpeed(long attr) {
        return Memory.getUnsignedByte(attr + ACTIVE_SPEED);
    }

    public static int physState(long attr) {
        return Memory.getUnsignedByte(attr + PHYS_STATE);
    }

    public static int linkLayer(long attr) {
        return Memory.getUnsignedByte(attr + LINK_LAYER);
    }

    public static int flags(long attr) {
        return Memory.getUnsignedByte(attr + FLAGS);
    }

    public static int portCapFlags2(long attr) {
        return Memory.getUnsignedShort(attr + PORT_CAP_FLAGS2);
    }
}
