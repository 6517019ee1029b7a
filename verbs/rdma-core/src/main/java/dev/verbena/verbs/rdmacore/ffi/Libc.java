package dev.verbena.verbs.rdmacore.ffi;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.invoke.MethodHandle;

/** The little of libc that the channels and the memory need. Every function returns a value &gt;= 0 or the negative errno. */
public final class Libc {
    @CStruct.Value
    public static final int F_GETFL = 3;

    @CStruct.Value
    public static final int F_SETFL = 4;

    @CStruct.Value
    public static final int O_NONBLOCK = 1 << 11;

    @CStruct.Value
    public static final int EFD_NONBLOCK = 1 << 11;

    @CStruct.Value
    public static final int EFD_CLOEXEC = 1 << 19;

    @CStruct.Value
    public static final int PROT_READ = 1;

    @CStruct.Value
    public static final int PROT_WRITE = 2;

    @CStruct.Value
    public static final int MAP_PRIVATE = 2;

    @CStruct.Value
    public static final int MAP_ANONYMOUS = 0x20;

    @CStruct.Value
    public static final int MAP_HUGETLB = 0x40000;

    @CStruct.Value
    public static final int MAP_HUGE_SHIFT = 26;

    static final Library LIBRARY =
            Library.ofLinker("poll", "eventfd", "read", "write", "close", "getrlimit", "mmap", "munmap", "fcntl");

    private static final MethodHandle POLL =
            NativeCall.minusOneAndErrno(LIBRARY, "poll", NativeCall.POINTER, NativeCall.LONG, NativeCall.INT);
    private static final MethodHandle EVENTFD =
            NativeCall.minusOneAndErrno(LIBRARY, "eventfd", NativeCall.INT, NativeCall.INT);
    private static final MethodHandle READ = NativeCall.minusOneAndErrno(
            LIBRARY,
            "read",
            FunctionDescriptor.of(NativeCall.LONG, NativeCall.INT, NativeCall.POINTER, NativeCall.LONG));
    private static final MethodHandle WRITE = NativeCall.minusOneAndErrno(
            LIBRARY,
            "write",
            FunctionDescriptor.of(NativeCall.LONG, NativeCall.INT, NativeCall.POINTER, NativeCall.LONG));
    private static final MethodHandle CLOSE = NativeCall.minusOneAndErrno(LIBRARY, "close", NativeCall.INT);
    private static final MethodHandle GETRLIMIT =
            NativeCall.minusOneAndErrno(LIBRARY, "getrlimit", NativeCall.INT, NativeCall.POINTER);
    private static final MethodHandle MMAP = NativeCall.minusOneAndErrno(
            LIBRARY,
            "mmap",
            FunctionDescriptor.of(
                    NativeCall.LONG,
                    NativeCall.POINTER,
                    NativeCall.LONG,
                    NativeCall.INT,
                    NativeCall.INT,
                    NativeCall.INT,
                    NativeCall.LONG));
    private static final MethodHandle MUNMAP =
            NativeCall.minusOneAndErrno(LIBRARY, "munmap", NativeCall.POINTER, NativeCall.LONG);
    private static final MethodHandle FCNTL = NativeCall.minusOneAndErrno(
            LIBRARY,
            "fcntl",
            FunctionDescriptor.of(NativeCall.INT, NativeCall.INT, NativeCall.INT, NativeCall.INT),
            Linker.Option.firstVariadicArg(2));

    private Libc() {}

    public static int poll(long fds, long nfds, int timeoutMs) {
        try {
            return (int) POLL.invokeExact(fds, nfds, timeoutMs);
        } catch (Throwable thrown) {
            throw NativeCall.unexpected(thrown);
        }
    }

    public static int eventfd(int initial, int flags) {
        try {
            return (int) EVENTFD.invokeExact(initial, flags);
        } catch (Throwable thrown) {
            throw NativeCall.unexpected(thrown);
        }
    }

    public static long read(int fd, long buffer, long count) {
        try {
            return (long) READ.invokeExact(fd, buffer, count);
        } catch (Throwable thrown) {
            throw NativeCall.unexpected(thrown);
        }
    }

    public static long write(int fd, long buffer, long count) {
        try {
            return (long) WRITE.invokeExact(fd, buffer, count);
        } catch (Throwable thrown) {
            throw NativeCall.unexpected(thrown);
        }
    }

    public static int close(int fd) {
        try {
            return (int) CLOSE.invokeExact(fd);
        } catch (Throwable thrown) {
            throw NativeCall.unexpected(thrown);
        }
    }

    public static int getrlimit(int resource, long rlimit) {
        try {
            return (int) GETRLIMIT.invokeExact(resource, rlimit);
        } catch (Throwable thrown) {
            throw NativeCall.unexpected(thrown);
        }
    }

    /** {@code MAP_FAILED} is -1, so the convention is the value's. */
    public static long mmap(long addr, long length, int prot, int flags, int fd, long offset) {
        try {
            return (long) MMAP.invokeExact(addr, length, prot, flags, fd, offset);
        } catch (Throwable thrown) {
            throw NativeCall.unexpected(thrown);
        }
    }

    public static int munmap(long addr, long length) {
        try {
            return (int) MUNMAP.invokeExact(addr, length);
        } catch (Throwable thrown) {
            throw NativeCall.unexpected(thrown);
        }
    }

    /** Variadic in C: the third argument goes where variadic arguments go. */
    public static int fcntl(int fd, int command, int argument) {
        try {
            return (int) FCNTL.invokeExact(fd, command, argument);
        } catch (Throwable thrown) {
            throw NativeCall.unexpected(thrown);
        }
    }
}
