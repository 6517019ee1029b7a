package dev.verbena.jverbs.samples;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.FutureTask;

/** {@code AllServers ADDRESS PORT}: the servers of all samples in one process, at PORT and the two after it. */
public final class AllServers {
    private AllServers() {}

    private interface Program {
        void main(String[] args) throws Exception;
    }

    public static void main(String[] args) throws Exception {
        int port = Integer.parseInt(args[1]);
        List<FutureTask<Void>> servers = new ArrayList<>();
        servers.add(start(VerbsServer::main, args[0], String.valueOf(port)));
        servers.add(start(EndpointServer::main, args[0], String.valueOf(port + 1), "2"));
        servers.add(start(ReadServer::main, args[0], String.valueOf(port + 2)));
        for (FutureTask<Void> server : servers) {
            server.get();
        }
    }

    private static FutureTask<Void> start(Program program, String... args) {
        FutureTask<Void> task = new FutureTask<>(() -> {
            program.main(args);
            return null;
        });
        Thread.ofPlatform().daemon().start(task);
        return task;
    }
}
