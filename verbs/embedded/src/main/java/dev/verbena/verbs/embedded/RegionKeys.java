package dev.verbena.verbs.embedded;

import dev.verbena.verbs.AccessFlags;
import dev.verbena.verbs.Errno;
import dev.verbena.verbs.VerbsException;
import java.security.SecureRandom;
import java.util.random.RandomGenerator;

/**
 * The keys of a node's regions and windows. A key is an index, given out in random order, and a tag. A region's tag has
 * the highest bit set and goes through all 32,768 values in an order of the index' own before it comes again, so that a
 * key of a region never means another one; a window's is random, and its low 8 bits belong to the program. A freed index
 * waits behind all others before it is used again.
 *
 * <p>Threading: any thread; writers hold this object's monitor. Peers read the entries of the table: the key is written
 * last and cleared first.
 */
final class RegionKeys {
    private static final int REGION_TAG = 1 << 15;

    private final RandomGenerator random = new SecureRandom();
    private final long control;
    private final int[] free = new int[Layout.REGIONS_MAX];
    /** For each index: the last tag of a region in the low half, an odd step to the next in the high one; 0 before. */
    private final int[] tags = new int[Layout.REGIONS_MAX];

    private int first;
    private int count;

    RegionKeys(long control) {
        this.control = control;
        for (int index = 1; index < Layout.REGIONS_MAX; index++) {
            free[count++] = index;
        }
        java.util.SplittableRandom shuffle = new java.util.SplittableRandom(random.nextLong());
        for (int i = count - 1; i > 0; i--) {
            int other = shuffle.nextInt(i + 1);
            int swapped = free[i];
            free[i] = free[other];
            free[other] = swapped;
        }
    }

    /** A region's key, whose entry is empty. */
    int allocateForRegion(String verb, String object) {
        return allocate(verb, object, true);
    }

    /** A window's key, whose entry is empty. */
    int allocateForWindow(String verb, String object) {
        return allocate(verb, object, false);
    }

    private synchronized int allocate(String verb, String object, boolean region) {
        if (count == 0) {
            throw new VerbsException(
                    verb, object, Errno.ENOMEM, "a process has at most " + Layout.REGIONS_MAX + " regions and windows");
        }
        int index = free[first];
        first = (first + 1) % free.length;
        count--;
        return (index << 16) | (region ? REGION_TAG | nextTag(index) : random.nextInt(REGION_TAG));
    }

    private int nextTag(int index) {
        if (tags[index] == 0) {
            tags[index] = random.nextInt() | (1 << 16);
        }
        int step = tags[index] >>> 16;
        int tag = (tags[index] + step) & (REGION_TAG - 1);
        tags[index] = (step << 16) | tag;
        return tag;
    }

    /** Another tag for the same index, of a window. */
    synchronized int renew(int key) {
        int next = key;
        while (next == key) {
            next = (key & 0xffff_0000) | random.nextInt(REGION_TAG);
        }
        return next;
    }

    /** Takes an index back, whose entry nobody reads any more. */
    synchronized void release(int key) {
        free[(first + count) % free.length] = key >>> 16;
        count++;
    }

    /** Writes an entry, the key last. */
    void publish(int key, Entry entry) {
        long at = Layout.region(control, key);
        Memory.putInt(at + Layout.REGION_KIND, entry.kind());
        Memory.putLong(at + Layout.REGION_IOVA, entry.iova);
        Memory.putLong(at + Layout.REGION_LENGTH, entry.lengthBytes);
        Memory.putLong(at + Layout.REGION_ADDRESS, entry.address);
        Memory.putInt(at + Layout.REGION_ACCESS, entry.access);
        Memory.putInt(at + Layout.REGION_DOMAIN, entry.domain);
        Memory.putInt(at + Layout.REGION_SEGMENT, entry.segment);
        Memory.putInt(at + Layout.REGION_SEGMENT_LIFE, entry.segmentLife);
        Memory.putLong(at + Layout.REGION_OFFSET, entry.offset);
        Memory.putInt(at + Layout.REGION_QUEUE_PAIR, entry.queuePair);
        Memory.putInt(at + Layout.REGION_WINDOW, entry.window);
        Memory.putIntRelease(at + Layout.REGION_KEY, key);
    }

    /** Peers must not leave payload for this region in their rings any more; who is inside an access may still do so. */
    void unquiet(int key) {
        Memory.putIntRelease(Layout.region(control, key) + Layout.REGION_KIND, Layout.REGION_SHARED);
        countChange();
    }

    /** Makes a key invalid; who is inside an access may still be so. */
    void revoke(int key) {
        Memory.putIntRelease(Layout.region(control, key) + Layout.REGION_KEY, 0);
        countChange();
    }

    private void countChange() {
        long _ = Memory.getAndAdd(control + Layout.CHANGES, 1);
    }

    boolean isValid(int key) {
        return key != 0 && Memory.getIntAcquire(Layout.region(control, key) + Layout.REGION_KEY) == key;
    }

    /**
     * What an entry says.
     *
     * @param segment the shared memory it lies in, -1 for foreign memory
     */
    record Entry(
            long iova,
            long lengthBytes,
            long address,
            int access,
            int domain,
            int segment,
            int segmentLife,
            long offset,
            int queuePair,
            int window) {

        /** Whether nobody but its own process can look at it: small messages may wait in the ring for its poll. */
        boolean isQuiet() {
            return segment >= 0
                    && window == 0
                    && (access & (AccessFlags.REMOTE_ALL | AccessFlags.MEMORY_WINDOW_BIND)) == 0;
        }

        int kind() {
            return (segment >= 0 ? Layout.REGION_SHARED : 0) | (isQuiet() ? Layout.REGION_QUIET : 0);
        }
    }
}
