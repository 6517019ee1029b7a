package dev.verbena.bench.compare;

import dev.verbena.bench.Exchange;
import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/**
 * Plain sockets: what does it cost when the kernel copies every message in and out and wakes the reader? Expected: two
 * system calls a message and tens of microseconds where the reader sleeps.
 *
 * <p>Threading: one thread.
 */
final class SocketLink implements Link {
    /** What is read ahead of small messages. */
    private static final int READ_BYTES = 64 * 1024;

    /** The kinds of sockets. */
    enum Kind {
        /** TCP over loopback; a reader without data sleeps. */
        TCP,
        /** The same, and a reader without data asks again. */
        TCP_POLLING,
        /** TCP; the sender hands over pages of a file instead of bytes. */
        SENDFILE,
        /** Unix domain sockets. */
        UNIX
    }

    private final SocketChannel channel;
    private final @Nullable FileChannel file;
    private final ByteBuffer out;
    private final long outAddress;
    private final ByteBuffer in;
    private final long inAddress;
    private int bytes;

    private int outAt;
    private int unsentFrom;
    private int unsent;

    private int windowEnd;
    private int readUpTo;
    private int takenUpTo;

    SocketLink(Kind kind, Exchange exchange, boolean client) throws IOException {

        channel = client ? connect(kind, exchange) : accept(kind, exchange);
        if (kind != Kind.UNIX) {
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
        }
        channel.configureBlocking(kind != Kind.TCP_POLLING);
        file = kind == Kind.SENDFILE ? file() : null;
        out = file == null
                ? ByteBuffer.allocateDirect(Messages.BUFFER_BYTES)
                : file.map(FileChannel.MapMode.READ_WRITE, 0, underWayMax() + Messages.BUFFER_BYTES);
        in = ByteBuffer.allocateDirect(Messages.BUFFER_BYTES);
        outAddress = MemorySegment.ofBuffer(out).address();
        inAddress = MemorySegment.ofBuffer(in).address();
    }

    /** In memory where that is possible: its pages are what is sent. */
    private static FileChannel file() throws IOException {
        Path memory = Path.of("/dev/shm");
        Path path = Files.isWritable(memory)
                ? Files.createTempFile(memory, "verbena", "")
                : Files.createTempFile("verbena", "");
        return FileChannel.open(
                path, StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.DELETE_ON_CLOSE);
    }

    /**
     * What both sockets' buffers hold at most. Pages that were handed to the kernel lie there until the peer has read them,
     * and nothing tells the sender when: it may write to a page again when so many bytes have followed it.
     */
    static long underWayMax() throws IOException {
        long sum = 0;
        for (String name : new String[] {"tcp_rmem", "tcp_wmem"}) {
            // By lines: Files.readString begins with a single byte, and such a file gives what is left of it to nobody.
            String[] values = Files.readAllLines(Path.of("/proc/sys/net/ipv4", name))
                    .getFirst()
                    .trim()
                    .split("\\s+", -1);
            sum += Long.parseLong(values[values.length - 1]);
        }
        return sum;
    }

    private static SocketChannel accept(Kind kind, Exchange exchange) throws IOException {
        if (kind == Kind.UNIX) {
            Path folder = Files.createTempDirectory("verbena");
            Path path = folder.resolve("socket");
            try (ServerSocketChannel listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
                listener.bind(UnixDomainSocketAddress.of(path));
                exchange.say(path.toString());
                return listener.accept();
            } finally {
                Files.deleteIfExists(path);
                Files.delete(folder);
            }
        }
        try (ServerSocketChannel listener = ServerSocketChannel.open()) {
            listener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            exchange.say(String.valueOf(((InetSocketAddress) listener.getLocalAddress()).getPort()));
            return listener.accept();
        }
    }

    private static SocketChannel connect(Kind kind, Exchange exchange) throws IOException {
        String where = exchange.hear();
        SocketAddress address = kind == Kind.UNIX
                ? UnixDomainSocketAddress.of(where)
                : new InetSocketAddress(InetAddress.getLoopbackAddress(), Integer.parseInt(where));
        return SocketChannel.open(address);
    }

    @Override
    public void open(int messageBytes) {
        bytes = messageBytes;
        outAt = 0;
        unsent = 0;
        windowEnd = 0;
        readUpTo = 0;
        takenUpTo = 0;
    }

    @Override
    public long next() {
        return outAddress + outAt;
    }

    @Override
    public void send(boolean more) throws IOException {
        if (unsent == 0) {
            unsentFrom = outAt;
        }
        unsent++;
        outAt += bytes;
        boolean wraps = outAt + bytes > out.capacity();
        if (!more || wraps || unsent == Messages.BATCH || bytes >= READ_BYTES) {
            if (file == null) {
                write(unsentFrom, outAt);
            } else {
                transfer(file, unsentFrom, outAt);
            }
            unsent = 0;
        }
        if (wraps) {
            outAt = 0;
        }
    }

    private void write(int from, int to) throws IOException {
        out.limit(to).position(from);
        while (out.hasRemaining()) {
            if (channel.write(out) == 0) {
                Thread.onSpinWait();
            }
        }
    }

    private void transfer(FileChannel pages, long from, long to) throws IOException {
        for (long at = from; at < to; ) {
            at += pages.transferTo(at, to - at, channel);
        }
    }

    @Override
    public long receive() throws IOException {
        if (takenUpTo == windowEnd) {
            // A window holds whole messages and ends where reading ahead ends.
            int window = Math.max(bytes, READ_BYTES / bytes * bytes);
            takenUpTo = windowEnd + window > in.capacity() ? 0 : windowEnd;
            readUpTo = takenUpTo;
            windowEnd = takenUpTo + window;
        }
        if (readUpTo - takenUpTo < bytes) {
            in.limit(windowEnd).position(readUpTo);
            while (in.position() - takenUpTo < bytes) {
                int read = channel.read(in);
                if (read < 0) {
                    throw new EOFException("the other side has closed its socket");
                }
                if (read == 0) {
                    Thread.onSpinWait();
                }
            }
            readUpTo = in.position();
        }
        long at = inAddress + takenUpTo;
        takenUpTo += bytes;
        return at;
    }

    @Override
    public void close() throws IOException {
        channel.close();
        if (file != null) {
            file.close();
        }
    }
}
