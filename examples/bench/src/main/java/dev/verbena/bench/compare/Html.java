package dev.verbena.bench.compare;

/**
 * Text as HTML wants it.
 *
 * <p>Threading: pure functions.
 */
final class Html {
    private Html() {}

    /** For contents and attributes alike. */
    static String text(String plain) {
        return plain.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&quot;");
    }
}
