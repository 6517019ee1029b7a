package dev.verbena.verbs.rdmacore.ffi;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Says whether this JVM can call rdma-core at all: the operating system, the data model and the right to native access.
 *
 * <p>Threading: immutable. Nothing here throws; what is wrong is one sentence, the same each time it is asked for.
 */
public final class Platform {
    private static final String SYSTEM = System.getProperty("os.name", "unknown");
    private static final String MACHINE = System.getProperty("os.arch", "unknown");

    /** Size of glibc's {@code pthread_mutex_t}, the one member in front of fields used here that differs by machine. */
    static final int SIZEOF_PTHREAD_MUTEX = MACHINE.equals("aarch64") ? 48 : 40;

    private static final MemorySegment EVERYTHING = reinterpretNull();
    private static final @Nullable String PROBLEM = findProblem();

    private Platform() {}

    /** The reason why no native call can be made, or null. */
    public static @Nullable String problem() {
        return PROBLEM;
    }

    static MemorySegment everything() {
        return EVERYTHING;
    }

    @SuppressWarnings("restricted")
    private static MemorySegment reinterpretNull() {
        try {
            return MemorySegment.NULL.reinterpret(Long.MAX_VALUE);
        } catch (IllegalCallerException denied) {
            return MemorySegment.NULL;
        }
    }

    private static @Nullable String findProblem() {
        if (!SYSTEM.toLowerCase(Locale.ROOT).equals("linux")) {
            return "rdma-core exists for Linux only and this is " + SYSTEM;
        }
        if (!MACHINE.equals("amd64") && !MACHINE.equals("aarch64")) {
            return "the layouts of rdma-core's structs are known for amd64 and aarch64 only and this is " + MACHINE;
        }
        if (ByteOrder.nativeOrder() != ByteOrder.LITTLE_ENDIAN) {
            return "the layouts of rdma-core's structs are known for little-endian machines only";
        }
        if (EVERYTHING.byteSize() == 0) {
            Module module = Platform.class.getModule();
            return "native access is denied: start java with --enable-native-access="
                    + (module.isNamed() ? module.getName() : "ALL-UNNAMED");
        }
        return null;
    }
}
