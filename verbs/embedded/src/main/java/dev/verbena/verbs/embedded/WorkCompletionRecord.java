package dev.verbena.verbs.embedded;

/**
 * Writes a completion in the layout of {@link dev.verbena.verbs.WorkCompletions}, and the numbers of the statuses that
 * the data path deals with.
 *
 * <p>Threading: no state. Hot path.
 */
final class WorkCompletionRecord {
    static final int SUCCESS = 0;
    static final int LOC_LEN_ERR = 1;
    static final int LOC_QP_OP_ERR = 2;
    static final int LOC_PROT_ERR = 4;
    static final int WR_FLUSH_ERR = 5;
    static final int MW_BIND_ERR = 6;
    static final int REM_INV_REQ_ERR = 9;
    static final int REM_ACCESS_ERR = 10;
    static final int REM_OP_ERR = 11;
    static final int RETRY_EXC_ERR = 12;
    static final int RNR_RETRY_EXC_ERR = 13;

    static final int RECV = 128;
    static final int RECV_RDMA_WITH_IMM = 129;

    private WorkCompletionRecord() {}

    static int status(long[] words, int at) {
        return (int) words[at + 1];
    }

    static void set(
            long[] words,
            int at,
            long id,
            int status,
            int opcode,
            int lengthBytes,
            int immediateOrKey,
            int queuePair,
            int sourceQueuePair,
            int flags) {
        words[at] = id;
        words[at + 1] = pair(status, opcode);
        words[at + 2] = pair(0, lengthBytes);
        words[at + 3] = pair(immediateOrKey, queuePair);
        words[at + 4] = pair(sourceQueuePair, flags);
    }

    static long pair(int low, int high) {
        return Integer.toUnsignedLong(low) | ((long) high << 32);
    }
}
