package dev.verbena.bench.perftest;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;

/**
 * What the measuring thread uses between the making of this and {@link #stop}.
 *
 * <p>Threading: that thread.
 */
final class Cost {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    private final long thread = Thread.currentThread().threadId();
    private final long allocatedBefore = THREADS.getThreadAllocatedBytes(thread);
    private final long cpuBefore = THREADS.getCurrentThreadCpuTime();
    private long cpuNs;
    private long allocated;

    void stop() {
        cpuNs = THREADS.getCurrentThreadCpuTime() - cpuBefore;
        allocated = THREADS.getThreadAllocatedBytes(thread) - allocatedBefore;
    }

    double cpuSeconds() {
        return cpuNs / 1e9;
    }

    /** Bytes of the Java heap for each of so many operations. */
    double allocatedBytes(long operations) {
        return allocated / (double) Math.max(1, operations);
    }
}
