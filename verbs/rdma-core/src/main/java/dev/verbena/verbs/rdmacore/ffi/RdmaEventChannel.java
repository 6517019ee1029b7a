package dev.verbena.verbs.rdmacore.ffi;

/**
 * The descriptor that rdma_cm's events come through.
 *
 * <pre>{@code
 * struct rdma_event_channel {
 *        0  int fd;
 * }  size 4
 * }</pre>
 */
@CStruct("struct rdma_event_channel")
public final class RdmaEventChannel {
    @CStruct.SizeOf
    public static final int SIZE = 4;

    @CStruct.Offset(value = "fd", bytes = 4)
    static final int FD = 0;

    private RdmaEventChannel() {}

    public static int fd(long channel) {
        return Memory.getInt(channel + FD);
    }
}
