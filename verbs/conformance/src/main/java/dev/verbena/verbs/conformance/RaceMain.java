package dev.verbena.verbs.conformance;

import dev.verbena.verbs.AccessFlags;
import dev.verbena.verbs.AddressVector;
import dev.verbena.verbs.CompletionQueue;
import dev.verbena.verbs.Context;
import dev.verbena.verbs.GidEntry;
import dev.verbena.verbs.MemoryRegion;
import dev.verbena.verbs.ProtectionDomain;
import dev.verbena.verbs.QueuePair;
import dev.verbena.verbs.QueuePairAttributes;
import dev.verbena.verbs.QueuePairConfig;
import dev.verbena.verbs.QueuePairEndpoint;
import dev.verbena.verbs.QueuePairState;
import dev.verbena.verbs.SendFlags;
import dev.verbena.verbs.VerbsException;
import dev.verbena.verbs.WorkCompletions;
import dev.verbena.verbs.conformance.ConformanceTarget.Part;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A JVM of its own for what could end one: a thread posts and polls without a pause while another closes, deregisters and
 * modifies what it uses. Exits 0 when every call either worked or threw what it should.
 */
final class RaceMain {
    private static final long STEP_LIMIT_NS = TimeUnit.SECONDS.toNanos(30);
    private static final int REGION_BYTES = 4096;
    /** An emulated machine does not get through all rounds: what it did is printed, and these it has to do. */
    private static final int ROUNDS_MIN = 20;

    private static final int TURNS_BETWEEN_PAUSES = 8;

    /** What the two threads share; replaced as a whole or in parts. */
    private record Rig(CompletionQueue cq, QueuePair qp, MemoryRegion region) {}

    private final Context context;
    private final GidEntry gid;
    private final ProtectionDomain pd;
    private final SplittableRandom random;
    private volatile Rig rig;
    private volatile boolean running = true;
    private volatile @Nullable Throwable failure;
    private final AtomicLong turns = new AtomicLong();
    private long posted;
    private long refused;
    private long polled;

    private RaceMain(Context context, long seed) {
        this.context = context;
        this.gid = ConformanceTarget.current().gid(Part.A, context);
        this.pd = context.allocateProtectionDomain();
        this.random = new SplittableRandom(seed);
        CompletionQueue cq = context.createCompletionQueue(256);
        this.rig = new Rig(cq, queuePair(cq), region());
    }

    /** Runs so many rounds, or as many as so many seconds allow. */
    public static void main(String[] args) throws InterruptedException {
        int rounds = Integer.parseInt(args[0]);
        long budgetNs = TimeUnit.SECONDS.toNanos(Long.parseLong(args[1]));
        long seed = Long.getLong("seed", System.nanoTime());
        System.out.println("race: " + rounds + " rounds, -Dseed=" + seed);
        try (Context context = ConformanceTarget.current().open(Part.A)) {
            new RaceMain(context, seed).run(rounds, budgetNs);
        }
    }

