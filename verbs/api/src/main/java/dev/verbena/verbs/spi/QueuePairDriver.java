package dev.verbena.verbs.spi;

import dev.verbena.verbs.Gid;
import dev.verbena.verbs.QueuePairAttributes;
import dev.verbena.verbs.ScatterGatherList;
import org.jspecify.annotations.Nullable;

/**
 * A queue pair. Requests are staged one after the other and handed over by {@link #flushSends()} or
 * {@link #flushReceives()}: one doorbell for all of them. A staging method answers 0, or SEND_QUEUE_FULL
 * (RECEIVE_QUEUE_FULL) when as many as the queue has slots are staged already. *
 * <p>Hot path: everything but modify, query, multicast and close.
 */
public interface QueuePairDriver extends AutoCloseable {
    /** The queue-pair number. */
    int number();

    /** Send slots as granted. */
    int sendSlots();

    /** Receive slots as granted; 0 with a shared receive queue. */
    int receiveSlots();

    /** Entries of a send request as granted. */
    int sendScatterGatherMax();

    /** Entries of a receive request as granted. */
    int receiveScatterGatherMax();

    /** Bytes of inline payload as granted. */
    int inlineMax();

    /**
     * Stages SEND, SEND_WITH_IMM (immediate in the number's own order) or SEND_WITH_INV (key in {@code immediateOrKey}).
     */
    int send(int opcode, long id, int flags, long address, int lengthBytes, int lkey, int immediateOrKey);

    /** The same with a list of entries. */
    int send(int opcode, long id, int flags, ScatterGatherList list, int immediateOrKey);

    /** Stages SEND or SEND_WITH_IMM on a datagram queue pair. */
    int sendDatagram(
            int opcode,
            long id,
            int flags,
            long address,
            int lengthBytes,
            int lkey,
            int immediate,
            AddressHandleDriver handle,
            int remoteNumber,
            int remoteQkey);

    /** The same with a list of entries. */
    int sendDatagram(
            int opcode,
            long id,
            int flags,
            ScatterGatherList list,
            int immediate,
            AddressHandleDriver handle,
            int remoteNumber,
            int remoteQkey);

    /** Stages RDMA_WRITE, RDMA_WRITE_WITH_IMM or RDMA_READ. */
    int rdma(
            int opcode,
            long id,
            int flags,
            long address,
            int lengthBytes,
            int lkey,
            long remoteAddress,
            int rkey,
            int immediate);

    /** The same with a list of entries. */
    int rdma(int opcode, long id, int flags, ScatterGatherList list, long remoteAddress, int rkey, int immediate);

    /** Stages ATOMIC_CMP_AND_SWP (compare, swap) or ATOMIC_FETCH_AND_ADD (add, 0). */
    int atomic(
            int opcode,
            long id,
            int flags,
            long address,
            int lkey,
            long remoteAddress,
            int rkey,
            long compareOrAdd,
            long swap);

    /**
     * Posts and executes a usual SEND or SEND_WITH_IMM at once, if that needs neither the queue pair's gate nor its checks:
     * the driver sees to it that only one thread is inside, that the queue pair is open and ready, and that flags and
     * length are sound. Called by any thread at any time.
     *
     * @return false when nothing was done: it is checked, staged and handed over the usual way then
     */
    default boolean trySend(int opcode, long id, int flags, long address, int lengthBytes, int lkey, int immediate) {
        return false;
    }

    /** The same for RDMA_WRITE and RDMA_READ. */
    default boolean tryRdma(
            int opcode, long id, int flags, long address, int lengthBytes, int lkey, long remoteAddress, int rkey) {
        return false;
    }

    /** The same for ATOMIC_CMP_AND_SWP and ATOMIC_FETCH_AND_ADD. */
    default boolean tryAtomic(
            int opcode,
            long id,
            int flags,
            long address,
            int lkey,
            long remoteAddress,
            int rkey,
            long compareOrAdd,
            long swap) {
        return false;
    }

    /** Stages LOCAL_INV. */
    int localInvalidate(long id, int flags, int rkey);

    /**
     * Binds a memory window: type 2 stages BIND_MW with the new key, type 1 posts ibv_bind_mw(3) at once. Zero length
     * unbinds (type 1).
     */
    int bind(
            long id,
            int flags,
            MemoryWindowDriver window,
            int newRkey,
            @Nullable MemoryRegionDriver region,
            long address,
            long lengthBytes,
            int access);

    /** Hands the staged send requests over; answers how many the device took. What it did not take is dropped. */
    int flushSends();

    /** Stages a receive. */
    int receive(long id, long address, int lengthBytes, int lkey);

    /**
     * Stages a receive and hands it over, when nothing is staged; for drivers that can do better with a single one.
     *
     * @return what staging answers when that is negative, else what {@link #flushReceives()} answers
     */
    default int postReceive(long id, long address, int lengthBytes, int lkey) {
        int result = receive(id, address, lengthBytes, lkey);
        return result < 0 ? result : flushReceives();
    }

    /** Stages a receive into several entries. */
    int receive(long id, ScatterGatherList list);

    /** Hands the staged receives over; answers how many the device took. What it did not take is dropped. */
    int flushReceives();

    /** Forgets what is staged in both queues. */
    void discardStaged();

    /** Why the last flush or bind was not taken whole: a positive errno (ENOMEM: the queue is full), else 0. */
    int lastErrno();

    /** ibv_modify_qp(3) with the attributes of the mask; 0 or a negative errno. */
    int modify(QueuePairAttributes attributes);

    /** ibv_query_qp(3). */
    QueuePairAttributes query();

    /** ibv_attach_mcast(3). */
    void attachMulticast(Gid group, int lid);

    /** ibv_detach_mcast(3). */
    void detachMulticast(Gid group, int lid);

    @Override
    void close();
}
