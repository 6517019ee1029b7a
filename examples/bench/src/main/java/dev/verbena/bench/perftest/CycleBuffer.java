package dev.verbena.bench.perftest;

/**
 * The memory that small messages of a bandwidth benchmark walk through, each in lines of its own; both sides use the
 * greater of their values.
 *
 * <p>Threading: immutable.
 *
 * @param bytes of the buffer: a page
 * @param lineBytes of a cache line
 */
record CycleBuffer(int bytes, int lineBytes) {
    /** This machine's. */
    static final CycleBuffer OWN = new CycleBuffer(4096, 64);

    /** The greatest that is believed of a peer. */
    private static final int MAX = 1 << 20;

    CycleBuffer with(int otherBytes, int otherLineBytes) {
        return new CycleBuffer(
                Math.clamp(otherBytes, bytes, MAX), Math.clamp(otherLineBytes, lineBytes, Math.max(lineBytes, 4096)));
    }

    /** Bytes from one message to the next. */
    int stepBytes(int messageBytes) {
        return Math.ceilDiv(Math.max(messageBytes, 1), lineBytes) * lineBytes;
    }

    /** How many messages of a size there is room for; 1 for those of more than half the buffer. */
    int steps(int messageBytes) {
        return messageBytes <= bytes / 2 ? bytes / stepBytes(messageBytes) : 1;
    }
}
