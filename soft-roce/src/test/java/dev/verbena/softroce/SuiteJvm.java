package dev.verbena.softroce;

import java.io.IOException;
import java.time.Duration;
import java.util.Optional;

/** A JVM in which a suite runs, somewhere else. */
interface SuiteJvm extends AutoCloseable {
    /** Waits for its end; nothing when the time is over before. */
    Optional<Integer> await(Duration patience) throws InterruptedException;

    /** What it wrote on standard error. */
    String console();

    /** The JVM's own account of its crash, if it wrote one; asked after its end. */
    Optional<String> crashLog() throws IOException, InterruptedException;

    /** Has it print the stacks of its threads. */
    void dumpThreads() throws IOException, InterruptedException;

    /** Kills it, if it still runs, and waits until it is gone. */
    @Override
    void close();
}
