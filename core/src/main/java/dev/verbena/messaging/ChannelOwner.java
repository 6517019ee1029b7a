package dev.verbena.messaging;

import dev.verbena.queuepair.ConnectionException;
import java.nio.ByteBuffer;

/**
 * What the two directions of a connection ask of it.
 *
 * <p>Threading: the loop's thread, but for {@link #schedule}, {@link #isLoopThread} and {@link #whyClosed}.
 */
public interface ChannelOwner {
    /** The connection cannot go on. */
    void fail(ConnectionException cause);

    /** Whether it is over, so that nothing is posted any more: a handler may have ended it just now. */
    boolean isEnding();

    /** Why nothing is begun any more: the cause of the end, or that this side closes. Any thread. */
    ConnectionException whyClosed();

    /** The peer said that it goes. */
    void peerClosed();

    /** Something has to be done at the end of this turn. */
    void touch();

    /** Another thread has left work. */
    void schedule();

    /** Whether the calling thread is the loop's. */
    boolean isLoopThread();

    /** A control frame about shared memory or the liveness of the peer; false when it makes no sense. */
    boolean onControl(int kind, ByteBuffer memory, int bodyAt, int bodyBytes);
}
