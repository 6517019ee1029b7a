package dev.verbena.verbs.conformance.differential;

import dev.verbena.verbs.AccessFlags;
import dev.verbena.verbs.CompletionOpcode;
import dev.verbena.verbs.CompletionStatus;
import dev.verbena.verbs.Opcode;
import dev.verbena.verbs.QueuePairState;
import dev.verbena.verbs.QueuePairType;
import dev.verbena.verbs.Refusal;
import dev.verbena.verbs.SendFlags;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The rules in executable form: what a program may bring about, by the InfiniBand Architecture Specification, volume 1 (named
 * IBTA here, by section), and the man pages of libibverbs. It executes requests one by one, each direction in order, and knows
 * nothing of packets, rings or time.
 *
 * <p>Where the rules leave open what happens, or it depends on who is faster, it throws {@link Undecided}: such a program judges
 * nobody, and is not run.
 */
final class Model {
    /** The rules allow too much for a verdict. */
    static final class Undecided extends RuntimeException {
        private static final long serialVersionUID = 1;

        Undecided(String why) {
            super(why, null, false, false);
        }
    }

    /** The ids of the requests that close a round: what is flushed before them was posted before them. */
    static final int LAST_SEND = -1;

    static final int LAST_RECEIVE = -2;
    /** A retry count that never ends; ibv_modify_qp(3). */
    static final int ENDLESS = 7;

    private static final int ANSWER_BYTES = Long.BYTES;
    private static final Set<CompletionStatus> MISSING_RIGHT =
            EnumSet.of(CompletionStatus.REM_INV_REQ_ERR, CompletionStatus.REM_ACCESS_ERR);

    private final Program program;
    private final Program.Setup setup;
    private final Rules rules;
    private final ModelMessages messages;
    private final ModelStates states;
    private final Map<Side, ModelEnd> ends = new EnumMap<>(Side.class);
    private final Map<Side, Hazards> hazards = new EnumMap<>(Side.class);

    private Outcome now = new Outcome();
    private int step;
    private boolean posted;
    private boolean broke;
    private boolean alreadyBroken;
    /** The step that posted what is executed now. */
    private int executing;

    Model(Program program, Rules rules) {
        this.program = program;
        this.setup = program.setup();
        this.rules = rules;
        this.messages = new ModelMessages(this, setup);
        this.states = new ModelStates(this, setup, rules);
        for (Side side : Side.values()) {
            ends.put(side, new ModelEnd(side, program));
            hazards.put(side, new Hazards());
        }
    }

    /** What every round of a program may bring. */
    static List<Outcome> run(Program program, Rules rules) {
        return new Model(program, rules).run();
    }

    private List<Outcome> run() {
        List<Outcome> outcomes = new ArrayList<>();
        int rounds = program.rounds().size();
        for (int index = 0; index < rounds; index++) {
            Outcome outcome = play(program.rounds().get(index), index == rounds - 1);
            ends.values().forEach(end -> end.snapshot(outcome));
            outcomes.add(outcome);
        }
        return outcomes;
    }

    /** The same at this point, to try how it goes on. */
    Model fork() {
        Model fork = new Model(program, rules);
        ends.forEach((side, end) -> fork.ends.put(side, new ModelEnd(end)));
        return fork;
    }

    ModelEnd end(Side side) {
        ModelEnd end = ends.get(side);
        if (end == null) {
            throw new IllegalStateException("no side " + side);
        }
        return end;
    }

    private Hazards hazards(Side side) {
        Hazards of = hazards.get(side);
        if (of == null) {
            throw new IllegalStateException("no side " + side);
        }
        return of;
    }

    // ---------------------------------------------------------------- rounds

