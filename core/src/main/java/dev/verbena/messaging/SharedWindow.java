package dev.verbena.messaging;

import dev.verbena.queuepair.EventLoop;
import dev.verbena.queuepair.ReceiveAccount;
import dev.verbena.queuepair.SharedReceives;
import java.nio.ByteBuffer;

/**
 * Receives that all connections of a loop share: a credit is owed for a frame as soon as it was read or its message was
 * delivered, if there is another receive for it. The window is small while nothing comes, doubles while the peer uses it
 * up, and is taken back by a message when the peer does not.
 *
 * <p>Threading: the loop's thread. Hot path.
 */
public final class SharedWindow extends ReceiveWindow {
    /** Ticks between two looks at how much of the window is used, when there are receives enough. */
    private static final int TICKS_PER_LOOK = 10;

    private final SharedReceives shared;
    private final EventLoop loop;
    private final ReceiveAccount account;
    private final int base;
    private final int most;
    private boolean dynamic;
    private int target;
    private int controlToGrant;
    private int asked;
    private int used;
    private int ticks;

    /**
     * A window that is not open yet.
     *
     * @param base credits that the peer was told of
     * @param most credits that it has at a time at most
     */
    public SharedWindow(EventLoop loop, SharedReceives shared, Credits credits, int base, int most, int control) {
        super(shared, credits);
        this.loop = loop;
        this.shared = shared;
        this.account = new ReceiveAccount(base, control);
        this.base = base;
        this.most = most;
        this.target = base;
    }

    /** Posts what the peer is told of. */
    public void open() {
        shared.open(account);
    }

    /** The peer understands that its credits grow and are taken back. */
    public void makeDynamic() {
        dynamic = true;
    }

    @Override
    public void completed() {}

    @Override
    public void postponed(int slot) {
        shared.keep(slot);
        shared.postponed();
    }

    @Override
    public void resumed(int slot) {
        shared.resumed();
        shared.resume(slot);
    }

    @Override
    public void settled(int slot) {
        shared.settle(slot);
    }

    @Override
    boolean arrived(boolean data) {
        if (!credits.arrived(data)) {
            return false;
        }
        if (data) {
            used++;
            shared.used(account, 1);
        } else {
            shared.usedControl(account);
        }
        return true;
    }

    @Override
    void read(int slot, boolean data) {
        if (!data) {
            controlToGrant++;
        }
    }

    @Override
    void kept(int slot) {
        shared.keep(slot);
        shared.held(account);
    }

    @Override
    void released(int slot) {
        shared.giveBack(slot);
        shared.released(account);
    }

    @Override
    int flush() {
        int control = controlToGrant;
        if (control > 0) {
            controlToGrant = 0;
            shared.grantControl(account, control);
        }
        int data = 0;
        int out = credits.dataOut();
        if (dynamic && 2 * credits.dataTold() <= target && target < most) {
            // Half of what the peer knew of is used up.
            target = Math.min(2 * target, most);
        }
        if (out < target) {
            data = shared.grant(account, target - out);
            credits.window(Math.max(1, Math.min(target, out + data)));
        }
        if ((data | control) != 0) {
            credits.reposted(data, control);
        }
        return data + control;
    }

    @Override
    void tick(Sender sender) {
        int out = credits.dataOut();
        if (out < target) {
            // Receives may be there again.
            sender.touch();
        }
        if (++ticks < (shared.isShort() ? 1 : TICKS_PER_LOOK)) {
            return;
        }
        ticks = 0;
        boolean idle = used == 0;
        int needed = Math.max(base, 2 * used);
        used = 0;
        // Who is a little above the base, too, comes back to it when nothing is sent any more.
        boolean tooWide = 2 * needed <= target || (idle && Math.max(target, out) > needed);
        if (dynamic && asked == 0 && tooWide) {
            target = needed;
            credits.window(needed);
            takeBack(sender, out - needed);
        }
    }

    private void takeBack(Sender sender, int tooMany) {
        if (tooMany <= 0) {
            return;
        }
        int withdrawn = credits.withdrawOwed(tooMany);
        if (withdrawn > 0) {
            shared.used(account, withdrawn);
        }
        if (withdrawn < tooMany) {
            asked = tooMany - withdrawn;
            sender.control(
                    Frame.RECLAIM,
                    ByteBuffer.allocate(Frame.RECLAIM_BODY_BYTES).putInt(asked).array());
        }
    }

    @Override
    boolean givenBack(int dataCredits) {
        if (dataCredits < 0 || dataCredits > asked || asked == 0) {
            return false;
        }
        asked = 0;
        credits.givenBack(dataCredits);
        shared.used(account, dataCredits);
        return true;
    }

    /** What the queue pair may have left in the completion queue is reaped first. */
    @Override
    void end() {
        loop.whenDrained(() -> shared.close(account));
    }
}
