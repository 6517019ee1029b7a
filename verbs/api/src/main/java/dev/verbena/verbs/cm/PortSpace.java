package dev.verbena.verbs.cm;

/**
 * The port space of an id and with it the transport; see rdma_create_id(3).
 *
 * <p>Threading: immutable.
 */
public enum PortSpace {
    /** Reliable connections. */
    TCP(0x0106, 56, 196, 148),
    /** Unreliable datagrams. */
    UDP(0x0111, 180, 136, 136);

    private final int code;
    private final int connectDataMax;
    private final int acceptDataMax;
    private final int rejectDataMax;

    PortSpace(int code, int connectDataMax, int acceptDataMax, int rejectDataMax) {
        this.code = code;
        this.connectDataMax = connectDataMax;
        this.acceptDataMax = acceptDataMax;
        this.rejectDataMax = rejectDataMax;
    }

    /** The number of {@code enum rdma_port_space}. */
    public int code() {
        return code;
    }

    /** Bytes of private data a connect carries. */
    public int connectDataMax() {
        return connectDataMax;
    }

    /** Bytes of private data an accept carries. */
    public int acceptDataMax() {
        return acceptDataMax;
    }

    /** Bytes of private data a reject carries. */
    public int rejectDataMax() {
        return rejectDataMax;
    }
}
