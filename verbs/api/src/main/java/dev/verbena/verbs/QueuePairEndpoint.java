package dev.verbena.verbs;

/**
 * What a peer needs to know to connect to a queue pair without a connection manager; exchanged out of band.
 *
 * <p>Threading: immutable.
 *
 * @param number queue-pair number
 * @param psn first packet number, 24 bits
 * @param gid the port's GID
 * @param lid the port's local identifier, 0 on RoCE
 */
public record QueuePairEndpoint(int number, int psn, Gid gid, int lid) {}
