package dev.verbena.verbs.conformance.differential;

import dev.verbena.verbs.AccessFlags;
import java.util.List;

/** What a request may name as the key of memory, on either side, by a name instead of a number. */
enum Key {
    /** Allocated by the provider, with every right. */
    MAIN,
    /** Memory that the provider did not allocate. */
    FOREIGN,
    /** Peers may read it, nobody may write it. */
    READ_ONLY,
    /** Nothing for peers. */
    LOCAL_ONLY,
    /** Every right, in a protection domain that no queue pair is in. */
    OTHER_DOMAIN,
    /** Every right until a program revokes it. */
    SPARE,
    /** The key of nothing. */
    WRONG,
    /** A window of type 1 on {@link #MAIN}. */
    WINDOW_1,
    /** A window of type 2 on {@link #MAIN}. */
    WINDOW_2,
    /** What the key of the window was before its last binding. */
    OLD_WINDOW_1,
    /** What the key of the window was before its last binding. */
    OLD_WINDOW_2,
    /** No key: a datagram that goes to the multicast group. */
    GROUP;

    static final int AREA_BYTES = 4096;
    static final int REGION_BYTES = 4 * AREA_BYTES;
    /** What a side's own requests only read. */
    static final int SOURCE = 0;
    /** Where READs and atomics of a side put what they get. */
    static final int RESULT = AREA_BYTES;
    /** What the peer writes, reads and counts in. */
    static final int TARGET = 2 * AREA_BYTES;
    /** Where messages arrive. */
    static final int INBOX = 3 * AREA_BYTES;

    static final List<Key> REGIONS = List.of(MAIN, FOREIGN, READ_ONLY, LOCAL_ONLY, OTHER_DOMAIN, SPARE);

    /** The region that addresses beside this key count in. */
    Key region() {
        return REGIONS.contains(this) ? this : MAIN;
    }

    boolean isWindow() {
        return this == WINDOW_1 || this == WINDOW_2;
    }

    /** The rights of a region. */
    int access() {
        return switch (this) {
            case MAIN -> AccessFlags.LOCAL_WRITE | AccessFlags.REMOTE_ALL | AccessFlags.MEMORY_WINDOW_BIND;
            case OTHER_DOMAIN, SPARE -> AccessFlags.LOCAL_WRITE | AccessFlags.REMOTE_ALL;
            case FOREIGN -> AccessFlags.LOCAL_WRITE | AccessFlags.REMOTE_WRITE | AccessFlags.REMOTE_READ;
            case READ_ONLY -> AccessFlags.REMOTE_READ;
            case LOCAL_ONLY -> AccessFlags.LOCAL_WRITE;
            default -> 0;
        };
    }
}
