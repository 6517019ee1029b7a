package dev.verbena.verbs.embedded;

import dev.verbena.verbs.Errno;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Abstract Unix sockets with message boundaries, and descriptors in the messages. An abstract name is gone with its
 * process; it belongs to the network namespace.
 *
 * <p>Threading: any thread. Nothing here blocks.
 */
final class Sockets {
    static final int MESSAGE_MAX = 1024;
    private static final int DESCRIPTORS_MAX = 3;
    private static final int CONTROL_BYTES = 64;
    private static final Logger LOG = LoggerFactory.getLogger(Sockets.class);
    private static volatile boolean truncated;

    /** Who is at the other end, as the kernel says. */
    record Credentials(int pid, int uid) {}

    /** A message and its descriptors, which the receiver owns; an empty message is the end. */
    @SuppressWarnings("ArrayRecordComponent") // handed over once
    record Received(byte[] bytes, int[] fds) {
        boolean isEnd() {
            return bytes.length == 0;
        }

        /** Takes a descriptor over. */
        int take(int index) {
            if (index >= fds.length || fds[index] < 0) {
                throw new IllegalStateException("a descriptor is missing");
            }
            int fd = fds[index];
            fds[index] = -1;
            return fd;
        }

        void closeDescriptors() {
            for (int fd : fds) {
                if (fd >= 0) {
                    int _ = Linux.close(fd);
                }
            }
        }
    }

    private Sockets() {}

    /** The numbers behind a prefix in the names of the abstract sockets of this network namespace. */
    static List<Integer> names(String prefix) {
        String wanted = " @" + prefix;
        List<Integer> numbers = new ArrayList<>();
        try (Stream<String> lines = Files.lines(Path.of("/proc/net/unix"), StandardCharsets.ISO_8859_1)) {
            lines.forEach(line -> {
                int at = line.indexOf(wanted);
                if (at >= 0) {
                    String rest = line.substring(at + wanted.length());
                    if (rest.matches("[0-9]{1,6}")) {
                        numbers.add(Integer.valueOf(rest));
                    }
                }
            });
        } catch (IOException | UncheckedIOException e) {
            LOG.warn("/proc/net/unix cannot be read, so other processes are not found: {}", e.getMessage());
        }
        return numbers;
    }

    /** A socket with a name; the negative errno when the name is taken or there are too many descriptors. */
    static int bind(String name) {
        int fd = Linux.socket();
        if (fd < 0) {
            return fd;
        }
        try (Arena arena = Arena.ofConfined()) {
            long address = address(arena, name);
            int result = Linux.bind(fd, address, addressBytes(name));
            if (result < 0) {
                int _ = Linux.close(fd);
                return result;
            }
            return fd;
        }
    }

    /** A socket that is connected to a name; the negative errno when nobody listens (ECONNREFUSED). */
    static int connect(String name) {
        int fd = Linux.socket();
        if (fd < 0) {
            return fd;
        }
        try (Arena arena = Arena.ofConfined()) {
            int result = Linux.connect(fd, address(arena, name), addressBytes(name));
            if (result < 0) {
                int _ = Linux.close(fd);
                return result;
            }
            return fd;
        }
    }

    private static long address(Arena arena, String name) {
        byte[] bytes = name.getBytes(StandardCharsets.US_ASCII);
        long address = arena.allocate(128, 8).address();
        Memory.putByte(address, (byte) Linux.AF_UNIX);
        Memory.putByte(address + 1, (byte) 0);
        Memory.putByte(address + 2, (byte) 0);
        Memory.putBytes(address + 3, bytes);
        return address;
    }

    private static int addressBytes(String name) {
        return 3 + name.length();
    }

    static Credentials peer(int fd) {
        try (Arena arena = Arena.ofConfined()) {
            long value = arena.allocate(12, 8).address();
            long length = arena.allocate(4, 8).address();
            Memory.putInt(length, 12);
            int result = Linux.getsockopt(fd, Linux.SOL_SOCKET, Linux.SO_PEERCRED, value, length);
            return result < 0
                    ? new Credentials(0, -1)
                    : new Credentials(Memory.getInt(value), Memory.getInt(value + 4));
        }
    }

