package dev.verbena.verbs.conformance.differential;

import dev.verbena.verbs.AsyncEventType;
import dev.verbena.verbs.QueuePairState;
import dev.verbena.verbs.QueuePairType;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;

/**
 * The model's rules for what is done to queue pairs between their requests: moves, multicast groups, limits of shared receive
 * queues; and for the asynchronous events that come of it, ibv_get_async_event(3).
 */
final class ModelStates {
    private final Model model;
    private final Program.Setup setup;
    private final Rules rules;
    /** Kinds of events of this round, and of all. */
    private final Map<Side, Set<AsyncEventType>> certain = new EnumMap<>(Side.class);

    private final Map<Side, Set<AsyncEventType>> possible = new EnumMap<>(Side.class);
    /** Whether there was a move while requests were on their way. */
    private boolean moved;
    /** Receives of this round. */
    private final Map<Side, Integer> received = new EnumMap<>(Side.class);

    ModelStates(Model model, Program.Setup setup, Rules rules) {
        this.model = model;
        this.setup = setup;
        this.rules = rules;
        for (Side side : Side.values()) {
            possible.put(side, EnumSet.noneOf(AsyncEventType.class));
        }
    }

    void begin() {
        for (Side side : Side.values()) {
            certain.put(side, EnumSet.noneOf(AsyncEventType.class));
            received.put(side, 0);
            model.end(side).resumedAt = -1;
        }
        moved = false;
    }

    void end(Outcome now, boolean broke) {
        Model.require(!broke || !moved, "a move meets a failure");
        for (Side side : Side.values()) {
            Outcome.of(now.events, side).addAll(Outcome.of(certain, side));
            Outcome.of(now.otherEvents, side).addAll(Outcome.of(possible, side));
        }
    }

    // ---------------------------------------------------------------- moves

    /** The table of ibv_modify_qp(3): no state between RESET and READY_TO_SEND is reached from behind it. */
    String move(ModelEnd end, QueuePairState to) {
        model.requireQuiet();
        boolean refused = to == QueuePairState.INIT
                || to == QueuePairState.READY_TO_RECEIVE
                || (to == QueuePairState.READY_TO_SEND && end.state == QueuePairState.ERROR);
        Model.require(refused && end.state != QueuePairState.RESET, "the move is legal");
        return end.side + " to " + to + " EINVAL";
    }

    /** IBTA 10.3.1.5: what is posted in SQD waits; at a quiet moment the queue is drained at once. */
    void drain(ModelEnd end, boolean notify) {
        model.requireQuiet();
        Model.require(end.isReady(), "only what may send can be drained");
        end.state = QueuePairState.SEND_QUEUE_DRAINED;
        if (notify) {
            raise(end, AsyncEventType.SQ_DRAINED, true);
        } else if (!rules.sound()) {
            raise(end, AsyncEventType.SQ_DRAINED, false);
        }
    }

    /** IBTA 10.3.1: SQD to RTS lets go on what was held back; SQE to RTS begins anew, what had been posted is flushed. */
    void resume(ModelEnd end, int step) {
        boolean failed = end.state == QueuePairState.SEND_QUEUE_ERROR;
        Model.require(failed || end.holdsBack(), "nothing is stopped");
        if (failed) {
            model.requireQuiet();
        }
        end.state = QueuePairState.READY_TO_SEND;
        end.letGo(step);
        moved |= !model.isQuiet();
    }

    /** IBTA 10.3.1: RESET, and closing, forget what is posted without a completion; nothing is answered from then on. */
    void silence(ModelEnd end) {
        model.requireQuiet();
        Model.require(rules.sound() || setup.type() == QueuePairType.RC, "the peer may fail, and should not");
        reset(end);
        end.state = QueuePairState.RESET;
    }

    /** A window of type 2 belongs to the life of its queue pair: it is freed, and another one allocated. */
    void revive() {
        model.requireQuiet();
        for (Side side : Side.values()) {
            Model.require(rules.sound() || model.end(side).isOver(), "what is posted may not be forgotten");
            reset(model.end(side));
            model.end(side).state = QueuePairState.READY_TO_SEND;
        }
    }

    private void reset(ModelEnd end) {
        end.drop(setup.shared());
        end.window(Key.WINDOW_2).bound = false;
        end.attached = false;
    }

    // ---------------------------------------------------------------- groups

    void join(ModelEnd end) {
        member(end, false);
        end.attached = true;
    }

    void leave(ModelEnd end) {
        member(end, true);
        end.attached = false;
    }

    private void member(ModelEnd end, boolean attached) {
        model.requireQuiet();
        boolean datagrams = setup.type() == QueuePairType.UD && rules.multicast() && rules.sound();
        Model.require(datagrams && end.attached == attached && !end.isOver(), "it may be refused");
    }

    // ---------------------------------------------------------------- events

    private void raise(ModelEnd end, AsyncEventType type, boolean surely) {
        Set<AsyncEventType> kinds = (surely ? certain : possible).get(end.side);
        if (kinds != null) {
            kinds.add(type);
        }
        if (surely) {
            raise(end, type, false);
        }
    }

    /** A queue pair on a shared receive queue that ends takes nothing more from it, and tells so. */
    void ended(ModelEnd end, boolean awaited) {
        if (setup.shared()) {
            raise(end, AsyncEventType.QP_LAST_WQE_REACHED, awaited && rules.lastReceive());
        }
    }

    /** IBTA 9.9.3: what a responder refuses, and no receive tells of, may be told as an event. */
    void refused(ModelEnd to) {
        raise(to, AsyncEventType.QP_REQ_ERR, false);
        raise(to, AsyncEventType.QP_ACCESS_ERR, false);
        raise(to, AsyncEventType.QP_FATAL, false);
    }

    /** A reliable request with a key that does not open what it names. */
    void violated(ModelEnd to) {
        if (setup.type() == QueuePairType.RC && rules.exactStatus()) {
            raise(to, AsyncEventType.QP_ACCESS_ERR, true);
        }
    }

    void received(ModelEnd end) {
        received.merge(end.side, 1, Integer::sum);
    }

    /** ibv_modify_srq(3): an event when fewer receives than the limit are left, once. */
    void arm(ModelEnd end, int limit) {
        model.requireQuiet();
        Model.require(setup.shared() && limit <= end.receives.size(), "it may be under the limit already");
        end.limit = limit;
    }

    /** The round is over: whether the limit was passed must not depend on who was faster. */
    void watchLimit(ModelEnd end, boolean broke) {
        if (end.limit == 0) {
            return;
        }
        Model.require(!broke, "whether a failed request took a receive is left open");
        int left = end.receives.size();
        if (left < end.limit) {
            raise(end, AsyncEventType.SRQ_LIMIT_REACHED, true);
            end.limit = 0;
        } else {
            int fewest = left - received.getOrDefault(end.side, 0);
            Model.require(fewest >= end.limit, "it depends on who is faster whether the limit is passed");
        }
    }
}
