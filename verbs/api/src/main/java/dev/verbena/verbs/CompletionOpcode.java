package dev.verbena.verbs;

/**
 * What kind of request a completion belongs to, with the numbers of {@code enum ibv_wc_opcode}.
 *
 * <p>Threading: constants and pure functions.
 */
public final class CompletionOpcode {
    /** A SEND of any kind was done. */
    public static final int SEND = 0;
    /** A WRITE was done, with immediate or without. */
    public static final int RDMA_WRITE = 1;
    /** A READ was done: the bytes are here. */
    public static final int RDMA_READ = 2;
    /** A compare-and-swap was done: what was there is here. */
    public static final int COMP_SWAP = 3;
    /** A fetch-and-add was done: what was there is here. */
    public static final int FETCH_ADD = 4;
    /** A window was bound. */
    public static final int BIND_MW = 5;
    /** An rkey was invalidated. */
    public static final int LOCAL_INV = 6;
    /** A message arrived; also the bit that all receive completions have. */
    public static final int RECV = 128;
    /** A remote write with immediate arrived. */
    public static final int RECV_RDMA_WITH_IMM = 129;

    private CompletionOpcode() {}

    /** The name of a code, {@code UNKNOWN(n)} for a foreign one. */
    public static String name(int opcode) {
        return switch (opcode) {
            case SEND -> "SEND";
            case RDMA_WRITE -> "RDMA_WRITE";
            case RDMA_READ -> "RDMA_READ";
            case COMP_SWAP -> "COMP_SWAP";
            case FETCH_ADD -> "FETCH_ADD";
            case BIND_MW -> "BIND_MW";
            case LOCAL_INV -> "LOCAL_INV";
            case RECV -> "RECV";
            case RECV_RDMA_WITH_IMM -> "RECV_RDMA_WITH_IMM";
            default -> "UNKNOWN(" + opcode + ")";
        };
    }
}
