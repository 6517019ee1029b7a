package dev.verbena.verbs.conformance.differential;

import dev.verbena.verbs.AccessFlags;
import dev.verbena.verbs.AddressHandle;
import dev.verbena.verbs.Errno;
import dev.verbena.verbs.Opcode;
import dev.verbena.verbs.QueuePair;
import dev.verbena.verbs.QueuePairAttributes;
import dev.verbena.verbs.QueuePairState;
import dev.verbena.verbs.QueuePairType;
import dev.verbena.verbs.Refusal;
import dev.verbena.verbs.ScatterGatherList;
import dev.verbena.verbs.SendFlags;
import dev.verbena.verbs.SharedReceiveQueue;
import dev.verbena.verbs.VerbsException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/**
 * Runs a program on two open devices, by one thread. It waits for as many completions as the model expects, each time with a
 * bound: what is missing then is missing in the outcome, what is too much turns up later.
 */
final class Execution implements AutoCloseable {
    private static final int SPINS = 500;
    private static final long PAUSE_NS = 20_000;
    private static final int WRONG_QKEY = 0x22222222;
    /** The number of every member of a multicast group. */
    private static final int TO_ALL = 0xffffff;

    private final Program program;
    private final long limitNs;
    private final Map<Side, RealEnd> ends = new EnumMap<>(Side.class);
    private Outcome now = new Outcome();

    Execution(Program program, Bench bench) {
        this.program = program;
        this.limitNs = bench.limitNs();
        for (Side side : Side.values()) {
            ends.put(side, new RealEnd(program, side, bench));
        }
        connect();
    }

    private void connect() {
        for (Side side : Side.values()) {
            end(side).connect(end(side.peer()).endpoint());
        }
    }

    private RealEnd end(Side side) {
        RealEnd end = ends.get(side);
        if (end == null) {
            throw new IllegalStateException("no side " + side);
        }
        return end;
    }

    /** What the rounds brought, the last of them the first that was not as expected. */
    List<Outcome> run(List<Outcome> expected) {
        List<Outcome> outcomes = new ArrayList<>();
        for (int round = 0; round < expected.size(); round++) {
            now = new Outcome();
            outcomes.add(now);
            program.rounds().get(round).steps().forEach(this::take);
            settle(expected.get(round));
            if (!expected.get(round).difference(now).isEmpty()) {
                break;
            }
        }
        return outcomes;
    }

    // ---------------------------------------------------------------- quiet moments

    private void settle(Outcome expected) {
        boolean complete = await(() -> hasAll(expected.completions, now.completions) && hasEvents(expected));
        for (Side side : Side.values()) {
            RealEnd end = end(side);
            QueuePairState wanted = expected.states.getOrDefault(side, QueuePairState.UNKNOWN);
            if (complete) {
                await(() -> end.state() == wanted);
            }
            now.states.put(side, end.state());
            end.snapshot(now);
            end.readEvents(now);
        }
        if (expected.closes && complete) {
            close(expected);
        }
    }

    private boolean hasAll(
            Map<Outcome.Queue, List<Outcome.Completed>> expected, Map<Outcome.Queue, List<Outcome.Completed>> seen) {
        ends.values().forEach(end -> end.poll(seen));
        return Outcome.Queue.ALL.stream()
                .allMatch(queue -> seen.getOrDefault(queue, List.of()).size()
                        >= expected.getOrDefault(queue, List.of()).size());
    }

    /** Reads events only while some are missing: that may be a system call. */
    private boolean hasEvents(Outcome expected) {
        if (!now.hasEventsOf(expected)) {
            ends.values().forEach(end -> end.readEvents(now));
        }
        return now.hasEventsOf(expected);
    }