    /** Whether the other end is gone. */
    static boolean isHungUp(int fd) {
        return revents(fd, 0) != 0;
    }

    /** Whether there is something to read. */
    static boolean isReadable(int fd) {
        return revents(fd, Linux.POLLIN) != 0;
    }

    private static int revents(int fd, int events) {
        try (Arena arena = Arena.ofConfined()) {
            long pollfd = arena.allocate(8, 8).address();
            long timespec = arena.allocate(16, 8).address();
            Memory.putInt(pollfd, fd);
            Memory.putInt(pollfd + 4, events);
            return Linux.ppoll(pollfd, 1, timespec) > 0 ? Memory.getInt(pollfd + 4) >>> 16 : 0;
        }
    }

    /** Sends a message, or answers the negative errno: EAGAIN when the peer does not read. */
    static int send(int fd, byte[] bytes, int... fds) {
        try (Arena arena = Arena.ofConfined()) {
            long data = arena.allocate(Math.max(bytes.length, 1), 8).address();
            Memory.putBytes(data, bytes);
            long message = message(arena, data, bytes.length);
            if (fds.length > 0) {
                long control = arena.allocate(CONTROL_BYTES, 8).address();
                Memory.putLong(control, 16 + 4L * fds.length);
                Memory.putInt(control + 8, Linux.SOL_SOCKET);
                Memory.putInt(control + 12, Linux.SCM_RIGHTS);
                for (int i = 0; i < fds.length; i++) {
                    Memory.putInt(control + 16 + 4L * i, fds[i]);
                }
                Memory.putLong(message + 32, control);
                Memory.putLong(message + 40, (16 + 4L * fds.length + 7) & -8L);
            }
            return (int) Linux.sendmsg(fd, message);
        }
    }

    private static long message(Arena arena, long data, long length) {
        long iov = arena.allocate(16, 8).address();
        Memory.putLong(iov, data);
        Memory.putLong(iov + 8, length);
        long message = arena.allocate(56, 8).address();
        Memory.putLong(message + 16, iov);
        Memory.putLong(message + 24, 1);
        return message;
    }

    /** The next message; null when there is none. A connection that failed is at its end. */
    static @Nullable Received receive(int fd) {
        try (Arena arena = Arena.ofConfined()) {
            long data = arena.allocate(MESSAGE_MAX, 8).address();
            long message = message(arena, data, MESSAGE_MAX);
            long control = arena.allocate(CONTROL_BYTES, 8).address();
            Memory.putLong(message + 32, control);
            Memory.putLong(message + 40, CONTROL_BYTES);
            long length = Linux.recvmsg(fd, message);
            if (length == -Errno.EAGAIN || length == -Errno.EINTR) {
                return null;
            }
            if (length <= 0) {
                return new Received(new byte[0], new int[0]);
            }
            if ((Memory.getInt(message + 48) & Linux.MSG_CTRUNC) != 0 && !truncated) {
                truncated = true;
                LOG.warn("descriptors that a peer sent are lost: {}", SharedMemory.explain(Errno.EMFILE));
            }
            return new Received(Memory.getBytes(data, (int) length), descriptors(message, control));
        }
    }

    private static int[] descriptors(long message, long control) {
        long controlBytes = Memory.getLong(message + 40);
        if (controlBytes < 16
                || Memory.getInt(control + 8) != Linux.SOL_SOCKET
                || Memory.getInt(control + 12) != Linux.SCM_RIGHTS) {
            return new int[0];
        }
        int count = (int) Math.min((Memory.getLong(control) - 16) / 4, (CONTROL_BYTES - 16) / 4);
        int[] fds = new int[Math.min(count, DESCRIPTORS_MAX)];
        for (int i = 0; i < count; i++) {
            int fd = Memory.getInt(control + 16 + 4L * i);
            if (i < fds.length) {
                fds[i] = fd;
            } else {
                int _ = Linux.close(fd);
            }
        }
        return fds;
    }
}
