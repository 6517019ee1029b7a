package dev.verbena.verbs.conformance.differential;

/** A local buffer: bytes at an offset of a region, named by a key that may be the wrong one. */
record Buffer(Key key, int offset, int length) {
    @Override
    public String toString() {
        return key + "[" + offset + "+" + length + "]";
    }
}
