package dev.verbena.disni;

import com.ibm.disni.verbs.IbvContext;
import com.ibm.disni.verbs.RdmaCmId;
import dev.verbena.verbs.Device;
import dev.verbena.verbs.Verbs;
import dev.verbena.verbs.cm.ConnectionEvent;
import dev.verbena.verbs.cm.ConnectionEventType;
import dev.verbena.verbs.cm.ConnectionId;
import dev.verbena.verbs.spi.VerbsProvider;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * One end of a connection, or a listener, as DiSNI sees it.
 *
 * <p>Threading: any thread, one at a time; {@link #told} and {@link #awaitOutcome} on two.
 */
final class DisniConnectionId extends RdmaCmId {
    private final DisniEventChannel owner;
    private final ConnectionId id;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private @Nullable ConnectionEvent outcome;

    DisniConnectionId(DisniEventChannel owner, ConnectionId id, int portSpace) throws IOException {
        super(owner, null);
        this.owner = owner;
        this.id = id;
        this.ps = portSpace;
    }

    ConnectionId id() {
        return id;
    }

    /** The device it is bound to; of a listener at every address the only one there is. Null while it has none. */
    @Override
    public @Nullable IbvContext getVerbs() throws IOException {
        if (verbs == null && isOpen()) {
            VerbsProvider provider = owner.channel().provider();
            String name = Failure.call(id::deviceName);
            if (name == null && Failure.call(id::localAddress) != null) {
                List<Device> devices = Verbs.devices(provider);
                name = devices.size() == 1 ? devices.getFirst().name() : null;
            }
            if (name != null) {
                setVerbs(DisniProvider.context(provider, name));
                setPort_num((byte) Math.max(1, Failure.call(id::port)));
            }
        }
        return verbs;
    }

    /** A queue pair becomes the id's. */
    void attach(DisniQueuePair qp) throws IOException {
        Failure.run(() -> id.attach(qp.qp()));
        setQp(qp);
    }

    /** Forgets the outcome of earlier steps: another one begins. */
    void begin() {
        lock.lock();
        try {
            outcome = null;
        } finally {
            lock.unlock();
        }
    }

    /** Takes note of an event. */
    void told(ConnectionEvent event) {
        lock.lock();
        try {
            outcome = event;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Waits until the step that was begun has succeeded.
     *
     * @throws IOException when it failed, with the reason, or had no outcome in time
     */
    void awaitOutcome(String step, ConnectionEventType success, Duration patience) throws IOException {
        long left = patience.toNanos();
        lock.lock();
        try {
            ConnectionEvent event = outcome;
            while (event == null && left > 0) {
                left = changed.awaitNanos(left);
                event = outcome;
            }
            if (event == null) {
                throw new IOException(step + ": no answer within " + TimeUnit.NANOSECONDS.toMillis(patience.toNanos())
                        + " ms; the peer listens and does not accept, or is gone");
            }
            if (event.type() != success) {
                throw new IOException(step + ": " + event.type() + ", " + event.explain());
            }
        } catch (InterruptedException e) {
            throw DisniVerbs.interrupted();
        } finally {
            lock.unlock();
        }
    }

    static DisniConnectionId of(RdmaCmId id) throws IOException {
        DisniConnectionId own = Failure.cast(DisniConnectionId.class, id, "connection id");
        Failure.requireOpen(own.isOpen(), own.id.toString());
        return own;
    }

    /**
     * Destroys its queue pair; without one that is open there is nothing to do: an endpoint that failed early closes itself
     * like any other.
     */
    void destroyQueuePair() throws IOException {
        if (getQp() != null && getQp().isOpen()) {
            DisniQueuePair.of(getQp()).destroy();
        }
    }

    /** Ends it; its queue pair, if any, is not. */
    void destroy() throws IOException {
        close();
        // Forgotten only then: whoever asks to connect meanwhile is refused with it.
        Failure.run(id::close);
        owner.forget(id);
    }
}
