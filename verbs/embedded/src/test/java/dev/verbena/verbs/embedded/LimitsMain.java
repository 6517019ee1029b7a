package dev.verbena.verbs.embedded;

import dev.verbena.verbs.AccessFlags;
import dev.verbena.verbs.CompletionQueue;
import dev.verbena.verbs.Context;
import dev.verbena.verbs.Device;
import dev.verbena.verbs.Errno;
import dev.verbena.verbs.MemoryRegion;
import dev.verbena.verbs.ProtectionDomain;
import dev.verbena.verbs.QueuePair;
import dev.verbena.verbs.QueuePairConfig;
import dev.verbena.verbs.SendFlags;
import dev.verbena.verbs.Verbs;
import dev.verbena.verbs.VerbsException;
import dev.verbena.verbs.WorkCompletions;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * A process with few descriptors. It uses them up by allocating memory, prints its queue pair's number, goes on when it
 * reads a line, gives one descriptor after the other back and opens the device anew with each, then sends to itself.
 */
final class LimitsMain {
    private LimitsMain() {}

    public static void main(String[] args) throws IOException {
        Device device = Verbs.devices(Verbs.provider("embedded")).getFirst();
        try (Context context = device.open();
                ProtectionDomain pd = context.allocateProtectionDomain();
                CompletionQueue cq = context.createCompletionQueue(16)) {
            MemoryRegion memory = pd.allocate(4096, AccessFlags.LOCAL_WRITE);
            QueuePair qp = pd.createQueuePair(QueuePairConfig.reliable(cq));
            loadClasses(device, pd);
            sendToItself(pd, cq, memory);
            List<MemoryRegion> regions = new ArrayList<>();
            VerbsException refused = null;
            while (refused == null) {
                try {
                    regions.add(pd.allocate(4096, AccessFlags.LOCAL_WRITE));
                } catch (VerbsException e) {
                    refused = e;
                }
            }
            require(refused.errno() == Errno.EMFILE, refused);
            require(refused.toString().contains("ulimit -n"), refused);
            System.out.println(qp.number());
            require(System.in.read() >= 0, "nobody said go on");

            regions.forEach(MemoryRegion::close);
            sendToItself(pd, cq, memory);
        }
        openWithFewer(device);
    }

    /** A class path of folders needs a descriptor for each class; a program's jars are open already. */
    private static void loadClasses(Device device, ProtectionDomain pd) {
        pd.allocate(4096, AccessFlags.LOCAL_WRITE).close();
        device.open().close();
        try {
            MemoryRegion all = pd.allocate(1L << 50, AccessFlags.LOCAL_WRITE);
            throw new IllegalStateException(all.toString());
        } catch (VerbsException expected) {
            require(expected.errno() == Errno.ENOMEM, expected);
        }
    }

    /** Opening fails in another place each time one more descriptor is there, and leaves nothing behind. */
    private static void openWithFewer(Device device) {
        List<Integer> taken = new ArrayList<>();
        int fd = Linux.eventfd();
        while (fd >= 0) {
            taken.add(fd);
            fd = Linux.eventfd();
        }
        int failures = 0;
        while (true) {
            try {
                device.open().close();
                require(failures > 1, "opened with " + failures + " descriptors");
                return;
            } catch (VerbsException e) {
                require(e.errno() == Errno.EMFILE && e.toString().contains("ulimit -n"), e);
                failures++;
                int _ = Linux.close(taken.removeLast());
            }
        }
    }

    private static void sendToItself(ProtectionDomain pd, CompletionQueue cq, MemoryRegion memory) {
        try (QueuePair qp = pd.createQueuePair(QueuePairConfig.reliable(cq))) {
            qp.connect(qp.localEndpoint());
            require(qp.postReceive(1, memory.address(), 64, memory.lkey()) == 0, "a receive");
            require(qp.postSend(2, memory.address() + 64, 64, memory.lkey(), SendFlags.SIGNALED) == 0, "a send");
            WorkCompletions completions = new WorkCompletions(2);
            for (int polled = 0; polled < 2; ) {
                int now = cq.poll(completions);
                for (int index = 0; index < now; index++) {
                    completions.requireSuccess(index);
                }
                polled += now;
            }
        }
    }

    private static void require(boolean good, Object otherwise) {
        if (!good) {
            throw new IllegalStateException(String.valueOf(otherwise));
        }
    }
}
