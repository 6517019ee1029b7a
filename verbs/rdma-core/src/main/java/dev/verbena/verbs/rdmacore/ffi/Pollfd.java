package dev.verbena.verbs.rdmacore.ffi;

/**
 * One descriptor for {@code poll(2)}.
 *
 * <pre>{@code
 * struct pollfd {
 *        0  int   fd;
 *        4  short events;
 *        6  short revents;
 * }  size 8
 * }</pre>
 */
@CStruct("struct pollfd")
public final class Pollfd {
    @CStruct.SizeOf
    public static final int SIZE = 8;

    @CStruct.Offset(value = "fd", bytes = 4)
    static final int FD = 0;

    @CStruct.Offset(value = "events", bytes = 2)
    static final int EVENTS = 4;

    @CStruct.Offset(value = "revents", bytes = 2)
    static final int REVENTS = 6;

    @CStruct.Value
    public static final int POLLIN = 1;

    @CStruct.Value
    public static final int POLLERR = 8;

    @CStruct.Value
    public static final int POLLHUP = 16;

    @CStruct.Value
    public static final int POLLNVAL = 32;

    private Pollfd() {}

    public static int fd(long pollfd) {
        return Memory.getInt(pollfd + FD);
    }

    public static int revents(long pollfd) {
        return Memory.getUnsignedShort(pollfd + REVENTS);
    }

    /** Writes every field. */
    public static void set(long pollfd, int fd, int events) {
        Memory.putInt(pollfd + FD, fd);
        Memory.putShort(pollfd + EVENTS, events);
        Memory.putShort(pollfd + REVENTS, 0);
    }
}
