package dev.verbena.verbs.rdmacore.ffi;

/**
 * An IPv6 address and port, both big-endian in memory.
 *
 * <pre>{@code
 * struct sockaddr_in6 {
 *        0  sa_family_t     sin6_family;
 *        2  in_port_t       sin6_port;
 *        4  uint32_t        sin6_flowinfo;
 *        8  struct in6_addr sin6_addr;
 *       24  uint32_t        sin6_scope_id;
 * }  size 28
 * }</pre>
 */
@CStruct("struct sockaddr_in6")
public final class SockaddrIn6 {
    @CStruct.SizeOf
    public static final int SIZE = 28;

    @CStruct.Offset(value = "sin6_family", bytes = 2)
    static final int SIN6_FAMILY = 0;

    @CStruct.Offset(value = "sin6_port", bytes = 2)
    static final int SIN6_PORT = 2;

    @CStruct.Offset(value = "sin6_flowinfo", bytes = 4)
    static final int SIN6_FLOWINFO = 4;

    @CStruct.Offset(value = "sin6_addr", bytes = 16)
    static final int SIN6_ADDR = 8;

    @CStruct.Offset(value = "sin6_scope_id", bytes = 4)
    static final int SIN6_SCOPE_ID = 24;

    @CStruct.Value
    public static final int AF_INET6 = 10;

    private SockaddrIn6() {}
}
