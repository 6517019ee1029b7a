package dev.verbena.verbs.rdmacore.ffi;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
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

    private static final NativeCall POLL = NativeCall.minusOneAndErrno(LIBRARY, "poll");
    private static final NativeCall EVENTFD = NativeCall.minusOneAndErrno(LIBRARY, "eventfd");
    private static final NativeCall READ = NativeCall.longMinusOneAndErrno(LIBRARY, "read");
    private static final NativeCall WRITE = NativeCall.longMinusOneAndErrno(LIBRARY, "write");
    private static final NativeCall CLOSE = NativeCall.minusOneAndErrno(LIBRARY, "close");
    private static final NativeCall GETRLIMIT = NativeCall.minusOneAndErrno(LIBRARY, "getrlimit");
    private static final NativeCall MMAP = NativeCall.longMinusOneAndErrno(LIBRARY, "mmap");
    private static final NativeCall MUNMAP = NativeCall.minusOneAndErrno(LIBRARY, "munmap");
    private static final NativeCall FCNTL = NativeCall.minusOneAndErrno(LIBRARY, "fcntl");

    private Libc() {}

    public static int poll(long fds, long nfds, int timeoutMs) {
        return (int) POLL.call(fds, nfds, timeoutMs);
    }

    public static int eventfd(int initial, int flags) {
        return (int) EVENTFD.call(initial, flags);
    }

    public static long read(int fd, long buffer, long count) {
        return READ.call(fd, buffer, count);
    }

    public static long write(int fd, long buffer, long count) {
        return WRITE.call(fd, buffer, count);
    }

    public static int close(int fd) {
        return (int) CLOSE.call(fd);
    }

    public static int getrlimit(int resource, long rlimit) {
        return (int) GETRLIMIT.call(resource, rlimit);
    }

    /** {@code MAP_FAILED} is -1, so the convention is the value's. */
    public static long mmap(long addr, long length, int prot, int flags, int fd, long offset) {
        return MMAP.call(addr, length, prot, flags, fd, offset);
    }

    public static int munmap(long addr, long length) {
        return (int) MUNMAP.call(addr, length);
    }

    /** Variadic in C: the third argument goes where variadic arguments go. */
    public static int fcntl(int fd, int command, int argument) {
        MemorySegment errno = FCNTL.begin();
        try {
            return (int) FCNTL.end((int) Variadic.FCNTL.invokeExact(errno, fd, command, argument), errno);
        } catch (Throwable thrown) {
            throw NativeCall.unexpected(thrown);
        }
    }

    private static final class Variadic {
        @SuppressWarnings("restricted")
        static final MethodHandle FCNTL = Linker.nativeLinker()
                .downcallHandle(
                        LIBRARY.symbol("fcntl"),
                        FunctionDescriptor.of(
                                ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT),
                        Linker.Option.firstVariadicArg(2),
                        Linker.Option.captureCallState("errno"));
    }
}
