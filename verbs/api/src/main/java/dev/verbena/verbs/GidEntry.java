package dev.verbena.verbs;

import org.jspecify.annotations.Nullable;

/**
 * One entry of a port's GID table.
 *
 * <p>Threading: immutable.
 *
 * @param port port number, from 1
 * @param index index in the table
 * @param gid the identifier
 * @param type how packets with this GID travel
 * @param netdev the network interface behind it, null where there is none
 */
public record GidEntry(
        int port, int index, Gid gid, Type type, @Nullable String netdev) {
    /** How packets with a GID travel. */
    public enum Type {
        IB("IB"),
        ROCE_V1("RoCE v1"),
        ROCE_V2("RoCE v2"),
        UNKNOWN("unknown");

        private final String text;

        Type(String text) {
            this.text = text;
        }

        /** The usual way to write it. */
        public String text() {
            return text;
        }
    }
}
