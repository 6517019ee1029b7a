package dev.verbena.verbs.embedded;

import dev.verbena.verbs.AccessFlags;
import dev.verbena.verbs.Errno;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lists of places in memory that were looked up and checked, on this side and at the peer, and the copying between them.
 * Verbena's own memory is copied by loads and stores; foreign memory through the kernel, which answers EFAULT where a
 * load would end the JVM.
 *
 * <p>Threading: one thread at a time, inside an access. Hot path.
 */
final class Places {
    static final int ENTRIES_MAX = 64;
    private static final Logger LOG = LoggerFactory.getLogger(Places.class);
    private static final long NO_PLACE = -1;
    private static final int OWN_PID = (int) ProcessHandle.current().pid();
    private static volatile boolean warned;

    private final long[] localAddress = new long[ENTRIES_MAX];
    private final long[] localBytes = new long[ENTRIES_MAX];
    private final boolean[] localForeign = new boolean[ENTRIES_MAX];
    private final long[] remoteAddress = new long[ENTRIES_MAX];
    private final long[] remoteBytes = new long[ENTRIES_MAX];
    private final boolean[] remoteForeign = new boolean[ENTRIES_MAX];
    private final MemorySegment iov = Arena.ofAuto().allocate(32, 8);
    private int locals;
    private int remotes;

    void clear() {
        locals = 0;
        remotes = 0;
    }

    // ---------------------------------------------------------------- this side

    /** Adds memory of the provider itself, or that was checked already. */
    void addLocalUnchecked(long address, long bytes) {
        localAddress[locals] = address;
        localBytes[locals] = bytes;
        localForeign[locals] = false;
        locals++;
    }

    /** Adds a local buffer; false when its key, bounds or rights forbid it. */
    boolean addLocal(long control, int domain, long address, int lengthBytes, int lkey, boolean write) {
        if (lengthBytes == 0) {
            return true;
        }
        if (locals == ENTRIES_MAX) {
            return false;
        }
        long entry = Layout.region(control, lkey);
        int rights = write ? AccessFlags.LOCAL_WRITE : 0;
        long offset = check(entry, lkey, domain, address, lengthBytes, rights);
        if (offset == NO_PLACE || Memory.getInt(entry + Layout.REGION_WINDOW) != 0) {
            return false;
        }
        localAddress[locals] = Memory.getLong(entry + Layout.REGION_ADDRESS) + offset;
        localBytes[locals] = lengthBytes;
        localForeign[locals] = (Memory.getInt(entry + Layout.REGION_KIND) & Layout.REGION_SHARED) == 0;
        locals++;
        return true;
    }

    /** Offset in the region, or {@link #NO_PLACE}; safe against overflow. */
    private static long check(long entry, int key, int domain, long address, long lengthBytes, int rights) {
        if (key == 0 || Memory.getIntAcquire(entry + Layout.REGION_KEY) != key) {
            return NO_PLACE;
        }
        long regionBytes = Memory.getLong(entry + Layout.REGION_LENGTH);
        long offset = address - Memory.getLong(entry + Layout.REGION_IOVA);
        boolean inside = offset >= 0 && lengthBytes <= regionBytes && offset <= regionBytes - lengthBytes;
        boolean allowed = Memory.getInt(entry + Layout.REGION_DOMAIN) == domain
                && (Memory.getInt(entry + Layout.REGION_ACCESS) & rights) == rights;
        return inside && allowed ? offset : NO_PLACE;
    }

    // ---------------------------------------------------------------- the peer's side

    /**
     * Adds memory of the peer.
     *
     * @param queuePair the peer's queue pair, to which a type 2 window must be bound
     * @param receive whether it is a receive's own buffer, for which windows do not count
     * @return 0, {@link Requester#REFUSED}, or {@link Requester#STALL_MAPPING}
     */
    int addRemote(
            Link link,
            int domain,
            int queuePair,
            long address,
            long lengthBytes,
            int rkey,
            int rights,
            boolean receive) {
        if (lengthBytes == 0) {
            return 0;
        }
        long entry = Layout.region(link.control(), rkey);
        long offset = check(entry, rkey, domain, address, lengthBytes, rights);
        if (offset == NO_PLACE || remotes == ENTRIES_MAX) {
            return Requester.REFUSED;
        }
        int window = Memory.getInt(entry + Layout.REGION_WINDOW);
        if (window != 0 && (receive || (window == 2 && Memory.getInt(entry + Layout.REGION_QUEUE_PAIR) != queuePair))) {
            return Requester.REFUSED;
        }
        boolean foreign = (Memory.getInt(entry + Layout.REGION_KIND) & Layout.REGION_SHARED) == 0;
        long place;
        if (foreign || link.isSelf()) {
            place = Memory.getLong(entry + Layout.REGION_ADDRESS) + offset;
        } else {
            Link.Mapping mapping = link.segment(
                    Memory.getInt(entry + Layout.REGION_SEGMENT), Memory.getInt(entry + Layout.REGION_SEGMENT_LIFE));
            if (mapping == null) {
                return Requester.STALL_MAPPING;
            }
            long within = Memory.getLong(entry + Layout.REGION_OFFSET) + offset;
            if (within < 0 || lengthBytes > mapping.lengthBytes() || within > mapping.lengthBytes() - lengthBytes) {
                return Requester.REFUSED;
            }
            place = mapping.base() + within;
        }
        remoteAddress[remotes] = place;
        remoteBytes[remotes] = lengthBytes;
        remoteForeign[remotes] = foreign;
        remotes++;
        return 0;
    }

