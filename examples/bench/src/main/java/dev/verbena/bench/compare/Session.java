package dev.verbena.bench.compare;

import java.io.IOException;
import java.util.List;
import java.util.Map;

/**
 * A running client and server of one peer, that measure what they are told in the words of {@link PeerMain}.
 *
 * <p>Threading: one thread.
 */
interface Session extends AutoCloseable {
    /**
     * Measures once.
     *
     * @return figures by name; empty where the peer has no such thing
     * @throws IOException when a process ends, is silent for a minute, or says what is no figure
     */
    Map<String, Double> measure(String command) throws IOException, InterruptedException;

    /** The processes, for counting what they do; empty when they live for one measurement only. */
    List<Long> processes();

    @Override
    void close() throws IOException;
}
