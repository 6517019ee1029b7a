package dev.verbena.cli;

import java.io.EOFException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.function.Consumer;

/**
 * The TCP talk before a ping-pong: client's endpoint, server's endpoint, "done".
 *
 * <p>Threading: pure functions; they block within their bounds.
 */
final class PingPongExchange {
    private static final byte[] DONE = "done\0".getBytes(StandardCharsets.US_ASCII);

    private PingPongExchange() {}

    /** The client's part; answers the server's endpoint. */
    static PingPongEndpoint asClient(InetSocketAddress server, PingPongEndpoint mine, Duration timeout) {
        String peer = Addresses.text(server);
        int timeoutMs = (int) timeout.toMillis();
        try (Socket socket = new Socket()) {
            socket.connect(server, timeoutMs);
            socket.setSoTimeout(timeoutMs);
            socket.getOutputStream().write(mine.encode());
            PingPongEndpoint theirs = read(socket);
            socket.getOutputStream().write(DONE);
            return theirs;
        } catch (IOException e) {
            throw failure(peer, e, timeout);
        }
    }

    /**
     * The server's part, for one client.
     *
     * @param ready is told the client's endpoint and makes the queue pair ready, before the client may send
     */
    static void asServer(
            int port,
            PingPongEndpoint mine,
            Duration acceptTimeout,
            Duration timeout,
            Runnable listening,
            Consumer<PingPongEndpoint> ready) {
        try (ServerSocket listener = new ServerSocket()) {
            listener.setReuseAddress(true);
            listen(listener, port);
            listening.run();
            listener.setSoTimeout((int) acceptTimeout.toMillis());
            try (Socket socket = listener.accept()) {
                String peer = socket.getInetAddress().getHostAddress();
                try {
                    socket.setSoTimeout((int) timeout.toMillis());
                    ready.accept(read(socket));
                    socket.getOutputStream().write(mine.encode());
                    readFully(socket, DONE.length);
                } catch (IOException e) {
                    throw failure(peer, e, timeout);
                }
            }
        } catch (SocketTimeoutException e) {
            throw Failure.timeout("a client", acceptTimeout);
        } catch (IOException e) {
            throw new Failure(Failure.Code.FAILED, "waiting for a client failed: " + e.getMessage(), "", e);
        }
    }

    private static void listen(ServerSocket listener, int port) {
        try {
            listener.bind(new InetSocketAddress(port), 1);
        } catch (IOException e) {
            throw new Failure(Failure.Code.FAILED, "cannot listen on TCP port " + port + ": " + e.getMessage(), "", e);
        }
    }

    private static PingPongEndpoint read(Socket socket) throws IOException {
        try {
            return PingPongEndpoint.decode(readFully(socket, PingPongEndpoint.WIRE_BYTES));
        } catch (IllegalArgumentException e) {
            throw new IOException(e.getMessage(), e);
        }
    }

    private static byte[] readFully(Socket socket, int length) throws IOException {
        byte[] bytes = socket.getInputStream().readNBytes(length);
        if (bytes.length < length) {
            throw new EOFException("it closed the TCP connection");
        }
        return bytes;
    }

    private static Failure failure(String peer, IOException e, Duration timeout) {
        return switch (e) {
            case SocketTimeoutException late -> Failure.timeout("an answer of " + peer, timeout);
            case ConnectException refused ->
                new Failure(
                        Failure.Code.PEER_REFUSED,
                        peer + " cannot be reached: " + e.getMessage(),
                        "is a ping-pong server running there?",
                        e);
            case EOFException lost -> new Failure(Failure.Code.PEER_LOST, peer + " is lost: " + e.getMessage(), "", e);
            default -> new Failure(Failure.Code.PEER_UNREACHABLE, peer + ": " + e.getMessage(), "", e);
        };
    }
}
