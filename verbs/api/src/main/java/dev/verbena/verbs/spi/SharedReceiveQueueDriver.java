package dev.verbena.verbs.spi;

import dev.verbena.verbs.ScatterGatherList;

/** A shared receive queue. Receives are staged, then handed over by {@link #flush()}. */
public interface SharedReceiveQueueDriver extends AutoCloseable {
    /** Receives it has room for, as the device granted it. */
    int slots();

    /** Entries per receive, as the device granted it. */
    int scatterGatherMax();

    /** Its number, 0 where the device has none. */
    int number();

    /** Stages a receive; 0, or RECEIVE_QUEUE_FULL when as many as {@link #slots()} are staged. */
    int receive(long id, long address, int lengthBytes, int lkey);

    /** Stages a receive into several entries. */
    int receive(long id, ScatterGatherList list);

    /** Hands the staged receives over; answers how many the device took. What it did not take is dropped. */
    int flush();

    /** Why the last flush took less than all: a positive errno, 0 when it took all. */
    int lastErrno();

    /** ibv_modify_srq(3); a zero leaves the value. */
    void modify(int slots, int limit);

    /** The armed limit; ibv_query_srq(3). */
    int limit();

    @Override
    void close();
}
