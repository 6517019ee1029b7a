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
import org.jspecify.annotations.Nullable;

/**
 * Makes method handles for C functions, one factory for each convention by which C reports an error.
 *
 * <p>A Java caller sees one convention only: a value or pointer &gt;= 0, or the negative errno. errno is captured together
 * with the call, before the JVM can overwrite it.
 *
 * <p>Pointers are {@code long} on both sides. Handles without a library are unbound: their first argument is the function's
 * address, for the verbs that are pointers in a struct.
 *
 * <p>Threading: the handles may be called by any thread; the errno is read from a block of the calling thread.
 */
final class NativeCall {
    static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
    static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;
    static final ValueLayout.OfLong POINTER = ValueLayout.JAVA_LONG;
    static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT;
    static final ValueLayout.OfByte BYTE = ValueLayout.JAVA_BYTE;

    private static final ThreadLocal<MemorySegment> ERRNO =
            ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(Linker.Option.captureStateLayout()));
    private static final long ERRNO_OFFSET =
            Linker.Option.captureStateLayout().byteOffset(MemoryLayout.PathElement.groupElement("errno"));
    private static final Linker.Option CAPTURE = Linker.Option.captureCallState("errno");

    private static final MethodHandle ERRNO_BLOCK = own("errnoBlock", MemorySegment.class);
    private static final MethodHandle NULL_AND_ERRNO =
            own("pointerOrNegativeErrno", long.class, long.class, MemorySegment.class);
    private static final MethodHandle MINUS_ONE_AND_ERRNO =
            own("valueOrNegativeErrno", int.class, int.class, MemorySegment.class);
    private static final MethodHandle LONG_MINUS_ONE_AND_ERRNO =
            own("longOrNegativeErrno", long.class, long.class, MemorySegment.class);
    private static final MethodHandle RETURNS_ERRNO = own("negated", int.class, int.class);

    private NativeCall() {}

    /** The function returns a pointer, or null and sets errno. The handle returns the pointer or the negative errno. */
    static MethodHandle nullAndErrno(@Nullable Library library, String name, MemoryLayout... arguments) {
        return capturing(library, name, FunctionDescriptor.of(POINTER, arguments), NULL_AND_ERRNO);
    }

    /** The function returns a value, or -1 and sets errno. The handle returns the value or the negative errno. */
    static MethodHandle minusOneAndErrno(
            Library library, String name, FunctionDescriptor descriptor, Linker.Option... options) {
        boolean wide = descriptor.returnLayout().orElseThrow().equals(LONG);
        return capturing(library, name, descriptor, wide ? LONG_MINUS_ONE_AND_ERRNO : MINUS_ONE_AND_ERRNO, options);
    }

    /** The function returns 0, or -1 and sets errno. The handle returns 0 or the negative errno. */
    static MethodHandle minusOneAndErrno(Library library, String name, MemoryLayout... arguments) {
        return minusOneAndErrno(library, name, FunctionDescriptor.of(INT, arguments));
    }

    /** The function returns 0 or an errno value. The handle returns 0 or the negative errno. */
    static MethodHandle returnsErrno(@Nullable Library library, String name, MemoryLayout... arguments) {
        MethodHandle call = downcall(library, name, FunctionDescriptor.of(INT, arguments));
        return MethodHandles.filterReturnValue(call, RETURNS_ERRNO);
    }

    /** The function returns a count, or the negative errno, and the handle the same. */
    static MethodHandle returnsNegativeErrno(Library library, String name, MemoryLayout... arguments) {
        return downcall(library, name, FunctionDescriptor.of(LONG, arguments));
    }

    /** The function cannot fail. The handle returns what the function returns. */
    static MethodHandle cannotFail(Library library, String name, FunctionDescriptor descriptor) {
        return downcall(library, name, descriptor);
    }

    /** A function pointer on the data path: no errno capture, the returned value is C's own. */
    static MethodHandle dataPath(FunctionDescriptor descriptor, Linker.Option... options) {
        return downcall(null, "", descriptor, options);
    }

    private static MethodHandle capturing(
            @Nullable Library library,
            String name,
            FunctionDescriptor descriptor,
            MethodHandle normalise,
            Linker.Option... options) {
        Linker.Option[] all = new Linker.Option[options.length + 1];
        System.arraycopy(options, 0, all, 0, options.length);
        all[options.length] = CAPTURE;
        String problem = library == null ? Platform.problem() : library.problem();
        if (problem != null) {
            return missing(problem, library == null, descriptor);
        }
        MethodHandle call = downcall(library, name, descriptor, all);
        // An unbound handle takes (function, errno block, arguments...), a bound one (errno block, arguments...).
        int block = library == null ? 1 : 0;
        MethodHandle joined = MethodHandles.collectArguments(normalise, 0, call);
        int[] order = new int[joined.type().parameterCount()];
        for (int i = 0; i < order.length - 1; i++) {
            order[i] = i;
        }
        order[order.length - 1] = block;
        MethodHandle sameBlock = MethodHandles.permuteArguments(
                joined, joined.type().dropParameterTypes(order.length - 1, order.length), order);
        return MethodHandles.collectArguments(sameBlock, block, ERRNO_BLOCK);
    }

    @SuppressWarnings("restricted")
    private static MethodHandle downcall(
            @Nullable Library library, String name, FunctionDescriptor descriptor, Linker.Option... options) {
        String problem = library == null ? Platform.problem() : library.problem();
        if (problem != null) {
            return missing(problem, library == null, descriptor);
        }
        Linker linker = Linker.nativeLinker();
        return library == null
                ? linker.downcallHandle(descriptor, options)
                : linker.downcallHandle(library.symbol(name), descriptor, options);
    }

    /** A handle of the right type that throws the sentence, so that no class initialiser has to. */
    private static MethodHandle missing(String problem, boolean unbound, FunctionDescriptor descriptor) {
        MethodType bound = descriptor.toMethodType();
        MethodType type = unbound ? bound.insertParameterTypes(0, MemorySegment.class) : bound;
        MethodHandle thrower = MethodHandles.throwException(type.returnType(), IllegalStateException.class);
        MethodHandle maker = own("missingFunction", IllegalStateException.class, String.class)
                .bindTo(problem);
        return MethodHandles.dropArguments(MethodHandles.collectArguments(thrower, 0, maker), 0, type.parameterList());
    }

    private static MethodHandle own(String method, Class<?> result, Class<?>... parameters) {
        try {
            return MethodHandles.lookup()
                    .findStatic(NativeCall.class, method, MethodType.methodType(result, parameters));
        } catch (ReflectiveOperationException impossible) {
            throw new LinkageError(method, impossible);
        }
    }

    @SuppressWarnings("unused") // by method handle
    private static MemorySegment errnoBlock() {
        return ERRNO.get();
    }

    @SuppressWarnings("unused") // by method handle
    private static long pointerOrNegativeErrno(long pointer, MemorySegment errnoBlock) {
        return pointer != 0 ? pointer : -errno(errnoBlock);
    }

    @SuppressWarnings("unused") // by method handle
    private static int valueOrNegativeErrno(int value, MemorySegment errnoBlock) {
        return value != -1 ? value : -errno(errnoBlock);
    }

    @SuppressWarnings("unused") // by method handle
    private static long longOrNegativeErrno(long value, MemorySegment errnoBlock) {
        return value != -1 ? value : -errno(errnoBlock);
    }

    @SuppressWarnings("unused") // by method handle
    private static int negated(int errno) {
        return -Math.abs(errno);
    }

    @SuppressWarnings("unused") // by method handle
    private static IllegalStateException missingFunction(String problem) {
        return new IllegalStateException(problem);
    }

    private static int errno(MemorySegment errnoBlock) {
        int errno = errnoBlock.get(ValueLayout.JAVA_INT, ERRNO_OFFSET);
        // A failure that left errno at 0 must not look like success.
        return errno != 0 ? errno : Errno.EIO;
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
