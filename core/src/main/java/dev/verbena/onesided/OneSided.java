package dev.verbena.onesided;

import dev.verbena.memory.RegisteredBuffer;
import dev.verbena.messaging.ChannelOwner;
import dev.verbena.messaging.Frame;
import dev.verbena.messaging.SendResult;
import dev.verbena.messaging.Sender;
import dev.verbena.metrics.Counters;
import dev.verbena.queuepair.ConnectionException;
import dev.verbena.queuepair.ConnectionException.Reason;
import dev.verbena.queuepair.EventLoop;
import dev.verbena.queuepair.LoopFuture;
import dev.verbena.queuepair.SendRing;
import dev.verbena.verbs.MemoryWindow;
import dev.verbena.verbs.ProtectionDomain;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The one-sided operations of a connection, and what it shares. Part of the core; applications use {@code Connection}.
 *
 * <p>Threading: the futures any thread; the rest the loop's. Hot path: everything named try.
 */
public final class OneSided {
    private static final int SLOTS_KEPT = 32;
    private static final int PENDING_MAX = 1 << 16;
    private static final long REVOKE_TIMEOUT_NS = TimeUnit.SECONDS.toNanos(1);
    private static final int SHARES_MAX = 1 << 16;

    private static final boolean LITTLE_ENDIAN = ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN;

    private static final int READ = 0;
    private static final int WRITE = 1;
    private static final int WRITE_WITH_IMMEDIATE = 2;
    private static final int COMPARE_AND_SWAP = 3;
    private static final int FETCH_AND_ADD = 4;

    /** One operation under way; used again when it is done. */
    private final class Operation implements SendRing.Outstanding {
        private @Nullable OneSidedCallback callback;
        private int resultAt = -1;

        @Override
        public void onDone(@Nullable ConnectionException failure) {
            OneSidedCallback told = callback;
            long value = resultAt < 0 || failure != null ? 0 : result(resultAt);
            callback = null;
            idle.push(this);
            if (failure == null) {
                counters.oneSided++;
            }
            if (told != null) {
                tell(told, value, failure);
            }
        }
    }

    /** A program's callback that throws ends the connection, as a handler that throws does. */
    private void tell(OneSidedCallback told, long value, @Nullable ConnectionException failure) {
        try {
            told.onDone(value, failure);
        } catch (RuntimeException e) {
            owner.fail(new ConnectionException(Reason.HANDLER, "the callback of an operation threw " + e, e));
        }
    }

    /** An operation whose future somebody has, until it can be posted. */
    private final class Request extends LoopFuture<Long> implements OneSidedCallback {
        private final int kind;
        private final RemoteBuffer remote;
        private final @Nullable RegisteredBuffer local;
        private final long first;
        private final long second;

        Request(int kind, RemoteBuffer remote, @Nullable RegisteredBuffer local, long first, long second) {
            this.kind = kind;
            this.remote = remote;
            this.local = local;
            this.first = first;
            this.second = second;
        }

        /** False when it has to wait; what cannot be posted is done, with the reason. */
        boolean tryPost() {
            try {
                return isDone() || post(kind, remote, local, first, second, this) == SendResult.SENT;
            } catch (RuntimeException e) {
                completeExceptionally(e);
                return true;
            }
        }

        @Override
        public void onDone(long value, @Nullable ConnectionException failure) {
            if (failure == null) {
                complete(value);
            } else {
                completeExceptionally(failure);
            }
        }
    }

    private final ChannelOwner owner;
    private final EventLoop loop;
    private final SendRing ring;
    private final Sender sender;
    private final ProtectionDomain pd;
    private final Counters counters;
    private final ArrayDeque<Operation> idle = new ArrayDeque<>();
    private final ArrayDeque<Request> pending = new ArrayDeque<>();
    private final Map<Integer, Share> shares = new HashMap<>();
    private final ArrayList<RemoteBuffer> sharedUnseen = new ArrayList<>();
    private @Nullable Consumer<RemoteBuffer> onShare;
    private @Nullable Consumer<RemoteBuffer> onRevoke;
    private final Map<Integer, RemoteBuffer> peerShares = new HashMap<>();
    private int nextShare;
    private boolean open;
    private @Nullable ConnectionException ended;

