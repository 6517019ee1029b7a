package dev.verbena.verbs.conformance;

import dev.verbena.verbs.CompletionOpcode;
import dev.verbena.verbs.CompletionStatus;
import dev.verbena.verbs.WorkCompletions;

/** A copy of one work completion, to compare at leisure. Of a failed one only id, status and queue pair mean something. */
record Completion(
        long id,
        CompletionStatus status,
        int opcode,
        int lengthBytes,
        int flags,
        int immediate,
        int invalidatedKey,
        int queuePairNumber,
        int sourceQueuePair) {
    static Completion of(WorkCompletions completions, int index) {
        return new Completion(
                completions.id(index),
                completions.statusOf(index),
                completions.opcode(index),
                completions.lengthBytes(index),
                completions.flags(index),
                completions.immediate(index),
                completions.invalidatedKey(index),
                completions.queuePairNumber(index),
                completions.sourceQueuePair(index));
    }

    boolean succeeded() {
        return status == CompletionStatus.SUCCESS;
    }

    boolean has(int flag) {
        return (flags & flag) != 0;
    }

    @Override
    public String toString() {
        return succeeded()
                ? CompletionOpcode.name(opcode) + " of id " + id + ", " + lengthBytes + " B"
                : status + " of id " + id;
    }
}
