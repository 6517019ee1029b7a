package dev.verbena.verbs;

/**
 * How a work request ended; see ibv_poll_cq(3). The order is that of {@code enum ibv_wc_status}.
 *
 * <p>Threading: immutable.
 */
public enum CompletionStatus {
    SUCCESS("done"),
    LOC_LEN_ERR("the receive buffer is smaller than the message, or a length exceeds what the port allows"),
    LOC_QP_OP_ERR("the request is not consistent with the queue pair"),
    LOC_EEC_OP_ERR("end-to-end context error"),
    LOC_PROT_ERR(
            "a local buffer does not lie in a region with the needed rights: check address, length, lkey and LOCAL_WRITE"),
    WR_FLUSH_ERR("the queue pair went to ERROR before the request was done: look for the first error completion"),
    MW_BIND_ERR("the memory window could not be bound: check rights, region and bounds"),
    BAD_RESP_ERR("the responder's answer made no sense"),
    LOC_ACCESS_ERR("a protection error on a local buffer while a remote write with immediate arrived"),
    REM_INV_REQ_ERR(
            "the peer could not take the request: a message longer than its receive buffer, or a right it did not grant its queue pair"),
    REM_ACCESS_ERR("the peer's memory refused: check remote address, length, rkey and its access flags"),
    REM_OP_ERR("the peer could not complete the operation"),
    RETRY_EXC_ERR("the peer does not acknowledge: it is gone, unreachable, or not yet READY_TO_RECEIVE"),
    RNR_RETRY_EXC_ERR("the receiver had no receive posted for longer than rnr_retry allows"),
    LOC_RDD_VIOL_ERR("reliable datagram domain violation"),
    REM_INV_RD_REQ_ERR("invalid reliable datagram request"),
    REM_ABORT_ERR("the peer aborted the operation"),
    INV_EECN_ERR("invalid end-to-end context number"),
    INV_EEC_STATE_ERR("invalid end-to-end context state"),
    FATAL_ERR("fatal transport error"),
    RESP_TIMEOUT_ERR("response timeout"),
    GENERAL_ERR("general error"),
    TM_ERR("tag matching error"),
    TM_RNDV_INCOMPLETE("tag matching rendezvous incomplete"),
    /** A status that this version does not know. */
    UNKNOWN("unknown status");

    private static final CompletionStatus[] VALUES = values();
    private final String meaning;

    CompletionStatus(String meaning) {
        this.meaning = meaning;
    }

    /** The number of {@code enum ibv_wc_status}; -1 for {@link #UNKNOWN}. */
    @SuppressWarnings("EnumOrdinal") // the order is that of the C enum
    public int code() {
        return this == UNKNOWN ? -1 : ordinal();
    }

    /** What it means, and what usually causes it. */
    public String meaning() {
        return meaning;
    }

    /** The status with a number; {@link #UNKNOWN} for a foreign one. */
    public static CompletionStatus of(int code) {
        return code >= 0 && code < VALUES.length - 1 ? VALUES[code] : UNKNOWN;
    }
}