    /** Address of the only remote place, for atomics. */
    long remoteAddress() {
        return remoteAddress[0];
    }

    boolean remoteIsForeign() {
        return remotes > 0 && remoteForeign[0];
    }

    // ---------------------------------------------------------------- copying

    /** Fills the remote places from the local ones; 0 or a completion status. */
    int push(int pid) {
        return move(pid, true);
    }

    /** Fills the local places from the remote ones; 0 or a completion status. */
    int pull(int pid) {
        return move(pid, false);
    }

    private int move(int pid, boolean push) {
        int local = 0;
        int remote = 0;
        long localDone = 0;
        long remoteDone = 0;
        while (local < locals && remote < remotes) {
            long bytes = Math.min(localBytes[local] - localDone, remoteBytes[remote] - remoteDone);
            long here = localAddress[local] + localDone;
            long there = remoteAddress[remote] + remoteDone;
            if (!localForeign[local] && !remoteForeign[remote]) {
                copy(push ? here : there, push ? there : here, bytes);
            } else {
                int status = throughKernel(pid, push, here, localForeign[local], there, remoteForeign[remote], bytes);
                if (status != 0) {
                    return status;
                }
            }
            localDone += bytes;
            remoteDone += bytes;
            if (localDone == localBytes[local]) {
                local++;
                localDone = 0;
            }
            if (remoteDone == remoteBytes[remote]) {
                remote++;
                remoteDone = 0;
            }
        }
        return 0;
    }

    /** Copies what both sides have mapped. */
    static void copy(long from, long to, long bytes) {
        if (StopPoint.COPYING.isWanted()) {
            long half = bytes / 2;
            Memory.copy(from, to, half);
            StopPoint.COPYING.pass();
            Memory.copy(from + half, to + half, bytes - half);
        } else {
            Memory.copy(from, to, bytes);
        }
    }

    private int throughKernel(
            int peerPid, boolean push, long here, boolean hereForeign, long there, boolean thereForeign, long bytes) {
        // What lies in a segment is mapped here, so only the peer's foreign memory needs the peer's address space.
        int pid = thereForeign ? peerPid : OWN_PID;
        long local = iov.address();
        long remote = local + 16;
        long done = 0;
        while (done < bytes) {
            Memory.putLong(local, here + done);
            Memory.putLong(local + 8, bytes - done);
            Memory.putLong(remote, there + done);
            Memory.putLong(remote + 8, bytes - done);
            long moved = push ? Linux.processVmWritev(pid, local, remote) : Linux.processVmReadv(pid, local, remote);
            if (moved <= 0) {
                return failed((int) -moved, hereForeign, thereForeign);
            }
            done += moved;
        }
        return 0;
    }

    private static int failed(int errno, boolean hereForeign, boolean thereForeign) {
        if (errno == Errno.EPERM && !warned) {
            warned = true;
            LOG.warn("the kernel forbids this process to reach memory that the peer registered but Verbena did not"
                    + " allocate: use ProtectionDomain.allocate, or allow it (same PID namespace, same user,"
                    + " /proc/sys/kernel/yama/ptrace_scope 0 or CAP_SYS_PTRACE); see docs/embedded.md");
        }
        if (errno == Errno.EFAULT && hereForeign && !thereForeign) {
            return WorkCompletionRecord.LOC_PROT_ERR;
        }
        return WorkCompletionRecord.REM_OP_ERR;
    }

    /** Puts bytes of the provider's own into the local places; 0 or a completion status. */
    int scatter(long from, long lengthBytes) {
        remotes = 1;
        remoteAddress[0] = from;
        remoteBytes[0] = lengthBytes;
        remoteForeign[0] = false;
        return pull(OWN_PID);
    }

    /** Copies the local places into bytes of the provider's own; 0 or a completion status. */
    int gather(long to, long lengthBytes) {
        remotes = 1;
        remoteAddress[0] = to;
        remoteBytes[0] = lengthBytes;
        remoteForeign[0] = false;
        return push(OWN_PID);
    }
}
