package dev.verbena.bench.process;

import java.io.IOException;
import java.util.List;
import java.util.Map;

/**
 * Processes that measure what they are told.
 *
 * <p>Threading: one thread.
 */
public interface Session extends AutoCloseable {
    /**
     * Measures once.
     *
     * @param command one line
     * @return figures by name; empty where there is no such thing to measure
     * @throws IOException when a process ends, is silent for too long, or says what is no figure
     * @throws InterruptedException when the thread is interrupted
     */
    Map<String, Double> measure(String command) throws IOException, InterruptedException;

    /**
     * The processes, for counting what they do.
     *
     * @return their ids; none when they live for one measurement only
     */
    List<Long> processes();

    @Override
    void close() throws IOException;
}
