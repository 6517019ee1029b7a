package dev.verbena.verbs.embedded;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.verbena.verbs.Errno;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The system calls that shared memory between processes needs. Each answers a value &gt;= 0 or the negative errno, which
 * is captured together with the call. C structs are laid out in the classes that fill them.
 *
 * <p>What is missing (another system, native access denied) is one sentence in {@link #problem()}; nothing here fails in
 * a class initialiser.
 *
 * <p>Threading: any thread; the errno is read from a block of the calling thread.
 */
@SuppressWarnings("restricted")
final class Linux {
    static final int MFD_CLOEXEC = 1;
    static final int MFD_ALLOW_SEALING = 2;
    static final int MFD_HUGETLB = 4;
    /** log2 of 2 MiB at bit 26. */
    static final int MFD_HUGE_2MB = 21 << 26;

    static final int F_ADD_SEALS = 1033;
    static final int F_GET_SEALS = 1034;
    static final int F_SEAL_SEAL = 1;
    static final int F_SEAL_SHRINK = 2;
    static final int F_SEAL_GROW = 4;

    static final int PROT_READ_WRITE = 3;
    static final int MAP_SHARED = 1;

    static final int AF_UNIX = 1;
    private static final int SHUT_RDWR = 2;
    static final int SOCK_SEQPACKET = 5;
    static final int SOCK_NONBLOCK = 1 << 11;
    static final int SOCK_CLOEXEC = 1 << 19;
    static final int SOL_SOCKET = 1;
    static final int SCM_RIGHTS = 1;
    static final int SO_PEERCRED = 17;
    static final int MSG_NOSIGNAL = 0x4000;
    static final int MSG_DONTWAIT = 0x40;
    static final int MSG_CMSG_CLOEXEC = 0x40000000;
    static final int MSG_CTRUNC = 8;
    static final int EFD_CLOEXEC_NONBLOCK = SOCK_CLOEXEC | SOCK_NONBLOCK;
    static final int POLLIN = 1;

    private static final int MEMBARRIER_GLOBAL_EXPEDITED = 1 << 1;
    private static final int MEMBARRIER_REGISTER_GLOBAL_EXPEDITED = 1 << 2;
    private static final String MACHINE = System.getProperty("os.arch", "unknown");

    private static final @Nullable String PROBLEM = findProblem();
    private static final ThreadLocal<MemorySegment> ERRNO =
            ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(Linker.Option.captureStateLayout()));
    private static final long ERRNO_OFFSET =
            Linker.Option.captureStateLayout().byteOffset(MemoryLayout.PathElement.groupElement("errno"));

    private static final MethodHandle MEMFD_CREATE = ints("memfd_create", JAVA_LONG, JAVA_INT);
    private static final MethodHandle FTRUNCATE = ints("ftruncate", JAVA_INT, JAVA_LONG);
    private static final MethodHandle LSEEK = longs("lseek", JAVA_INT, JAVA_LONG, JAVA_INT);
    private static final MethodHandle FALLOCATE = ints("fallocate", JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle FCNTL = call(
            "fcntl", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT), Linker.Option.firstVariadicArg(2));
    private static final MethodHandle MMAP =
            longs("mmap", JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG);
    private static final MethodHandle MUNMAP = ints("munmap", JAVA_LONG, JAVA_LONG);
    private static final MethodHandle MINCORE = ints("mincore", JAVA_LONG, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle CLOSE = ints("close", JAVA_INT);
    private static final MethodHandle SOCKET = ints("socket", JAVA_INT, JAVA_INT, JAVA_INT);
    private static final MethodHandle BIND = ints("bind", JAVA_INT, JAVA_LONG, JAVA_INT);
    private static final MethodHandle LISTEN = ints("listen", JAVA_INT, JAVA_INT);
    private static final MethodHandle SHUTDOWN = ints("shutdown", JAVA_INT, JAVA_INT);
    private static final MethodHandle ACCEPT4 = ints("accept4", JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT);
    private static final MethodHandle CONNECT = ints("connect", JAVA_INT, JAVA_LONG, JAVA_INT);
    private static final MethodHandle SENDMSG = longs("sendmsg", JAVA_INT, JAVA_LONG, JAVA_INT);
    private static final MethodHandle RECVMSG = longs("recvmsg", JAVA_INT, JAVA_LONG, JAVA_INT);
    private static final MethodHandle GETSOCKOPT =
            ints("getsockopt", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle PPOLL = ints("ppoll", JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle EVENTFD = ints("eventfd", JAVA_INT, JAVA_INT);
    private static final MethodHandle READ = longs("read", JAVA_INT, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle WRITE = longs("write", JAVA_INT, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle GETEUID = ints("geteuid");
    private static final MethodHandle PROCESS_VM_READV =
            longs("process_vm_readv", JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle PROCESS_VM_WRITEV =
            longs("process_vm_writev", JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle MEMBARRIER = call(
            "syscall",
            FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT),
            Linker.Option.firstVariadicArg(1));
    private static final MethodHandle SYSCALL = call(
            "syscall",
            FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG),
            Linker.Option.firstVariadicArg(1));

    private Linux() {}

    /** Why the calls cannot be made here, in one sentence; null when they can. */
    static @Nullable String problem() {
        return PROBLEM;
    }

    private static @Nullable String findProblem() {
        String system = System.getProperty("os.name", "unknown");
        if (!system.toLowerCase(Locale.ROOT).equals("linux")) {
            return "the embedded provider exists for Linux only and this is " + system;
        }
        if (!MACHINE.equals("amd64") && !MACHINE.equals("aarch64")) {
            return "the embedded provider knows the system calls of amd64 and aarch64 only and this is " + MACHINE;
        }
        try {
            MemorySegment unused = MemorySegment.NULL.reinterpret(1);
            return unused.byteSize() == 1 ? null : "native memory cannot be reached";
        } catch (IllegalCallerException denied) {
            Module module = Linux.class.getModule();
            return "native access is denied: start java with --enable-native-access="
                    + (module.isNamed() ? module.getName() : "ALL-UNNAMED");
        }
    }

    private static MethodHandle ints(String name, MemoryLayout... arguments) {
        return call(name, FunctionDescriptor.of(JAVA_INT, arguments));
    }

    private static MethodHandle longs(String name, MemoryLayout... arguments) {
        return call(name, FunctionDescriptor.of(JAVA_LONG, arguments));
    }

    /** A handle whose first argument is the block for errno; when calls are impossible it throws the sentence. */
    private static MethodHandle call(String name, FunctionDescriptor descriptor, Linker.Option... options) {
        MethodType type = descriptor.toMethodType().insertParameterTypes(0, MemorySegment.class);
        String problem = problem();
        MemorySegment address = problem == null
                ? Linker.nativeLinker().defaultLookup().find(name).orElse(null)
                : null;
        if (address == null) {
            String why = problem == null ? "the C library has no function " + name : problem;
            MethodHandle thrower = MethodHandles.throwException(type.returnType(), IllegalStateException.class)
                    .bindTo(new IllegalStateException(why));
            return MethodHandles.dropArguments(thrower, 0, type.parameterList());
        }
        Linker.Option[] all = new Linker.Option[options.length + 1];
        System.arraycopy(options, 0, all, 0, options.length);
        all[options.length] = Linker.Option.captureCallState("errno");
        return Linker.nativeLinker().downcallHandle(address, descriptor, all);
    }

    private static int check(int result, MemorySegment block) {
        return result != -1 ? result : -errno(block);
    }

    private static long check(long result, MemorySegment block) {
        return result != -1 ? result : -errno(block);
    }

    private static int errno(MemorySegment block) {
        int errno = block.get(JAVA_INT, ERRNO_OFFSET);
        return errno != 0 ? errno : Errno.EIO;
    }

    private static RuntimeException unexpected(Throwable thrown) {
        if (thrown instanceof RuntimeException e) {
            throw e;
        }
        if (thrown instanceof Error e) {
            throw e;
        }
        return new IllegalStateException(thrown);
    }

    /** memfd_create(2); the name shows in /proc only. */
    static int memfdCreate(String name, int flags) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment block = ERRNO.get();
            return check(
                    (int) MEMFD_CREATE.invokeExact(
                            block, arena.allocateFrom(name).address(), flags),
                    block);
        } catch (Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    static int ftruncate(int fd, long length) {
        try {
            MemorySegment block = ERRNO.get();
            return check((int) FTRUNCATE.invokeExact(block, fd, length), block);
        } catch (Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    /** The size of a file, by lseek(2) to its end. */
    static long size(int fd) {
        try {
            MemorySegment block = ERRNO.get();
            return check((long) LSEEK.invokeExact(block, fd, 0L, 2), block);
        } catch (Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    static int fallocate(int fd, long offset, long length) {
        try {
            MemorySegment block = ERRNO.get();
            return check((int) FALLOCATE.invokeExact(block, fd, 0, offset, length), block);
        } catch (Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    static int fcntl(int fd, int command, int argument) {
        try {
            MemorySegment block = ERRNO.get();
            return check((int) FCNTL.invokeExact(block, fd, command, argument), block);
        } catch (Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    static long mmapShared(long length, int fd) {
        try {
            MemorySegment block = ERRNO.get();
            return check((long) MMAP.invokeExact(block, 0L, length, PROT_READ_WRITE, MAP_SHARED, fd, 0L), block);
        } catch (Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    static int munmap(long address, long length) {
        try {
            MemorySegment block = ERRNO.get();
            return check((int) MUNMAP.invokeExact(block, address, length), block);
        } catch (Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    /** mincore(2): ENOMEM when a page of the range is not mapped; a byte per page is written to the vector. */
    static int mincore(long address, long length, long vector) {
        try {
            MemorySegment block = ERRNO.get();
            return check((int) MINCORE.invokeExact(block, address, length, vector), block);
        } catch (Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    static int close(int fd) {
        try {
            MemorySegment block = ERRNO.get();
            return check((int) CLOSE.invokeExact(block, fd), block);
        } catch (Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    /** A non-blocking, close-on-exec SOCK_SEQPACKET socket. */
    static int socket() {
        try {
            MemorySegment block = ERRNO.get();
            int type = SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC;
            return check((int) SOCKET.invokeExact(block, AF_UNIX, type, 0), block);
        } catch (Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    static int bind(int fd, long address, int length) {
        try {
            MemorySegment block = ERRNO.get();
            return check((int) BIND.invokeExact(block, fd, address, length), block);
        } catch (Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    static int listen(int fd, int backlog) {
        try {
            MemorySegment block = ERRNO.get();
            return check((int) LISTEN.invokeExact(block, fd, backlog), block);
        } catch (Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    /** Both ways: nobody can connect any more, whoever still holds the socket. */
    static int shutdown(int fd) {
        try {
            MemorySegment block = ERRNO.get();
            return check((int) SHUTDOWN.invokeExact(block, fd, SHUT_RDWR), block);
        } catch (Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    /** The next connection, non-blocking and close-on-exec. */
    static int accept(int fd) {
        try {
            MemorySegment block = ERRNO.get();
            return check((int) ACCEPT4.invokeExact(block, fd, 0L, 0L, SOCK_NONBLOCK | SOCK_CLOEXEC), block);
        } catch (Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    static int connect(int fd, long address, int length) {
        try {
            MemorySegment block = ERRNO.get();
            return check((int) CONNECT.invokeExact(block, fd, address, length), block);
        } catch (Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    static long sendmsg(int fd, long message) {
        try {
            MemorySegment block = ERRNO.get();
            return check((long) SENDMSG.invokeExact(block, fd, message, MSG_NOSIGNAL | MSG_DONTWAIT), block);
        } catch (Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    static long recvmsg(int fd, long message) {
        try {
            MemorySegment block = ERRNO.get();
            return check((long) RECVMSG.invokeExact(block, fd, message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC), block);
        } catch (Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    static int getsockopt(int fd, int level, int name, long value, long length) {
        try {
            MemorySegment block = ERRNO.get();
            return check((int) GETSOCKOPT.invokeExact(block, fd, level, name, value, length), block);
        } catch (Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    /** ppoll(2) with no signal mask; a timespec of 0 waits for ever. */
    static int ppoll(long fds, long count, long timespec) {
        try {
            MemorySegment block = ERRNO.get();
            return check((int) PPOLL.invokeExact(block, fds, count, timespec, 0L), block);
        } catch (Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    static int eventfd() {
        try {
            MemorySegment block = ERRNO.get();
            return check((int) EVENTFD.invokeExact(block, 0, EFD_CLOEXEC_NONBLOCK), block);
        } catch (Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    static long read(int fd, long buffer, long count) {
        try {
            MemorySegment block = ERRNO.get();
            return check((long) READ.invokeExact(block, fd, buffer, count), block);
        } catch (Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    static long write(int fd, long buffer, long count) {
        try {
            MemorySegment block = ERRNO.get();
            return check((long) WRITE.invokeExact(block, fd, buffer, count), block);
        } catch (Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    static int geteuid() {
        try {
            MemorySegment block = ERRNO.get();
            return check((int) GETEUID.invokeExact(block), block);
        } catch (Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    /** One piece from another process; each side is one struct iovec. */
    static long processVmReadv(int pid, long localIov, long remoteIov) {
        try {
            MemorySegment block = ERRNO.get();
            return check((long) PROCESS_VM_READV.invokeExact(block, pid, localIov, 1L, remoteIov, 1L, 0L), block);
        } catch (Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    /** One piece into another process. */
    static long processVmWritev(int pid, long localIov, long remoteIov) {
        try {
            MemorySegment block = ERRNO.get();
            return check((long) PROCESS_VM_WRITEV.invokeExact(block, pid, localIov, 1L, remoteIov, 1L, 0L), block);
        } catch (Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    private static long membarrier(int command) {
        try {
            MemorySegment block = ERRNO.get();
            long number = MACHINE.equals("aarch64") ? 283 : 324;
            return check((long) MEMBARRIER.invokeExact(block, number, command, 0, 0), block);
        } catch (Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    /** Takes part in the fences of every process; false where the kernel has none. */
    static boolean registerGlobalFence() {
        return membarrier(MEMBARRIER_REGISTER_GLOBAL_EXPEDITED) == 0 && globalFence();
    }

    /** Every running thread of every registered process passes a full fence before this returns. */
    static boolean globalFence() {
        return membarrier(MEMBARRIER_GLOBAL_EXPEDITED) == 0;
    }

    // ---------------------------------------------------------------- asynchronous requests

    private static int syscall(long amd64, long aarch64, long first, long second, long third) {
        try {
            MemorySegment block = ERRNO.get();
            long number = MACHINE.equals("amd64") ? amd64 : aarch64;
            return (int) check((long) SYSCALL.invokeExact(block, number, first, second, third), block);
        } catch (Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    /** tgkill(2) of the calling thread: the signal has its effect before this returns. */
    static int raise(int signal) {
        int thread = syscall(186, 178, 0, 0, 0);
        return syscall(234, 131, ProcessHandle.current().pid(), thread, signal);
    }

    /** io_setup(2); the context is written to an address that holds 0. */
    static int ioSetup(int requests, long contextAddress) {
        return syscall(206, 0, requests, contextAddress, 0);
    }

    /** io_submit(2). */
    static int ioSubmit(long context, int count, long requests) {
        return syscall(209, 2, context, count, requests);
    }

    /** io_destroy(2), which cancels what is under way. */
    static int ioDestroy(long context) {
        return syscall(207, 1, context, 0, 0);
    }
}
