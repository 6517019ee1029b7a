package dev.verbena.verbs.embedded;

import dev.verbena.verbs.Errno;
import dev.verbena.verbs.VerbsException;
import java.lang.foreign.Arena;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An eventfd that becomes readable when this process is dead, whatever killed it; peers have it. The end of a socket says
 * the same, but the kernel closes sockets only after it has taken the address space apart, which lasts as long as there
 * is memory in it: 0.2 s for a GiB.
 *
 * <p>How it works: a poll that never ends is submitted with io_submit(2). The kernel cancels it and signals the eventfd
 * when the last thread has left the address space and nothing of it is freed yet. So whoever sees it readable also knows
 * that no store of the process is still to come. Where io_submit is forbidden there remains the socket.
 *
 * <p>Threading: immutable; closed once.
 */
final class Obituary {
    private static final Logger LOG = LoggerFactory.getLogger(Obituary.class);

    // struct iocb, linux/aio_abi.h
    private static final long IOCB_BYTES = 64;
    private static final long IOCB_OPCODE = 16;
    private static final long IOCB_FD = 20;
    private static final long IOCB_EVENTS = 24;
    private static final long IOCB_FLAGS = 56;
    private static final long IOCB_RESULT_FD = 60;
    private static final short IOCB_CMD_POLL = 5;
    private static final int IOCB_FLAG_RESFD = 1;

    private final int fd;
    private final long context;

    Obituary(String name) {
        fd = Linux.eventfd();
        if (fd < 0) {
            throw new VerbsException("eventfd", name, -fd, SharedMemory.explain(-fd));
        }
        long made = submit(fd);
        if (made < 0) {
            LOG.debug("peers learn of the end of this process from its sockets: io_submit {}", Errno.name((int) -made));
        }
        context = Math.max(made, 0);
    }

    /** The context of the poll, or the negative errno. */
    private static long submit(int signalled) {
        // Nobody ever writes to it; the poll keeps it.
        int silent = Linux.eventfd();
        if (silent < 0) {
            return silent;
        }
        try (Arena arena = Arena.ofConfined()) {
            long words = arena.allocate(2 * Long.BYTES, Long.BYTES).address();
            int result = Linux.ioSetup(1, words);
            if (result < 0) {
                return result;
            }
            long context = Memory.getLong(words);
            long iocb = arena.allocate(IOCB_BYTES, Long.BYTES).address();
            Memory.putInt(iocb + IOCB_OPCODE, IOCB_CMD_POLL);
            Memory.putInt(iocb + IOCB_FD, silent);
            Memory.putLong(iocb + IOCB_EVENTS, Linux.POLLIN);
            Memory.putInt(iocb + IOCB_FLAGS, IOCB_FLAG_RESFD);
            Memory.putInt(iocb + IOCB_RESULT_FD, signalled);
            Memory.putLong(words + Long.BYTES, iocb);
            int submitted = Linux.ioSubmit(context, 1, words + Long.BYTES);
            if (submitted != 1) {
                int _ = Linux.ioDestroy(context);
                return submitted < 0 ? submitted : -Errno.EIO;
            }
            return context;
        } finally {
            int _ = Linux.close(silent);
        }
    }

    int fd() {
        return fd;
    }

    /**
     * Whether a peer's says that it is dead. To be asked before that is believed: a descriptor that the agent found readable
     * may have been closed meanwhile, and its number be another's.
     */
    static boolean isTrue(int peersFd) {
        return peersFd >= 0 && Sockets.isReadable(peersFd);
    }

    /** Ends it, when no peer listens any more. */
    void close() {
        if (context != 0) {
            int _ = Linux.ioDestroy(context);
        }
        int _ = Linux.close(fd);
    }
}
