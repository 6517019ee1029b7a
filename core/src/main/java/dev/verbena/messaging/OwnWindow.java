package dev.verbena.messaging;

import dev.verbena.queuepair.ReceiveRing;

/**
 * Receives of one connection, as many as its window: a receive is posted again, and its credit owed, when the program has
 * released the message.
 *
 * <p>Threading: the loop's thread. Hot path.
 */
public final class OwnWindow extends ReceiveWindow {
    private final ReceiveRing ring;
    private int dataToRepost;
    private int controlToRepost;
    private int inHands;
    private boolean ended;

    /** A window whose receives are not posted yet. */
    public OwnWindow(ReceiveRing ring, Credits credits) {
        super(ring, credits);
        this.ring = ring;
    }

    @Override
    public void completed() {
        ring.onCompletion();
    }

    @Override
    public void postponed(int slot) {
        ring.postponed();
    }

    @Override
    public void resumed(int slot) {
        ring.resumed();
    }

    @Override
    public void settled(int slot) {}

    @Override
    boolean arrived(boolean data) {
        return credits.arrived(data);
    }

    @Override
    void read(int slot, boolean data) {
        ring.repost(slot);
        if (data) {
            dataToRepost++;
        } else {
            controlToRepost++;
        }
    }

    @Override
    void kept(int slot) {
        inHands++;
    }

    @Override
    void released(int slot) {
        inHands--;
        if (!ended) {
            read(slot, true);
        } else if (inHands == 0) {
            ring.block().release();
        }
    }

    @Override
    int flush() {
        int data = dataToRepost;
        int control = controlToRepost;
        if ((data | control) != 0) {
            dataToRepost = 0;
            controlToRepost = 0;
            ring.flush();
            credits.reposted(data, control);
        }
        return data + control;
    }

    @Override
    void tick(Sender sender) {}

    @Override
    boolean givenBack(int dataCredits) {
        return false;
    }

    /** The memory goes back to its pool with the last message that the program has retained. */
    @Override
    void end() {
        ended = true;
        if (inHands == 0) {
            ring.block().release();
        }
    }
}
