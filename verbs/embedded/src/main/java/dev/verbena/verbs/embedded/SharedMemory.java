package dev.verbena.verbs.embedded;

import dev.verbena.verbs.Errno;
import dev.verbena.verbs.VerbsException;

/**
 * A memfd and its mapping in this process. Its space is allocated before it is mapped, so no access can fail later, and
 * it is sealed against shrinking and growing, so no peer can pull it away.
 *
 * <p>Threading: immutable; closed once.
 *
 * <p>Ownership: has no name in any file system; it is gone when the last process that has it is gone.
 */
final class SharedMemory {
    static final long PAGE_BYTES = 4096;
    static final long HUGE_PAGE_BYTES = 2L << 20;
    private static final long ASKED_FIRST_BYTES = 16L << 20;
    private static final int SEALS = Linux.F_SEAL_SHRINK | Linux.F_SEAL_GROW;

    private final int fd;
    private final long address;
    private final long mappedBytes;

    private SharedMemory(int fd, long address, long mappedBytes) {
        this.fd = fd;
        this.address = address;
        this.mappedBytes = mappedBytes;
    }

    /** Zeroed memory of normal pages. */
    static SharedMemory create(String name, long lengthBytes) {
        return create(name, lengthBytes, false);
    }

    /** Zeroed memory. */
    static SharedMemory create(String name, long lengthBytes, boolean huge) {
        long page = huge ? HUGE_PAGE_BYTES : PAGE_BYTES;
        if (lengthBytes < 0 || lengthBytes > Long.MAX_VALUE - page) {
            throw new VerbsException("memfd_create", name, Errno.ENOMEM, "no machine has so much memory");
        }
        long bytes = Math.max((lengthBytes + page - 1) & -page, page);
        if (!huge) {
            requireAvailable(name, bytes);
        }
        int flags = Linux.MFD_CLOEXEC | Linux.MFD_ALLOW_SEALING;
        if (huge) {
            flags |= Linux.MFD_HUGETLB | Linux.MFD_HUGE_2MB;
        }
        int fd = check("memfd_create", name, Linux.memfdCreate(name, flags), huge);
        try {
            check("ftruncate", name, Linux.ftruncate(fd, bytes), huge);
            check("fallocate", name + ", " + bytes + " bytes", Linux.fallocate(fd, 0, bytes), huge);
            check("fcntl", name, Linux.fcntl(fd, Linux.F_ADD_SEALS, SEALS | Linux.F_SEAL_SEAL), huge);
            long address = Linux.mmapShared(bytes, fd);
            check("mmap", name + ", " + bytes + " bytes", address, huge);
            return new SharedMemory(fd, address, bytes);
        } catch (RuntimeException e) {
            int _ = Linux.close(fd);
            throw e;
        }
    }

    /**
     * Maps what a peer sent; takes the descriptor over, also when it fails.
     *
     * @throws VerbsException when it is not a sealed memfd of at least the length
     */
    static SharedMemory map(int fd, long lengthBytes, String what) {
        try {
            int seals = Linux.fcntl(fd, Linux.F_GET_SEALS, 0);
            long size = Linux.size(fd);
            if (seals < 0 || (seals & SEALS) != SEALS || size < Math.max(lengthBytes, 1)) {
                throw new VerbsException(
                        "mmap", what, Errno.EPROTO, "the peer sent a descriptor that is not sealed or too small");
            }
            long address = Linux.mmapShared(size, fd);
            check("mmap", what, address, false);
            return new SharedMemory(-1, address, size);
        } finally {
            int _ = Linux.close(fd);
        }
    }

    private static void requireAvailable(String name, long bytes) {
        long available = bytes < ASKED_FIRST_BYTES ? Long.MAX_VALUE : Machine.availableBytes();
        if (bytes > available) {
            throw new VerbsException(
                    "memfd_create",
                    name,
                    Errno.ENOMEM,
                    String.format(
                            "%,d bytes of memory are asked for and %,d can be had on this machine", bytes, available));
        }
    }

    private static int check(String verb, String name, int result, boolean huge) {
        if (result < 0) {
            throw failed(verb, name, -result, huge);
        }
        return result;
    }

    private static void check(String verb, String name, long result, boolean huge) {
        if (result < 0) {
            throw failed(verb, name, (int) -result, huge);
        }
    }

    private static VerbsException failed(String verb, String name, int errno, boolean huge) {
        boolean tooFew = huge && (errno == Errno.ENOMEM || errno == Errno.ENOSPC);
        String why = tooFew ? "too few huge pages are free: raise /proc/sys/vm/nr_hugepages" : explain(errno);
        return new VerbsException(verb, name, errno == Errno.ENOSPC ? Errno.ENOMEM : errno, why);
    }

    /** What usually stands behind an errno of a call that makes a descriptor or a mapping, and how to mend it. */
    static String explain(int errno) {
        return switch (errno) {
            case Errno.ENOMEM, Errno.ENOSPC -> "the machine, or the container's memory limit, has too little memory";
            case Errno.EMFILE -> "the process has too many open descriptors: raise `ulimit -n`";
            default -> "";
        };
    }

    int fd() {
        return fd;
    }

    long address() {
        return address;
    }

    long lengthBytes() {
        return mappedBytes;
    }

    /** Closes the descriptor and keeps the mapping. */
    SharedMemory withoutDescriptor() {
        int _ = Linux.close(fd);
        return new SharedMemory(-1, address, mappedBytes);
    }

    void close() {
        int _ = Linux.munmap(address, mappedBytes);
        if (fd >= 0) {
            int _ = Linux.close(fd);
        }
    }
}
