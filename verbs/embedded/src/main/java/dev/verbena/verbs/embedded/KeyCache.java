package dev.verbena.verbs.embedded;

import java.util.Arrays;

/**
 * Where the regions of keys lie in this process, for a few keys used last. What a key once meant it means for ever
 * ({@link RegionKeys} does not give a region's key again), so a look at whether the key is still in the table is enough;
 * and of the key used last {@link #isValid} does it, when the table's process has counted a change. Keys of windows are not
 * remembered: they can be bound anew.
 *
 * <p>Threading: one thread at a time, inside an access. Hot path.
 */
final class KeyCache {
    private static final int SLOTS = 8;
    private static final int WORDS = 4;
    private static final long NONE = Long.MIN_VALUE;

    /** For each slot: key and rights, first address, length, distance from an address to its place in this process. */
    private final long[] words = new long[SLOTS * WORDS];

    /** The key used last, in fields. */
    private long key = NONE;

    private int rights;
    private boolean quiet;
    private long entry;
    private long start;
    private long lengthBytes;
    private long distance;

    void clear() {
        Arrays.fill(words, 0);
        key = NONE;
    }

    /**
     * Where a range lies in this process; 0 when the key is not known here, or is not valid, or does not allow it.
     *
     * @param control the segment with the table of the key
     * @param bytes at least 1
     */
    long place(long control, int wanted, long address, int bytes, int wantedRights) {
        if (wanted != key && !select(control, wanted)) {
            return 0;
        }
        long offset = address - start;
        // Negative when the offset is, or when the range ends behind the region.
        long outside = offset | (lengthBytes - bytes - offset);
        return outside >= 0 && (rights & wantedRights) == wantedRights ? address + distance : 0;
    }

    /** Whether the region of the last {@link #place} is one that only its own process looks at. */
    boolean lastIsQuiet() {
        return quiet;
    }

    /** Whether the key used last, if any, is still in its table; else it is forgotten. */
    boolean isValid() {
        if (key == NONE) {
            return true;
        }
        long now = Memory.getLongAcquire(entry);
        quiet = (now >>> 32 & Layout.REGION_QUIET) != 0;
        boolean valid = (int) now == key;
        if (!valid) {
            key = NONE;
        }
        return valid;
    }

    private boolean select(long control, int wanted) {
        int at = slot(wanted);
        if ((int) words[at] != wanted || wanted == 0) {
            return false;
        }
        key = wanted;
        rights = (int) (words[at] >>> 32);
        entry = Layout.region(control, wanted) + Layout.REGION_KEY;
        start = words[at + 1];
        lengthBytes = words[at + 2];
        distance = words[at + 3];
        return isValid();
    }

    private static int slot(int key) {
        return ((key >>> 16) & (SLOTS - 1)) * WORDS;
    }

    /** Takes note of a key, if it is a region's in memory that this process has mapped. */
    void learn(Link link, int domain, int wanted) {
        long at = Layout.region(link.control(), wanted);
        long now = Memory.getLongAcquire(at + Layout.REGION_KEY);
        if (wanted == 0 || (int) now != wanted || ((int) (now >>> 32) & Layout.REGION_SHARED) == 0) {
            return;
        }
        long first = Memory.getLong(at + Layout.REGION_IOVA);
        long bytes = Memory.getLong(at + Layout.REGION_LENGTH);
        long place = Memory.getLong(at + Layout.REGION_ADDRESS);
        if (!link.isSelf()) {
            Link.Mapping mapping = link.segment(
                    Memory.getInt(at + Layout.REGION_SEGMENT), Memory.getInt(at + Layout.REGION_SEGMENT_LIFE));
            long offset = Memory.getLong(at + Layout.REGION_OFFSET);
            if (mapping == null
                    || offset < 0
                    || bytes < 0
                    || bytes > mapping.lengthBytes()
                    || offset > mapping.lengthBytes() - bytes) {
                return;
            }
            place = mapping.base() + offset;
        }
        int access = Memory.getInt(at + Layout.REGION_ACCESS);
        boolean usable = Memory.getInt(at + Layout.REGION_DOMAIN) == domain
                && Memory.getInt(at + Layout.REGION_WINDOW) == 0
                && (int) Memory.getLongAcquire(at + Layout.REGION_KEY) == wanted;
        if (usable) {
            int slot = slot(wanted);
            words[slot] = Integer.toUnsignedLong(wanted) | ((long) access << 32);
            words[slot + 1] = first;
            words[slot + 2] = bytes;
            words[slot + 3] = place - first;
        }
    }
}
