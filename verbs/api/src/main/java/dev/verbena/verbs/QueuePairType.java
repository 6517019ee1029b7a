package dev.verbena.verbs;

/**
 * The transport service of a queue pair; see ibv_create_qp(3).
 *
 * <p>Threading: immutable.
 */
public enum QueuePairType {
    /** Reliable connected. */
    RC(2),
    /** Unreliable connected. */
    UC(3),
    /** Unreliable datagram. */
    UD(4);

    private final int code;

    QueuePairType(int code) {
        this.code = code;
    }

    /** The number of {@code enum ibv_qp_type}. */
    public int code() {
        return code;
    }

    /** Whether requests of this operation code are allowed on this type (the table of ibv_post_send(3)). */
    public boolean allows(int opcode) {
        return switch (opcode) {
            case Opcode.SEND, Opcode.SEND_WITH_IMM -> true;
            case Opcode.RDMA_WRITE,
                    Opcode.RDMA_WRITE_WITH_IMM,
                    Opcode.SEND_WITH_INV,
                    Opcode.LOCAL_INV,
                    Opcode.BIND_MW -> this != UD;
            case Opcode.RDMA_READ, Opcode.ATOMIC_CMP_AND_SWP, Opcode.ATOMIC_FETCH_AND_ADD -> this == RC;
            default -> false;
        };
    }
}