    /** The outcome of the next round, without the memory. */
    Outcome play(Program.Round round, boolean last) {
        now = new Outcome();
        alreadyBroken = end(Side.A).isOver() && end(Side.B).isOver();
        posted = false;
        broke = false;
        hazards.values().forEach(Hazards::clear);
        states.begin();
        for (step = 0; step < round.steps().size(); step++) {
            take(round.steps().get(step));
        }
        boolean bothSend = !end(Side.A).sends.isEmpty() && !end(Side.B).sends.isEmpty();
        for (Side side : Side.values()) {
            direction(end(side), end(side.peer()));
        }
        require(!broke || !bothSend || alreadyBroken, "one direction fails while the other is busy");
        require(!hazards(Side.A).touches(hazards(Side.B)), "a window is changed while the peer uses it");
        require(!hazards(Side.B).touches(hazards(Side.A)), "a window is changed while the peer uses it");
        for (Side side : Side.values()) {
            requireAnEnd(end(side));
            if (!end(side).holdsBack()) {
                end(side).sends.clear();
            }
            states.watchLimit(end(side), broke);
            now.states.put(side, end(side).state);
        }
        boolean broken = end(Side.A).state == QueuePairState.ERROR || end(Side.B).state == QueuePairState.ERROR;
        now.closes = last || (broken && !alreadyBroken);
        if (now.closes) {
            close();
        }
        states.end(now, broke);
        return now;
    }

    static void require(boolean decided, String otherwise) {
        if (!decided) {
            throw new Undecided(otherwise);
        }
    }

    /** The last request of a direction has to show that all before it are done. */
    private void requireAnEnd(ModelEnd from) {
        if (from.sends.isEmpty() || from.isOver() || from.holdsBack()) {
            return;
        }
        Step.Request last = from.sends.getLast().what();
        require(
                setup.signalAll() || last.has(SendFlags.SIGNALED) || !from.isReady(),
                "nothing tells the end of the sends");
    }

    /** The receiver of unreliable messages has to see the last one. */
    private void requireArrival(ModelEnd to, Step.Request lastSent) {
        boolean seen = setup.type() == QueuePairType.RC || !to.hears() || messages.wasDelivered(lastSent.id());
        require(seen, "nothing tells the end of the messages");
    }

    /** Both queue pairs go to ERROR, which flushes what is posted; then a request in each queue, which is flushed last. */
    private void close() {
        for (Side side : Side.values()) {
            ModelEnd end = end(side);
            if (end.state == QueuePairState.RESET) {
                continue;
            }
            if (end.state != QueuePairState.ERROR) {
                end.state = QueuePairState.ERROR;
                end.sends.forEach(held ->
                        add(now.closing, side, false, held.what().id(), EnumSet.of(CompletionStatus.WR_FLUSH_ERR), ""));
                end.sends.clear();
                flushReceives(end, now.closing);
                states.ended(end, false);
            }
            add(now.closing, side, false, LAST_SEND, EnumSet.of(CompletionStatus.WR_FLUSH_ERR), "");
            if (!setup.shared()) {
                add(now.closing, side, true, LAST_RECEIVE, EnumSet.of(CompletionStatus.WR_FLUSH_ERR), "");
            }
        }
    }

    // ---------------------------------------------------------------- calls

    private void take(Step call) {
        switch (call) {
            case Step.Receive receive -> receive(end(receive.side()), receive);
            case Step.Post post -> post(end(post.side()), post);
            case Step.Revoke revoke -> {
                requireQuiet();
                end(revoke.side()).spareRevoked = true;
            }
            case Step.Fail fail -> {
                requireQuiet();
                toError(end(fail.side()));
            }
            case Step.Move move -> now.answers.add(states.move(end(move.side()), move.to()));
            case Step.Revive() -> {
                states.revive();
                alreadyBroken = false;
            }
            case Step.Drain drain -> states.drain(end(drain.side()), drain.told());
            case Step.Resume resume -> states.resume(end(resume.side()), step);
            case Step.Silence silence -> states.silence(end(silence.side()));
            case Step.Join join -> states.join(end(join.side()));
            case Step.Leave leave -> states.leave(end(leave.side()));
            case Step.Limit limit -> states.arm(end(limit.side()), limit.receives());
        }
    }