    private void run(int rounds, long budgetNs) throws InterruptedException {
        long start = System.nanoTime();
        Thread worker = Thread.ofPlatform().name("worker").start(this::work);
        int round = 0;
        while (round < rounds && failure == null && System.nanoTime() - start < budgetNs) {
            awaitTurn();
            disturb(random.nextInt(100));
            round++;
            if (round % 1000 == 0 || round == ROUNDS_MIN) {
                System.out.println("race: round " + round + " after "
                        + TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start) + " ms");
            }
        }
        running = false;
        worker.join();
        System.out.println(
                "race: " + round + " rounds, " + posted + " requests posted, " + refused + " refused, " + polled
                        + " completions polled in " + TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start) + " ms");
        Throwable thrown = failure;
        if (thrown != null) {
            throw new IllegalStateException("a call threw what it must not", thrown);
        }
        if (round < Math.min(rounds, ROUNDS_MIN)) {
            throw new IllegalStateException("only " + round + " rounds in the time given");
        }
        if (posted == 0 || polled == 0) {
            throw new IllegalStateException("the worker did not work");
        }
    }

    /** The worker is in the midst of its loop, with what is there now. */
    private void awaitTurn() {
        long seen = turns.get();
        long start = System.nanoTime();
        while (turns.get() == seen && failure == null) {
            LockSupport.parkNanos(1);
            if (System.nanoTime() - start > STEP_LIMIT_NS) {
                throw new IllegalStateException("the worker hangs");
            }
        }
    }

    private void disturb(int dice) {
        Rig old = rig;
        if (dice < 50) {
            rig = new Rig(old.cq, old.qp, region());
            old.region.close();
        } else if (dice < 85) {
            old.qp.modify(new QueuePairAttributes().state(QueuePairState.ERROR));
            old.qp.modify(new QueuePairAttributes().state(QueuePairState.RESET));
            connectToItself(old.qp);
        } else if (dice < 95) {
            old.qp.close();
            rig = new Rig(old.cq, queuePair(old.cq), old.region);
        } else {
            old.cq.close();
            CompletionQueue cq = context.createCompletionQueue(256);
            rig = new Rig(cq, queuePair(cq), old.region);
        }
    }

    private MemoryRegion region() {
        return pd.allocate(REGION_BYTES, AccessFlags.LOCAL_WRITE | AccessFlags.REMOTE_WRITE | AccessFlags.REMOTE_READ);
    }

    private QueuePair queuePair(CompletionQueue cq) {
        QueuePair qp = pd.createQueuePair(
                QueuePairConfig.reliable(cq).sendSlots(32).receiveSlots(32).inlineBytes(64));
        connectToItself(qp);
        return qp;
    }

    private void connectToItself(QueuePair qp) {
        QueuePairEndpoint self = qp.localEndpoint(gid);
        qp.modify(new QueuePairAttributes()
                .state(QueuePairState.INIT)
                .pkeyIndex(0)
                .port(1)
                .accessFlags(AccessFlags.REMOTE_WRITE | AccessFlags.REMOTE_READ));
        qp.modify(new QueuePairAttributes()
                .state(QueuePairState.READY_TO_RECEIVE)
                .addressVector(AddressVector.to(self.gid(), 1, gid.index()).withLid(self.lid()))
                .pathMtu(context.queryPort(1).activeMtu())
                .destinationNumber(self.number())
                .receivePsn(self.psn())
                .destinationReadDepth(1)
                .minRnrTimer(1));
        qp.modify(new QueuePairAttributes()
                .state(QueuePairState.READY_TO_SEND)
                .sendPsn(self.psn())
                .timeout(10)
                .retryCount(1)
                .rnrRetry(1)
                .readDepth(1));
    }

    private void work() {
        WorkCompletions completions = new WorkCompletions(64);
        try {
            for (int kind = 0; running; kind = (kind + 1) % 6) {
                Rig now = rig;
                attempt(() -> polled += now.cq.poll(completions));
                int operation = kind;
                attempt(() -> post(now, operation));
                if (turns.incrementAndGet() % TURNS_BETWEEN_PAUSES == 0) {
                    // Lets the other thread have a lock that both want.
                    LockSupport.parkNanos(1);
                }
            }
        } catch (Throwable e) {
            failure = e;
        }
    }

    private void post(Rig now, int kind) {
        MemoryRegion region = now.region;
        long address = region.address();
        int flags = SendFlags.SIGNALED;
        int result = switch (kind) {
            case 0 -> now.qp.postWrite(kind, address, 64, region.lkey(), address + 1024, region.rkey(), flags);
            case 1 -> now.qp.postRead(kind, address, 64, region.lkey(), address + 1024, region.rkey(), flags);
            case 2 -> now.qp.postReceive(kind, address, 256, region.lkey());
            case 3 -> now.qp.postSend(kind, address, 64, 0, flags | SendFlags.INLINE);
            case 4 -> now.qp.postSend(kind, address, 64, region.lkey(), flags);
            default -> {
                now.qp.start();
                now.qp.postWrite(kind, address, 32, 0, address + 1024, region.rkey(), flags | SendFlags.INLINE);
                now.qp.postWrite(kind, address, 64, region.lkey(), address + 2048, region.rkey(), flags);
                yield now.qp.complete() > 0 ? 0 : -1;
            }
        };
        if (result == 0) {
            posted++;
        } else {
            refused++;
        }
    }

    /** Closed, in another state, or memory that is no region any more: all of it may be, nothing else. */
    private void attempt(Runnable call) {
        try {
            call.run();
        } catch (IllegalStateException | IllegalArgumentException | VerbsException expected) {
            refused++;
        }
    }
}
