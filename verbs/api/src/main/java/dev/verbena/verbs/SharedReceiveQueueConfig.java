package dev.verbena.verbs;

/**
 * How a shared receive queue shall be made; see ibv_create_srq(3).
 *
 * <p>Threading: immutable.
 *
 * @param slots receives posted at most
 * @param entries scatter/gather entries of a receive
 * @param limit an event is raised when fewer receives than this are left; 0 for none
 */
public record SharedReceiveQueueConfig(int slots, int entries, int limit) {
    /** Checks the ranges. */
    public SharedReceiveQueueConfig {
        Limits.within("slots", slots, 1, 1 << 20);
        Limits.within("entries", entries, 1, 1024);
        Limits.within("limit", limit, 0, slots);
    }

    /** So many receives of one entry. */
    public static SharedReceiveQueueConfig of(int slots) {
        return new SharedReceiveQueueConfig(slots, 1, 0);
    }
}
