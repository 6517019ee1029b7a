package dev.verbena.verbs;

/**
 * Flags of a send work request; see ibv_post_send(3). Combine with {@code |}.
 *
 * <p>Threading: constants.
 */
public final class SendFlags {
    /** No flag: unsignaled unless the queue pair signals every request. */
    public static final int NONE = 0;
    /** Wait until earlier READs and atomics of this queue pair have finished (RC). */
    public static final int FENCE = 1;
    /** Make a completion when the request is done. */
    public static final int SIGNALED = 1 << 1;
    /** Raise a solicited event at the receiver. */
    public static final int SOLICITED = 1 << 2;
    /** Copy the payload when posting: the memory may be reused at once; it must still lie in an open region. */
    public static final int INLINE = 1 << 3;

    static final int KNOWN = FENCE | SIGNALED | SOLICITED | INLINE;

    private SendFlags() {}
}
