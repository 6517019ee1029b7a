package dev.verbena.verbs.embedded;

import dev.verbena.verbs.AsyncEventType;
import dev.verbena.verbs.Errno;
import dev.verbena.verbs.VerbsException;
import dev.verbena.verbs.WorkCompletions;
import dev.verbena.verbs.spi.CompletionQueueDriver;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Completions of this process, and the rings in which peers tell what they delivered. Local completions lie in a queue of
 * their own; an entry of a ring becomes a completion when it is polled, or when the agent moves it to the queue.
 *
 * <p>Threading: everything that touches the queue or a ring holds the guard. Hot path: {@link #poll}.
 */
@SuppressWarnings("ReferenceEquality") // queue pairs are compared by identity
final class EmbeddedCompletionQueue implements CompletionQueueDriver {
    private static final int WORDS = WorkCompletions.RECORD_WORDS;
    /** The last word of a record is 0 for the program; here it has the sequence of the send request, or this. */
    private static final long NO_SEND = -1;

    /** What a failed receive, or a peer's refusal, does to a queue pair once the guard is free. */
    private record Failure(EmbeddedQueuePair queuePair, int event) {}

    private final EmbeddedContext context;
    private final Node node;
    private final int number;
    private final Guard guard;
    private final @Nullable EmbeddedCompletionChannel channel;
    private final List<Failure> failures = new ArrayList<>();
    /** Whether there are any, for a quick look. */
    private volatile boolean failed;

    /** One record on its way from a ring to the queue, or to nowhere. */
    private final long[] passing = new long[WORDS];

    private int entries;
    private long[] records;
    /** Whose send request it was; what is left of those that were polled does no harm. */
    private @Nullable EmbeddedQueuePair[] owners;

    private int mask;
    private long head;
    private long tail;
    private volatile RingReader[] readers = {};
    private int nextReader;
    private int armed;
    private boolean overflowed;
    private boolean closed;

    /** Queue pairs whose sends complete here and have to wait; the poller helps them along. */
    private volatile @Nullable EmbeddedQueuePair[] stalled = new EmbeddedQueuePair[4];

    private volatile int stalledCount;

    /** How many threads are between the execution of a request and its completion, other than by the short way. */
    private final AtomicInteger executing = new AtomicInteger();

    EmbeddedCompletionQueue(EmbeddedContext context, int entries, @Nullable EmbeddedCompletionChannel channel) {
        this.context = context;
        this.node = context.node();
        this.guard = new Guard(node.presences());
        this.number = node.nextName();
        this.channel = channel;
        this.entries = entries;
        int size = Layout.powerOfTwo(entries);
        this.records = new long[size * WORDS];
        this.owners = new EmbeddedQueuePair[size];
        this.mask = size - 1;
        node.register(this);
    }

    int number() {
        return number;
    }

    @Override
    public int entries() {
        return entries;
    }

    // ---------------------------------------------------------------- rings

    /** Takes a ring of a peer; false when the queue is closed. */
    boolean attach(RingReader reader) {
        Guard.Hold hold = guard.visit();
        try {
            if (closed) {
                return false;
            }
            RingReader[] more = Arrays.copyOf(readers, readers.length + 1);
            more[more.length - 1] = reader;
            readers = more;
            reader.arm(armed);
            reader.room(entries);
            return true;
        } finally {
            guard.unlock(hold);
        }
    }

    /** Whether anybody delivers here. */
    boolean hasRings() {
        return readers.length > 0;
    }

    /** Takes what a process that is gone had delivered, and closes its rings. */
    void detach(Guest guest) {
        Guard.Hold hold = guard.visit();
        try {
            moveFromRings();
            dropWhatOverflows();
            List<RingReader> left = new ArrayList<>();
            for (RingReader reader : readers) {
                if (reader.isOf(guest)) {
                    reader.close();
                } else {
                    left.add(reader);
                }
            }
            readers = left.toArray(RingReader[]::new);
        } finally {
            guard.unlock(hold);
        }
        runFailures();
    }

    // ---------------------------------------------------------------- polling

    @Override
    public boolean guardsItself() {
        return true;
    }

    @Override
    public int poll(WorkCompletions completions) {
        if (stalledCount > 0) {
            driveStalled();
        }
        int polled;
        int capacity = completions.capacity();
        long[] to = completions.words();
        Guard.Hold hold = guard.lock();
        try {
            if (closed) {
                return Integer.MIN_VALUE;
            }
            polled = head == tail ? 0 : takeOwn(to, capacity);
            if (polled < capacity) {
                polled = pollRings(to, polled, capacity);
            }
        } finally {
            guard.unlock(hold);
        }
        if (failed) {
            runFailures();
        }
        return polled;
    }

    /** Takes completions out of the queue. */
    private int takeOwn(long[] to, int capacity) {
        int polled = 0;
        for (long at = head; at != tail && polled < capacity; at++, polled++) {
            int index = (int) at & mask;
            long sequence = copyRecord(records, index * WORDS, to, polled * WORDS);
            EmbeddedQueuePair owner = owners[index];
            if (sequence != NO_SEND && owner != null) {
                owner.onSendPolled(sequence);
            }
        }
        head += polled;
        if (head == tail) {
            // From the beginning again: the processor has those lines.
            head = 0;
            tail = 0;
        }
        return polled;
    }

    /** Copies a record; answers its last word. */
    private static long copyRecord(long[] from, int at, long[] to, int toAt) {
        to[toAt] = from[at];
        to[toAt + 1] = from[at + 1];
        to[toAt + 2] = from[at + 2];
        to[toAt + 3] = from[at + 3];
        to[toAt + 4] = from[at + 4];
        return from[at + 5];
    }

    /** Moves the record that passes to the queue's end, where there is room. */
    private void append() {
        int at = ((int) tail & mask) * WORDS;
        long _ = copyRecord(passing, 0, records, at);
        records[at + WORDS - 1] = NO_SEND;
        tail++;
    }

    private int pollRings(long[] to, int already, int capacity) {
        int polled = already;
        RingReader[] all = readers;
        for (int i = 0; i < all.length && polled < capacity; i++) {
            // Another ring is first each time, so none starves.
            int which = nextReader + i;
            RingReader reader = all[which < all.length ? which : which - all.length];
            for (long entry = reader.next(); entry != 0; entry = reader.next()) {
                if (executing.getPlain() != 0) {
                    // It may be the answer to a request whose completion is about to come.
                    return polled;
                }
                if (accept(reader, entry, to, polled * WORDS) && ++polled == capacity) {
                    break;
                }
            }
        }
        nextReader = nextReader + 1 >= all.length ? 0 : nextReader + 1;
        return polled;
    }

    /**
     * Takes one entry out of a ring, every field copied once, then checked.
     *
     * @return whether it made a completion
     */
    private boolean accept(RingReader reader, long entry, long[] record, int recordAt) {
        long whom = Memory.getLong(entry + Layout.SLOT_TARGET);
        long what = Memory.getLong(entry + Layout.SLOT_OPERATION);
        long whence = Memory.getLong(entry + Layout.SLOT_LENGTH);
        int operation = (int) what;
        int immediate = (int) (what >>> 32);
        int lengthBytes = (int) whence;
        int source = (int) (whence >>> 32);
        int kind = operation & 0xff;
        EmbeddedQueuePair qp = reader.knows(whom, node) ? reader.lastTarget() : target(reader, whom);
        boolean completed = false;
        int slots = 1;
        if (kind == Layout.KIND_DATAGRAM) {
            int length = Math.clamp(lengthBytes, 0, EmbeddedContext.MTU_BYTES);
            slots = Math.min(RingWriter.datagramSlots(length), reader.slots());
            completed = qp != null
                    && qp.takesDatagrams()
                    && qp.responder().onDatagram(reader, length, operation, immediate, source, record, recordAt);
        } else if (qp != null) {
            switch (kind) {
                case Layout.KIND_DELIVERED ->
                    completed = qp.responder()
                            .onDelivered(entry, operation, immediate, lengthBytes, source, record, recordAt);
                case Layout.KIND_TAKE -> qp.responder().onTake(immediate);
                case Layout.KIND_FAIL -> fail(qp, immediate);
                default -> {}
            }
        }
        reader.advance(slots);
        if (completed) {
            int status = WorkCompletionRecord.status(record, recordAt);
            if (status != 0 && qp != null) {
                fail(qp, -1);
            }
            if (armed != 0) {
                signal(status != 0 || (operation & Layout.FLAG_SOLICITED) != 0);
            }
        }
        return completed;
    }

    /** Whose entry it is; null when it is for a queue pair, or a life of one, that is no more. */
    private @Nullable EmbeddedQueuePair target(RingReader reader, long whom) {
        // The count first: what changes behind it is found by the next look.
        long count = node.changes();
        EmbeddedQueuePair found = node.queuePair((int) whom);
        boolean lives = found != null && found.isLife((int) whom, (int) (whom >>> 32), this, reader.slotOf(node));
        reader.learn(whom, lives ? found : null, count);
        return lives ? found : null;
    }

    private void fail(EmbeddedQueuePair qp, int event) {
        failures.add(new Failure(qp, event));
        failed = true;
    }

    /** As {@link #moveFromRings}, unless it would put an answer before the completion of what it answers. */
    private void moveInOrder() {
        if (executing.get() == 0) {
            moveFromRings();
        }
    }

    /** Moves what is in the rings to the queue as long as there is room. */
    private void moveFromRings() {
        for (RingReader reader : readers) {
            for (long entry = reader.next(); entry != 0 && tail - head < entries; entry = reader.next()) {
                if (accept(reader, entry, passing, 0)) {
                    append();
                }
            }
        }
    }

    /** The queue is full and peers have delivered more: as on a device, that is lost. */
    private void dropWhatOverflows() {
        for (RingReader reader : readers) {
            for (long entry = reader.next(); entry != 0 && tail - head >= entries; entry = reader.next()) {
                if (accept(reader, entry, passing, 0)) {
                    overflowed();
                }
            }
        }
    }

    private void overflowed() {
        if (!overflowed) {
            overflowed = true;
            context.raise(AsyncEventType.CQ_ERR, this);
        }
    }

    /** Before receives are posted: what has arrived so far found none. */
    void takeNews() {
        Guard.Hold hold = guard.visit();
        try {
            moveFromRings();
        } finally {
            guard.unlock(hold);
        }
    }

    void onKick() {
        Guard.Hold hold = guard.visit();
        try {
            moveFromRings();
            dropWhatOverflows();
        } finally {
            guard.unlock(hold);
        }
        runFailures();
    }

    private void runFailures() {
        while (true) {
            Failure failure;
            Guard.Hold hold = guard.visit();
            try {
                if (failures.isEmpty()) {
                    return;
                }
                failure = failures.removeFirst();
                failed = !failures.isEmpty();
            } finally {
                guard.unlock(hold);
            }
            failure.queuePair.failByPeer(failure.event);
        }
    }

    // ---------------------------------------------------------------- completions of this process

    /** Before requests are executed whose completions come here: until {@link #endExecution} nothing of peers is polled. */
    void beginExecution() {
        executing.getAndIncrement();
    }

    /** After {@link #beginExecution}, when the completions are here. Under the queue pair's guard. */
    void endExecution() {
        int others = executing.decrementAndGet();
        // Whoever polled in vain meanwhile, and went to sleep, is told of what it left.
        if (others == 0 && armed != 0) {
            Guard.Hold hold = guard.visit();
            try {
                moveInOrder();
            } finally {
                guard.unlock(hold);
            }
        }
    }

    /** Adds the completion of a send request. */
    void addSend(EmbeddedQueuePair owner, long sequence, long id, int status, int opcode, int lengthBytes) {
        Guard.Hold hold = guard.lock();
        try {
            if (hasRoom()) {
                put(owner, sequence, id, status, opcode, lengthBytes);
                if (armed != 0) {
                    signal(status != 0);
                }
            }
        } finally {
            guard.unlock(hold);
        }
    }

    Guard guard() {
        return guard;
    }

    /** Whether {@link #addPresent} may be called: there is room, and nobody waits for an event. Hot path. */
    boolean isCalm() {
        return tail - head < entries && armed == 0;
    }

    /** Adds the completion of a send request that succeeded; by a thread that is present, and has the guard. Hot path. */
    void addPresent(EmbeddedQueuePair owner, long sequence, long id, int opcode, int lengthBytes) {
        put(owner, sequence, id, WorkCompletionRecord.SUCCESS, opcode, lengthBytes);
    }

    private void put(EmbeddedQueuePair owner, long sequence, long id, int status, int opcode, int lengthBytes) {
        int index = (int) tail & mask;
        long[] words = records;
        int at = index * WORDS;
        words[at] = id;
        words[at + 1] = WorkCompletionRecord.pair(status, opcode);
        words[at + 2] = WorkCompletionRecord.pair(0, lengthBytes);
        words[at + 3] = WorkCompletionRecord.pair(0, owner.number());
        words[at + 4] = 0;
        words[at + 5] = sequence;
        if (owners[index] != owner) {
            owners[index] = owner;
        }
        tail++;
    }

    /** Runs under the guard what flushes the receives of a queue pair. */
    void flush(EmbeddedQueuePair owner) {
        Guard.Hold hold = guard.visit();
        try {
            moveFromRings();
            owner.responder().returnShared();
            while (owner.hasReceives()) {
                long id = owner.responder().takeFlushed();
                if (hasRoom()) {
                    WorkCompletionRecord.set(
                            passing,
                            0,
                            id,
                            WorkCompletionRecord.WR_FLUSH_ERR,
                            WorkCompletionRecord.RECV,
                            0,
                            0,
                            owner.number(),
                            0,
                            0);
                    append();
                    if (armed != 0) {
                        signal(true);
                    }
                }
            }
        } finally {
            guard.unlock(hold);
        }
    }

    private boolean hasRoom() {
        if (tail - head < entries) {
            return true;
        }
        overflowed();
        return false;
    }

    // ---------------------------------------------------------------- events

    @Override
    public int requestNotify(boolean solicitedOnly) {
        Guard.Hold hold = guard.lock();
        try {
            // What was there before is no event: the caller polls once more.
            moveInOrder();
            int how = solicitedOnly && armed != Layout.ARMED_ANY ? Layout.ARMED_SOLICITED : Layout.ARMED_ANY;
            armed = how;
            for (RingReader reader : readers) {
                reader.arm(how);
            }
        } finally {
            guard.unlock(hold);
        }
        // From here on a sender sees the arming, or we see its entry when we poll.
        Fences.heavy();
        if (!failures.isEmpty()) {
            runFailures();
        }
        return 0;
    }

    private void signal(boolean solicited) {
        if (armed == Layout.ARMED_ANY || solicited) {
            armed = 0;
            for (RingReader reader : readers) {
                reader.arm(0);
            }
            if (channel != null) {
                channel.add(this);
            }
        }
    }

    // ---------------------------------------------------------------- stalled senders

    synchronized void addStalled(EmbeddedQueuePair qp) {
        @Nullable EmbeddedQueuePair[] all = stalled;
        int count = stalledCount;
        if (count == all.length) {
            all = Arrays.copyOf(all, 2 * count);
        }
        all[count] = qp;
        qp.stalledAt = count;
        stalled = all;
        stalledCount = count + 1;
    }

    /** The last one takes its place. */
    synchronized void removeStalled(EmbeddedQueuePair qp) {
        @Nullable EmbeddedQueuePair[] all = stalled;
        int last = stalledCount - 1;
        EmbeddedQueuePair moved = all[last];
        if (moved == null) {
            throw new IllegalStateException("nobody is stalled");
        }
        all[qp.stalledAt] = moved;
        moved.stalledAt = qp.stalledAt;
        all[last] = null;
        stalled = all;
        stalledCount = last;
    }

    /** From the last to the first, so that who leaves is replaced by one that had its turn. Who comes meanwhile has his next time. */
    private void driveStalled() {
        for (int i = stalledCount - 1; i >= 0; i--) {
            EmbeddedQueuePair qp = stalled[i];
            if (qp != null) {
                qp.driveByPoller();
            }
        }
    }

    // ---------------------------------------------------------------- room

    @Override
    public int resize(int wanted) {
        Guard.Hold hold = guard.lock();
        try {
            int room = Math.max(wanted, 1);
            if (room > EmbeddedContext.COMPLETIONS_MAX) {
                throw new VerbsException(
                        "ibv_resize_cq",
                        "completion queue of " + context.name(),
                        Errno.EINVAL,
                        "max_cqe is " + EmbeddedContext.COMPLETIONS_MAX);
            }
            moveFromRings();
            if (tail - head > room) {
                throw new VerbsException(
                        "ibv_resize_cq",
                        "completion queue of " + context.name(),
                        Errno.EINVAL,
                        (tail - head) + " completions are in it");
            }
            int size = Layout.powerOfTwo(room);
            long[] newRecords = new long[size * WORDS];
            @Nullable EmbeddedQueuePair[] newOwners = new EmbeddedQueuePair[size];
            for (long at = head; at != tail; at++) {
                int from = (int) at & mask;
                int to = (int) at & (size - 1);
                System.arraycopy(records, from * WORDS, newRecords, to * WORDS, WORDS);
                newOwners[to] = owners[from];
            }
            records = newRecords;
            owners = newOwners;
            mask = size - 1;
            entries = room;
            for (RingReader reader : readers) {
                reader.room(room);
            }
            return room;
        } finally {
            guard.unlock(hold);
        }
    }

    @Override
    public void close() {
        node.unregister(this);
        Guard.Hold hold = guard.lock();
        try {
            closed = true;
            for (RingReader reader : readers) {
                reader.close();
            }
            readers = new RingReader[0];
        } finally {
            guard.unlock(hold);
        }
        if (channel != null) {
            channel.forget(this);
        }
    }
}
