package dev.verbena.verbs.rdmacore.ffi;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * The verbs of the data path: function pointers from {@link IbvContext}, called through one static handle per signature.
 *
 * <p>Hot path: nothing is allocated, errno is not captured, and what is returned is C's own: {@code post_*} and
 * {@code req_notify_cq} give 0 or an errno value, {@code poll_cq} a count or something negative.
 *
 * <p>A critical call leaves the thread in Java state, which halves its cost, but holds up every safepoint while it runs.
 * That suits functions that touch user memory only. {@code post_send} of rxe and siw is a system call, so whether it may be
 * called critically depends on the driver; {@code req_notify_cq} is a system call on many and never is.
 *
 * <p>Threading: as the verbs, any thread; an object must not be used while it is destroyed.
 */
public final class DataPath {
    private static final FunctionDescriptor POST =
            FunctionDescriptor.of(NativeCall.INT, NativeCall.POINTER, NativeCall.POINTER, NativeCall.POINTER);
    private static final FunctionDescriptor POLL =
            FunctionDescriptor.of(NativeCall.INT, NativeCall.POINTER, NativeCall.INT, NativeCall.POINTER);
    private static final FunctionDescriptor NOTIFY =
            FunctionDescriptor.of(NativeCall.INT, NativeCall.POINTER, NativeCall.INT);

    private static final MethodHandle POST_PLAIN = NativeCall.dataPath(POST);
    private static final MethodHandle POST_CRITICAL = NativeCall.dataPath(POST, Linker.Option.critical(false));
    private static final MethodHandle POLL_CRITICAL = NativeCall.dataPath(POLL, Linker.Option.critical(false));
    private static final MethodHandle NOTIFY_PLAIN = NativeCall.dataPath(NOTIFY);

    private DataPath() {}

    /** {@code post_send} where it may make a system call. */
    public static int post_send(MemorySegment function, long qp, long wr, long badWr) {
        try {
            return (int) POST_PLAIN.invokeExact(function, qp, wr, badWr);
        } catch (Throwable thrown) {
            throw NativeCall.unexpected(thrown);
        }
    }

    /** {@code post_send} of a driver that rings a doorbell in mapped memory. */
    public static int post_send_critical(MemorySegment function, long qp, long wr, long badWr) {
        try {
            return (int) POST_CRITICAL.invokeExact(function, qp, wr, badWr);
        } catch (Throwable thrown) {
            throw NativeCall.unexpected(thrown);
        }
    }

    public static int post_recv(MemorySegment function, long qp, long wr, long badWr) {
        try {
            return (int) POST_CRITICAL.invokeExact(function, qp, wr, badWr);
        } catch (Throwable thrown) {
            throw NativeCall.unexpected(thrown);
        }
    }

    public static int post_srq_recv(MemorySegment function, long srq, long wr, long badWr) {
        try {
            return (int) POST_CRITICAL.invokeExact(function, srq, wr, badWr);
        } catch (Throwable thrown) {
            throw NativeCall.unexpected(thrown);
        }
    }

    public static int poll_cq(MemorySegment function, long cq, int numEntries, long wc) {
        try {
            return (int) POLL_CRITICAL.invokeExact(function, cq, numEntries, wc);
        } catch (Throwable thrown) {
            throw NativeCall.unexpected(thrown);
        }
    }

    public static int req_notify_cq(MemorySegment function, long cq, int solicitedOnly) {
        try {
            return (int) NOTIFY_PLAIN.invokeExact(function, cq, solicitedOnly);
        } catch (Throwable thrown) {
            throw NativeCall.unexpected(thrown);
        }
    }
}
