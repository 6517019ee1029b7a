package dev.verbena.verbs;

import java.util.ArrayList;
import java.util.List;

/**
 * What may be done with registered memory, a memory window or, for the remote bits, through a queue pair; see
 * ibv_reg_mr(3). Combine with {@code |}. Local read is always allowed. {@link #REMOTE_WRITE} and {@link #REMOTE_ATOMIC}
 * demand {@link #LOCAL_WRITE}.
 *
 * <p>Threading: constants and pure functions.
 */
public final class AccessFlags {
    /** The device may only read the memory. */
    public static final int LOCAL_READ = 0;
    /** The device may write the memory: receives, READ and atomic results. */
    public static final int LOCAL_WRITE = 1;
    /** Peers may WRITE. */
    public static final int REMOTE_WRITE = 1 << 1;
    /** Peers may READ. */
    public static final int REMOTE_READ = 1 << 2;
    /** Peers may use atomics. */
    public static final int REMOTE_ATOMIC = 1 << 3;
    /** Memory windows may be bound to the region. */
    public static final int MEMORY_WINDOW_BIND = 1 << 4;
    /** Remote addresses count from the start of the region. */
    public static final int ZERO_BASED = 1 << 5;
    /** Pages are mapped when the device touches them. */
    public static final int ON_DEMAND = 1 << 6;
    /** The memory is made of huge pages. */
    public static final int HUGETLB = 1 << 7;
    /** The device may reorder its accesses (a hint). */
    public static final int RELAXED_ORDERING = 1 << 20;

    /** Every remote right. */
    public static final int REMOTE_ALL = REMOTE_WRITE | REMOTE_READ | REMOTE_ATOMIC;

    static final int KNOWN = 0xff | RELAXED_ORDERING;
    private static final String[] NAMES = {
        "LOCAL_WRITE",
        "REMOTE_WRITE",
        "REMOTE_READ",
        "REMOTE_ATOMIC",
        "MEMORY_WINDOW_BIND",
        "ZERO_BASED",
        "ON_DEMAND",
        "HUGETLB"
    };

    private AccessFlags() {}

    /** The names of the bits, joined by {@code |}. */
    public static String describe(int access) {
        if (access == 0) {
            return "LOCAL_READ";
        }
        List<String> names = new ArrayList<>();
        for (int bit = 0; bit < NAMES.length; bit++) {
            if ((access & (1 << bit)) != 0) {
                names.add(NAMES[bit]);
            }
        }
        if ((access & RELAXED_ORDERING) != 0) {
            names.add("RELAXED_ORDERING");
        }
        int unknown = access & ~KNOWN;
        if (unknown != 0) {
            names.add("0x" + Integer.toHexString(unknown));
        }
        return String.join("|", names);
    }

    /** Throws {@link IllegalArgumentException} on bits or combinations that no device accepts. */
    static void check(int access) {
        if ((access & ~KNOWN) != 0) {
            throw new IllegalArgumentException("unknown access flags in " + describe(access));
        }
        if ((access & (REMOTE_WRITE | REMOTE_ATOMIC)) != 0 && (access & LOCAL_WRITE) == 0) {
            throw new IllegalArgumentException(
                    "access " + describe(access) + ": REMOTE_WRITE and REMOTE_ATOMIC need LOCAL_WRITE as well");
        }
    }
}
