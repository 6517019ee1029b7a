package dev.verbena.verbs;

/**
 * Operation codes of send work requests, with the numbers of {@code enum ibv_wr_opcode}.
 *
 * <p>Threading: constants and pure functions.
 */
public final class Opcode {
    /** Writes local memory to the peer's; the peer's program is not told. RC and UC. */
    public static final int RDMA_WRITE = 0;
    /** A WRITE that also takes a posted receive of the peer, whose completion carries 32 bits. RC and UC. */
    public static final int RDMA_WRITE_WITH_IMM = 1;
    /** A message into a receive that the peer posted. RC, UC and UD. */
    public static final int SEND = 2;
    /** A SEND whose completion at the peer carries 32 bits. RC, UC and UD. */
    public static final int SEND_WITH_IMM = 3;
    /** Reads the peer's memory into local memory. RC. */
    public static final int RDMA_READ = 4;
    /** Compares eight bytes of the peer's memory and swaps them when equal; answers what was there. RC. */
    public static final int ATOMIC_CMP_AND_SWP = 5;
    /** Adds to eight bytes of the peer's memory; answers what was there. RC. */
    public static final int ATOMIC_FETCH_AND_ADD = 6;
    /** Ends the validity of an rkey of this side. RC and UC. */
    public static final int LOCAL_INV = 7;
    /** Binds a memory window of type 2 to a part of a region. RC and UC. */
    public static final int BIND_MW = 8;
    /** A SEND that also ends the validity of an rkey of the peer. RC. */
    public static final int SEND_WITH_INV = 9;

    private static final String[] NAMES = {
        "RDMA_WRITE",
        "RDMA_WRITE_WITH_IMM",
        "SEND",
        "SEND_WITH_IMM",
        "RDMA_READ",
        "ATOMIC_CMP_AND_SWP",
        "ATOMIC_FETCH_AND_ADD",
        "LOCAL_INV",
        "BIND_MW",
        "SEND_WITH_INV"
    };

    private Opcode() {}

    /** The name of a code, {@code UNKNOWN(n)} for a foreign one. */
    public static String name(int opcode) {
        return opcode >= 0 && opcode < NAMES.length ? NAMES[opcode] : "UNKNOWN(" + opcode + ")";
    }
}