    boolean isQuiet() {
        return !posted;
    }

    void requireQuiet() {
        require(isQuiet(), "what is posted races with it");
    }

    private void answer(int id, String answer) {
        now.answers.add("#" + id + " " + answer);
    }

    private void receive(ModelEnd end, Step.Receive receive) {
        posted = true;
        require(end.state != QueuePairState.RESET || setup.shared(), "nothing can be posted in RESET");
        if (end.receives.size() == setup.slots()) {
            require(setup.small(), "more receives than slots");
            require(rules.slotsFreedByPolling(), "the size of queues is not exact");
            require(end.sends.isEmpty() && end(end.side.peer()).sends.isEmpty(), "slots are freed meanwhile");
            answer(receive.id(), Refusal.name(Refusal.RECEIVE_QUEUE_FULL));
            return;
        }
        answer(receive.id(), "taken");
        if (end.state == QueuePairState.ERROR && !setup.shared()) {
            complete(end, true, receive.id(), EnumSet.of(CompletionStatus.WR_FLUSH_ERR), "");
        } else {
            end.receives.add(new ModelEnd.Posted<>(receive, step));
            states.received(end);
        }
    }

    /** ibv_post_send(3): what does not fit is not taken, from the first that does not; slots are freed by polling only. */
    private void post(ModelEnd end, Step.Post post) {
        posted = true;
        require(end.state != QueuePairState.RESET, "nothing can be posted in RESET");
        require(!end.holdsBack() || post.requests().stream().noneMatch(Step.Request::usesWindow), "its key may change");
        int staged = 0;
        int free = setup.slots() - end.sends.size();
        List<Step.Request> taken = new ArrayList<>();
        for (Step.Request request : post.requests()) {
            require(
                    request.key() != Key.WINDOW_1
                            || !request.isOnWindow()
                            || post.requests().size() == 1,
                    "type 1 binds at once");
            if (staged == setup.slots()) {
                answer(request.id(), Refusal.name(Refusal.SEND_QUEUE_FULL));
                continue;
            }
            staged++;
            if (taken.size() < free) {
                taken.add(request);
            }
            boolean single = post.requests().size() == 1;
            answer(request.id(), single && free < 1 ? Refusal.name(Refusal.SEND_QUEUE_FULL) : "taken");
        }
        if (post.requests().size() > 1) {
            now.answers.add("batch of " + taken.size());
        }
        require(taken.size() == post.requests().size() || setup.small(), "more sends than slots");
        require(
                taken.size() == post.requests().size() || rules.slotsFreedByPolling(),
                "the size of queues is not exact");
        taken.forEach(request -> end.sends.add(new ModelEnd.Posted<>(request, step)));
    }

    // ---------------------------------------------------------------- one direction

    private void direction(ModelEnd from, ModelEnd to) {
        if (from.sends.isEmpty() || from.holdsBack()) {
            return;
        }
        boolean waits = setup.type() == QueuePairType.RC && !setup.impatient();
        require(!from.isReady() || to.hears() || !waits, "it takes too long until a send to nobody fails");
        boolean resumedOnly = from.sends.getLast().step() == from.resumedAt;
        require(rules.resumesAfterDraining() || !resumedOnly, "the device may need another post to go on");
        Step.Request lastSent = null;
        boolean fenced = from.sends.stream().anyMatch(next -> next.what().has(SendFlags.FENCE));
        messages.mayWait(rules.sound() || !fenced);
        for (ModelEnd.Posted<Step.Request> next : from.sends) {
            Step.Request request = next.what();
            executing = next.step();
            if (!from.isReady()) {
                // IBTA 10.3.1: in ERROR and SQE a request is flushed, and makes a completion, signaled or not.
                complete(from, false, request.id(), EnumSet.of(CompletionStatus.WR_FLUSH_ERR), "");
            } else if (request.isOnWindow()) {
                require(rules.sound() || lastSent == null, "it may stop there");
                onWindow(from, request);
            } else {
                execute(from, to, next);
                lastSent = from.isReady() ? request : lastSent;
            }
        }
        if (lastSent != null) {
            requireArrival(to, lastSent);
        }
    }

