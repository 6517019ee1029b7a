package dev.verbena.verbs.cm;

/**
 * Options of an id; see rdma_set_option(3).
 *
 * <p>Threading: immutable.
 */
public enum IdOption {
    /** Type of service of the packets, 0 to 255. */
    TYPE_OF_SERVICE(0),
    /** 1: an address may be bound again while an old connection lingers. */
    REUSE_ADDRESS(1),
    /** 1: an IPv6 listener takes IPv6 only. */
    IPV6_ONLY(2),
    /** Acknowledge timeout of the queue pair: 4.096 us times two to this power, 1 to 31. */
    ACK_TIMEOUT(3);

    private final int code;

    IdOption(int code) {
        this.code = code;
    }

    /** The number of the option at level RDMA_OPTION_ID. */
    public int code() {
        return code;
    }
}
