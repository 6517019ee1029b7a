package dev.verbena.jverbs;

import dev.verbena.verbs.VerbsException;
import java.io.IOException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Failures of the verbs API as jVerbs declares them: an {@link IOException} for what the device or a closed object refuses,
 * an {@link IllegalArgumentException} for what no device would take.
 *
 * <p>Threading: pure functions.
 */
public final class Failures {
    private Failures() {}

    /** Calls; what the verbs API throws becomes the cause of an IOException with its text. */
    public static <T extends @Nullable Object> T call(Supplier<T> call) throws IOException {
        try {
            return call.get();
        } catch (VerbsException | IllegalStateException e) {
            throw new IOException(e.getMessage(), e);
        }
    }

    /** {@link #call} without a result. */
    public static void run(Runnable call) throws IOException {
        Failures.<@Nullable Void>call(() -> {
            call.run();
            return null;
        });
    }

    /**
     * A parameter that is not null.
     *
     * @throws IllegalArgumentException that names it
     */
    public static <T> T present(@Nullable T value, String name) {
        if (value == null) {
            throw new IllegalArgumentException(name + " is null");
        }
        return value;
    }
}
