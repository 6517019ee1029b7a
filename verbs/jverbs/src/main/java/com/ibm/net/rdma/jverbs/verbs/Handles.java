package com.ibm.net.rdma.jverbs.verbs;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * Numbers that tell objects of this process apart.
 *
 * <p>Threading: any thread.
 */
final class Handles {
    private static final AtomicInteger LAST = new AtomicInteger();

    private Handles() {}

    static int next() {
        return LAST.incrementAndGet();
    }
}
