package dev.verbena.connection;

import dev.verbena.memory.RegisteredBlock;
import dev.verbena.messaging.Credits;
import dev.verbena.messaging.OwnWindow;
import dev.verbena.messaging.ReceiveWindow;
import dev.verbena.messaging.ReceivedMessages;
import dev.verbena.messaging.Receiver;
import dev.verbena.messaging.SharedWindow;
import dev.verbena.queuepair.EventLoop;
import dev.verbena.queuepair.QueuePairEnd;
import dev.verbena.queuepair.ReceiveRing;
import dev.verbena.queuepair.SharedReceives;
import dev.verbena.verbs.QueuePair;
import dev.verbena.verbs.QueuePairConfig;
import dev.verbena.verbs.VerbsException;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The receives of one connection, its own or those of its loop: how they come about, what came before the connection was
 * open, and when the device is done with them.
 *
 * <p>Threading: made and posted by the connection manager's thread, everything else on the loop's.
 */
final class ConnectionReceives {
    private final QueuePairManagerConfig config;
    private final EventLoop loop;
    private final @Nullable SharedReceives shared;
    private final @Nullable RegisteredBlock memory;
    private final QueuePair qp;
    private final @Nullable ReceiveRing ring;
    private final ReceiveWindow window;
    private final Credits credits;
    private final ReceivedMessages messages;

    /** Frames that came before the connection was open: no more than the credits that the peer was told of. */
    private final int[] earlySlots;

    private final int[] earlyBytes;
    private int earlyCount;
    private boolean draining;
    private boolean drained;

    /** Makes a queue pair and what it receives into. What fails leaves nothing behind. */
    ConnectionReceives(QueuePairManager manager, EventLoop loop) {
        this.config = manager.config();
        this.loop = loop;
        this.shared = loop.sharedReceives();
        Handshake mine = config.handshake();
        this.earlySlots = new int[mine.dataCredits() + mine.controlCredits()];
        this.earlyBytes = new int[earlySlots.length];
        this.credits = new Credits(mine.dataCredits(), mine.controlCredits());
        this.memory = shared != null ? null : manager.localPool().take(config.receiveBytes());
        QueuePairConfig wanted = QueuePairConfig.reliable(loop.queue())
                .sendSlots(config.sendSlots())
                .entries(manager.sendEntries(), 1)
                .inlineBytes(config.inlineMaxBytes());
        try {
            qp = manager.protectionDomain()
                    .createQueuePair(
                            shared != null
                                    ? wanted.sharedReceiveQueue(shared.queue())
                                    : wanted.receiveSlots(config.receiveSlots()));
        } catch (RuntimeException e) {
            if (memory != null) {
                memory.release();
            }
            throw e;
        }
        if (shared != null) {
            this.ring = null;
            this.window = new SharedWindow(
                    loop, shared, credits, mine.dataCredits(), mine.dataCreditsMax(), mine.controlCredits());
            this.messages = manager.sharedMessages(loop);
        } else {
            if (memory == null) {
                throw new AssertionError();
            }
            this.ring = new ReceiveRing(qp, config.receiveSlots(), memory, config.receiveBufferBytes());
            this.window = new OwnWindow(ring, credits);
            this.messages = new ReceivedMessages(ring, manager.allocator());
        }
    }

    QueuePair queuePair() {
        return qp;
    }

    Credits credits() {
        return credits;
    }

    ReceiveWindow window() {
        return window;
    }

    ReceivedMessages messages() {
        return messages;
    }

    // ---------------------------------------------------------------- coming about

    /**
     * Posts what the peer will be told of.
     *
     * @param posted told when it may be told, on whichever thread
     * @param refused told instead when there are no receives
     */
    void post(long base, QueuePairEnd end, Runnable posted, Consumer<VerbsException> refused) {
        if (ring != null) {
            ring.base(base);
            for (int slot = 0; slot < ring.slotsMax(); slot++) {
                ring.repost(slot);
            }
            ring.flush();
            posted.run();
        } else {
            // What an earlier queue pair with this number has left must not be taken for this one's.
            try {
                loop.execute(() -> loop.whenDrained(() -> postShared(end, posted, refused)));
            } catch (RejectedExecutionException e) {
                throw new IllegalStateException(e.getMessage(), e);
            }
        }
    }

    private void postShared(QueuePairEnd end, Runnable posted, Consumer<VerbsException> refused) {
        try {
            ((SharedWindow) window).open();
        } catch (VerbsException e) {
            refused.accept(e);
            return;
        }
        loop.serve(qp.number(), end);
        posted.run();
    }

    /** The peer is known. */
    void open(Handshake peer) {
        credits.open(peer.dataCredits(), peer.dataCreditsMax(), peer.controlCredits());
        if (window instanceof SharedWindow dynamic && peer.version() >= Handshake.DYNAMIC_CREDITS) {
            dynamic.makeDynamic();
        }
    }

    // ---------------------------------------------------------------- frames before the connection is open

    /** Keeps a frame for later; false when the peer had no credit for it. */
    boolean postpone(int slot, int bytes) {
        if (earlyCount == earlySlots.length) {
            return false;
        }
        window.postponed(slot);
        earlySlots[earlyCount] = slot;
        earlyBytes[earlyCount++] = bytes;
        return true;
    }

    /** Has the frames served that were kept, as long as the connection is open. */
    void servePostponed(BooleanSupplier open, Receiver receiver) {
        for (int i = 0; i < earlyCount; i++) {
            window.resumed(earlySlots[i]);
            if (open.getAsBoolean()) {
                receiver.onFrame(earlySlots[i], earlyBytes[i]);
            }
            window.settled(earlySlots[i]);
        }
        earlyCount = 0;
    }

    // ---------------------------------------------------------------- the end

    /** Whether receives tell by themselves, by being flushed, that the queue pair is in ERROR. */
    boolean tellOfError() {
        return ring != null && ring.posted() > 0;
    }

    /** Whether the device has nothing of this connection any more, once its sends are done; {@code again} is run if not. */
    boolean areDone(Runnable again) {
        if (ring != null) {
            return ring.posted() == 0;
        }
        if (!draining) {
            draining = true;
            loop.whenDrained(() -> {
                drained = true;
                again.run();
            });
        }
        return drained;
    }

    /** Destroys the queue pair. */
    void destroy(QueuePairEnd end) {
        if (shared != null) {
            loop.unserve(qp.number(), end);
        }
        qp.close();
        for (int i = 0; i < earlyCount; i++) {
            window.resumed(earlySlots[i]);
            window.settled(earlySlots[i]);
        }
        earlyCount = 0;
    }
}
