package dev.verbena.verbs.rdmacore.ffi;

import java.lang.foreign.MemorySegment;

/**
 * An open device. The verbs of the data path are not symbols but the function pointers here.
 *
 * <pre>{@code
 * struct ibv_context {
 *        0  struct ibv_device *device;
 *        8  struct ibv_context_ops ops;           256 bytes, of which:
 *       64      ops.alloc_mw
 *       72      ops.bind_mw
 *       80      ops.dealloc_mw
 *       96      ops.poll_cq
 *      104      ops.req_notify_cq
 *      168      ops.post_srq_recv
 *      208      ops.post_send
 *      216      ops.post_recv
 *      264  int cmd_fd;
 *      268  int async_fd;
 *      272  int num_comp_vectors;
 *      280  pthread_mutex_t mutex;                40 bytes on amd64, 48 on aarch64
 *      320  void *abi_compat;                     328 on aarch64
 * }  size 328, 336 on aarch64
 * }</pre>
 */
@CStruct("struct ibv_context")
public final class IbvContext {
    @CStruct.Offset(value = "device", bytes = 8)
    static final int DEVICE = 0;

    @CStruct.Offset(value = "ops.alloc_mw", bytes = 8)
    static final int OPS_ALLOC_MW = 64;

    @CStruct.Offset(value = "ops.bind_mw", bytes = 8)
    static final int OPS_BIND_MW = 72;

    @CStruct.Offset(value = "ops.dealloc_mw", bytes = 8)
    static final int OPS_DEALLOC_MW = 80;

    @CStruct.Offset(value = "ops.poll_cq", bytes = 8)
    static final int OPS_POLL_CQ = 96;

    @CStruct.Offset(value = "ops.req_notify_cq", bytes = 8)
    static final int OPS_REQ_NOTIFY_CQ = 104;

    @CStruct.Offset(value = "ops.post_srq_recv", bytes = 8)
    static final int OPS_POST_SRQ_RECV = 168;

    @CStruct.Offset(value = "ops.post_send", bytes = 8)
    static final int OPS_POST_SEND = 208;

    @CStruct.Offset(value = "ops.post_recv", bytes = 8)
    static final int OPS_POST_RECV = 216;

    @CStruct.Offset(value = "cmd_fd", bytes = 4)
    static final int CMD_FD = 264;

    @CStruct.Offset(value = "async_fd", bytes = 4)
    static final int ASYNC_FD = 268;

    @CStruct.Offset(value = "num_comp_vectors", bytes = 4)
    static final int NUM_COMP_VECTORS = 272;

    @CStruct.Offset(value = "abi_compat", bytes = 8)
    static final int ABI_COMPAT = 280 + Platform.SIZEOF_PTHREAD_MUTEX;

    @CStruct.SizeOf
    public static final int SIZE = ABI_COMPAT + Long.BYTES;

    private IbvContext() {}

    public static long device(long context) {
        return Memory.getLong(context + DEVICE);
    }

    public static int asyncFd(long context) {
        return Memory.getInt(context + ASYNC_FD);
    }

    public static int cmdFd(long context) {
        return Memory.getInt(context + CMD_FD);
    }

    public static int numCompVectors(long context) {
        return Memory.getInt(context + NUM_COMP_VECTORS);
    }

    /** The function, or {@link MemorySegment#NULL} where the driver has none; so for all the others. */
    public static MemorySegment allocMw(long context) {
        return function(context + OPS_ALLOC_MW);
    }

    public static MemorySegment bindMw(long context) {
        return function(context + OPS_BIND_MW);
    }

    public static MemorySegment deallocMw(long context) {
        return function(context + OPS_DEALLOC_MW);
    }

    public static MemorySegment pollCq(long context) {
        return function(context + OPS_POLL_CQ);
    }

    public static MemorySegment reqNotifyCq(long context) {
        return function(context + OPS_REQ_NOTIFY_CQ);
    }

    public static MemorySegment postSrqRecv(long context) {
        return function(context + OPS_POST_SRQ_RECV);
    }

    public static MemorySegment postSend(long context) {
        return function(context + OPS_POST_SEND);
    }

    public static MemorySegment postRecv(long context) {
        return function(context + OPS_POST_RECV);
    }

    private static MemorySegment function(long address) {
        return MemorySegment.ofAddress(Memory.getLong(address));
    }
}
