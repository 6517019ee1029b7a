package dev.verbena.verbs;

/**
 * What ibv_query_port(3) tells of a port.
 *
 * <p>Threading: immutable.
 *
 * @param port port number, from 1
 * @param state the logical state
 * @param maxMtu largest MTU it supports
 * @param activeMtu MTU in use
 * @param gidTableLength entries of the GID table
 * @param portCapabilities raw capability bits
 * @param maxMessageBytes largest message
 * @param lid local identifier, 0 on Ethernet
 * @param smLid the subnet manager's
 * @param lmc mask of path bits
 * @param linkLayer what is below
 * @param pkeyTableLength entries of the partition-key table
 * @param activeWidth raw width code
 * @param activeSpeed raw speed code
 * @param physicalState raw physical state (5: link up)
 */
public record PortAttributes(
        int port,
        State state,
        Mtu maxMtu,
        Mtu activeMtu,
        int gidTableLength,
        int portCapabilities,
        long maxMessageBytes,
        int lid,
        int smLid,
        int lmc,
        LinkLayer linkLayer,
        int pkeyTableLength,
        int activeWidth,
        int activeSpeed,
        int physicalState) {
    /** The logical state of a port, in the order of {@code enum ibv_port_state}. */
    public enum State {
        NOP,
        DOWN,
        INIT,
        ARMED,
        ACTIVE,
        ACTIVE_DEFER,
        UNKNOWN;

        /** The state with a number of the C enum. */
        @SuppressWarnings("EnumOrdinal") // the order is that of the C enum
        public static State of(int code) {
            return code >= 0 && code < UNKNOWN.ordinal() ? values()[code] : UNKNOWN;
        }
    }

    /** What lies below the transport. */
    public enum LinkLayer {
        UNSPECIFIED,
        INFINIBAND,
        ETHERNET,
        /** Both ends share this host's memory (the embedded provider). */
        MEMORY,
        UNKNOWN;

        /** The layer with a number of the C enum. */
        public static LinkLayer of(int code) {
            return code >= 0 && code <= 2 ? values()[code] : UNKNOWN;
        }
    }
}
