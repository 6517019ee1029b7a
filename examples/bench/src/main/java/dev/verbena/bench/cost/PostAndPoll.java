package dev.verbena.bench.cost;

import com.sun.management.ThreadMXBean;
import dev.verbena.verbs.AccessFlags;
import dev.verbena.verbs.CompletionQueue;
import dev.verbena.verbs.Context;
import dev.verbena.verbs.MemoryRegion;
import dev.verbena.verbs.ProtectionDomain;
import dev.verbena.verbs.QueuePair;
import dev.verbena.verbs.QueuePairConfig;
import dev.verbena.verbs.SendFlags;
import dev.verbena.verbs.Verbs;
import dev.verbena.verbs.WorkCompletions;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/**
 * The loop of post-and-poll.c in Java: posts WRITEs of 64 bytes in batches and polls until all of a batch have completed, each
 * checked. A process of its own, that reads {@code run BATCH REQUESTS} from standard input and answers with a line of figures.
 *
 * <p>Threading: one thread.
 */
final class PostAndPoll implements AutoCloseable {
    private static final int BYTES = 64;
    private static final int PLACES = 64;
    private static final int ENTRIES = 128;
    private static final int BATCH_MAX = 64;
    private static final String DEVICE = "fake0";
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    private final Context context = Verbs.open(DEVICE);
    private final CompletionQueue cq = context.createCompletionQueue(ENTRIES);
    private final WorkCompletions completions = new WorkCompletions(BATCH_MAX);
    private final QueuePair qp;
    private final long local;
    private final int lkey;
    private final long remote;
    private final int rkey;
    private long next;
    private long awaited;

    private PostAndPoll() {
        ProtectionDomain domain = context.allocateProtectionDomain();
        MemoryRegion memory = domain.allocate(2L * PLACES * BYTES, AccessFlags.LOCAL_WRITE | AccessFlags.REMOTE_WRITE);
        local = memory.address();
        lkey = memory.lkey();
        remote = local + (long) PLACES * BYTES;
        rkey = memory.rkey();
        qp = domain.createQueuePair(
                QueuePairConfig.reliable(cq).sendSlots(ENTRIES).receiveSlots(1));
        qp.connect(qp.localEndpoint());
    }

    public static void main(String[] arguments) throws IOException {
        long thread = Thread.currentThread().threadId();
        try (PostAndPoll loop = new PostAndPoll()) {
            BufferedReader commands = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
            for (String line = commands.readLine(); line != null; line = commands.readLine()) {
                String[] words = line.split(" ", -1);
                int batch = Integer.parseInt(words[1]);
                long requests = Long.parseLong(words[2]);
                long allocated = THREADS.getThreadAllocatedBytes(thread);
                long start = System.nanoTime();
                if (batch == 1) {
                    loop.oneByOne(requests);
                } else {
                    loop.batches(batch, requests);
                }
                long ns = System.nanoTime() - start;
                allocated = THREADS.getThreadAllocatedBytes(thread) - allocated;
                System.out.printf(
                        Locale.ROOT, "ns=%.4f allocated=%.6f%n", (double) ns / requests, (double) allocated / requests);
                System.out.flush();
            }
        }
    }

    private void oneByOne(long requests) {
        for (long done = 0; done < requests; done++) {
            post();
            await();
        }
    }

    private void batches(int batch, long requests) {
        for (long done = 0; done < requests; done += batch) {
            qp.start();
            for (int i = 0; i < batch; i++) {
                post();
            }
            if (qp.complete() != batch) {
                throw new IllegalStateException("a batch was not taken whole");
            }
            await();
        }
    }

    private void post() {
        long id = next++;
        long place = id % PLACES * BYTES;
        int result = qp.postWrite(id, local + place, BYTES, lkey, remote + place, rkey, SendFlags.SIGNALED);
        if (result != 0) {
            throw new IllegalStateException("a request was refused: " + result);
        }
    }

    private void await() {
        long count = awaited;
        long end = next;
        while (count != end) {
            int found = cq.poll(completions);
            for (int i = 0; i < found; i++, count++) {
                if (completions.status(i) != 0 || completions.id(i) != count) {
                    throw new IllegalStateException(completions.describe(i) + " where " + count + " was awaited");
                }
            }
        }
        awaited = count;
    }

    @Override
    public void close() {
        context.close();
    }
}
