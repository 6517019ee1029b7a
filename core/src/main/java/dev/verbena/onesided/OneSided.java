package dev.verbena.onesided;

import dev.verbena.memory.RegisteredBuffer;
import dev.verbena.messaging.ChannelOwner;
import dev.verbena.messaging.SendResult;
import dev.verbena.messaging.Sender;
import dev.verbena.metrics.Counters;
import dev.verbena.queuepair.ConnectionException;
import dev.verbena.queuepair.ConnectionException.Reason;
import dev.verbena.queuepair.EventLoop;
import dev.verbena.queuepair.LoopFuture;
import dev.verbena.queuepair.SendRing;
import dev.verbena.verbs.ProtectionDomain;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * The one-sided operations of a connection. Part of the core; applications use {@code Connection}.
 *
 * <p>Threading: the futures any thread; the rest the loop's. Hot path: everything named try.
 */
public final class OneSided {
    private static final int SLOTS_KEPT = 32;
    private static final int PENDING_MAX = 1 << 16;

    private static final boolean LITTLE_ENDIAN = ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN;

    static final int READ = 0;
    static final int WRITE = 1;
    static final int WRITE_WITH_IMMEDIATE = 2;
    static final int COMPARE_AND_SWAP = 3;
    static final int FETCH_AND_ADD = 4;

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

    /** Something whose future somebody has, until it can be posted. */
    private abstract static class Request extends LoopFuture<Long> implements OneSidedCallback {
        abstract int post();

        /** False when it has to wait; what cannot be posted is done, with the reason. */
        final boolean tryPost() {
            try {
                return isDone() || post() == SendResult.SENT;
            } catch (RuntimeException e) {
                completeExceptionally(e);
                return true;
            }
        }

        @Override
        public final void onDone(long value, @Nullable ConnectionException failure) {
            if (failure == null) {
                complete(value);
            } else {
                completeExceptionally(failure);
            }
        }
    }

    /** A list of operations. */
    private final class ListRequest extends Request {
        private final OperationList list;

        ListRequest(OperationList list) {
            this.list = list;
        }

        @Override
        int post() {
            return OneSided.this.tryPost(list, this);
        }
    }

    /** One operation. */
    private final class SingleRequest extends Request {
        private final int kind;
        private final RemoteBuffer remote;
        private final @Nullable RegisteredBuffer local;
        private final long first;
        private final long second;

        SingleRequest(int kind, RemoteBuffer remote, @Nullable RegisteredBuffer local, long first, long second) {
            this.kind = kind;
            this.remote = remote;
            this.local = local;
            this.first = first;
            this.second = second;
        }

        @Override
        int post() {
            return OneSided.this.post(kind, remote, local, first, second, this);
        }
    }

    private final ChannelOwner owner;
    private final EventLoop loop;
    private final SendRing ring;
    private final Sender sender;
    private final Counters counters;
    private final ArrayDeque<Operation> idle = new ArrayDeque<>();
    private final ArrayDeque<Request> pending = new ArrayDeque<>();
    private final Shares shares;
    private boolean open;
    private @Nullable ConnectionException ended;

    /** Not open yet. */
    public OneSided(
            ChannelOwner owner, EventLoop loop, SendRing ring, Sender sender, ProtectionDomain pd, Counters counters) {
        this.owner = owner;
        this.loop = loop;
        this.ring = ring;
        this.sender = sender;
        this.shares = new Shares(owner, loop, ring, sender, pd);
        this.counters = counters;
    }

    /** The peer is there. */
    public void open() {
        open = true;
        shares.open();
    }

