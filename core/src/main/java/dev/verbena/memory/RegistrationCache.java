package dev.verbena.memory;

import dev.verbena.metrics.MemoryRegisteredEvent;
import dev.verbena.verbs.AccessFlags;
import dev.verbena.verbs.MemoryRegion;
import dev.verbena.verbs.ProtectionDomain;
import dev.verbena.verbs.VerbsException;
import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Registrations of memory that was not allocated here, kept for the next use of the same memory: registering costs as much
 * as copying. What was used least recently goes first, when there are too many, when they lock too much memory, and when
 * the budget is spent. What is in use stays.
 *
 * <p>A hit is the same owner, the same range and rights, and an owner that still lives; an address alone says nothing,
 * since it may be another's by now. The cache keeps the owner: a buffer is retained until nobody else has it, an arena
 * ends its registrations before it frees.
 *
 * <p>Threading: any thread; a registration may take milliseconds.
 */
public final class RegistrationCache implements AutoCloseable, LockedMemoryBudget.Reclaimer {
    /** Registrations kept at most. */
    public static final int ENTRIES_MAX = 1024;

    /** A range of an owner. Its hash is that of the address: owners are compared, never hashed. */
    private static final class Key {
        private final OwnedMemory owner;
        private final long address;
        private final long lengthBytes;
        private final int access;

        Key(OwnedMemory owner, long address, long lengthBytes, int access) {
            this.owner = owner;
            this.address = address;
            this.lengthBytes = lengthBytes;
            this.access = access;
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Key key
                    && address == key.address
                    && lengthBytes == key.lengthBytes
                    && access == key.access
                    && owner.isSameOwner(key.owner);
        }

        @Override
        public int hashCode() {
            return Long.hashCode(address * 31 + lengthBytes) * 31 + access;
        }
    }

    private final ProtectionDomain pd;
    private final LockedMemoryBudget budget;
    private final long keptMaxBytes;
    /** One reference to a buffer, for all registrations of it. */
    private static final class Hold {
        private final ByteBuf buffer;
        private int registrations;

        Hold(ByteBuf buffer) {
            this.buffer = buffer;
        }
    }

    private final IdentityHashMap<Object, Hold> holds = new IdentityHashMap<>();
    private final Map<Key, Registration> registrations = new LinkedHashMap<>(16, 0.75f, true);
    private long keptBytes;
    private long hits;
    private long misses;
    private boolean closed;

    /**
     * An empty cache.
     *
     * @param keptMaxBytes what it registers at most without a use
     */
    public RegistrationCache(ProtectionDomain pd, LockedMemoryBudget budget, long keptMaxBytes) {
        this.pd = pd;
        this.budget = budget;
        this.keptMaxBytes = keptMaxBytes;
        budget.add(this);
    }

    /**
     * Registers a part of memory, or finds it registered.
     *
     * @param access rights of {@link AccessFlags}
     * @throws VerbsException ENOMEM when the budget is spent or the device refuses
     * @throws IllegalStateException when the memory's arena, or this cache, is closed
     */
    public Registration acquire(OwnedMemory memory, long offset, long bytes, int access) {
        Objects.checkFromIndexSize(offset, bytes, memory.lengthBytes());
        Key key = new Key(memory, memory.memory().address() + offset, bytes, access);
        Registration found = find(key);
        if (found != null) {
            return found;
        }
        // Without the lock: the budget may ask this cache, and the pools, for what is not in use.
        budget.reserve(bytes);
        synchronized (this) {
            Registration registration;
            try {
                registration = register(memory, key);
            } catch (RuntimeException e) {
                budget.release(bytes);
                throw e;
            }
            Registration before = registrations.put(key, registration);
            if (before != null) {
                // Two missed it at once: the older one goes with its last user.
                keptBytes -= before.lengthBytes();
                if (before.users == 0) {
                    drop(before);
                }
            }
            misses++;
            keptBytes += bytes;
            evict(keptMaxBytes, ENTRIES_MAX);
            return registration;
        }
    }

    private synchronized @Nullable Registration find(Key key) {
        dropForgotten();
        Registration found = registrations.get(key);
        if (found == null || !found.isAlive()) {
            return null;
        }
        found.users++;
        hits++;
        return found;
    }

    private Registration register(OwnedMemory memory, Key key) {
        if (closed) {
            throw new IllegalStateException("the manager is closed: no memory is registered any more");
        }
        ArenaGuard guard = memory.guard();
        Registration registration =
                guard == null ? registerNow(memory, key) : guard.register(() -> registerNow(memory, key));
        if (registration == null) {
            throw new IllegalStateException("the arena of " + memory + " is closed");
        }
        hold(memory);
        return registration;
    }

