package dev.verbena.verbs.embedded;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;

/**
 * The presences of a node's threads. There is room for {@value Layout#PRESENCES_MAX} threads at a time; who comes later,
 * and every virtual thread, goes the long way.
 *
 * <p>Threading: any thread; guarded by this object's monitor.
 */
final class Presences {
    private final long control;
    private final Map<Thread, Presence> byThread = new HashMap<>();
    private final Deque<Long> free = new ArrayDeque<>();
    private int highWater;

    Presences(long control) {
        this.control = control;
    }

    /** The presence of a thread, {@link Presence#NOBODY} when there is none for it. */
    synchronized Presence of(Thread thread) {
        Presence known = byThread.get(thread);
        if (known != null) {
            return known;
        }
        long word = thread.isVirtual() ? 0 : claim();
        if (word == 0) {
            return Presence.NOBODY;
        }
        Presence presence = new Presence(thread, word);
        byThread.put(thread, presence);
        return presence;
    }

    private long claim() {
        if (highWater < Layout.PRESENCES_MAX) {
            long word = Layout.presence(control, highWater++);
            Memory.putIntRelease(control + Layout.PRESENCE_HIGH_WATER, highWater);
            return word;
        }
        if (free.isEmpty()) {
            reclaim();
        }
        Long word = free.poll();
        return word == null ? 0 : word;
    }

    /** What threads had that have ended. */
    private void reclaim() {
        for (Iterator<Map.Entry<Thread, Presence>> all = byThread.entrySet().iterator(); all.hasNext(); ) {
            Map.Entry<Thread, Presence> one = all.next();
            if (!one.getKey().isAlive()) {
                all.remove();
                free.add(one.getValue().word());
            }
        }
    }
}
