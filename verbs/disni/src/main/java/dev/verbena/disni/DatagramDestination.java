package dev.verbena.disni;

/**
 * What an {@code IbvSendWR.Ud} is filled with; see {@link VerbenaDisni#destination}.
 *
 * <p>Threading: immutable.
 *
 * @param addressHandle for {@code setAh}
 * @param queuePairNumber for {@code setRemote_qpn}
 * @param queueKey for {@code setRemote_qkey}
 */
public record DatagramDestination(int addressHandle, int queuePairNumber, int queueKey) {}
