package dev.verbena.disni;

import com.ibm.darpc.examples.client.DaRPCClient;
import com.ibm.darpc.examples.server.DaRPCServer;
import com.ibm.disni.benchmarks.RDMAvsTcpBenchmarkClient;
import com.ibm.disni.benchmarks.RDMAvsTcpBenchmarkServer;
import com.ibm.disni.examples.ReadClient;
import com.ibm.disni.examples.ReadServer;
import com.ibm.disni.examples.SendRecvClient;
import com.ibm.disni.examples.SendRecvServer;
import com.ibm.disni.examples.VerbsClient;
import com.ibm.disni.examples.VerbsServer;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/**
 * One side of every program of {@link ProgramsTest} in one process: {@code server ADDRESS PORT} or {@code client ADDRESS PORT}.
 * For machines on which a JVM takes long to start. The servers run side by side; the last client's server ends the process.
 */
final class ProgramsMain {
    private interface Launch {
        void launch(String[] arguments) throws Exception;
    }

    private record Pair(String name, Launch server, Launch client, String options) {}

    private static final List<Pair> PAIRS = List.of(
            new Pair("VerbsServer", VerbsServer::main, VerbsClient::main, ""),
            new Pair("ReadServer", ReadServer::main, ReadClient::main, ""),
            new Pair("SendRecvServer", SendRecvServer::main, SendRecvClient::main, ""),
            new Pair(
                    "ReadBenchmark",
                    com.ibm.disni.benchmarks.ReadServer::main,
                    com.ibm.disni.benchmarks.ReadClient::main,
                    "-s 1024 -k 100"),
            new Pair(
                    "SendRecvBenchmark",
                    com.ibm.disni.benchmarks.SendRecvServer::main,
                    com.ibm.disni.benchmarks.SendRecvClient::main,
                    "-s 64 -k 200 -q 8"),
            new Pair(
                    "RDMAvsTcpBenchmark",
                    arguments -> new RDMAvsTcpBenchmarkServer().launch(arguments),
                    arguments -> new RDMAvsTcpBenchmarkClient().launch(arguments),
                    "-s 64 -k 50"));

    private static final List<String> CALLS = List.of(
            "-m future-poll -k 20",
            "-m stream-poll -k 20",
            "-m future-take -k 20",
            "-m stream-take -k 20",
            "-m batch-stream-take -k 20 -b 8",
            "-m batch-stream-poll -k 20 -b 4 -n 2 -i 64");

    private ProgramsMain() {}

    public static void main(String[] arguments) throws Exception {
        String address = arguments[1];
        int port = Integer.parseInt(arguments[2]);
        if (arguments[0].equals("server")) {
            serve(address, port);
        } else {
            call(address, port);
        }
    }

    private static void serve(String address, int port) {
        start("DaRPCServer", () -> new DaRPCServer().launch(arguments(address, "-i 64 -p 2")));
        for (int i = 0; i < PAIRS.size(); i++) {
            Pair pair = PAIRS.get(i);
            String[] arguments = arguments(address, "-p " + (port + i) + " " + pair.options());
            start(pair.name(), () -> pair.server().launch(arguments));
        }
    }

    private interface Task {
        void run() throws Exception;
    }

    /** What fails ends the process. */
    private static void start(String name, Task task) {
        Thread.ofPlatform().name(name).start(() -> {
            try {
                task.run();
                System.out.println("done: " + name);
            } catch (Exception | Error e) {
                e.printStackTrace();
                System.exit(1);
            }
        });
    }

    private static void call(String address, int port) throws Exception {
        long start = System.nanoTime();
        for (String options : CALLS) {
            tell("DaRPC " + options, start);
            new DaRPCClient().launch(arguments(address, options));
        }
        for (int i = 0; i < PAIRS.size(); i++) {
            Pair pair = PAIRS.get(i);
            tell(pair.name(), start);
            pair.client().launch(arguments(address, "-p " + (port + i) + " " + pair.options()));
        }
    }

    private static void tell(String name, long startNs) {
        System.out.printf("client: %s after %,d ms%n", name, (System.nanoTime() - startNs) / 1_000_000);
    }

    private static String[] arguments(String address, String options) {
        return Stream.concat(
                        Stream.of("-a", address), Arrays.stream(options.trim().split(" ")))
                .filter(word -> !word.isEmpty())
                .toArray(String[]::new);
    }
}
