package dev.verbena.disni;

import dev.verbena.verbs.CompletionOpcode;

/**
 * Tells a failed receive from a failed send. Of a failed completion a device says id and status only, and programs written
 * for DiSNI ask for the opcode nevertheless, to count the receives that are flushed when a connection ends. So the ids of
 * receives travel with their highest bit turned over.
 *
 * <p>A device that tells the opcode of failures too is believed. On another, the failed requests of a program whose ids have
 * two different highest bits are taken for the other kind; no pointer, index or small number is such an id.
 *
 * <p>Threading: pure functions. Hot path.
 */
final class RequestId {
    private static final long RECEIVE = Long.MIN_VALUE;

    private RequestId() {}

    /** What a receive with the program's id is posted with. */
    static long ofReceive(long id) {
        return id ^ RECEIVE;
    }

    /** Whether a completion with this opcode, status and id, as polled, is a receive's. */
    static boolean isReceive(int opcode, int status, long id) {
        return (opcode & CompletionOpcode.RECV) != 0 || (status != 0 && isTurned(id));
    }

    private static boolean isTurned(long id) {
        return (id ^ (id << 1)) < 0;
    }
}
