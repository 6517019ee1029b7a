package dev.verbena.verbs.conformance.differential;

import dev.verbena.verbs.AccessFlags;
import dev.verbena.verbs.QueuePairState;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Deque;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/** One side as the model has it: its memory and keys, what is posted, its state. */
final class ModelEnd {
    /** Bytes on their way; {@code unknown} are those that came from unknown ones. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Payload(byte[] bytes, BitSet unknown) {}

    /** A posted request, with the step that posted it. */
    record Posted<T>(T what, int step) {}

    /** A window as far as it matters. */
    static final class Window {
        boolean bound;
        int offset;
        int length;
        int access;

        Window copy() {
            Window copy = new Window();
            copy.bound = bound;
            copy.offset = offset;
            copy.length = length;
            copy.access = access;
            return copy;
        }
    }

    final Side side;
    final int access;
    final Map<Key, Outcome.Content> memory = new EnumMap<>(Key.class);
    final Map<Key, Window> windows = new EnumMap<>(Key.class);
    final Deque<Posted<Step.Receive>> receives = new ArrayDeque<>();
    final List<Posted<Step.Request>> sends = new ArrayList<>();
    QueuePairState state = QueuePairState.READY_TO_SEND;
    boolean spareRevoked;
    /** Member of the multicast group. */
    boolean attached;
    /** Armed at the shared receive queue; 0 for not. */
    int limit;
    /** The step of this round that let go on what was held back. */
    int resumedAt = -1;

    ModelEnd(Side side, Program program) {
        this.side = side;
        this.access = program.setup().access(side);
        for (Key key : Key.REGIONS) {
            memory.put(key, new Outcome.Content(initialBytes(program, side, key), new BitSet()));
        }
        windows.put(Key.WINDOW_1, new Window());
        windows.put(Key.WINDOW_2, new Window());
    }

    /** A copy. */
    ModelEnd(ModelEnd other) {
        this.side = other.side;
        this.access = other.access;
        this.state = other.state;
        this.spareRevoked = other.spareRevoked;
        other.memory.forEach((key, content) -> memory.put(key, content.copy()));
        other.windows.forEach((key, window) -> windows.put(key, window.copy()));
        receives.addAll(other.receives);
        sends.addAll(other.sends);
        this.attached = other.attached;
        this.limit = other.limit;
    }

    /** What is in a region at the beginning. */
    static byte[] initialBytes(Program program, Side side, Key key) {
        byte[] bytes = new byte[Key.REGION_BYTES];
        long salt = (side + "/" + key).hashCode();
        new SplittableRandom(program.seed() * 0x9e3779b97f4a7c15L + salt).nextBytes(bytes);
        return bytes;
    }

    void snapshot(Outcome outcome) {
        memory.forEach((key, content) -> outcome.memory.put(new Outcome.Region(side, key), content.copy()));
    }

    boolean isReady() {
        return state == QueuePairState.READY_TO_SEND;
    }

    /** Whether it takes what the peer sends. */
    boolean hears() {
        return isReady() || state == QueuePairState.SEND_QUEUE_DRAINED || state == QueuePairState.SEND_QUEUE_ERROR;
    }

    /** Whether only a reset brings it back. */
    boolean isOver() {
        return state == QueuePairState.ERROR || state == QueuePairState.RESET;
    }

    /** Whether what is posted to it waits. */
    boolean holdsBack() {
        return state == QueuePairState.SEND_QUEUE_DRAINED;
    }

    /** What was held back is executed from this step on. */
    void letGo(int step) {
        resumedAt = sends.isEmpty() ? -1 : step;
        sends.replaceAll(held -> new Posted<>(held.what(), step));
    }

    /** Forgets what is posted, as RESET does. */
    void drop(boolean sharedReceives) {
        sends.clear();
        if (!sharedReceives) {
            receives.clear();
        }
    }

    Window window(Key key) {
        Window window = windows.get(key);
        if (window == null) {
            throw new IllegalArgumentException(key + " is no window");
        }
        return window;
    }

    private Outcome.Content content(Key key) {
        Outcome.Content content = memory.get(key.region());
        if (content == null) {
            throw new IllegalArgumentException(key + " has no memory");
        }
        return content;
    }

    // ---------------------------------------------------------------- keys

    /** Whether a local buffer may be read, or written; IBTA 10.6.3.1: key, domain, bounds and rights are checked. */
    boolean isGoodLocally(Buffer buffer, boolean write) {
        if (buffer.length() == 0) {
            return true;
        }
        boolean valid = switch (buffer.key()) {
            case MAIN, FOREIGN, READ_ONLY, LOCAL_ONLY -> true;
            case SPARE -> !spareRevoked;
            default -> false;
        };
        return valid
                && inside(buffer.offset(), buffer.length(), 0, Key.REGION_BYTES)
                && (!write || (buffer.key().access() & AccessFlags.LOCAL_WRITE) != 0);
    }

    /** Whether a peer may use a range by a key; IBTA 10.6.3.2, and 10.6.7.2 for windows. */
    boolean grants(Key key, int offset, int length, int right, boolean windowBounds) {
        return switch (key) {
            case MAIN, FOREIGN, READ_ONLY, LOCAL_ONLY -> grantsRegion(key, offset, length, right);
            case SPARE -> !spareRevoked && grantsRegion(key, offset, length, right);
            case WINDOW_1, WINDOW_2 -> {
                Window window = window(key);
                boolean inside = windowBounds
                        ? inside(offset, length, window.offset, window.length)
                        : inside(offset, length, 0, Key.REGION_BYTES);
                yield window.bound && inside && (window.access & right) != 0;
            }
            default -> false;
        };
    }

    private static boolean grantsRegion(Key key, int offset, int length, int right) {
        return inside(offset, length, 0, Key.REGION_BYTES) && (key.access() & right) != 0;
    }

    private static boolean inside(int offset, int length, int from, int bytes) {
        return offset >= from && offset + length <= from + bytes;
    }

    // ---------------------------------------------------------------- bytes

    Payload gather(List<Buffer> buffers) {
        int total = buffers.stream().mapToInt(Buffer::length).sum();
        byte[] bytes = new byte[total];
        BitSet unknown = new BitSet();
        int done = 0;
        for (Buffer buffer : buffers) {
            Outcome.Content from = content(buffer.key());
            for (int index = 0; index < buffer.length(); index++) {
                bytes[done + index] = from.bytes()[buffer.offset() + index];
                unknown.set(done + index, from.unknown().get(buffer.offset() + index));
            }
            done += buffer.length();
        }
        return new Payload(bytes, unknown);
    }

    /** Fills buffers one after the other as far as the payload goes. */
    void scatter(Payload payload, List<Buffer> buffers) {
        int done = 0;
        for (Buffer buffer : buffers) {
            int length = Math.min(buffer.length(), payload.bytes.length - done);
            Outcome.Content to = content(buffer.key());
            for (int index = 0; index < length; index++) {
                to.bytes()[buffer.offset() + index] = payload.bytes[done + index];
                to.unknown().set(buffer.offset() + index, payload.unknown.get(done + index));
            }
            done += length;
        }
    }

    /** A failed request may have written here, or not. */
    void forget(List<Buffer> buffers) {
        for (Buffer buffer : buffers) {
            int from = Math.clamp(buffer.offset(), 0, Key.REGION_BYTES);
            int to = Math.clamp(buffer.offset() + (long) buffer.length(), 0, Key.REGION_BYTES);
            content(buffer.key()).unknown().set(from, Math.max(from, to));
        }
    }
}
