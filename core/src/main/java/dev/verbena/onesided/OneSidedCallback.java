package dev.verbena.onesided;

import dev.verbena.queuepair.ConnectionException;
import org.jspecify.annotations.Nullable;

/**
 * Is told when a one-sided operation is done. Make it once and use it again: then nothing is allocated per operation.
 *
 * <p>Threading: called on the loop's thread; it must not block.
 */
@FunctionalInterface
public interface OneSidedCallback {
    /**
     * The operation is done.
     *
     * @param value of an atomic the value before it; else 0
     * @param failure null when it succeeded
     */
    void onDone(long value, @Nullable ConnectionException failure);
}
