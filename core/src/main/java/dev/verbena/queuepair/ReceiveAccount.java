package dev.verbena.queuepair;

/**
 * What one connection has of its loop's shared receives: credits that its peer holds, and messages that its program holds.
 *
 * <p>Threading: the loop's thread. Hot path.
 */
public final class ReceiveAccount {
    /** Credits for data that it can have at any time. */
    final int base;
    /** Credits for control frames; as many are kept for them all the time. */
    final int control;

    /** Data credits that the peer has, or that are on their way to it. */
    int granted;
    /** Receives that hold messages of this connection. */
    int held;

    int controlGranted;
    boolean open;

    /** An account that is not open. */
    public ReceiveAccount(int base, int control) {
        this.base = base;
        this.control = control;
    }

    /** Receives that nobody else can have because of it. */
    int spokenFor() {
        return control + Math.max(base, granted + held);
    }

    /** Data credits that the peer has, or that are on their way to it. */
    public int granted() {
        return granted;
    }

    /** Receives that hold messages of this connection. */
    public int held() {
        return held;
    }
}