    private void execute(ModelEnd from, ModelEnd to, ModelEnd.Posted<Step.Request> next) {
        Step.Request request = next.what();
        boolean good = isGoodLocally(from, request);
        if (!to.hears()) {
            require(good, "a second mistake");
            if (setup.type() == QueuePairType.RC) {
                // IBTA 9.7.6.1.3: nobody answers, and the requester ends it when its retries are over.
                failSend(from, request, EnumSet.of(CompletionStatus.RETRY_EXC_ERR));
            } else {
                // IBTA 9.8.3: an unreliable message to a queue pair that is not ready is dropped.
                succeed(from, request);
            }
            return;
        }
        require(hazards(from.side).allows(request), "it may overtake a READ");
        hazards(from.side).note(request);
        if (request.takesReceive()) {
            messages.execute(from, to, next, good);
        } else if (!good) {
            failLocally(from, to, request);
        } else {
            oneSided(from, to, request);
        }
    }

    private boolean isGoodLocally(ModelEnd from, Step.Request request) {
        if (request.has(SendFlags.INLINE)) {
            // ibv_post_send(3): with IBV_SEND_INLINE the lkey is not checked.
            boolean simple = request.local().stream()
                    .allMatch(buffer -> (buffer.key() == Key.MAIN || buffer.key() == Key.WRONG)
                            && buffer.offset() + buffer.length() <= Key.REGION_BYTES);
            require(simple && request.totalBytes() <= setup.inlineBytes(), "refused before it is posted");
            return true;
        }
        return request.local().stream().allMatch(buffer -> from.isGoodLocally(buffer, request.pulls()));
    }

    /** IBTA 9.9.2: a protection error of the requester's own buffer ends it; the responder has seen nothing, or a part. */
    void failLocally(ModelEnd from, ModelEnd to, Step.Request request) {
        int length = request.isAtomic() ? ANSWER_BYTES : request.totalBytes();
        int right = request.isWrite() ? AccessFlags.REMOTE_WRITE : AccessFlags.REMOTE_ATOMIC;
        if (request.isWrite() || request.isAtomic()) {
            require(mayReach(from, to, request, length, right), "a second mistake");
            to.forget(List.of(new Buffer(request.key(), request.remoteOffset(), length)));
        }
        if (request.opcode() == Opcode.RDMA_READ) {
            require(mayReach(from, to, request, length, AccessFlags.REMOTE_READ), "a second mistake");
        }
        if (request.pulls()) {
            from.forget(request.local());
        }
        failSend(from, request, rules.allowed(CompletionStatus.LOC_PROT_ERR));
    }

    private boolean mayReach(ModelEnd from, ModelEnd to, Step.Request request, int length, int right) {
        boolean unchecked = length == 0;
        return (to.access & right) != 0 && (unchecked || reaches(from, to, request, length, right));
    }

    /** Whether the peer's key opens the range. */
    boolean reaches(ModelEnd from, ModelEnd to, Step.Request request, int length, int right) {
        if (request.key().isWindow()) {
            hazards(from.side).use(request.key());
        }
        return to.grants(request.key(), request.remoteOffset(), length, right, rules.windowBounds());
    }

    // ---------------------------------------------------------------- one-sided

