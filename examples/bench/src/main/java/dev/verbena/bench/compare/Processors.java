package dev.verbena.bench.compare;

import dev.verbena.bench.Pinning;
import java.io.IOException;
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
    /**
     * Finds them.
     *
     * @throws IOException when there are no two
     */
    static Processors find() throws IOException {
        List<Integer> allowed = Pinning.allowed();
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
}
