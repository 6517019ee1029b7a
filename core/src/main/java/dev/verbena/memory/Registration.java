package dev.verbena.memory;

import dev.verbena.verbs.MemoryRegion;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A range of the application's memory that a device may touch, out of a {@link RegistrationCache}.
 *
 * <p>Threading: any thread.
 *
 * <p>Ownership: good until {@link #release}, or until the arena of the memory is closed, see {@link #isAlive}.
 */
public final class Registration {
    private final RegistrationCache cache;
    private final OwnedMemory memory;
    private final MemoryRegion region;
    private final AtomicBoolean alive = new AtomicBoolean(true);
    private final AtomicBoolean kept = new AtomicBoolean(true);

    /** How many use it now; under the cache's lock. */
    int users = 1;

    Registration(RegistrationCache cache, OwnedMemory memory, MemoryRegion region) {
        this.cache = cache;
        this.memory = memory;
        this.region = region;
    }

    OwnedMemory memory() {
        return memory;
    }

    MemoryRegion region() {
        return region;
    }

    /** First address. */
    public long address() {
        return region.address();
    }

    /** Length in bytes. */
    public long lengthBytes() {
        return region.lengthBytes();
    }

    /** Key for local use. */
    public int lkey() {
        return region.lkey();
    }

    /** Key for peers. */
    public int rkey() {
        return region.rkey();
    }

    /** False when the arena of the memory was closed: then the device does not reach it any more. */
    public boolean isAlive() {
        return alive.get();
    }

    /** The device loses the memory, whoever uses it. Once. */
    void end() {
        if (alive.compareAndSet(true, false)) {
            region.close();
            cache.ended(this);
        }
    }

    /** True once: then the cache has to let the owner go for it. */
    boolean takeLetGo() {
        return kept.compareAndSet(true, false);
    }

    /** The user is done with it. It stays registered for the next one, as long as there is room. */
    public void release() {
        cache.release(this);
    }
}