    /** Not open yet. */
    public OneSided(
            ChannelOwner owner, EventLoop loop, SendRing ring, Sender sender, ProtectionDomain pd, Counters counters) {
        this.owner = owner;
        this.loop = loop;
        this.ring = ring;
        this.sender = sender;
        this.pd = pd;
        this.counters = counters;
    }

    /** The peer is there. */
    public void open() {
        open = true;
    }

    /** Takes no more operations. */
    public void stop() {
        open = false;
    }

    /** Whether no operation waits to be posted. */
    public boolean isDrained() {
        return pending.isEmpty();
    }

    /** The device leaves it in the machine's order. */
    private long result(int at) {
        long raw = ring.memory().getLong(at);
        return LITTLE_ENDIAN ? Long.reverseBytes(raw) : raw;
    }

    // ---------------------------------------------------------------- the fast way

    /** READ: remote memory into local. */
    public int tryRead(RemoteBuffer remote, RegisteredBuffer local, OneSidedCallback callback) {
        checkTransfer(remote, local);
        return post(READ, remote, local, 0, 0, callback);
    }

    /** WRITE: local memory into remote. */
    public int tryWrite(RegisteredBuffer local, RemoteBuffer remote, OneSidedCallback callback) {
        checkTransfer(remote, local);
        return post(WRITE, remote, local, 0, 0, callback);
    }

    /** Compare-and-swap of eight remote bytes. */
    public int tryCompareAndSwap(RemoteBuffer remote, long expected, long value, OneSidedCallback callback) {
        checkAtomic(remote);
        return post(COMPARE_AND_SWAP, remote, null, expected, value, callback);
    }

    /** Fetch-and-add on eight remote bytes. */
    public int tryFetchAndAdd(RemoteBuffer remote, long add, OneSidedCallback callback) {
        checkAtomic(remote);
        return post(FETCH_AND_ADD, remote, null, add, 0, callback);
    }

    private int post(
            int kind,
            RemoteBuffer remote,
            @Nullable RegisteredBuffer local,
            long first,
            long second,
            OneSidedCallback callback) {
        if (!owner.isLoopThread()) {
            throw new IllegalStateException("try... is for the loop's thread; use the form with a future elsewhere");
        }
        if (!open) {
            return SendResult.CLOSED;
        }
        if (sender.isClaimed()) {
            throw new IllegalStateException("a claim is open: commit or abort it first");
        }
        // What may throw comes first: a credit is taken only for what is posted.
        long address = local == null ? 0 : local.address();
        int bytes = local == null ? Long.BYTES : (int) local.lengthBytes();
        int lkey = local == null ? 0 : local.lkey();
        if (ring.free() <= SLOTS_KEPT || (kind == WRITE_WITH_IMMEDIATE && !sender.tryTakeDataCredit())) {
            counters.sendStalls++;
            return SendResult.BACK_PRESSURED;
        }
        Operation operation = idle.poll();
        if (operation == null) {
            operation = new Operation();
        }
        operation.callback = callback;
        operation.resultAt = kind >= COMPARE_AND_SWAP ? ring.slotOffset() : -1;
        switch (kind) {
            case READ -> ring.postRead(address, bytes, lkey, remote.address(), remote.rkey(), operation);
            case WRITE -> ring.postWrite(address, bytes, lkey, remote.address(), remote.rkey(), operation);
            case WRITE_WITH_IMMEDIATE ->
                ring.postWriteWithImmediate(
                        address, bytes, lkey, remote.address(), remote.rkey(), (int) first, operation);
            case COMPARE_AND_SWAP -> ring.postCompareAndSwap(remote.address(), remote.rkey(), first, second, operation);
            default -> ring.postFetchAndAdd(remote.address(), remote.rkey(), first, operation);
        }
        return SendResult.SENT;
    }

