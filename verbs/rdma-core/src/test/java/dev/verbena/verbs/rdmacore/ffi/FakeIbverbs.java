package dev.verbena.verbs.rdmacore.ffi;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The user-space libibverbs of the tests (src/test/c/fake-ibverbs.c), compiled when it is first needed and put in the place
 * of the real one for the whole JVM, and the functions by which a test steers it.
 */
@SuppressWarnings("restricted")
public final class FakeIbverbs {
    private static final String PROPERTY = "dev.verbena.libibverbs";

    private static final class Loaded {
        static final Path PATH = build();
        static final SymbolLookup SYMBOLS = SymbolLookup.libraryLookup(PATH, Arena.global());
        static final MethodHandle INJECT = function(
                "fake_inject",
                FunctionDescriptor.ofVoid(ValueLayout.ADDRESS, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));
        static final MethodHandle INJECT_NOTHING = function("fake_inject_nothing", FunctionDescriptor.ofVoid());
        static final MethodHandle CALLS =
                function("fake_calls", FunctionDescriptor.of(ValueLayout.JAVA_LONG, ValueLayout.ADDRESS));
        static final MethodHandle RAISE =
                function("fake_raise", FunctionDescriptor.ofVoid(ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG));
        static final MethodHandle HOLD = function("fake_hold", FunctionDescriptor.ofVoid(ValueLayout.JAVA_INT));
        static final MethodHandle PRESENT = function(
                "fake_present",
                FunctionDescriptor.ofVoid(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));
        static final MethodHandle PRESENT_PATHS = function(
                "fake_present_paths",
                FunctionDescriptor.ofVoid(ValueLayout.ADDRESS, ValueLayout.ADDRESS, ValueLayout.ADDRESS));

        private static MethodHandle function(String name, FunctionDescriptor descriptor) {
            return Linker.nativeLinker().downcallHandle(SYMBOLS.findOrThrow(name), descriptor);
        }
    }

    private FakeIbverbs() {}

    /** Compiles it; answers where it lies. */
    private static Path build() {
        Path source = Path.of("src/test/c/fake-ibverbs.c");
        assertThat(Files.exists(source)).as("tests run in the module's folder").isTrue();
        Path library = CCompiler.directory().resolve("libverbena-fake-ibverbs.so");
        CCompiler.compile(source, library, "-shared", "-fPIC");
        return library;
    }

    /** Skips the test where it cannot be compiled, else puts it in place of libibverbs, as it was at first. */
    public static void require() {
        CCompiler.require();
        System.setProperty(PROPERTY, Loaded.PATH.toString());
        assertThat(Ibverbs.LIBRARY.name()).isEqualTo(Loaded.PATH.toString());
        present(1, IbvDevice.IBV_TRANSPORT_IB, true);
        presentPaths("", "", "uverbs-fake0");
        hold(false);
        injectNothing();
    }

    private static void injectNothing() {
        try {
            Loaded.INJECT_NOTHING.invokeExact();
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }

    /** The java options by which a child JVM finds it. */
    public static String option() {
        return "-D" + PROPERTY + "=" + Loaded.PATH;
    }

    /** Makes the next calls of a function fail. */
    public static void inject(String function, int errno, int count) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment name = arena.allocateFrom(function);
            Loaded.INJECT.invokeExact(name, errno, count);
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }

    /** How often a function has been called. */
    public static long calls(String function) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment name = arena.allocateFrom(function);
            return (long) Loaded.CALLS.invokeExact(name);
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }

    /** Raises an asynchronous event about a port, or about the queue pair with a number or its queues. */
    public static void raise(int type, int element) {
        try {
            Loaded.RAISE.invokeExact(type, (long) element);
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }

    /** Holds send requests back, or lets them run. */
    public static void hold(boolean on) {
        try {
            Loaded.HOLD.invokeExact(on ? 1 : 0);
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }

    /** How devices present themselves from now on. */
    public static void present(int devices, int transport, boolean extendedVerbs) {
        try {
            Loaded.PRESENT.invokeExact(devices, transport, extendedVerbs ? 1 : 0);
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }

    /** What devices answer for their sysfs path, the path of their node's class, and their node. */
    public static void presentPaths(String sysfs, String nodeClass, String node) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment a = arena.allocateFrom(sysfs);
            MemorySegment b = arena.allocateFrom(nodeClass);
            MemorySegment c = arena.allocateFrom(node);
            Loaded.PRESENT_PATHS.invokeExact(a, b, c);
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }
}
