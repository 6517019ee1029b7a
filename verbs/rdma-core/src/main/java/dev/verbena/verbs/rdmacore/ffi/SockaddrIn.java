package dev.verbena.verbs.rdmacore.ffi;

/**
 * An IPv4 address and port, both big-endian in memory.
 *
 * <pre>{@code
 * struct sockaddr_in {
 *        0  sa_family_t    sin_family;
 *        2  in_port_t      sin_port;
 *        4  struct in_addr sin_addr;
 * }  size 16
 * }</pre>
 */
@CStruct("struct sockaddr_in")
public final class SockaddrIn {
    @CStruct.SizeOf
    public static final int SIZE = 16;

    @CStruct.Offset(value = "sin_family", bytes = 2)
    static final int SIN_FAMILY = 0;

    @CStruct.Offset(value = "sin_port", bytes = 2)
    static final int SIN_PORT = 2;

    @CStruct.Offset(value = "sin_addr", bytes = 4)
    static final int SIN_ADDR = 4;

    @CStruct.Value
    public static final int AF_INET = 2;

    private SockaddrIn() {}

    public static int sinFamily(long address) {
        return Memory.getUnsignedShort(address + SIN_FAMILY);
    }
}
