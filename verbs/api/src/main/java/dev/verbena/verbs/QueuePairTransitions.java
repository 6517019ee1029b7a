package dev.verbena.verbs;

import static dev.verbena.verbs.QueuePairAttributes.*;
import static dev.verbena.verbs.QueuePairState.*;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The legal moves of a queue pair, with the attributes each demands and allows: the table of the InfiniBand
 * specification, volume 1, section 10.3.1, and of ibv_modify_qp(3). It explains an EINVAL, and providers without a kernel
 * enforce it.
 *
 * <p>Threading: constants and pure functions.
 */
public final class QueuePairTransitions {
    private record Move(QueuePairState from, QueuePairState to) {}

    /**
     * What a move demands and allows.
     *
     * @param required mask bits beside STATE that must be there
     * @param optional mask bits that may be there
     */
    public record Attributes(int required, int optional) {}

    private static final int ALTERNATE = ALT_PATH | PATH_MIG_STATE;

    private static final Map<Move, Attributes> RC_MOVES = Map.of(
            new Move(RESET, INIT), new Attributes(PKEY_INDEX | PORT | ACCESS_FLAGS, 0),
            new Move(INIT, INIT), new Attributes(0, PKEY_INDEX | PORT | ACCESS_FLAGS),
            new Move(INIT, READY_TO_RECEIVE),
                    new Attributes(
                            AV | PATH_MTU | DEST_QPN | RQ_PSN | MAX_DEST_RD_ATOMIC | MIN_RNR_TIMER,
                            ALT_PATH | ACCESS_FLAGS | PKEY_INDEX),
            new Move(READY_TO_RECEIVE, READY_TO_SEND),
                    new Attributes(
                            TIMEOUT | RETRY_CNT | RNR_RETRY | SQ_PSN | MAX_QP_RD_ATOMIC,
                            CUR_STATE | ACCESS_FLAGS | MIN_RNR_TIMER | ALTERNATE),
            new Move(READY_TO_SEND, READY_TO_SEND),
                    new Attributes(0, CUR_STATE | ACCESS_FLAGS | MIN_RNR_TIMER | ALTERNATE),
            new Move(READY_TO_SEND, SEND_QUEUE_DRAINED), new Attributes(0, EN_SQD_ASYNC_NOTIFY),
            new Move(SEND_QUEUE_DRAINED, READY_TO_SEND),
                    new Attributes(0, CUR_STATE | ACCESS_FLAGS | MIN_RNR_TIMER | ALTERNATE),
            new Move(SEND_QUEUE_DRAINED, SEND_QUEUE_DRAINED),
                    new Attributes(
                            0,
                            PORT
                                    | AV
                                    | TIMEOUT
                                    | RETRY_CNT
                                    | RNR_RETRY
                                    | MAX_QP_RD_ATOMIC
                                    | MAX_DEST_RD_ATOMIC
                                    | ACCESS_FLAGS
                                    | PKEY_INDEX
                                    | MIN_RNR_TIMER
                                    | ALTERNATE));

    private static final Map<Move, Attributes> UC_MOVES = Map.of(
            new Move(RESET, INIT), new Attributes(PKEY_INDEX | PORT | ACCESS_FLAGS, 0),
            new Move(INIT, INIT), new Attributes(0, PKEY_INDEX | PORT | ACCESS_FLAGS),
            new Move(INIT, READY_TO_RECEIVE),
                    new Attributes(AV | PATH_MTU | DEST_QPN | RQ_PSN, ALT_PATH | ACCESS_FLAGS | PKEY_INDEX),
            new Move(READY_TO_RECEIVE, READY_TO_SEND), new Attributes(SQ_PSN, CUR_STATE | ACCESS_FLAGS | ALTERNATE),
            new Move(READY_TO_SEND, READY_TO_SEND), new Attributes(0, CUR_STATE | ACCESS_FLAGS | ALTERNATE),
            new Move(READY_TO_SEND, SEND_QUEUE_DRAINED), new Attributes(0, EN_SQD_ASYNC_NOTIFY),
            new Move(SEND_QUEUE_DRAINED, READY_TO_SEND), new Attributes(0, CUR_STATE | ACCESS_FLAGS | ALTERNATE),
            new Move(SEND_QUEUE_DRAINED, SEND_QUEUE_DRAINED),
                    new Attributes(0, AV | ACCESS_FLAGS | PKEY_INDEX | ALTERNATE),
            new Move(SEND_QUEUE_ERROR, READY_TO_SEND), new Attributes(0, CUR_STATE | ACCESS_FLAGS));

