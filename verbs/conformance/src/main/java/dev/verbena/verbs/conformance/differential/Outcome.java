package dev.verbena.verbs.conformance.differential;

import dev.verbena.verbs.AsyncEventType;
import dev.verbena.verbs.CompletionStatus;
import dev.verbena.verbs.QueuePairState;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What one round brought, as the model expects it or as a device did it: the answer to every call, the completions of every
 * queue in their order, the states of both queue pairs, kinds of asynchronous events, and all memory, taken when everything was quiet.
 *
 * <p>Nothing is said about the order between queues: the rules do not either.
 */
final class Outcome {
    /** A queue of requests. */
    record Queue(Side side, boolean receives) {
        static final List<Queue> ALL = List.of(
                new Queue(Side.A, false), new Queue(Side.A, true), new Queue(Side.B, false), new Queue(Side.B, true));

        @Override
        public String toString() {
            return side + (receives ? "'s receives" : "'s sends");
        }
    }

    /**
     * A completion.
     *
     * @param statuses one as it was seen, or those that the rules allow
     * @param detail what else a successful one says: operation, length, immediate data, invalidated key
     */
    record Completed(long id, Set<CompletionStatus> statuses, String detail) {
        boolean accepts(Completed seen) {
            return id == seen.id
                    && statuses.containsAll(seen.statuses)
                    && (!seen.statuses.contains(CompletionStatus.SUCCESS) || detail.equals(seen.detail));
        }

        @Override
        public String toString() {
            String name = statuses.size() == 1 ? statuses.iterator().next().name() : statuses.toString();
            return "#" + id + " " + name + (statuses.contains(CompletionStatus.SUCCESS) ? " " + detail : "");
        }
    }

    /** Where memory lies. */
    record Region(Side side, Key key) {}

    /**
     * The bytes of a region.
     *
     * @param unknown those that a failed request may have changed; empty for a device
     */
    @SuppressWarnings("ArrayRecordComponent") // compared by our own method only
    record Content(byte[] bytes, BitSet unknown) {
        Content copy() {
            return new Content(bytes.clone(), (BitSet) unknown.clone());
        }

        /** The first byte that is known and different, -1 when there is none. */
        int mismatch(Content seen) {
            int at = Arrays.mismatch(bytes, seen.bytes);
            while (at >= 0 && unknown.get(at)) {
                int next = Arrays.mismatch(bytes, at + 1, bytes.length, seen.bytes, at + 1, bytes.length);
                at = next < 0 ? -1 : at + 1 + next;
            }
            return at;
        }
    }

    final List<String> answers = new ArrayList<>();
    final Map<Queue, List<Completed>> completions = queues();
    final Map<Side, QueuePairState> states = new EnumMap<>(Side.class);
    final Map<Region, Content> memory = new HashMap<>();
    /** Kinds of asynchronous events that come, or came, by then. */
    final Map<Side, Set<AsyncEventType>> events = kinds();
    /** Kinds that may come besides, because of something in this or an earlier round. */
    final Map<Side, Set<AsyncEventType>> otherEvents = kinds();
    /** What completed when both queue pairs were moved to ERROR after the round; nothing when they were not. */
    final Map<Queue, List<Completed>> closing = queues();

    boolean closes;

    private static Map<Queue, List<Completed>> queues() {
        Map<Queue, List<Completed>> map = new LinkedHashMap<>();
        Queue.ALL.forEach(queue -> map.put(queue, new ArrayList<>()));
        return map;
    }

    private static Map<Side, Set<AsyncEventType>> kinds() {
        Map<Side, Set<AsyncEventType>> kinds = new EnumMap<>(Side.class);
        for (Side side : Side.values()) {
            kinds.put(side, EnumSet.noneOf(AsyncEventType.class));
        }
        return kinds;
    }

    static Set<AsyncEventType> of(Map<Side, Set<AsyncEventType>> events, Side side) {
        return events.getOrDefault(side, Set.of());
    }

    /** Whether everything that has to come has come. */
    boolean hasEventsOf(Outcome expected) {
        return Arrays.stream(Side.values()).allMatch(side -> of(events, side).containsAll(of(expected.events, side)));
    }

    /** What a device did that these, the expected ones, do not allow; empty when nothing. */
    String difference(Outcome seen) {
        if (!answers.equals(seen.answers)) {
            return "answers to posts: " + answers + " expected, " + seen.answers + " seen";
        }
        String different = difference(completions, seen.completions, "");
        if (!different.isEmpty()) {
            return different;
        }
        if (!states.equals(seen.states)) {
            return "states: " + states + " expected, " + seen.states + " seen";
        }
        for (Side side : Side.values()) {
            Set<AsyncEventType> allowed = EnumSet.noneOf(AsyncEventType.class);
            allowed.addAll(of(events, side));
            allowed.addAll(of(otherEvents, side));
            if (!seen.hasEventsOf(this) || !allowed.containsAll(of(seen.events, side))) {
                return "events: " + events + " expected, beside them " + otherEvents + " allowed, " + seen.events
                        + " seen";
            }
        }
        for (Map.Entry<Region, Content> entry : memory.entrySet()) {
            Content bytes = seen.memory.get(entry.getKey());
            int at = bytes == null ? -1 : entry.getValue().mismatch(bytes);
            if (bytes != null && at >= 0) {
                return String.format(
                        "memory %s of %s: byte %d is 0x%02x, 0x%02x expected",
                        entry.getKey().key(), entry.getKey().side(), at, bytes.bytes[at], entry.getValue().bytes[at]);
            }
        }
        return difference(closing, seen.closing, ", in ERROR");
    }

    private static String difference(
            Map<Queue, List<Completed>> expected, Map<Queue, List<Completed>> seen, String when) {
        for (Queue queue : Queue.ALL) {
            List<Completed> wanted = expected.getOrDefault(queue, List.of());
            List<Completed> got = seen.getOrDefault(queue, List.of());
            boolean same = wanted.size() == got.size();
            for (int index = 0; same && index < wanted.size(); index++) {
                same = wanted.get(index).accepts(got.get(index));
            }
            if (!same) {
                return queue + when + ": " + wanted + " expected, " + got + " seen";
            }
        }
        return "";
    }

    /** What two devices did differently, without ids and bytes: kinds of differences, to be counted. */
    static List<String> differences(Outcome one, Outcome other) {
        List<String> differences = new ArrayList<>();
        for (Queue queue : Queue.ALL) {
            List<Completed> here = one.completions.getOrDefault(queue, List.of());
            List<Completed> there = other.completions.getOrDefault(queue, List.of());
            String kind = queue.receives() ? "receive" : "send";
            if (here.size() != there.size()) {
                differences.add(kind + "s: " + (here.size() - there.size()) + " more completions");
            }
            for (int index = 0; index < Math.min(here.size(), there.size()); index++) {
                if (!here.get(index).statuses.equals(there.get(index).statuses)) {
                    differences.add(kind + ": " + here.get(index).statuses + ", " + there.get(index).statuses);
                }
            }
        }
        if (!one.states.equals(other.states)) {
            differences.add("states: " + one.states + ", " + other.states);
        }
        if (!one.events.equals(other.events)) {
            differences.add("events: " + one.events + ", " + other.events);
        }
        return differences;
    }

    /** Every status that occurs. */
    Set<CompletionStatus> statuses() {
        Set<CompletionStatus> all = EnumSet.noneOf(CompletionStatus.class);
        completions.values().forEach(list -> list.forEach(completed -> all.addAll(completed.statuses)));
        return all;
    }
}
