package dev.verbena.bench.compare;

import dev.verbena.bench.Exchange;
import dev.verbena.verbs.AccessFlags;
import dev.verbena.verbs.CompletionQueue;
import dev.verbena.verbs.Context;
import dev.verbena.verbs.Gid;
import dev.verbena.verbs.MemoryRegion;
import dev.verbena.verbs.ProtectionDomain;
import dev.verbena.verbs.QueuePair;
import dev.verbena.verbs.QueuePairConfig;
import dev.verbena.verbs.QueuePairEndpoint;
import dev.verbena.verbs.SendFlags;
import dev.verbena.verbs.Verbs;
import dev.verbena.verbs.WorkCompletions;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.util.HashMap;
import java.util.Map;

/**
 * Verbena's verbs: SENDs into posted receives, both sides polling. The receiver tells by a WRITE how many it has taken, so
 * that the sender is never ahead of the posted receives. Expected over shared memory: half a bare round trip and what a post
 * and a poll cost; of large messages, one copy.
 *
 * <p>Threading: one thread.
 */
final class VerbsLink implements Link {
    private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();
    /** Small messages that may be under way; of every peer that posts receives. */
    static final int SMALL_SLOTS = 1024;

    private static final int LARGE_SLOTS = Messages.BUFFER_BYTES / Messages.LARGE_BYTES;

    private final Exchange exchange;
    private final Context context;
    private final ProtectionDomain domain;
    private final Map<Integer, Lane> lanes = new HashMap<>();
    private Lane lane;

    VerbsLink(String device, Exchange exchange) throws IOException {
        this.exchange = exchange;
        context = Verbs.open(device);
        domain = context.allocateProtectionDomain();
        lane = lane(Messages.SMALL_BYTES);
    }

    private Lane lane(int bytes) throws IOException {
        Lane found = lanes.get(bytes);
        if (found == null) {
            found = new Lane(bytes, bytes == Messages.SMALL_BYTES ? SMALL_SLOTS : LARGE_SLOTS);
            lanes.put(bytes, found);
        }
        return found;
    }

    @Override
    public void open(int bytes) throws IOException {
        lane = lane(bytes);
    }

    @Override
    public long next() {
        return lane.next();
    }

    @Override
    public void send(boolean more) {
        lane.send(more);
    }

    @Override
    public void drain() {
        lane.drain();
    }

    @Override
    public long receive() {
        return lane.receive();
    }

    @Override
    public void close() {
        context.close();
    }

    /** A queue pair with receives of one size; both sides make it at the same time. */
    private final class Lane {
        private final int bytes;
        private final int slots;
        /** Every so many sends one completion is asked for, every so many receives the sender is told. */
        private final int share;

        private final CompletionQueue sends;
        private final CompletionQueue receives;
        private final QueuePair qp;
        private final MemoryRegion out;
        private final MemoryRegion in;
        private final MemoryRegion credits;
        private final long remoteCredits;
        private final int remoteKey;
        private final WorkCompletions sendCompletions = new WorkCompletions(16);
        private final WorkCompletions receiveCompletions = new WorkCompletions(64);

        private long sent;
        private long pending;
        private int batched;
        private long taken;
        private int polled;
        private int index;
        private int last = -1;

        Lane(int bytes, int slots) throws IOException {
            this.bytes = bytes;
            this.slots = slots;
            share = slots / 4;
            sends = context.createCompletionQueue(2 * slots);
            receives = context.createCompletionQueue(slots);
            out = domain.allocate((long) slots * bytes, AccessFlags.LOCAL_WRITE);
            in = domain.allocate((long) slots * bytes, AccessFlags.LOCAL_WRITE);
            // The first line is the peer's to write; what this side has taken lies in the second.
            credits = domain.allocate(128, AccessFlags.LOCAL_WRITE | AccessFlags.REMOTE_WRITE);
            qp = domain.createQueuePair(QueuePairConfig.reliable(sends)
                    .receiveQueue(receives)
                    .sendSlots(2 * slots)
                    .receiveSlots(slots));
            QueuePairEndpoint mine = qp.localEndpoint();
            exchange.say(mine.number() + " " + mine.psn() + " " + mine.gid() + " " + mine.lid() + " "
                    + credits.address() + " " + credits.rkey());
            String[] peer = exchange.hear().split(" ", -1);
            qp.connect(new QueuePairEndpoint(
                    Integer.parseInt(peer[0]),
                    Integer.parseInt(peer[1]),
                    Gid.parse(peer[2]),
                    Integer.parseInt(peer[3])));
            remoteCredits = Long.parseLong(peer[4]);
            remoteKey = Integer.parseInt(peer[5]);
            for (int slot = 0; slot < slots; slot++) {
                taken(qp.postReceive(slot, in.address() + (long) slot * bytes, bytes, in.lkey()));
            }
            exchange.meet();
        }

        long next() {
            // Signalled sends and credits complete in order: what is pending are at most so many completions.
            while (pending * share > slots - share || sent - (long) LONG.getAcquire(credits.memory(), 0L) >= slots) {
                submit();
                reap();
            }
            return out.address() + sent % slots * bytes;
        }

        void send(boolean more) {
            if (more && batched == 0) {
                qp.start();
            }
            boolean batch = more || batched > 0;
            long slot = sent++ % slots;
            int flags = sent % share == 0 ? SendFlags.SIGNALED : SendFlags.NONE;
            pending += flags == SendFlags.NONE ? 0 : 1;
            taken(qp.postSend(sent, out.address() + slot * bytes, bytes, out.lkey(), flags));
            if (batch) {
                batched++;
                if (!more || batched == Messages.BATCH) {
                    submit();
                }
            }
        }

        private void submit() {
            if (batched > 0) {
                if (qp.complete() != batched) {
                    throw new IllegalStateException("a batch was not taken whole");
                }
                batched = 0;
            }
        }

        private void reap() {
            int found = sends.poll(sendCompletions);
            for (int i = 0; i < found; i++) {
                sendCompletions.requireSuccess(i);
            }
            pending -= found;
            if (found == 0) {
                Thread.onSpinWait();
            }
        }

        void drain() {
            submit();
            while (pending > 0) {
                reap();
            }
        }

        long receive() {
            if (last >= 0) {
                repost();
            }
            while (index == polled) {
                polled = receives.poll(receiveCompletions);
                index = 0;
                if (polled == 0) {
                    Thread.onSpinWait();
                }
            }
            receiveCompletions.requireSuccess(index);
            last = (int) receiveCompletions.id(index++);
            return in.address() + (long) last * bytes;
        }

        private void repost() {
            taken(qp.postReceive(last, in.address() + (long) last * bytes, bytes, in.lkey()));
            if (++taken % share == 0) {
                // At most four of them are under way, as the peer waits for them.
                credits.memory().set(ValueLayout.JAVA_LONG, 64L, taken);
                while (pending * share > slots - share) {
                    reap();
                }
                taken(qp.postWrite(
                        0,
                        credits.address() + 64,
                        Long.BYTES,
                        credits.lkey(),
                        remoteCredits,
                        remoteKey,
                        SendFlags.SIGNALED));
                pending++;
            }
        }
    }

    private static void taken(int result) {
        if (result != 0) {
            throw new IllegalStateException("a request was refused: " + result);
        }
    }
}
