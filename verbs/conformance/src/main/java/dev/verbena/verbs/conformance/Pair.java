package dev.verbena.verbs.conformance;

/** Two ends that are, or can be, connected. */
record Pair(End a, End b) {
    /** Both completions of one SEND of A that arrives at B, byte by byte. */
    void exchange(long id, int length) {
        byte[] message = Pattern.bytes(id, length);
        a.fill(0, message);
        b.receive(id + 1, 0, length);
        a.send(id, 0, length);
        Completion received = b.success(id + 1);
        a.success(id);
        org.assertj.core.api.Assertions.assertThat(received.lengthBytes()).isEqualTo(length);
        org.assertj.core.api.Assertions.assertThat(b.bytes(0, length)).isEqualTo(message);
    }
}