    /** Takes no more operations. */
    public void stop() {
        open = false;
        shares.stop();
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

    /** WRITE that the peer's handler of immediates is told of. */
    public int tryWriteWithImmediate(
            RegisteredBuffer local, RemoteBuffer remote, int immediate, OneSidedCallback callback) {
        checkTransfer(remote, local);
        return post(WRITE_WITH_IMMEDIATE, remote, local, immediate, 0, callback);
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
        if (ring.free() <= SLOTS_KEPT || (kind == WRITE_WITH_IMMEDIATE && !sender.tryTakeDataCredits(1))) {
            counters.sendStalls++;
            return SendResult.BACK_PRESSURED;
        }
        Operation operation = idle.poll();
        if (operation == null) {
            operation = new Operation();
        }
        operation.callback = callback;
        operation.resultAt = kind >= COMPARE_AND_SWAP ? ring.slotOffset() : -1;
        issue(kind, address, bytes, lkey, remote.address(), remote.rkey(), first, second, operation);
        return SendResult.SENT;
    }

    private void issue(
            int kind,
            long address,
            int bytes,
            int lkey,
            long remote,
            int rkey,
            long first,
            long second,
            SendRing.@Nullable Outstanding told) {
        switch (kind) {
            case READ -> ring.postRead(address, bytes, lkey, remote, rkey, told);
            case WRITE -> ring.postWrite(address, bytes, lkey, remote, rkey, told);
            case WRITE_WITH_IMMEDIATE ->
                ring.postWriteWithImmediate(address, bytes, lkey, remote, rkey, (int) first, told);
            case COMPARE_AND_SWAP -> ring.postCompareAndSwap(remote, rkey, first, second, told);
            default -> ring.postFetchAndAdd(remote, rkey, first, told);
        }
    }

    // ---------------------------------------------------------------- lists

    /**
     * Posts all operations of a list behind one doorbell, or none.
     *
     * @param callback told once, when all are done, or with the first failure when none is under way any more; its value is 0
     * @return 0, or a {@link SendResult}: nothing of the list was posted
     * @throws IllegalArgumentException for an empty list, and for one that can never be posted
     */
    public int tryPost(OperationList list, OneSidedCallback callback) {
        if (!owner.isLoopThread()) {
            throw new IllegalStateException("try... is for the loop's thread; use the form with a future elsewhere");
        }
        int size = list.size();
        if (size == 0 || size > ring.slots() - SLOTS_KEPT || list.immediates() > sender.peerWindow()) {
            throw new IllegalArgumentException(String.format(
                    "a list of %d operations, %d of them with immediate: between 1 and %d can be posted at once, and %d"
                            + " with immediate",
                    size, list.immediates(), ring.slots() - SLOTS_KEPT, sender.peerWindow()));
        }
        if (!open) {
            return SendResult.CLOSED;
        }
        if (sender.isClaimed()) {
            throw new IllegalStateException("a claim is open: commit or abort it first");
        }
        list.requireReady();
        if (ring.free() - SLOTS_KEPT < size
                || (list.immediates() > 0 && !sender.tryTakeDataCredits(list.immediates()))) {
            counters.sendStalls++;
            return SendResult.BACK_PRESSURED;
        }
        list.begin(this, callback);
        ring.hold();
        for (int i = 0; i < size; i++) {
            if (list.isFenced(i)) {
                ring.fenceNext();
            }
            issue(
                    list.kind(i),
                    list.address(i),
                    list.lengthBytes(i),
                    list.lkey(i),
                    list.remoteAddress(i),
                    list.rkey(i),
                    list.first(i),
                    list.second(i),
                    list.told(i, ring.slotOffset()));
        }
        ring.release();
        return SendResult.SENT;
    }

    /** A list is done. */
    void listDone(int operations, OneSidedCallback callback, @Nullable ConnectionException failure) {
        if (failure == null) {
            counters.oneSided += operations;
        }
        tell(callback, 0, failure);
    }

    /** The value that an atomic has left. */
    long value(int slotOffset) {
        return result(slotOffset);
    }

    static void checkTransfer(RemoteBuffer remote, RegisteredBuffer local) {
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

    static void checkAtomic(RemoteBuffer remote) {
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
        return submit(new SingleRequest(READ, remote, local, 0, 0));
    }

    /** WRITE: local memory into remote. */
    public CompletableFuture<Long> write(RegisteredBuffer local, RemoteBuffer remote) {
        checkTransfer(remote, local);
        return submit(new SingleRequest(WRITE, remote, local, 0, 0));
    }

    /** WRITE that the peer is told of. */
    public CompletableFuture<Long> writeWithImmediate(RegisteredBuffer local, RemoteBuffer remote, int immediate) {
        checkTransfer(remote, local);
        return submit(new SingleRequest(WRITE_WITH_IMMEDIATE, remote, local, immediate, 0));
    }

    /** Compare-and-swap; the future has the value before. */
    public CompletableFuture<Long> compareAndSwap(RemoteBuffer remote, long expected, long value) {
        checkAtomic(remote);
        return submit(new SingleRequest(COMPARE_AND_SWAP, remote, null, expected, value));
    }

    /** Fetch-and-add; the future has the value before. */
    public CompletableFuture<Long> fetchAndAdd(RemoteBuffer remote, long add) {
        checkAtomic(remote);
        return submit(new SingleRequest(FETCH_AND_ADD, remote, null, add, 0));
    }

    /** A list of operations behind one doorbell. */
    public CompletableFuture<Long> post(OperationList list) {
        return submit(new ListRequest(list));
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
            request.completeExceptionally(end != null ? end : owner.whyClosed());
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

    /** What is shared with the peer, and what it shares. */
    public Shares shares() {
        return shares;
    }

    /** The connection has ended. */
    public void end(ConnectionException cause) {
        open = false;
        ended = cause;
        pending.forEach(request -> request.onDone(0, cause));
        pending.clear();
        shares.end(cause);
    }
}
