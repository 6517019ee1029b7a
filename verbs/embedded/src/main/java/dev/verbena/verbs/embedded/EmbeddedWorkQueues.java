package dev.verbena.verbs.embedded;

import dev.verbena.verbs.Opcode;
import dev.verbena.verbs.ScatterGatherList;
import dev.verbena.verbs.spi.AddressHandleDriver;
import dev.verbena.verbs.spi.MemoryRegionDriver;
import dev.verbena.verbs.spi.MemoryWindowDriver;
import dev.verbena.verbs.spi.QueuePairDriver;
import org.jspecify.annotations.Nullable;

/**
 * The work queues of a queue pair as the API sees them: how long they are, and requests that are staged one by one and
 * handed over together.
 *
 * <p>Threading: as the API calls it, one thread at a time. Hot path.
 */
abstract class EmbeddedWorkQueues implements QueuePairDriver {
    final SendQueue sends;
    final @Nullable EmbeddedSharedReceiveQueue shared;
    /** Of the requests that were handed over last; of the receives when those came later. */
    int sendErrno;

    boolean receivesLast;
    private int takenEarly;

    EmbeddedWorkQueues(SendQueue sends, @Nullable EmbeddedSharedReceiveQueue shared) {
        this.sends = sends;
        this.shared = shared;
    }

    /** Its own receives, or its window into the shared ones. */
    abstract ReceiveQueue receives();

    /** The first of some requests is about to be staged. */
    abstract void stagingBegins();

    /** Hands over what is staged; answers how many were taken, and leaves {@link #sendErrno}. */
    abstract int flushStaged();

    // ---------------------------------------------------------------- sizes

    @Override
    public int sendSlots() {
        return sends.slots();
    }

    @Override
    public int receiveSlots() {
        return shared == null ? receives().slots() : 0;
    }

    @Override
    public int sendScatterGatherMax() {
        return sends.entriesMax();
    }

    @Override
    public int receiveScatterGatherMax() {
        return shared == null ? receives().entriesMax() : 0;
    }

    @Override
    public int inlineMax() {
        return sends.inlineMax();
    }

    // ---------------------------------------------------------------- staging

    private void beginStaging() {
        if (!sends.hasStaged()) {
            stagingBegins();
        }
    }

    @Override
    public int send(int opcode, long id, int flags, long address, int lengthBytes, int lkey, int immediateOrKey) {
        beginStaging();
        return sends.stage(opcode, id, flags, address, lengthBytes, lkey, 0, 0, immediateOrKey, 0, null);
    }

    @Override
    public int send(int opcode, long id, int flags, ScatterGatherList list, int immediateOrKey) {
        beginStaging();
        return sends.stage(opcode, id, flags, list, 0, 0, immediateOrKey, 0, null);
    }

    @Override
    public int sendDatagram(
            int opcode,
            long id,
            int flags,
            long address,
            int lengthBytes,
            int lkey,
            int immediate,
            AddressHandleDriver handle,
            int remoteNumber,
            int remoteQkey) {
        beginStaging();
        return sends.stage(
                opcode, id, flags, address, lengthBytes, lkey, 0, remoteQkey, immediate, remoteNumber, handle);
    }

    @Override
    public int sendDatagram(
            int opcode,
            long id,
            int flags,
            ScatterGatherList list,
            int immediate,
            AddressHandleDriver handle,
            int remoteNumber,
            int remoteQkey) {
        beginStaging();
        return sends.stage(opcode, id, flags, list, 0, remoteQkey, immediate, remoteNumber, handle);
    }

    @Override
    public int rdma(
            int opcode,
            long id,
            int flags,
            long address,
            int lengthBytes,
            int lkey,
            long remoteAddress,
            int rkey,
            int immediate) {
        beginStaging();
        return sends.stage(opcode, id, flags, address, lengthBytes, lkey, remoteAddress, rkey, immediate, 0, null);
    }

    @Override
    public int rdma(
            int opcode, long id, int flags, ScatterGatherList list, long remoteAddress, int rkey, int immediate) {
        beginStaging();
        return sends.stage(opcode, id, flags, list, remoteAddress, rkey, immediate, 0, null);
    }

    @Override
    public int atomic(
            int opcode,
            long id,
            int flags,
            long address,
            int lkey,
            long remoteAddress,
            int rkey,
            long compareOrAdd,
            long swap) {
        beginStaging();
        return sends.stageAtomic(opcode, id, flags, address, lkey, remoteAddress, rkey, compareOrAdd, swap);
    }

    @Override
    public int localInvalidate(long id, int flags, int rkey) {
        beginStaging();
        return sends.stage(Opcode.LOCAL_INV, id, flags, 0, 0, 0, 0, rkey, 0, 0, null);
    }

    @Override
    public int bind(
            long id,
            int flags,
            MemoryWindowDriver window,
            int newRkey,
            @Nullable MemoryRegionDriver region,
            long address,
            long lengthBytes,
            int access) {
        beginStaging();
        int result = sends.stageBind(id, flags, window, newRkey, region, address, lengthBytes, access);
        if (result < 0 || ((EmbeddedMemoryWindow) window).type() == 2) {
            return result;
        }
        // Type 1 is posted at once, behind what was staged before it.
        int before = takenEarly;
        int taken = flushStaged();
        takenEarly = before + Math.max(taken - 1, 0);
        return sendErrno == 0 ? 0 : -sendErrno;
    }

    @Override
    public int flushSends() {
        int taken = takenEarly + flushStaged();
        takenEarly = 0;
        return taken;
    }

    @Override
    public int receive(long id, long address, int lengthBytes, int lkey) {
        return receives().stage(id, address, lengthBytes, lkey);
    }

    @Override
    public int receive(long id, ScatterGatherList list) {
        return receives().stage(id, list);
    }

    @Override
    public void discardStaged() {
        sends.discardStaged();
        receives().discardStaged();
    }

    @Override
    public int lastErrno() {
        return receivesLast ? receives().lastErrno() : sendErrno;
    }
}
