package dev.verbena.disni;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Turns what Verbena refuses with, unchecked exceptions, into DiSNI's checked one with the same text.
 *
 * <p>Threading: pure functions.
 */
final class Failure {
    private Failure() {}

    /** The value of a call of the control path. */
    static <T extends @Nullable Object> T call(Supplier<T> call) throws IOException {
        try {
            return call.get();
        } catch (RuntimeException e) {
            throw of(e);
        }
    }

    /** Runs a call of the control path. */
    static void run(Runnable call) throws IOException {
        try {
            call.run();
        } catch (RuntimeException e) {
            throw of(e);
        }
    }

    static IOException of(RuntimeException cause) {
        String message = cause.getMessage();
        return new IOException(message == null ? cause.toString() : message, cause);
    }

    /** An object of DiSNI's as the class of this bridge. */
    static <T> T cast(Class<T> type, @Nullable Object object, String name) throws IOException {
        if (object == null) {
            throw new IOException(name + " is null");
        }
        if (!type.isInstance(object)) {
            throw new IOException("the " + name + ", a " + object.getClass().getName()
                    + ", was not made by Verbena: make it by DiSNI's own calls, not by a constructor");
        }
        return type.cast(object);
    }

    /** A copy of a list of the program's, which has to have elements. */
    static <T> List<T> elements(@Nullable List<T> list, String name) throws IOException {
        if (list == null || list.isEmpty()) {
            throw new IOException("the list of " + name + " is " + (list == null ? "null" : "empty"));
        }
        List<T> copy = new ArrayList<>(list);
        int hole = copy.indexOf(null);
        if (hole >= 0) {
            throw new IOException("element " + hole + " of the list of " + name + " is null");
        }
        return copy;
    }

    /** Throws unless something is open. */
    static void requireOpen(boolean open, String what) throws IOException {
        if (!open) {
            throw new IOException(what + " is closed");
        }
    }
}
