package dev.verbena.verbs;

/**
 * Path MTU in bytes of payload, as {@code enum ibv_mtu} numbers it.
 *
 * <p>Threading: immutable.
 */
public enum Mtu {
    MTU_256(1, 256),
    MTU_512(2, 512),
    MTU_1024(3, 1024),
    MTU_2048(4, 2048),
    MTU_4096(5, 4096),
    UNKNOWN(0, 0);

    private final int code;
    private final int bytes;

    Mtu(int code, int bytes) {
        this.code = code;
        this.bytes = bytes;
    }

    /** The number of {@code enum ibv_mtu}. */
    public int code() {
        return code;
    }

    /** Bytes of payload in a packet. */
    public int bytes() {
        return bytes;
    }

    /** The MTU with a number of {@code enum ibv_mtu}; {@link #UNKNOWN} for a foreign one. */
    public static Mtu of(int code) {
        for (Mtu mtu : values()) {
            if (mtu.code == code) {
                return mtu;
            }
        }
        return UNKNOWN;
    }
}
