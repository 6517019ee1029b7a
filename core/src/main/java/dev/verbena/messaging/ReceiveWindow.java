package dev.verbena.messaging;

import dev.verbena.queuepair.Receives;

/**
 * What stands behind the credits of a connection's peer: where a frame's receive goes when it was read, and how many
 * credits are owed for it.
 *
 * <p>Threading: the loop's thread. Hot path.
 */
public abstract sealed class ReceiveWindow permits OwnWindow, SharedWindow {
    private final Receives receives;
    final Credits credits;

    ReceiveWindow(Receives receives, Credits credits) {
        this.receives = receives;
        this.credits = credits;
    }

    /** The slots that frames land in. */
    public final Receives receives() {
        return receives;
    }

    /** What each side may send. */
    public final Credits credits() {
        return credits;
    }

    /** A receive of this connection has completed, well or not. */
    public abstract void completed();

    /** A frame came that is served later: its slot stays as it is until {@link #resumed}. */
    public abstract void postponed(int slot);

    /** It is served now; at the end {@link #settled}. */
    public abstract void resumed(int slot);

    /** A postponed frame was served. */
    public abstract void settled(int slot);

    /** A frame came; false when the peer had no credit for it. */
    abstract boolean arrived(boolean data);

    /** The frame was read and is not needed any more. */
    abstract void read(int slot, boolean data);

    /** The frame holds a message that somebody has now. */
    abstract void kept(int slot);

    /** The message was released. */
    abstract void released(int slot);

    /** The end of a turn: receives are posted again and credits owed for them; answers how many. */
    abstract int flush();

    /** Some milliseconds have passed. */
    abstract void tick(Sender sender);

    /** The peer gives data credits back; false when it was not asked for so many. */
    abstract boolean givenBack(int credits);

    /** The device no longer writes for this connection. */
    abstract void end();
}