    private void close(Outcome expected) {
        List<RealEnd> open = ends.values().stream()
                .filter(end -> end.state() != QueuePairState.RESET)
                .toList();
        open.forEach(end -> end.qp.fail());
        // Slots are free when their flushed completions were polled.
        await(() -> {
            ends.values().forEach(end -> end.poll(now.closing));
            return Outcome.Queue.ALL.stream()
                    .allMatch(queue -> now.closing
                                    .getOrDefault(queue, List.of())
                                    .size()
                            >= expected.closing.getOrDefault(queue, List.of()).size() - 1);
        });
        now.closes = true;
        open.forEach(this::postLast);
        await(() -> hasAll(expected.closing, now.closing));
        ends.values().forEach(end -> end.poll(now.closing));
    }

    private void postLast(RealEnd end) {
        long address = end.address(Key.MAIN, 0);
        int lkey = end.localKey(Key.MAIN);
        int answer = program.setup().type() == QueuePairType.UD
                ? end.qp.postDatagram(
                        Model.LAST_SEND,
                        address,
                        1,
                        lkey,
                        end.toPeer(),
                        end.qp.number(),
                        QueuePair.DEFAULT_QKEY,
                        SendFlags.SIGNALED)
                : end.qp.postSend(Model.LAST_SEND, address, 1, lkey, SendFlags.SIGNALED);
        if (end.shared() == null) {
            answer += end.qp.postReceive(Model.LAST_RECEIVE, address, 1, lkey);
        }
        if (answer != 0) {
            now.answers.add("a request after the flush is not taken");
        }
    }

    private boolean await(BooleanSupplier condition) {
        long start = System.nanoTime();
        for (int round = 0; !condition.getAsBoolean(); round++) {
            if (System.nanoTime() - start > limitNs) {
                return false;
            }
            if (round < SPINS) {
                Thread.onSpinWait();
            } else {
                LockSupport.parkNanos(PAUSE_NS);
            }
        }
        return true;
    }

    // ---------------------------------------------------------------- calls

    private void take(Step call) {
        switch (call) {
            case Step.Receive receive -> now.answers.add("#" + receive.id() + " " + answer(() -> receive(receive)));
            case Step.Post post -> post(post);
            case Step.Revoke revoke -> end(revoke.side()).revoke();
            case Step.Fail fail -> end(fail.side()).qp.fail();
            case Step.Move move ->
                now.answers.add(move.side() + " to " + move.to() + " "
                        + answer(() -> {
                            end(move.side()).qp.modify(new QueuePairAttributes().state(move.to()));
                            return 0;
                        }));
            case Step.Revive() -> {
                ends.values().forEach(RealEnd::reset);
                connect();
            }
            case Step.Drain drain -> end(drain.side()).drain(drain.told());
            case Step.Resume resume ->
                end(resume.side()).qp.modify(new QueuePairAttributes().state(QueuePairState.READY_TO_SEND));
            case Step.Silence silence -> end(silence.side()).silence(silence.closes());
            case Step.Join join -> end(join.side()).join();
            case Step.Leave leave -> end(leave.side()).leave();
            case Step.Limit limit -> end(limit.side()).arm(limit.receives());
        }
    }

    private interface Call {
        int run();
    }

    private static String answer(Call call) {
        try {
            int answer = call.run();
            return answer == 0 ? "taken" : Refusal.name(answer);
        } catch (VerbsException e) {
            return Errno.name(e.errno());
        } catch (IllegalArgumentException | IllegalStateException e) {
            return e.toString();
        }
    }

    private int receive(Step.Receive receive) {
        RealEnd end = end(receive.side());
        ScatterGatherList list = list(end, receive.into());
        SharedReceiveQueue shared = end.shared();
        return shared == null ? end.qp.postReceive(receive.id(), list) : shared.postReceive(receive.id(), list);
    }

    private static ScatterGatherList list(RealEnd end, List<Buffer> buffers) {
        ScatterGatherList list = new ScatterGatherList(Math.max(1, buffers.size()));
        for (Buffer buffer : buffers) {
            list.add(end.address(buffer.key(), buffer.offset()), buffer.length(), end.localKey(buffer.key()));
        }
        return list;
    }

