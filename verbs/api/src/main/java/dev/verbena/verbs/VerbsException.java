package dev.verbena.verbs;

/**
 * The one unchecked exception of the control path. Its message says which verb failed, on what object, the error number
 * by name, and what usually causes it.
 *
 * <p>Threading: immutable.
 */
public final class VerbsException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final String verb;
    private final String object;
    private final int errno;
    private final String explanation;

    /**
     * A failure of a verb.
     *
     * @param verb the verb by its C name, {@code ibv_reg_mr}
     * @param object what it was called on, {@code device rxe0}
     * @param errno the error number, 0 when there is none
     * @param explanation the usual cause and how to mend it; empty when nothing better than the name is known
     */
    public VerbsException(String verb, String object, int errno, String explanation) {
        super(verb
                + " failed on "
                + object
                + (errno == 0 ? "" : ": " + Errno.name(errno) + " (" + errno + ")")
                + (explanation.isEmpty() ? "" : (errno == 0 ? ": " : "; ") + explanation));
        this.verb = verb;
        this.object = object;
        this.errno = errno;
        this.explanation = explanation;
    }

    /** The verb by its C name. */
    public String verb() {
        return verb;
    }

    /** What it was called on. */
    public String object() {
        return object;
    }

    /** The error number, 0 when there is none. */
    public int errno() {
        return errno;
    }

    /** The usual cause and how to mend it, empty when unknown. */
    public String explanation() {
        return explanation;
    }

    /** Something was asked for that the device does not declare. */
    public static VerbsException missing(Capability capability, String verb, String object) {
        return new VerbsException(verb, object, Errno.EOPNOTSUPP, "this device has no " + capability.text());
    }
}