    private static void checkTransfer(RemoteBuffer remote, RegisteredBuffer local) {
        if (local.lengthBytes() > remote.lengthBytes()) {
            throw new IllegalArgumentException(local.lengthBytes() + " local bytes, the remote buffer has "
                    + remote.lengthBytes() + ": take slices of one length");
        }
        if (local.lengthBytes() > 1 << 30) {
            throw new IllegalArgumentException(
                    local.lengthBytes() + " bytes are more than 1 GiB in one operation: take slices");
        }
        long _ = local.address();
    }

    private static void checkAtomic(RemoteBuffer remote) {
        if (remote.lengthBytes() < Long.BYTES || remote.address() % Long.BYTES != 0) {
            throw new IllegalArgumentException(String.format(
                    "an atomic needs 8 bytes at a multiple of 8, not %d at 0x%x",
                    remote.lengthBytes(), remote.address()));
        }
    }

    // ---------------------------------------------------------------- with futures

    /** READ: remote memory into local. */
    public CompletableFuture<Long> read(RemoteBuffer remote, RegisteredBuffer local) {
        checkTransfer(remote, local);
        return submit(new Request(READ, remote, local, 0, 0));
    }

    /** WRITE: local memory into remote. */
    public CompletableFuture<Long> write(RegisteredBuffer local, RemoteBuffer remote) {
        checkTransfer(remote, local);
        return submit(new Request(WRITE, remote, local, 0, 0));
    }

    /** WRITE that the peer is told of. */
    public CompletableFuture<Long> writeWithImmediate(RegisteredBuffer local, RemoteBuffer remote, int immediate) {
        checkTransfer(remote, local);
        return submit(new Request(WRITE_WITH_IMMEDIATE, remote, local, immediate, 0));
    }

    /** Compare-and-swap; the future has the value before. */
    public CompletableFuture<Long> compareAndSwap(RemoteBuffer remote, long expected, long value) {
        checkAtomic(remote);
        return submit(new Request(COMPARE_AND_SWAP, remote, null, expected, value));
    }

    /** Fetch-and-add; the future has the value before. */
    public CompletableFuture<Long> fetchAndAdd(RemoteBuffer remote, long add) {
        checkAtomic(remote);
        return submit(new Request(FETCH_AND_ADD, remote, null, add, 0));
    }

    private CompletableFuture<Long> submit(Request request) {
        if (owner.isLoopThread()) {
            begin(request);
        } else {
            try {
                loop.execute(() -> begin(request));
            } catch (RejectedExecutionException e) {
                request.completeExceptionally(new ConnectionException(Reason.CLOSED, "the manager is closed", e));
            }
        }
        return request;
    }

    private void begin(Request request) {
        ConnectionException end = ended;
        if (end != null || !open) {
            request.completeExceptionally(
                    end != null ? end : new ConnectionException(Reason.CLOSED, "the connection is closing"));
        } else if (pending.size() >= PENDING_MAX) {
            request.completeExceptionally(new ConnectionException(
                    Reason.BACK_PRESSURE, "too many one-sided operations wait on this connection"));
        } else if (!pending.isEmpty() || sender.isClaimed() || !request.tryPost()) {
            pending.add(request);
        }
    }

    /** Posts what waits, as far as slots allow. */
    public void pump() {
        while (!sender.isClaimed() && !pending.isEmpty() && pending.element().tryPost()) {
            pending.remove();
        }
    }

    // ---------------------------------------------------------------- sharing

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
            future.completeExceptionally(
                    end != null ? end : new ConnectionException(Reason.CLOSED, "the connection is closing"));
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

    /** The connection has ended. */
    public void end(ConnectionException cause) {
        open = false;
        ended = cause;
        pending.forEach(request -> request.onDone(0, cause));
        pending.clear();
        shares.values().forEach(OneSided::end);
        shares.clear();
    }
}
