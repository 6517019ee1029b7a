package dev.verbena.messaging;

import dev.verbena.queuepair.ConnectionException;
import org.jspecify.annotations.Nullable;

/**
 * Is told of a long message that is read into memory of the program.
 *
 * <p>Threading: called on the loop's thread; it must not block. An exception ends the connection.
 */
@FunctionalInterface
public interface LongMessageCallback {
    /** More of it is there: {@link LongMessage#receivedBytes()}. */
    default void onProgress(LongMessage message) {}

    /**
     * It has ended, and the device no longer touches the memory. Told once; of a message that is complete, in its turn
     * among the messages.
     *
     * @param failure null when all of it is there
     */
    void onDone(LongMessage message, @Nullable ConnectionException failure);
}
