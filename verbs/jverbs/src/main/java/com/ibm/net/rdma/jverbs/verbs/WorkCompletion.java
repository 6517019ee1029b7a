package com.ibm.net.rdma.jverbs.verbs;

import dev.verbena.verbs.CompletionOpcode;
import dev.verbena.verbs.WorkCompletions;
import org.jspecify.annotations.Nullable;

/**
 * How a request ended. Of a failed one only {@link #getWorkRequestId}, {@link #getStatus}, {@link #getQueuePairNum} and
 * {@link #getVendorError} mean something.
 *
 * <p>Threading: one thread at a time. A poll overwrites it; {@link #clone} what shall stay.
 */
public final class WorkCompletion implements Cloneable {
    /** How a request ended, in the order of {@code enum ibv_wc_status}. */
    public enum Status {
        IBV_WC_SUCCESS,
        IBV_WC_LOC_LEN_ERR,
        IBV_WC_LOC_QP_OP_ERR,
        IBV_WC_LOC_EEC_OP_ERR,
        IBV_WC_LOC_PROT_ERR,
        IBV_WC_WR_FLUSH_ERR,
        IBV_WC_MW_BIND_ERR,
        IBV_WC_BAD_RESP_ERR,
        IBV_WC_LOC_ACCESS_ERR,
        IBV_WC_REM_INV_REQ_ERR,
        IBV_WC_REM_ACCESS_ERR,
        IBV_WC_REM_OP_ERR,
        IBV_WC_RETRY_EXC_ERR,
        IBV_WC_RNR_RETRY_EXC_ERR,
        IBV_WC_LOC_RDD_VIOL_ERR,
        IBV_WC_REM_INV_RD_REQ_ERR,
        IBV_WC_REM_ABORT_ERR,
        IBV_WC_INV_EECN_ERR,
        IBV_WC_INV_EEC_STATE_ERR,
        IBV_WC_FATAL_ERR,
        IBV_WC_RESP_TIMEOUT_ERR,
        /** Also for a status that is not in this list. */
        IBV_WC_GENERAL_ERR;

        private static final Status[] VALUES = values();

        static Status of(int code) {
            return code >= 0 && code < VALUES.length ? VALUES[code] : IBV_WC_GENERAL_ERR;
        }
    }

    /** What kind of request ended. */
    public enum Opcode {
        IBV_WC_SEND,
        IBV_WC_RDMA_WRITE,
        IBV_WC_RDMA_READ,
        IBV_WC_COMP_SWAP,
        IBV_WC_FETCH_ADD,
        IBV_WC_BIND_MW,
        IBV_WC_RECV,
        IBV_WC_RECV_RDMA_WITH_IMM;

        static @Nullable Opcode of(int code) {
            return switch (code) {
                case CompletionOpcode.SEND -> IBV_WC_SEND;
                case CompletionOpcode.RDMA_WRITE -> IBV_WC_RDMA_WRITE;
                case CompletionOpcode.RDMA_READ -> IBV_WC_RDMA_READ;
                case CompletionOpcode.COMP_SWAP -> IBV_WC_COMP_SWAP;
                case CompletionOpcode.FETCH_ADD -> IBV_WC_FETCH_ADD;
                case CompletionOpcode.BIND_MW -> IBV_WC_BIND_MW;
                case CompletionOpcode.RECV -> IBV_WC_RECV;
                case CompletionOpcode.RECV_RDMA_WITH_IMM -> IBV_WC_RECV_RDMA_WITH_IMM;
                default -> null;
            };
        }
    }

    private long workRequestId;
    private Status status = Status.IBV_WC_SUCCESS;
    private @Nullable Opcode opcode;
    private int vendorError;
    private int byteLength;
    private int queuePairNum;
    private int srcQueuePair;
    private int flags;

    /** An empty one, for polls to fill. */
    public WorkCompletion() {}

    void read(WorkCompletions completions, int index) {
        workRequestId = completions.id(index);
        status = Status.of(completions.status(index));
        opcode = Opcode.of(completions.opcode(index));
        vendorError = completions.vendorError(index);
        byteLength = completions.lengthBytes(index);
        queuePairNum = completions.queuePairNumber(index);
        srcQueuePair = completions.sourceQueuePair(index);
        flags = completions.flags(index);
    }

    /** The number given to the request. */
    public long getWorkRequestId() {
        return workRequestId;
    }

    /** How it ended. */
    public Status getStatus() {
        return status;
    }

    /** What kind of request it was; null for a kind that is not in {@link Opcode}. */
    public @Nullable Opcode getOpcode() {
        return opcode;
    }

    /** The device's own error code. */
    public int getVendorError() {
        return vendorError;
    }

    /** Bytes received, or read. */
    public int getByteLength() {
        return byteLength;
    }

    /** The local queue pair. */
    public int getQueuePairNum() {
        return queuePairNum;
    }

    /** The sender's queue pair, of datagrams. */
    public int getSrcQueuePair() {
        return srcQueuePair;
    }

    /** Flags of the completion. */
    public int getWorkCompletionFlags() {
        return flags;
    }

    /** Always 0: no device here numbers its work queues. */
    public short getWorkCompletionQueueIndex() {
        return 0;
    }

    @Override
    public WorkCompletion clone() {
        try {
            return (WorkCompletion) super.clone();
        } catch (CloneNotSupportedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public String toString() {
        return "id " + workRequestId + " " + opcode + " " + status + " " + byteLength + " B";
    }
}
