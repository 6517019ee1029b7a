package dev.verbena.bench.perftest;

import dev.verbena.cli.Addresses;
import dev.verbena.cli.Failure;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;

/**
 * The TCP connection of the two sides. A thread of its own reads it, so that who polls for completions learns by one look
 * at a flag that the other side is gone.
 *
 * <p>Threading: one thread reads and writes; {@link #isGone} from any.
 */
final class TcpChannel implements PeerChannel {
    private static final int ARRIVED_MAX = 1 << 16;
    private static final int AGAIN_MS = 20;
    private static final int DONE_BYTES = 5;
    private final Socket socket;
    private final OutputStream out;
    private final String name;
    private final Duration timeout;
    private final byte[] arrived = new byte[ARRIVED_MAX];
    private int count;
    private volatile boolean gone;

    private TcpChannel(Socket socket, Duration timeout) throws IOException {
        this.socket = socket;
        this.timeout = timeout;
        this.name = socket.getInetAddress().getHostAddress();
        socket.setTcpNoDelay(true);
        out = socket.getOutputStream();
        InputStream in = socket.getInputStream();
        Thread reader = new Thread(() -> read(in), "verbena-bench-peer");
        reader.setDaemon(true);
        reader.start();
    }

    /**
     * Connects to a server.
     *
     * @param patient whether to try again while it does not listen yet
     */
    static TcpChannel connect(InetSocketAddress server, Duration timeout, boolean patient) throws InterruptedException {
        long end = System.nanoTime() + timeout.toNanos();
        while (true) {
            try {
                return connect(server, timeout);
            } catch (Failure e) {
                if (!patient || e.code() != Failure.Code.PEER_REFUSED || System.nanoTime() - end > 0) {
                    throw e;
                }
                Thread.sleep(AGAIN_MS);
            }
        }
    }

    private static TcpChannel connect(InetSocketAddress server, Duration timeout) {
        Socket socket = new Socket();
        try {
            socket.connect(server, (int) timeout.toMillis());
            return new TcpChannel(socket, timeout);
        } catch (ConnectException e) {
            close(socket);
            throw new Failure(
                    Failure.Code.PEER_REFUSED,
                    Addresses.text(server) + " cannot be reached: " + e.getMessage(),
                    "start the same benchmark without HOST there first",
                    e);
        } catch (IOException e) {
            close(socket);
            throw new Failure(Failure.Code.PEER_UNREACHABLE, Addresses.text(server) + ": " + e.getMessage(), "", e);
        }
    }

    /** Waits for a client. */
    static TcpChannel accept(int port, Duration acceptTimeout, Duration timeout, Runnable listening) {
        try (ServerSocket listener = new ServerSocket()) {
            listener.setReuseAddress(true);
            listener.bind(new InetSocketAddress(port), 1);
            listener.setSoTimeout((int) acceptTimeout.toMillis());
            listening.run();
            return new TcpChannel(listener.accept(), timeout);
        } catch (SocketTimeoutException e) {
            throw Failure.timeout("a client", acceptTimeout);
        } catch (IOException e) {
            throw new Failure(Failure.Code.FAILED, "cannot listen on TCP port " + port + ": " + e.getMessage(), "", e);
        }
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public String method() {
        return "Ethernet";
    }

    @Override
    public byte[] encode(PeerRecord record, boolean withGid) {
        return record.encode(withGid);
    }

    @Override
    public PeerRecord decode(byte[] record) {
        return PeerRecord.decode(record);
    }

    @Override
    public boolean isGone() {
        return gone;
    }

    @Override
    public Failure lost() {
        return new Failure(
                Failure.Code.PEER_LOST,
                name + " is gone: it closed its TCP connection in the middle of the benchmark",
                "its own messages say why");
    }

    private void read(InputStream in) {
        byte[] piece = new byte[4096];
        try {
            for (int read = in.read(piece); read >= 0; read = in.read(piece)) {
                take(piece, read);
            }
        } catch (IOException e) {
            // The same as its end.
        }
        synchronized (this) {
            gone = true;
            notifyAll();
        }
    }

    private synchronized void take(byte[] piece, int length) throws IOException {
        if (count + length > ARRIVED_MAX) {
            throw new IOException("it sends and does not listen");
        }
        System.arraycopy(piece, 0, arrived, count, length);
        count += length;
        notifyAll();
    }

    @Override
    public byte[] read(int length, String what) throws InterruptedException {
        return read(length, what, timeout);
    }

    @Override
    public byte[] readAfterRun(int length, String what) throws InterruptedException {
        return read(length, what, RUN_TIMEOUT);
    }

    private synchronized byte[] read(int length, String what, Duration most) throws InterruptedException {
        long end = System.nanoTime() + most.toNanos();
        while (count < length) {
            long left = end - System.nanoTime();
            if (gone) {
                throw lost();
            }
            if (left <= 0) {
                throw Failure.timeout(what + " of " + name, most);
            }
            TimeUnit.NANOSECONDS.timedWait(this, left);
        }
        byte[] bytes = new byte[length];
        System.arraycopy(arrived, 0, bytes, 0, length);
        System.arraycopy(arrived, length, arrived, 0, count - length);
        count -= length;
        return bytes;
    }

    @Override
    public void write(byte[] bytes) {
        try {
            out.write(bytes);
        } catch (IOException e) {
            throw lost();
        }
    }

    @Override
    public void goodbye() {
        byte[] bytes = Arrays.copyOf("done".getBytes(StandardCharsets.US_ASCII), DONE_BYTES);
        try {
            out.write(bytes);
        } catch (IOException e) {
            // It has everything that it waits for.
        }
    }

    @Override
    public void close() {
        close(socket);
    }

    private static void close(Socket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            // It is closed in any case.
        }
    }
}
