package dev.verbena.bench.perftest;

/** What a benchmark posts, with perftest's name of it. */
enum Verb {
    /** SEND, received by a posted receive. */
    SEND("Send"),
    /** RDMA_WRITE. */
    WRITE("RDMA_Write"),
    /** RDMA_READ. */
    READ("RDMA_Read"),
    /** ATOMIC_FETCH_AND_ADD of 8 bytes. */
    ATOMIC("Atomic FETCH_AND_ADD");

    private final String title;

    Verb(String title) {
        this.title = title;
    }

    String title() {
        return title;
    }

    /** Whether the answer comes from the other side's device, so that a round trip is what is measured. */
    boolean isRequest() {
        return this == READ || this == ATOMIC;
    }
}
