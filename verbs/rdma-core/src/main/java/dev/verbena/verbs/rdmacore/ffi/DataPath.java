package dev.verbena.verbs.rdmacore.ffi;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
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
    private static final FunctionDescriptor THREE = FunctionDescriptor.of(
            ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG);
    private static final FunctionDescriptor TWO =
            FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG);

    private static final MethodHandle PLAIN = handle(THREE);
    private static final MethodHandle CRITICAL = handle(THREE, Linker.Option.critical(false));
    private static final MethodHandle NOTIFY = handle(TWO);

    private DataPath() {}

    @SuppressWarnings("restricted")
    private static MethodHandle handle(FunctionDescriptor descriptor, Linker.Option... options) {
        return NativeCall.handleOr(
                Platform.problem(),
                descriptor.toMethodType().insertParameterTypes(0, MemorySegment.class),
                () -> Linker.nativeLinker().downcallHandle(descriptor, options));
    }

    /** {@code post_send} where it may make a system call. */
    public static int post_send(MemorySegment function, long qp, long wr, long badWr) {
        try {
            return (int) PLAIN.invokeExact(function, qp, wr, badWr);
        } catch (Throwable thrown) {
            throw NativeCall.unexpected(thrown);
        }
    }

    /** {@code post_send} of a driver that rings a doorbell in mapped memory. */
    public static int post_send_critical(MemorySegment function, long qp, long wr, long badWr) {
        try {
            return (int) CRITICAL.invokeExact(function, qp, wr, badWr);
        } catch (Throwable thrown) {
            throw NativeCall.unexpected(thrown);
        }
    }

    /** {@code post_recv} on a queue pair, or {@code post_srq_recv} on a shared receive queue. */
    public static int post_recv(MemorySegment function, long queue, long wr, long badWr) {
        try {
            return (int) CRITICAL.invokeExact(function, queue, wr, badWr);
        } catch (Throwable thrown) {
            throw NativeCall.unexpected(thrown);
        }
    }

    public static int poll_cq(MemorySegment function, long cq, int numEntries, long wc) {
        try {
            return (int) CRITICAL.invokeExact(function, cq, (long) numEntries, wc);
        } catch (Throwable thrown) {
            throw NativeCall.unexpected(thrown);
        }
    }

    public static int req_notify_cq(MemorySegment function, long cq, int solicitedOnly) {
        try {
            return (int) NOTIFY.invokeExact(function, cq, (long) solicitedOnly);
        } catch (Throwable thrown) {
            throw NativeCall.unexpected(thrown);
        }
    }
}