    private static final Map<Move, Attributes> UD_MOVES = Map.of(
            new Move(RESET, INIT), new Attributes(PKEY_INDEX | PORT | QKEY, 0),
            new Move(INIT, INIT), new Attributes(0, PKEY_INDEX | PORT | QKEY),
            new Move(INIT, READY_TO_RECEIVE), new Attributes(0, PKEY_INDEX | QKEY),
            new Move(READY_TO_RECEIVE, READY_TO_SEND), new Attributes(SQ_PSN, CUR_STATE | QKEY),
            new Move(READY_TO_SEND, READY_TO_SEND), new Attributes(0, CUR_STATE | QKEY),
            new Move(READY_TO_SEND, SEND_QUEUE_DRAINED), new Attributes(0, EN_SQD_ASYNC_NOTIFY),
            new Move(SEND_QUEUE_DRAINED, READY_TO_SEND), new Attributes(0, CUR_STATE | QKEY),
            new Move(SEND_QUEUE_DRAINED, SEND_QUEUE_DRAINED), new Attributes(0, PKEY_INDEX | QKEY),
            new Move(SEND_QUEUE_ERROR, READY_TO_SEND), new Attributes(0, CUR_STATE | QKEY));

    private QueuePairTransitions() {}

    /** What a move demands and allows; null when it is not legal. Any state may go to RESET, and any but RESET to ERROR. */
    public static @Nullable Attributes attributes(QueuePairType type, QueuePairState from, QueuePairState to) {
        if (from == UNKNOWN || to == UNKNOWN) {
            return null;
        }
        if (to == RESET || (to == ERROR && from != RESET)) {
            return new Attributes(0, 0);
        }
        return switch (type) {
            case RC -> RC_MOVES.get(new Move(from, to));
            case UC -> UC_MOVES.get(new Move(from, to));
            case UD -> UD_MOVES.get(new Move(from, to));
        };
    }

    /** Why a modification is not legal, in one sentence; empty when the table has nothing against it. */
    public static String explain(QueuePairType type, QueuePairState from, QueuePairAttributes wanted) {
        QueuePairState to = wanted.has(STATE) ? wanted.state() : from;
        Attributes attributes = attributes(type, from, to);
        if (attributes == null) {
            return from + " -> " + to + " is not a legal move of a " + type + " queue pair" + detour(type, from, to);
        }
        int given = wanted.mask() & ~STATE;
        int missing = attributes.required & ~given;
        if (missing != 0) {
            return from + " -> " + to + " of a " + type + " queue pair also needs " + describe(missing);
        }
        int excess = given & ~(attributes.required | attributes.optional);
        if (excess != 0) {
            return from + " -> " + to + " of a " + type + " queue pair does not take " + describe(excess);
        }
        return "";
    }

    private static String detour(QueuePairType type, QueuePairState from, QueuePairState to) {
        for (QueuePairState between : QueuePairState.values()) {
            if (between != RESET
                    && between != ERROR
                    && between != from
                    && between != to
                    && attributes(type, from, between) != null
                    && attributes(type, between, to) != null) {
                return ", go through " + between;
            }
        }
        return from == ERROR || from == SEND_QUEUE_ERROR ? ", go through RESET" : "";
    }
}
