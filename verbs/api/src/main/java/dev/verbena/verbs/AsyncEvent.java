package dev.verbena.verbs;

import org.jspecify.annotations.Nullable;

/**
 * Something that happened to a device, a port or an object, outside any request. It is a copy: the device's own event has
 * been acknowledged already.
 *
 * <p>Threading: immutable.
 *
 * @param type its kind
 * @param code the raw number of the kind
 * @param queuePair the queue pair it is about, else null; null also when that has been closed meanwhile
 * @param completionQueue the completion queue it is about, else null
 * @param sharedReceiveQueue the shared receive queue it is about, else null
 * @param port the port it is about, else 0
 */
public record AsyncEvent(
        AsyncEventType type,
        int code,
        @Nullable QueuePair queuePair,
        @Nullable CompletionQueue completionQueue,
        @Nullable SharedReceiveQueue sharedReceiveQueue,
        int port) {}
