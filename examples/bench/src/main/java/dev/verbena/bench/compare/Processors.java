package dev.verbena.bench.compare;

import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Which processor the server and which the client of every peer is bound to: the first two that this process may use.
 *
 * <p>Threading: immutable.
 *
 * @param server processor of the server
 * @param client processor of the client
 */
record Processors(int server, int client) {
    private static final String ALLOWED = "Cpus_allowed_list:";

    /**
     * Finds them.
     *
     * @throws IOException when there are no two
     */
    static Processors find() throws IOException {
        List<Integer> allowed = new ArrayList<>();
        for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
            if (line.startsWith(ALLOWED)) {
                for (String range : line.substring(ALLOWED.length()).trim().split(",", -1)) {
                    String[] ends = range.split("-", -1);
                    for (int i = Integer.parseInt(ends[0]); i <= Integer.parseInt(ends[ends.length - 1]); i++) {
                        allowed.add(i);
                    }
                }
            }
        }
        if (allowed.size() < 2) {
            throw new IOException("two processes that poll need two processors, and this process may use "
                    + allowed.size() + ": see taskset -p and the container's cpuset");
        }
        return new Processors(allowed.get(0), allowed.get(1));
    }

    List<String> pinServer(List<String> command) {
        return pin(server, command);
    }

    List<String> pinClient(List<String> command) {
        return pin(client, command);
    }

    private static List<String> pin(int processor, List<String> command) {
        List<String> pinned = new ArrayList<>(List.of("taskset", "-c", String.valueOf(processor)));
        pinned.addAll(command);
        return pinned;
    }

    /** For people. */
    String text() {
        return "server on processor " + server + ", client on processor " + client;
    }

    static String freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return String.valueOf(socket.getLocalPort());
        }
    }
}
