package dev.verbena.verbs.embedded;

import java.lang.invoke.VarHandle;

/**
 * A store-load fence of which the frequent side pays nothing: the rare side makes every running thread of every process
 * that uses this provider pass a full fence, by membarrier(2). Where the kernel refuses that, both sides use full fences.
 *
 * <p>Threading: any thread.
 */
final class Fences {
    private static final boolean ASYMMETRIC = Linux.problem() == null && Linux.registerGlobalFence();

    private Fences() {}

    /** Whether the light side is free. */
    static boolean asymmetric() {
        return ASYMMETRIC;
    }

    /** Between a store and a later load of the frequent side. Hot path. */
    static void light() {
        if (ASYMMETRIC) {
            // Only the compiler's order; the processor's is the heavy side's business.
            VarHandle.releaseFence();
            VarHandle.acquireFence();
        } else {
            VarHandle.fullFence();
        }
    }

    /** Between a store and a later load of the rare side. */
    static void heavy() {
        VarHandle.fullFence();
        if (ASYMMETRIC && !Linux.globalFence()) {
            throw new IllegalStateException("membarrier worked at first and does no longer");
        }
    }
}
