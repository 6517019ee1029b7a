package dev.verbena.verbs.conformance;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static org.assertj.core.api.Assertions.assertThat;

import dev.verbena.verbs.CompletionQueue;
import dev.verbena.verbs.CompletionStatus;
import dev.verbena.verbs.Context;
import dev.verbena.verbs.GidEntry;
import dev.verbena.verbs.MemoryRegion;
import dev.verbena.verbs.ProtectionDomain;
import dev.verbena.verbs.QueuePair;
import dev.verbena.verbs.QueuePairEndpoint;
import dev.verbena.verbs.QueuePairState;
import dev.verbena.verbs.SendFlags;
import dev.verbena.verbs.WorkCompletions;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One side of a pair: a queue pair, its completion queue and memory that the peer may use in every way. */
final class End {
    final Context context;
    final ProtectionDomain pd;
    final CompletionQueue cq;
    final QueuePair qp;
    final MemoryRegion memory;
    final GidEntry gid;
    private final WorkCompletions completions = new WorkCompletions(16);
    private final Deque<Completion> taken = new ArrayDeque<>();

    End(ProtectionDomain pd, CompletionQueue cq, QueuePair qp, MemoryRegion memory, GidEntry gid) {
        this.context = pd.context();
        this.pd = pd;
        this.cq = cq;
        this.qp = qp;
        this.memory = memory;
        this.gid = gid;
    }

    // ---------------------------------------------------------------- memory

    /** The address of an offset. */
    long at(long offset) {
        return memory.address() + offset;
    }

    int lkey() {
        return memory.lkey();
    }

    int rkey() {
        return memory.rkey();
    }

    void fill(long offset, byte[] bytes) {
        MemorySegment.copy(bytes, 0, memory.memory(), JAVA_BYTE, offset, bytes.length);
    }

    byte[] bytes(long offset, int length) {
        return memory.memory().asSlice(offset, length).toArray(JAVA_BYTE);
    }

    void putLong(long offset, long value) {
        memory.memory().set(JAVA_LONG_UNALIGNED, offset, value);
    }

    long getLong(long offset) {
        return memory.memory().get(JAVA_LONG_UNALIGNED, offset);
    }

    QueuePairEndpoint endpoint() {
        return qp.localEndpoint(gid);
    }

    // ---------------------------------------------------------------- requests

    /** Posts a receive that must be taken. */
    void receive(long id, long offset, int length) {
        assertThat(qp.postReceive(id, at(offset), length, lkey())).isZero();
    }

    /** Posts a signaled SEND that must be taken. */
    void send(long id, long offset, int length) {
        assertThat(qp.postSend(id, at(offset), length, lkey(), SendFlags.SIGNALED))
                .isZero();
    }

    /** Posts a signaled WRITE to the peer's offset. */
    void write(long id, long offset, int length, End peer, long remoteOffset) {
        assertThat(qp.postWrite(id, at(offset), length, lkey(), peer.at(remoteOffset), peer.rkey(), SendFlags.SIGNALED))
                .isZero();
    }

    /** Posts a signaled READ from the peer's offset. */
    void read(long id, long offset, int length, End peer, long remoteOffset) {
        assertThat(qp.postRead(id, at(offset), length, lkey(), peer.at(remoteOffset), peer.rkey(), SendFlags.SIGNALED))
                .isZero();
    }

    // ---------------------------------------------------------------- completions

    /** The next completion, oldest first. */
    Completion next() {
        return Bounded.until("a completion on " + qp + " in " + stateName(), this::poll);
    }

    private String stateName() {
        try {
            return qp.query().state().toString();
        } catch (IllegalStateException closed) {
            return "no state any more";
        }
    }

    private @Nullable Completion poll() {
        if (taken.isEmpty()) {
            int polled = cq.poll(completions);
            for (int index = 0; index < polled; index++) {
                taken.add(Completion.of(completions, index));
            }
        }
        return taken.poll();
    }

    /** The next completion, which must have succeeded. */
    Completion success() {
        Completion completion = next();
        assertThat(completion.status()).as(completion.toString()).isEqualTo(CompletionStatus.SUCCESS);
        return completion;
    }

    /** The next completion, which must be that of a request, and have succeeded. */
    Completion success(long id) {
        Completion completion = success();
        assertThat(completion.id()).isEqualTo(id);
        return completion;
    }

    /** The next completion, which must be that of a request, and have failed. */
    CompletionStatus failure(long id) {
        Completion completion = next();
        assertThat(completion.succeeded()).as("%s", completion).isFalse();
        assertThat(completion.id()).isEqualTo(id);
        return completion.status();
    }

    /** The next completions. */
    List<Completion> next(int count) {
        List<Completion> list = new ArrayList<>();
        while (list.size() < count) {
            list.add(next());
        }
        return list;
    }

    /** What is in the queue right now must be nothing. */
    void nothing() {
        assertThat(poll()).isNull();
    }

    /** Waits until the device itself has gone to a state. */
    void awaitState(QueuePairState state) {
        Bounded.untilTrue(qp + " in " + state, () -> qp.query().state() == state);
    }
}
