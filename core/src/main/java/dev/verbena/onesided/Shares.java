package dev.verbena.onesided;

import dev.verbena.memory.RegisteredBuffer;
import dev.verbena.messaging.ChannelOwner;
import dev.verbena.messaging.Frame;
import dev.verbena.messaging.Sender;
import dev.verbena.queuepair.ConnectionException;
import dev.verbena.queuepair.ConnectionException.Reason;
import dev.verbena.queuepair.EventLoop;
import dev.verbena.queuepair.LoopFuture;
import dev.verbena.queuepair.SendRing;
import dev.verbena.verbs.MemoryWindow;
import dev.verbena.verbs.ProtectionDomain;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What the two sides of a connection let each other use: windows that are bound, told of, and taken back by agreement.
 * Part of the core; applications use {@code Connection}.
 *
 * <p>Threading: {@link #share} any thread; the rest the loop's.
 */
public final class Shares {
    private static final int SLOTS_KEPT = 32;
    private static final long REVOKE_TIMEOUT_NS = TimeUnit.SECONDS.toNanos(1);
    private static final int SHARES_MAX = 1 << 16;

    private final ChannelOwner owner;
    private final EventLoop loop;
    private final SendRing ring;
    private final Sender sender;
    private final ProtectionDomain pd;
    private final Map<Integer, Share> shares = new HashMap<>();
    private final ArrayList<RemoteBuffer> sharedUnseen = new ArrayList<>();
    private @Nullable Consumer<RemoteBuffer> onShare;
    private @Nullable Consumer<RemoteBuffer> onRevoke;
    private final Map<Integer, RemoteBuffer> peerShares = new HashMap<>();
    private int nextShare;
    private boolean open;
    private @Nullable ConnectionException ended;

    Shares(ChannelOwner owner, EventLoop loop, SendRing ring, Sender sender, ProtectionDomain pd) {
        this.owner = owner;
        this.loop = loop;
        this.ring = ring;
        this.sender = sender;
        this.pd = pd;
    }

    void open() {
        open = true;
    }

    void stop() {
        open = false;
    }

    /**
     * Gives the peer rights on memory, through a window bound to this connection, and tells it.
     *
     * @param access remote rights of {@link dev.verbena.verbs.AccessFlags}
     */
    public CompletableFuture<Share> share(RegisteredBuffer buffer, int access) {
        LoopFuture<Share> future = new LoopFuture<>();
        Runnable task = () -> bind(buffer, access, future);
        if (owner.isLoopThread()) {
            task.run();
        } else {
            try {
                loop.execute(task);
            } catch (RejectedExecutionException e) {
                future.completeExceptionally(new ConnectionException(Reason.CLOSED, "the manager is closed", e));
            }
        }
        return future;
    }

    private void bind(RegisteredBuffer buffer, int access, LoopFuture<Share> future) {
        ConnectionException end = ended;
        if (end != null || !open) {
            future.completeExceptionally(end != null ? end : owner.whyClosed());
            return;
        }
        if (sender.isClaimed() || ring.free() <= SLOTS_KEPT || shares.size() >= SHARES_MAX) {
            future.completeExceptionally(new ConnectionException(
                    Reason.BACK_PRESSURE, "no room to bind a window now: wait for what is under way"));
            return;
        }
        try {
            long address = buffer.address();
            MemoryWindow window = pd.allocateMemoryWindow(MemoryWindow.Type.TYPE_2);
            Share share = new Share(this, nextShare++, buffer, access, window);
            shares.put(share.number(), share);
            ring.postBind(
                    window,
                    window.nextRkey(),
                    buffer.block().region(),
                    address,
                    buffer.lengthBytes(),
                    access,
                    failure -> bound(share, address, future, failure));
        } catch (RuntimeException e) {
            future.completeExceptionally(e);
        }
    }

    private void bound(Share share, long address, LoopFuture<Share> future, @Nullable ConnectionException failure) {
        if (failure != null) {
            future.completeExceptionally(failure);
            return;
        }
        ByteBuffer body =
                ByteBuffer.allocate(Integer.BYTES + RemoteBuffer.WIRE_BYTES).putInt(share.number());
        new RemoteBuffer(address, share.buffer().lengthBytes(), share.window().rkey()).encode(body);
        sender.control(Frame.SHARE, body.array());
        future.complete(share);
    }

    /** Sets what is told of the peer's shares, and of their end. Those that came before are told now. */
    public void onShare(Consumer<RemoteBuffer> shared, Consumer<RemoteBuffer> revoked) {
        onShare = shared;
        onRevoke = revoked;
        sharedUnseen.forEach(shared);
        sharedUnseen.clear();
    }

    void revoke(Share share) {
        Runnable task = () -> beginRevoke(share);
        if (owner.isLoopThread()) {
            task.run();
        } else {
            try {
                loop.execute(task);
            } catch (RejectedExecutionException e) {
                end(share);
            }
        }
    }

    private void beginRevoke(Share share) {
        if (ended != null) {
            end(share);
        } else if (!share.revoking) {
            share.revoking = true;
            share.revokeDeadlineNs = System.nanoTime() + REVOKE_TIMEOUT_NS;
            sender.control(Frame.REVOKE, number(share.number()));
        }
    }

    private static byte[] number(int number) {
        return ByteBuffer.allocate(Integer.BYTES).putInt(number).array();
    }

    /** A control frame about shares; false when it makes no sense. */
    public boolean onControl(int kind, ByteBuffer memory, int at, int bytes) {
        return switch (kind) {
            case Frame.SHARE -> bytes == Integer.BYTES + RemoteBuffer.WIRE_BYTES && onShared(memory, at);
            case Frame.REVOKE -> onRevoke(memory.getInt(at));
            case Frame.REVOKED -> onRevoked(memory.getInt(at));
            default -> false;
        };
    }

    private boolean onRevoke(int number) {
        RemoteBuffer gone = peerShares.remove(number);
        if (gone == null) {
            return false;
        }
        sharedUnseen.remove(gone);
        Consumer<RemoteBuffer> told = onRevoke;
        if (told != null) {
            told.accept(gone);
        }
        sender.control(Frame.REVOKED, number(number));
        return true;
    }

    private boolean onRevoked(int number) {
        Share share = shares.get(number);
        if (share != null && share.revoking) {
            invalidate(share);
        }
        // Of a share that is gone it is an answer that came late.
        return share == null ? number >= 0 && number < nextShare : share.revoking;
    }

    private boolean onShared(ByteBuffer memory, int at) {
        int number = memory.getInt(at);
        RemoteBuffer shared;
        try {
            shared = RemoteBuffer.decode(memory.slice(at + Integer.BYTES, RemoteBuffer.WIRE_BYTES));
        } catch (IllegalArgumentException e) {
            return false;
        }
        if (peerShares.size() >= SHARES_MAX || peerShares.putIfAbsent(number, shared) != null) {
            return false;
        }
        Consumer<RemoteBuffer> told = onShare;
        if (told == null) {
            sharedUnseen.add(shared);
        } else {
            told.accept(shared);
        }
        return true;
    }

    private void invalidate(Share share) {
        if (ring.free() == 0 || sender.isClaimed()) {
            // Tried again with the next tick.
            share.revokeDeadlineNs = System.nanoTime();
            return;
        }
        shares.remove(share.number());
        ring.postLocalInvalidate(share.window().rkey(), failure -> end(share));
    }

    @SuppressWarnings("NullAway") // a Void is null
    private static void end(Share share) {
        share.window().close();
        share.revoked().complete(null);
    }

    /** Some milliseconds have passed. */
    public void tick(long nowNs) {
        if (shares.isEmpty()) {
            return;
        }
        for (Share share : new ArrayList<>(shares.values())) {
            if (share.revoking && nowNs - share.revokeDeadlineNs >= 0) {
                invalidate(share);
            }
        }
    }

    void end(ConnectionException cause) {
        open = false;
        ended = cause;
        shares.values().forEach(Shares::end);
        shares.clear();
    }
}
