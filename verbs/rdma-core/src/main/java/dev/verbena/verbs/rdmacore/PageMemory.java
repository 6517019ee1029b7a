package dev.verbena.verbs.rdmacore;

import dev.verbena.verbs.Errno;
import dev.verbena.verbs.Pages;
import dev.verbena.verbs.VerbsException;
import dev.verbena.verbs.rdmacore.ffi.Libc;
import dev.verbena.verbs.rdmacore.ffi.Memory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Zeroed anonymous pages that a device is to use.
 *
 * <p>Ownership: the segment ends before the pages are given back, so a late access is an exception and no SIGSEGV.
 */
final class PageMemory {
    private static final Logger LOG = LoggerFactory.getLogger(PageMemory.class);
    private static final long HUGE_PAGE_BYTES = 2L << 20;
    private static final int TWO_MIB = 21 << Libc.MAP_HUGE_SHIFT;
    private static final int FLAGS = Libc.MAP_PRIVATE | Libc.MAP_ANONYMOUS;

    private final Arena arena = Arena.ofShared();
    private final long address;
    private final long mappedBytes;
    private final Pages pages;
    private final MemorySegment segment;

    private PageMemory(long address, long mappedBytes, long lengthBytes, Pages pages) {
        this.address = address;
        this.mappedBytes = mappedBytes;
        this.pages = pages;
        this.segment = Memory.segment(address, lengthBytes, arena);
    }

    static PageMemory map(long lengthBytes, Pages wanted, String object) {
        if (wanted != Pages.NORMAL) {
            long rounded = Math.addExact(lengthBytes, HUGE_PAGE_BYTES - 1) & -HUGE_PAGE_BYTES;
            long address = map(rounded, FLAGS | Libc.MAP_HUGETLB | TWO_MIB);
            if (address >= 0) {
                return new PageMemory(address, rounded, lengthBytes, Pages.HUGE);
            }
            if (wanted == Pages.HUGE) {
                throw new VerbsException(
                        "mmap",
                        object + ", " + Failure.bytes(rounded) + " of huge pages",
                        (int) -address,
                        -address == Errno.ENOMEM
                                ? "too few huge pages are free: raise /proc/sys/vm/nr_hugepages to "
                                        + rounded / HUGE_PAGE_BYTES + " or more"
                                : "");
            }
        }
        long address = map(lengthBytes, FLAGS);
        if (address < 0) {
            throw Failure.of(
                    "mmap", object + ", " + Failure.bytes(lengthBytes), address, "the machine has too little memory");
        }
        return new PageMemory(address, lengthBytes, lengthBytes, Pages.NORMAL);
    }

    private static long map(long bytes, int flags) {
        return Libc.mmap(0, bytes, Libc.PROT_READ | Libc.PROT_WRITE, flags, -1, 0);
    }

    long address() {
        return address;
    }

    MemorySegment segment() {
        return segment;
    }

    Pages pages() {
        return pages;
    }

    /** Ends the segment, then gives the pages back. */
    void free() {
        try {
            arena.close();
        } catch (IllegalStateException inUse) {
            LOG.warn("{} of memory are not given back: {}", Failure.bytes(mappedBytes), inUse.getMessage());
            return;
        }
        int _ = Libc.munmap(address, mappedBytes);
    }
}
