package dev.verbena.messaging;

/**
 * Is asked where a message that is longer than a receive buffer shall go.
 *
 * <p>Threading: called on the loop's thread when it is the message's turn to be read, which may be before earlier ones were
 * delivered; it must not block.
 */
@FunctionalInterface
public interface LongMessageHandler {
    /**
     * Decides by {@link LongMessage#receiveInto} or {@link LongMessage#refuse}. If it does neither, the message is read into
     * memory of the manager and given to the {@link MessageHandler}. If it throws, the message is refused and the connection
     * goes on.
     */
    void onLongMessage(LongMessage message);
}
