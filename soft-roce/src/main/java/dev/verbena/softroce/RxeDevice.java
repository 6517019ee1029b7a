package dev.verbena.softroce;

/**
 * One Soft-RoCE device: where it is, and how it is addressed.
 *
 * @param name its RDMA name, for example {@code rxe0}
 * @param uverbs its device node, for example {@code /dev/infiniband/uverbs0}
 * @param netdev the network interface under it
 * @param address the interface's IPv4 address, empty when it has none
 * @param address6 an IPv6 address of it, empty when it has none
 * @param gidIndex the index of the RoCE v2 GID of {@code address}, or of {@code address6} when there is no other
 * @param gidIndex6 the index of the RoCE v2 GID of {@code address6}, -1 when there is none
 */
public record RxeDevice(
        String name, String uverbs, String netdev, String address, String address6, int gidIndex, int gidIndex6) {}
