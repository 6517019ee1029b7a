package dev.verbena.verbs.rdmacore.ffi;

/**
 * A completion channel.
 *
 * <pre>{@code
 * struct ibv_comp_channel {
 *        8  int fd;
 * }  size 16
 * }</pre>
 */
@CStruct("struct ibv_comp_channel")
public final class IbvCompChannel {
    @CStruct.SizeOf
    public static final int SIZE = 16;

    @CStruct.Offset(value = "fd", bytes = 4)
    static final int FD = 8;

    private IbvCompChannel() {}

    public static int fd(long channel) {
        return Memory.getInt(channel + FD);
    }
}
