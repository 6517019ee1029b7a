package dev.verbena.messaging;

import io.netty.buffer.ByteBuf;

/**
 * Takes messages, in the order the peer sent them.
 *
 * <p>Threading: called on the loop's thread; it must not block.
 *
 * <p>Ownership: the message is released after the call unless it was retained. While a message is retained its receive
 * buffer is not the peer's, so who retains many slows the peer down. An exception ends the connection.
 */
@FunctionalInterface
public interface MessageHandler {
    /**
     * A message.
     *
     * @param type the number that the sender gave, 0 when it gave none
     */
    void onMessage(int type, ByteBuf message);
}
