package dev.verbena.bench;

import dev.verbena.verbs.Gid;
import dev.verbena.verbs.QueuePair;
import dev.verbena.verbs.QueuePairEndpoint;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;

/**
 * The TCP connection of the two sides, for what is not measured: who is where, what comes next, and waiting for each other.
 *
 * <p>Threading: one thread.
 */
public final class Exchange implements AutoCloseable {
    private static final int TIMEOUT_MS = 120_000;

    private final Socket socket;
    private final DataInputStream in;
    private final DataOutputStream out;

    private Exchange(Socket socket) throws IOException {
        this.socket = socket;
        socket.setTcpNoDelay(true);
        socket.setSoTimeout(TIMEOUT_MS);
        in = new DataInputStream(new BufferedInputStream(socket.getInputStream()));
        out = new DataOutputStream(new BufferedOutputStream(socket.getOutputStream()));
    }

    /**
     * Waits for the other side.
     *
     * @param port where
     * @return the connection
     * @throws IOException also when nobody comes within two minutes
     */
    public static Exchange accept(int port) throws IOException {
        try (ServerSocket listener = new ServerSocket()) {
            listener.setReuseAddress(true);
            listener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
            listener.setSoTimeout(TIMEOUT_MS);
            return new Exchange(listener.accept());
        }
    }

    /**
     * Connects to a side that may not listen yet.
     *
     * @param port where
     * @return the connection
     * @throws IOException also when nobody listens within two minutes
     * @throws InterruptedException while it waits
     */
    public static Exchange connect(int port) throws IOException, InterruptedException {
        long end = System.nanoTime() + TIMEOUT_MS * 1_000_000L;
        while (true) {
            try {
                return new Exchange(new Socket(InetAddress.getLoopbackAddress(), port));
            } catch (IOException e) {
                if (System.nanoTime() - end > 0) {
                    throw e;
                }
                Thread.sleep(20);
            }
        }
    }

    /**
     * Tells the other side.
     *
     * @param line what it hears
     * @throws IOException when it is gone
     */
    public void say(String line) throws IOException {
        out.writeUTF(line);
        out.flush();
    }

    /**
     * Waits for what the other side says.
     *
     * @return the line
     * @throws IOException when it is gone or silent for two minutes
     */
    public String hear() throws IOException {
        return in.readUTF();
    }

    /**
     * Returns when the other side is here as well.
     *
     * @throws IOException when it is gone, or here for something else
     */
    public void meet() throws IOException {
        say("");
        String said = hear();
        if (!said.isEmpty()) {
            throw new IOException("the other side says " + said);
        }
    }

    /** Connects every queue pair with the one of the same index on the other side. */
    Remote connect(Endpoint end) throws IOException {
        for (QueuePair qp : end.qps) {
            tell(qp.localEndpoint());
        }
        tell(end.large.localEndpoint());
        out.writeLong(end.shared.address());
        out.writeInt(end.shared.rkey());
        out.flush();
        for (QueuePair qp : end.qps) {
            qp.connect(hearEndpoint());
        }
        end.large.connect(hearEndpoint());
        Remote remote = new Remote(in.readLong(), in.readInt());
        meet();
        return remote;
    }

    private void tell(QueuePairEndpoint mine) throws IOException {
        out.writeInt(mine.number());
        out.writeInt(mine.psn());
        out.writeUTF(mine.gid().toString());
        out.writeInt(mine.lid());
    }

    private QueuePairEndpoint hearEndpoint() throws IOException {
        return new QueuePairEndpoint(in.readInt(), in.readInt(), Gid.parse(in.readUTF()), in.readInt());
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }

    /** The other side's memory. */
    record Remote(long address, int rkey) {}
}
