package dev.verbena.verbs.rdmacore.ffi;

import dev.verbena.verbs.Errno;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.Arrays;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A C function of the control path, made by a factory that is named after the way the function reports an error. A Java
 * caller sees one convention only: a value or pointer &gt;= 0, or the negative errno. errno is captured together with the
 * call, before the JVM can overwrite it.
 *
 * <p>All functions with the same number of arguments share one method handle, in which every argument and the result is a
 * {@code long}: on Linux, amd64 and aarch64 pass each integer argument in a register of its own and ignore what lies above
 * its width, and so do we with results. Handles of their own would cost most of a second at start (docs/adr/0010).
 *
 * <p>Threading: any thread; the errno is read from a block of the calling thread.
 */
final class NativeCall {
    private enum Convention {
        NULL_AND_ERRNO,
        MINUS_ONE_AND_ERRNO,
        LONG_MINUS_ONE_AND_ERRNO,
        RETURNS_ERRNO,
        RETURNS_NEGATIVE_ERRNO,
        CANNOT_FAIL
    }

    private static final ThreadLocal<MemorySegment> ERRNO =
            ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(Linker.Option.captureStateLayout()));
    private static final long ERRNO_OFFSET =
            Linker.Option.captureStateLayout().byteOffset(MemoryLayout.PathElement.groupElement("errno"));

    // One holder per number of arguments, so that a handle is made when it is first needed.
    private static final class Zero {
        static final MethodHandle CALL = handle(0);
    }

    private static final class One {
        static final MethodHandle CALL = handle(1);
    }

    private static final class Two {
        static final MethodHandle CALL = handle(2);
    }

    private static final class Three {
        static final MethodHandle CALL = handle(3);
    }

    private static final class Four {
        static final MethodHandle CALL = handle(4);
    }

    private static final class Five {
        static final MethodHandle CALL = handle(5);
    }

    private static final class Six {
        static final MethodHandle CALL = handle(6);
    }

    private final Convention convention;
    private final @Nullable String problem;
    private final MemorySegment function;

    private NativeCall(Convention convention, @Nullable String problem, MemorySegment function) {
        this.convention = convention;
        this.problem = problem;
        this.function = function;
    }

    /** The function returns a pointer, or null and sets errno. */
    static NativeCall nullAndErrno(Library library, String name) {
        return bound(Convention.NULL_AND_ERRNO, library, name);
    }

    /** The same for a function whose address is given with each call. */
    static NativeCall nullAndErrno() {
        return unbound(Convention.NULL_AND_ERRNO);
    }

    /** The function returns an {@code int}, or -1 and sets errno. */
    static NativeCall minusOneAndErrno(Library library, String name) {
        return bound(Convention.MINUS_ONE_AND_ERRNO, library, name);
    }

    /** The function returns a {@code long} or pointer, or -1 and sets errno. */
    static NativeCall longMinusOneAndErrno(Library library, String name) {
        return bound(Convention.LONG_MINUS_ONE_AND_ERRNO, library, name);
    }

    /** The function returns 0 or an errno value. */
    static NativeCall returnsErrno(Library library, String name) {
        return bound(Convention.RETURNS_ERRNO, library, name);
    }

    /** The same for a function whose address is given with each call. */
    static NativeCall returnsErrno() {
        return unbound(Convention.RETURNS_ERRNO);
    }

    /** The function returns a {@code long}, or the negative errno. */
    static NativeCall returnsNegativeErrno(Library library, String name) {
        return bound(Convention.RETURNS_NEGATIVE_ERRNO, library, name);
    }

    /** The function cannot fail. */
    static NativeCall cannotFail(Library library, String name) {
        return bound(Convention.CANNOT_FAIL, library, name);
    }

    private static NativeCall bound(Convention convention, Library library, String name) {
        String problem = library.problem();
        return new NativeCall(convention, problem, problem == null ? library.symbol(name) : MemorySegment.NULL);
    }

    private static NativeCall unbound(Convention convention) {
        return new NativeCall(convention, Platform.problem(), MemorySegment.NULL);
    }

    @SuppressWarnings("restricted")
    private static MethodHandle handle(int arguments) {
        ValueLayout.OfLong[] layouts = new ValueLayout.OfLong[arguments];
        Arrays.fill(layouts, ValueLayout.JAVA_LONG);
        return Linker.nativeLinker()
                .downcallHandle(
                        FunctionDescriptor.of(ValueLayout.JAVA_LONG, layouts), Linker.Option.captureCallState("errno"));
    }

    long call() {
        MemorySegment errno = begin();
        try {
            return end((long) Zero.CALL.invokeExact(function, errno), errno);
        } catch (Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    long call(long a) {
        return callAt(function, a);
    }

    long callAt(MemorySegment address, long a) {
        MemorySegment errno = begin();
        try {
            return end((long) One.CALL.invokeExact(address, errno, a), errno);
        } catch (Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    long call(long a, long b) {
        return callAt(function, a, b);
    }

    long callAt(MemorySegment address, long a, long b) {
        MemorySegment errno = begin();
        try {
            return end((long) Two.CALL.invokeExact(address, errno, a, b), errno);
        } catch (Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    long call(long a, long b, long c) {
        return callAt(function, a, b, c);
    }

    long callAt(MemorySegment address, long a, long b, long c) {
        MemorySegment errno = begin();
        try {
            return end((long) Three.CALL.invokeExact(address, errno, a, b, c), errno);
        } catch (Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    long call(long a, long b, long c, long d) {
        return callAt(function, a, b, c, d);
    }

    long callAt(MemorySegment address, long a, long b, long c, long d) {
        MemorySegment errno = begin();
        try {
            return end((long) Four.CALL.invokeExact(address, errno, a, b, c, d), errno);
        } catch (Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    long call(long a, long b, long c, long d, long e) {
        MemorySegment errno = begin();
        try {
            return end((long) Five.CALL.invokeExact(function, errno, a, b, c, d, e), errno);
        } catch (Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    long call(long a, long b, long c, long d, long e, long f) {
        MemorySegment errno = begin();
        try {
            return end((long) Six.CALL.invokeExact(function, errno, a, b, c, d, e, f), errno);
        } catch (Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    /** The calling thread's block for errno; throws if the function cannot be called. */
    MemorySegment begin() {
        if (problem != null) {
            throw new IllegalStateException(problem);
        }
        return ERRNO.get();
    }

    /** What the result means by the function's convention. */
    long end(long result, MemorySegment errnoBlock) {
        return switch (convention) {
            case NULL_AND_ERRNO -> result != 0 ? result : -errno(errnoBlock);
            case MINUS_ONE_AND_ERRNO -> (int) result != -1 ? (int) result : -errno(errnoBlock);
            case LONG_MINUS_ONE_AND_ERRNO -> result != -1 ? result : -errno(errnoBlock);
            case RETURNS_ERRNO -> -Math.abs((int) result);
            case RETURNS_NEGATIVE_ERRNO, CANNOT_FAIL -> result;
        };
    }

    private static int errno(MemorySegment errnoBlock) {
        int errno = errnoBlock.get(ValueLayout.JAVA_INT, ERRNO_OFFSET);
        // A failure that left errno at 0 must not look like success.
        return errno != 0 ? errno : Errno.EIO;
    }

    /**
     * A method handle that is bound at once, for signatures of their own; where native calls cannot be made, one of the same
     * type that throws the sentence, so that no class initialiser has to.
     */
    static MethodHandle handleOr(@Nullable String problem, MethodType type, Supplier<MethodHandle> maker) {
        if (problem == null) {
            return maker.get();
        }
        MethodHandle thrower = MethodHandles.throwException(type.returnType(), IllegalStateException.class);
        MethodHandle withCause = MethodHandles.insertArguments(thrower, 0, new IllegalStateException(problem));
        return MethodHandles.dropArguments(withCause, 0, type.parameterList());
    }

    /** Turns what {@code invokeExact} declares into what can really come out of a native call. */
    static RuntimeException unexpected(Throwable thrown) {
        if (thrown instanceof RuntimeException e) {
            throw e;
        }
        if (thrown instanceof Error e) {
            throw e;
        }
        return new IllegalStateException(thrown);
    }
}
