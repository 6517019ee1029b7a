package dev.verbena.memory;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Stands between an arena and its memory: when the arena is closed, what was registered of it is deregistered first. An
 * arena runs its cleanups last come, first served, so this one comes before the memory is freed.
 *
 * <p>Threading: any thread.
 */
final class ArenaGuard {
    /** One for each arena, however often its memory is registered: an arena cannot forget a cleanup. */
    private static final Map<MemorySegment.Scope, ArenaGuard> GUARDS = new ConcurrentHashMap<>();

    private final Set<Registration> registrations = new HashSet<>();
    private boolean closed;

    private ArenaGuard() {}

    @SuppressWarnings("restricted") // the only way to hear of an arena's end before its memory is freed
    static ArenaGuard of(MemorySegment segment, Arena arena) {
        return GUARDS.computeIfAbsent(arena.scope(), scope -> {
            ArenaGuard guard = new ArenaGuard();
            MemorySegment _ = segment.reinterpret(arena, freed -> {
                GUARDS.remove(scope);
                guard.close();
            });
            return guard;
        });
    }

    /** Registers while the arena cannot free; null when it has been closed. */
    synchronized @Nullable Registration register(Supplier<Registration> registering) {
        if (closed) {
            return null;
        }
        Registration registration = registering.get();
        registrations.add(registration);
        return registration;
    }

    synchronized void forget(Registration registration) {
        registrations.remove(registration);
    }

    private void close() {
        List<Registration> all;
        synchronized (this) {
            closed = true;
            all = new ArrayList<>(registrations);
            registrations.clear();
        }
        all.forEach(Registration::end);
    }
}
