package dev.verbena.verbs;

/**
 * How packets find a peer: {@code struct ibv_ah_attr} with its global route; see ibv_create_ah(3).
 *
 * <p>Threading: immutable.
 *
 * @param port the local port they leave by
 * @param global whether they carry a global route; always so on RoCE
 * @param destination the peer's GID
 * @param sourceGidIndex which of the port's GIDs is the sender
 * @param hopLimit time to live
 * @param trafficClass type of service
 * @param flowLabel flow label
 * @param lid the peer's local identifier, 0 on RoCE
 * @param serviceLevel service level
 * @param pathBits source path bits
 * @param staticRate static rate code, 0 for none
 */
public record AddressVector(
        int port,
        boolean global,
        Gid destination,
        int sourceGidIndex,
        int hopLimit,
        int trafficClass,
        int flowLabel,
        int lid,
        int serviceLevel,
        int pathBits,
        int staticRate) {
    /** A global route with a hop limit of 64 and no traffic class. */
    public static AddressVector to(Gid destination, int port, int sourceGidIndex) {
        return new AddressVector(port, true, destination, sourceGidIndex, 64, 0, 0, 0, 0, 0, 0);
    }

    /** The same with a local identifier, for InfiniBand links. */
    public AddressVector withLid(int lid) {
        return new AddressVector(
                port,
                global,
                destination,
                sourceGidIndex,
                hopLimit,
                trafficClass,
                flowLabel,
                lid,
                serviceLevel,
                pathBits,
                staticRate);
    }
}