    private void hold(OwnedMemory memory) {
        ByteBuf buffer = memory.buffer();
        if (buffer != null) {
            Hold hold = holds.get(memory.identity());
            if (hold == null) {
                hold = new Hold(buffer.retain());
                holds.put(memory.identity(), hold);
            }
            hold.registrations++;
        }
    }

    private void letGo(OwnedMemory memory) {
        Hold hold = holds.get(memory.identity());
        if (hold != null && --hold.registrations == 0) {
            holds.remove(memory.identity());
            // Through the same object as it was retained by, which may be one that looks for leaks.
            hold.buffer.release();
        }
    }

    /** Whether nobody but this cache has the buffer any more, so that it cannot be used again. */
    private boolean isForgotten(Registration registration) {
        Hold hold = holds.get(registration.memory().identity());
        return hold != null && hold.buffer.refCnt() == 1;
    }

    private Registration registerNow(OwnedMemory memory, Key key) {
        MemoryRegisteredEvent event = new MemoryRegisteredEvent();
        event.begin();
        MemoryRegion region = pd.registerUnmanaged(key.address, key.lengthBytes, key.access);
        event.bytes = key.lengthBytes;
        event.access = AccessFlags.describe(key.access);
        event.commit();
        return new Registration(this, memory, region);
    }

    synchronized void release(Registration registration) {
        registration.users--;
        if (registration.users > 0) {
            return;
        }
        if (registrations.get(keyOf(registration)) != registration) {
            drop(registration);
            return;
        }
        if (closed || !registration.isAlive()) {
            remove(registration);
            drop(registration);
        }
        dropForgotten();
        evict(keptMaxBytes, ENTRIES_MAX);
    }

    /** Lets buffers go that nobody else has any more. */
    public synchronized void sweep() {
        dropForgotten();
    }

    private static Key keyOf(Registration registration) {
        return new Key(
                registration.memory(),
                registration.address(),
                registration.lengthBytes(),
                registration.region().access());
    }

    private void remove(Registration registration) {
        registrations.remove(keyOf(registration));
        keptBytes -= registration.lengthBytes();
    }

    /** Deregisters, and lets the owner go. */
    private void drop(Registration registration) {
        ArenaGuard guard = registration.memory().guard();
        if (guard != null) {
            guard.forget(registration);
        }
        registration.end();
        if (registration.takeLetGo()) {
            letGo(registration.memory());
        }
    }

    /** A registration was deregistered, here or by its arena. */
    void ended(Registration registration) {
        budget.release(registration.lengthBytes());
        synchronized (this) {
            if (registration.users == 0 && registrations.get(keyOf(registration)) == registration) {
                remove(registration);
            }
        }
    }

    /** Of a buffer that only this cache has there can be no next use. */
    private void dropForgotten() {
        if (!holds.isEmpty()) {
            dropIdle(this::isForgotten);
        }
    }

    private void evict(long bytesMax, int entriesMax) {
        if (keptBytes > bytesMax || registrations.size() > entriesMax) {
            dropIdle(_ -> keptBytes > bytesMax || registrations.size() > entriesMax);
        }
    }

    private void dropIdle(Predicate<Registration> which) {
        Iterator<Registration> oldestFirst = registrations.values().iterator();
        while (oldestFirst.hasNext()) {
            Registration registration = oldestFirst.next();
            if (registration.users == 0 && which.test(registration)) {
                oldestFirst.remove();
                keptBytes -= registration.lengthBytes();
                drop(registration);
            }
        }
    }

    @Override
    public synchronized void reclaim() {
        dropIdle(_ -> true);
    }

    /** Bytes that are registered, in use or kept for the next one. */
    public synchronized long registeredBytes() {
        return keptBytes;
    }

    /** Bytes that somebody uses now. */
    public synchronized long usedBytes() {
        return registrations.values().stream()
                .filter(registration -> registration.users > 0)
                .mapToLong(Registration::lengthBytes)
                .sum();
    }

    /** Uses that found their memory registered. */
    public synchronized long hits() {
        return hits;
    }

    /** Uses that registered it. */
    public synchronized long misses() {
        return misses;
    }

    /** Deregisters everything, also what is in use. Idempotent. */
    @Override
    public void close() {
        budget.remove(this);
        synchronized (this) {
            closed = true;
            List<Registration> all = new ArrayList<>(registrations.values());
            registrations.clear();
            keptBytes = 0;
            all.forEach(this::drop);
        }
    }
}