    private void oneSided(ModelEnd from, ModelEnd to, Step.Request request) {
        int right = rightFor(request);
        int length = request.isAtomic() ? ANSWER_BYTES : request.totalBytes();
        if ((to.access & right) == 0) {
            // IBTA 9.7.4.1.5 and 10.6.3.2 leave it to the responder which of the two it answers.
            require(length == 0 || reaches(from, to, request, length, right), "a second mistake");
            refuse(from, to, request, MISSING_RIGHT);
            return;
        }
        // IBTA C9-88: of a request for no bytes the R_Key is not checked.
        if (length > 0 && !reaches(from, to, request, length, right)) {
            states.violated(to);
            refuse(from, to, request, rules.allowed(CompletionStatus.REM_ACCESS_ERR));
            return;
        }
        require(!request.isAtomic() || request.remoteOffset() % ANSWER_BYTES == 0, "a misaligned atomic");
        require(!request.isAtomic() || request.key() != Key.FOREIGN, "atomics on foreign memory");
        List<Buffer> remote = List.of(new Buffer(request.key(), request.remoteOffset(), length));
        switch (request.opcode()) {
            case Opcode.RDMA_WRITE -> to.scatter(from.gather(request.local()), remote);
            case Opcode.RDMA_READ -> from.scatter(to.gather(remote), request.local());
            default -> atomic(from, to, request, remote);
        }
        succeed(from, request);
    }

    private static int rightFor(Step.Request request) {
        return request.isAtomic()
                ? AccessFlags.REMOTE_ATOMIC
                : request.opcode() == Opcode.RDMA_READ ? AccessFlags.REMOTE_READ : AccessFlags.REMOTE_WRITE;
    }

