package com.ibm.disni.util;

import dev.verbena.disni.ThreadAffinity;

/**
 * Stands in front of DiSNI's own class of this name, which loads the native library as soon as it is touched, and every
 * thread that serves a completion queue touches it.
 *
 * <p>Threading: any thread; both methods are about the calling one.
 */
public final class NativeAffinity {
    private NativeAffinity() {}

    /** Binds the calling thread to the processors whose bits are set; 0 and negative masks change nothing. */
    public static void setAffinity(long affinity) {
        if (affinity > 0) {
            ThreadAffinity.set(affinity);
        }
    }

    /** The processors that the calling thread may run on, one bit each, of the first 63. */
    public static long getAffinity() {
        return ThreadAffinity.get();
    }
}
