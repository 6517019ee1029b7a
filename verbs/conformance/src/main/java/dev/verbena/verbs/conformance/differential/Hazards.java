package dev.verbena.verbs.conformance.differential;

import dev.verbena.verbs.Opcode;
import dev.verbena.verbs.SendFlags;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * What of one direction's requests of one round may be done in another order than they were posted: IBTA 10.8.3.3, a WRITE, an
 * atomic or an invalidation behind a READ, without a fence; and windows that one side changes while the other uses them.
 */
final class Hazards {
    private final List<Buffer> read = new ArrayList<>();
    private final List<Buffer> counted = new ArrayList<>();
    private final Set<Key> readWindows = EnumSet.noneOf(Key.class);
    private final Set<Key> used = EnumSet.noneOf(Key.class);
    private final Set<Key> changed = EnumSet.noneOf(Key.class);

    void clear() {
        read.clear();
        counted.clear();
        readWindows.clear();
        used.clear();
        changed.clear();
    }

    /** Whether a request cannot overtake one before it, or does not matter to it. */
    boolean allows(Step.Request request) {
        if (request.has(SendFlags.FENCE)) {
            read.clear();
            counted.clear();
            readWindows.clear();
            return true;
        }
        if (request.opcode() == Opcode.SEND_WITH_INV) {
            return !readWindows.contains(request.key());
        }
        if (request.isWrite()) {
            return apart(read, target(request)) && apart(counted, target(request));
        }
        return !request.isAtomic() || apart(read, target(request));
    }

    void note(Step.Request request) {
        if (request.pulls()) {
            readWindows.add(request.key());
            (request.isAtomic() ? counted : read).add(target(request));
        }
    }

    private static Buffer target(Step.Request request) {
        return new Buffer(request.key().region(), request.remoteOffset(), request.totalBytes());
    }

    private static boolean apart(List<Buffer> before, Buffer next) {
        return before.stream()
                .allMatch(other -> other.key() != next.key()
                        || other.offset() + other.length() <= next.offset()
                        || next.offset() + next.length() <= other.offset());
    }

    /** The peer's window is used by this direction. */
    void use(Key window) {
        used.add(window);
    }

    /** The own window is bound or invalidated by this direction; what the second change does depends on when it is posted. */
    void change(Key window) {
        Model.require(changed.add(window), "a window is changed twice");
    }

    /** Whether this direction uses what the other one changes. */
    boolean touches(Hazards other) {
        return used.stream().anyMatch(other.changed::contains);
    }
}