    /** IBTA 9.4.5: the value before is the answer; unknown bytes make everything unknown. */
    private static void atomic(ModelEnd from, ModelEnd to, Step.Request request, List<Buffer> remote) {
        ModelEnd.Payload before = to.gather(remote);
        long old =
                ByteBuffer.wrap(before.bytes()).order(ByteOrder.nativeOrder()).getLong();
        boolean adds = request.opcode() == Opcode.ATOMIC_FETCH_AND_ADD;
        long next = adds ? old + request.operand() : old == request.operand() ? request.swap() : old;
        byte[] bytes = new byte[ANSWER_BYTES];
        ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder()).putLong(next);
        BitSet unknown = new BitSet();
        unknown.set(0, before.unknown().isEmpty() ? 0 : ANSWER_BYTES);
        to.scatter(new ModelEnd.Payload(bytes, unknown), remote);
        from.scatter(before, request.local());
    }

    // ---------------------------------------------------------------- windows

    private void onWindow(ModelEnd end, Step.Request request) {
        hazards(end.side).change(request.key());
        if (request.opcode() == Opcode.LOCAL_INV) {
            // IBTA 10.6.5: only a valid key of a type 2 window of this queue pair can be invalidated.
            boolean valid = request.key() == Key.WINDOW_2 && end.window(Key.WINDOW_2).bound;
            require(valid || rules.sound(), "the device may not survive it");
            if (valid) {
                end.window(Key.WINDOW_2).bound = false;
                succeed(end, request);
            } else {
                failSend(end, request, rules.allowed(CompletionStatus.LOC_QP_OP_ERR));
            }
            return;
        }
        bind(end, request);
    }

    /** IBTA 10.6.7.2: the region must allow it, and a type 2 window be invalid. Type 1 may be bound again. */
    private void bind(ModelEnd end, Step.Request request) {
        ModelEnd.Window window = end.window(request.key());
        Buffer part = request.local().getFirst();
        boolean allowed = (part.key().access() & AccessFlags.MEMORY_WINDOW_BIND) != 0;
        boolean bindable = request.key() == Key.WINDOW_1 || !window.bound;
        require(allowed != bindable || allowed, "a second mistake");
        require(request.key() == Key.WINDOW_2 || allowed, "the library may refuse what the device would");
        if (!allowed || !bindable) {
            failSend(end, request, rules.allowed(CompletionStatus.MW_BIND_ERR));
            return;
        }
        window.bound = true;
        window.offset = part.offset();
        window.length = part.length();
        window.access = request.immediate();
        succeed(end, request);
    }

    // ---------------------------------------------------------------- ends of requests

    void succeed(ModelEnd from, Step.Request request) {
        if (!setup.signalAll() && !request.has(SendFlags.SIGNALED)) {
            return;
        }
        String name = CompletionOpcode.name(
                switch (request.opcode()) {
                    case Opcode.RDMA_WRITE, Opcode.RDMA_WRITE_WITH_IMM -> CompletionOpcode.RDMA_WRITE;
                    case Opcode.RDMA_READ -> CompletionOpcode.RDMA_READ;
                    case Opcode.ATOMIC_CMP_AND_SWP -> CompletionOpcode.COMP_SWAP;
                    case Opcode.ATOMIC_FETCH_AND_ADD -> CompletionOpcode.FETCH_ADD;
                    case Opcode.LOCAL_INV -> CompletionOpcode.LOCAL_INV;
                    case Opcode.BIND_MW -> CompletionOpcode.BIND_MW;
                    default -> CompletionOpcode.SEND;
                });
        String length = request.pulls() ? " " + request.totalBytes() + " B" : "";
        complete(from, false, request.id(), EnumSet.of(CompletionStatus.SUCCESS), name + length);
    }

    /** A request of a failed queue pair: IBTA 10.3.1, RC goes to ERROR, UC and UD to SQE. */
    void failSend(ModelEnd from, Step.Request request, Set<CompletionStatus> statuses) {
        complete(from, false, request.id(), statuses, "");
        if (setup.type() == QueuePairType.RC || !rules.sendQueueErrorState()) {
            toError(from);
        } else {
            broke = true;
            from.state = QueuePairState.SEND_QUEUE_ERROR;
        }
    }

    /** IBTA 9.9.3: what the responder refuses with a NAK ends both queue pairs. */
    void refuse(ModelEnd from, ModelEnd to, Step.Request request, Set<CompletionStatus> statuses) {
        if (setup.type() != QueuePairType.RC) {
            // IBTA 9.8.2.2.3: on an unreliable connection it is dropped in silence.
            succeed(from, request);
            return;
        }
        failSend(from, request, statuses);
        toError(to);
        states.refused(to);
    }

    void toError(ModelEnd end) {
        if (end.state != QueuePairState.ERROR) {
            broke = true;
            end.state = QueuePairState.ERROR;
            states.ended(end, true);
            boolean known = end.receives.stream().allMatch(receive -> receive.step() <= executing);
            require(
                    rules.sound() || setup.shared() || known,
                    "a receive is posted to a queue pair that has failed by itself");
            flushReceives(end, now.completions);
        }
    }

    /** IBTA 10.3.1: receives are flushed in order; those of a shared receive queue stay there. */
    private void flushReceives(ModelEnd end, Map<Outcome.Queue, List<Outcome.Completed>> to) {
        while (!setup.shared() && !end.receives.isEmpty()) {
            Step.Receive receive = end.receives.remove().what();
            if (setup.type() != QueuePairType.RC) {
                // A message that came too late for a failed queue pair may lie there.
                end.forget(receive.into());
            }
            add(to, end.side, true, receive.id(), EnumSet.of(CompletionStatus.WR_FLUSH_ERR), "");
        }
    }

    void complete(ModelEnd end, boolean receive, int id, Set<CompletionStatus> statuses, String detail) {
        add(now.completions, end.side, receive, id, statuses, detail);
    }

    private static void add(
            Map<Outcome.Queue, List<Outcome.Completed>> to,
            Side side,
            boolean receive,
            int id,
            Set<CompletionStatus> statuses,
            String detail) {
        to.computeIfAbsent(new Outcome.Queue(side, receive), queue -> new ArrayList<>())
                .add(new Outcome.Completed(id, statuses, detail));
    }

    Rules rules() {
        return rules;
    }

    /** The peer's window is used. */
    void touch(Side side, Key window) {
        hazards(side).use(window);
    }
}
