package dev.verbena.verbs;

import dev.verbena.verbs.internal.Lifetime;
import dev.verbena.verbs.internal.OwnerGate;
import dev.verbena.verbs.spi.SharedReceiveQueueDriver;

/**
 * Receives for several queue pairs; see ibv_create_srq(3). What is posted when it is closed is never completed.
 *
 * <p>Threading: any thread, one at a time by itself; fast as long as it is the same thread.
 *
 * <p>Hot path: {@link #postReceive}.
 */
public final class SharedReceiveQueue implements AutoCloseable {
    private final ProtectionDomain pd;
    private final SharedReceiveQueueDriver driver;
    private final Lifetime lifetime;
    private final OwnerGate gate;
    private final int entriesMax;
    private boolean batching;
    private int staged;
    private int lastErrno;

    SharedReceiveQueue(ProtectionDomain pd, SharedReceiveQueueDriver driver) {
        this.pd = pd;
        this.driver = driver;
        this.entriesMax = driver.scatterGatherMax();
        String name = "shared receive queue on " + pd.context();
        this.gate = new OwnerGate(name);
        this.lifetime = new Lifetime(name, this, pd.lifetime());
        pd.context().remember(driver, this);
    }

    /** The protection domain. */
    public ProtectionDomain protectionDomain() {
        return pd;
    }

    /** Receives it has room for, as the device granted it. */
    public int slots() {
        return driver.slots();
    }

    /** Its number, 0 where the device has none. */
    public int number() {
        return driver.number();
    }

    SharedReceiveQueueDriver driver() {
        return driver;
    }

    Lifetime lifetime() {
        return lifetime;
    }

    /**
     * Posts a receive; ibv_post_srq_recv(3).
     *
     * @return 0, or a {@link Refusal}
     */
    public int postReceive(long id, long address, int lengthBytes, int lkey) {
        OwnerGate.Hold hold = gate.enter();
        try {
            RequestRules.checkLength(lengthBytes);
            return finish(driver.receive(id, address, lengthBytes, lkey));
        } finally {
            gate.exit(hold);
        }
    }

    /** Posts a receive into several buffers. */
    public int postReceive(long id, ScatterGatherList list) {
        OwnerGate.Hold hold = gate.enter();
        try {
            RequestRules.checkEntries(list, entriesMax);
            return finish(driver.receive(id, list));
        } finally {
            gate.exit(hold);
        }
    }

    private int finish(int result) {
        if (result < 0) {
            return result;
        }
        staged++;
        return batching || flush() > 0 ? 0 : QueuePair.refusal(lastErrno, Refusal.RECEIVE_QUEUE_FULL);
    }

    private int flush() {
        staged = 0;
        int taken = driver.flush();
        lastErrno = driver.lastErrno();
        return taken;
    }

    /** Begins a batch: what follows is handed over by {@link #complete()}. */
    public void start() {
        OwnerGate.Hold hold = gate.enter();
        try {
            batching = true;
        } finally {
            gate.exit(hold);
        }
    }

    /** Hands a batch over; answers how many receives the device took. What it did not take is dropped. */
    public int complete() {
        OwnerGate.Hold hold = gate.enter();
        try {
            batching = false;
            return staged == 0 ? 0 : flush();
        } finally {
            gate.exit(hold);
        }
    }

    /** The error number of the last refusal. */
    public int lastErrno() {
        return lastErrno;
    }

    /**
     * Arms the limit: when fewer receives are left an SRQ_LIMIT_REACHED event is raised once; ibv_modify_srq(3).
     *
     * @param limit 0 disarms
     */
    public void armLimit(int limit) {
        Limits.within("limit", limit, 0, slots());
        modify(0, limit);
    }

    /** Changes the room. */
    public void resize(int slots) {
        pd.context().require(Capability.RESIZE_SHARED_RECEIVE_QUEUE, "ibv_modify_srq");
        Limits.within("slots", slots, 1, 1 << 20);
        modify(slots, 0);
    }

    private void modify(int slots, int limit) {
        OwnerGate.Hold hold = gate.enter();
        try {
            driver.modify(slots, limit);
        } finally {
            gate.exit(hold);
        }
    }

    /** The armed limit, 0 when none is. */
    public int limit() {
        lifetime.enter();
        try {
            return driver.limit();
        } finally {
            lifetime.exit();
        }
    }

    /** Closes the queue pairs that use it, then the queue. Idempotent. */
    @Override
    public void close() {
        lifetime.close(() -> {}, () -> {
            gate.close();
            pd.context().forget(driver);
            driver.close();
        });
    }

    @Override
    public String toString() {
        return lifetime.name();
    }
}