    private void post(Step.Post post) {
        RealEnd end = end(post.side());
        boolean batch = post.requests().size() > 1;
        if (batch) {
            end.qp.start();
        }
        for (Step.Request request : post.requests()) {
            now.answers.add("#" + request.id() + " "
                    + answer(() -> post(end, end(post.side().peer()), request)));
        }
        if (batch) {
            now.answers.add("batch of " + end.qp.complete());
        }
    }

    private int post(RealEnd end, RealEnd peer, Step.Request request) {
        if (program.setup().type() == QueuePairType.UD) {
            return datagram(end, peer, request);
        }
        return switch (request.opcode()) {
            case Opcode.BIND_MW -> bind(end, request);
            case Opcode.LOCAL_INV -> end.qp.postLocalInvalidate(request.id(), end.key(request.key()), request.flags());
            case Opcode.SEND -> end.qp.postSend(request.id(), list(end, request.local()), request.flags());
            case Opcode.SEND_WITH_IMM ->
                end.qp.postSendWithImmediate(
                        request.id(), list(end, request.local()), request.immediate(), request.flags());
            case Opcode.SEND_WITH_INV -> {
                Buffer only = request.local().getFirst();
                yield end.qp.postSendWithInvalidate(
                        request.id(),
                        end.address(only.key(), only.offset()),
                        only.length(),
                        end.localKey(only.key()),
                        peer.key(request.key()),
                        request.flags());
            }
            default -> remote(end, peer, request);
        };
    }

    private static int remote(RealEnd end, RealEnd peer, Step.Request request) {
        long to = peer.address(request.key(), request.remoteOffset());
        int rkey = peer.key(request.key());
        ScatterGatherList list = list(end, request.local());
        return switch (request.opcode()) {
            case Opcode.RDMA_WRITE -> end.qp.postWrite(request.id(), list, to, rkey, request.flags());
            case Opcode.RDMA_WRITE_WITH_IMM ->
                end.qp.postWriteWithImmediate(request.id(), list, to, rkey, request.immediate(), request.flags());
            case Opcode.RDMA_READ -> end.qp.postRead(request.id(), list, to, rkey, request.flags());
            case Opcode.ATOMIC_FETCH_AND_ADD ->
                end.qp.postFetchAndAdd(
                        request.id(), list.address(0), list.lkey(0), to, rkey, request.operand(), request.flags());
            case Opcode.ATOMIC_CMP_AND_SWP ->
                end.qp.postCompareAndSwap(
                        request.id(),
                        list.address(0),
                        list.lkey(0),
                        to,
                        rkey,
                        request.operand(),
                        request.swap(),
                        request.flags());
            default -> throw new IllegalArgumentException(request.toString());
        };
    }

    private static int bind(RealEnd end, Step.Request request) {
        Buffer part = request.local().getFirst();
        end.remember(request.key());
        return end.qp.postBind(
                request.id(),
                end.window(request.key()),
                end.window(request.key()).nextRkey(),
                end.bindable(part.key()),
                end.address(part.key(), part.offset()),
                part.length(),
                request.immediate() & AccessFlags.REMOTE_ALL,
                request.flags());
    }

    private static int datagram(RealEnd end, RealEnd peer, Step.Request request) {
        int qkey = request.key() == Key.WRONG ? WRONG_QKEY : QueuePair.DEFAULT_QKEY;
        boolean toGroup = request.key() == Key.GROUP;
        AddressHandle way = toGroup ? end.toGroup() : end.toPeer();
        int number = toGroup ? TO_ALL : peer.qp.number();
        if (request.opcode() == Opcode.SEND_WITH_IMM) {
            // There is no call with immediate data and a list.
            Buffer only = request.local().getFirst();
            return end.qp.postDatagramWithImmediate(
                    request.id(),
                    end.address(only.key(), only.offset()),
                    only.length(),
                    end.localKey(only.key()),
                    request.immediate(),
                    way,
                    number,
                    qkey,
                    request.flags());
        }
        return end.qp.postDatagram(request.id(), list(end, request.local()), way, number, qkey, request.flags());
    }

    @Override
    public void close() {
        ends.values().forEach(RealEnd::close);
    }
}
