package dev.verbena.bench.process;

import java.io.IOException;
import java.net.ServerSocket;

/**
 * TCP ports for two processes to find each other.
 *
 * <p>Threading: pure functions.
 */
public final class Ports {
    private Ports() {}

    /**
     * One that nobody has now.
     *
     * @return its number, as commands want it
     * @throws IOException when there is none
     */
    public static String free() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return String.valueOf(socket.getLocalPort());
        }
    }
}
