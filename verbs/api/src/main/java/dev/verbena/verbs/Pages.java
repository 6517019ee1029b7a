package dev.verbena.verbs;

/**
 * What allocated memory is made of.
 *
 * <p>Threading: immutable.
 */
public enum Pages {
    /** The system's normal pages. */
    NORMAL,
    /** Huge pages or nothing. */
    HUGE,
    /** Huge pages when there are any, else normal ones. */
    HUGE_IF_AVAILABLE
}
