package dev.verbena.messaging;

import dev.verbena.memory.OwnedMemory;

/**
 * A message that the peer offers and this side's device reads.
 *
 * <p>Threading: {@link #receiveInto} and {@link #refuse} in the call of the {@link LongMessageHandler}; the rest any thread.
 *
 * <p>Ownership: the destination is the device's from {@link #receiveInto} until the callback's {@code onDone}.
 */
public final class LongMessage {
    private final IncomingTransfer transfer;

    LongMessage(IncomingTransfer transfer) {
        this.transfer = transfer;
    }

    /** The number that the sender gave, 0 when it gave none. */
    public int type() {
        return transfer.type();
    }

    /** Its length. */
    public long lengthBytes() {
        return transfer.lengthBytes();
    }

    /** How much of it is there. */
    public long receivedBytes() {
        return transfer.fetchedBytes();
    }

    /**
     * Has it read into the first bytes of the memory, which is registered piece by piece unless it is.
     *
     * @throws IllegalArgumentException when the memory is shorter than the message
     * @throws IllegalStateException when it is decided already, or after the handler has returned
     */
    public void receiveInto(OwnedMemory destination, LongMessageCallback told) {
        if (destination.lengthBytes() < lengthBytes()) {
            throw new IllegalArgumentException(
                    "the message has " + lengthBytes() + " bytes, the memory for it " + destination.lengthBytes());
        }
        transfer.decide(destination.first(lengthBytes()), told);
    }

    /**
     * Refuses it: the peer's future fails with REJECTED, the connection goes on.
     *
     * @throws IllegalStateException when it is decided already, or after the handler has returned
     */
    public void refuse() {
        transfer.decideToRefuse();
    }

    /** Ends the reading; the callback is told when the device has let go of the memory, the peer that it was refused. */
    public void cancel() {
        transfer.askCancel();
    }

    @Override
    public String toString() {
        return "a message of type " + type() + " and " + lengthBytes() + " bytes";
    }
}
