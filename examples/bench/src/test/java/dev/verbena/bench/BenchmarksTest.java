package dev.verbena.bench;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the benchmarks print and write, on the embedded provider. */
final class BenchmarksTest {
    static Stream<String> tests() {
        return Stream.of(
                "send_lat", "write_lat", "read_lat", "atomic_lat", "send_bw", "write_bw", "read_bw", "atomic_bw");
    }

    @ParameterizedTest
    @MethodSource("tests")
    void aServerAndAClientMeasure(String test) throws Exception {
        String port = Bench.freePort();
        CompletableFuture<Bench> serving = Bench.start(test, "-p", port, "-n", "200", "--warm-up", "50ms");

        Bench client = client(test, "-p", port, "-n", "200", "--warm-up", "50ms", "--json", "-");
        Bench server = Bench.end(serving);

        assertThat(client.exitCode()).as(client.err()).isZero();
        assertThat(server.exitCode()).as(server.err()).isZero();
        JsonNode document = client.document();
        assertThat(document.path("ok").asBoolean()).isTrue();
        assertThat(document.path("benchmark").asText()).isEqualTo(test);
        assertThat(document.path("command").asText()).startsWith("bench " + test + " -p " + port);
        assertThat(document.path("peer").asText()).startsWith("Verbena (as perftest 6.06) on 127.0.0.1");
        assertThat(document.path("warmup").asText()).contains("with the other side");
        if (test.endsWith("_lat")) {
            boolean half = test.startsWith("send") || test.startsWith("write");
            assertThat(document.path("one_way").asBoolean()).isEqualTo(half);
            JsonNode latency = document.path("latency_ns");
            assertThat(latency.path("min").asDouble())
                    .isPositive()
                    .isLessThanOrEqualTo(latency.path("p50").asDouble());
            assertThat(latency.path("p99").asDouble())
                    .isLessThanOrEqualTo(latency.path("max").asDouble());
            assertThat(document.path("messages_per_second").isNull()).isTrue();
        } else {
            assertThat(document.path("iterations").asLong()).isEqualTo(200);
            double messages = document.path("messages_per_second").asDouble();
            assertThat(document.path("bytes_per_second").asDouble())
                    .isEqualTo(messages * document.path("bytes").asInt());
            assertThat(document.path("latency_ns").isNull()).isTrue();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "msg_lat -n 300",
                "msg_lat -n 50 -s 20000",
                "msg_bw -n 2000",
                "msg_bw -n 50 -s 100000",
                "msg_bw -D 1"
            })
    void messagesAreMeasured(String line) throws Exception {
        String port = Bench.freePort();
        String test = line.substring(0, line.indexOf(' '));
        CompletableFuture<Bench> serving = Bench.start(test, "-p", port);

        Bench client = client((line + " --warm-up 50ms --json - -p " + port).split(" ", -1));
        Bench server = Bench.end(serving);

        assertThat(client.exitCode()).as(client.err()).isZero();
        assertThat(server.exitCode()).as(server.err()).isZero();
        JsonNode document = client.document();
        assertThat(document.path("benchmark").asText()).isEqualTo(test);
        JsonNode found = test.equals("msg_lat") ? document.at("/latency_ns/p50") : document.path("messages_per_second");
        assertThat(found.asDouble()).isPositive();
    }

    @Test
    void localAlsoGoesThroughTheConnectionManager() throws Exception {
        Bench bench = Bench.run("send_lat", "--local", "-R", "-n", "200", "--warm-up", "0", "--json", "-");

        assertThat(bench.exitCode()).as(bench.err()).isZero();
        assertThat(bench.err()).contains("Data ex. method : rdma_cm");
        assertThat(bench.document().at("/latency_ns/p50").asDouble()).isPositive();
    }

    /** Both processes are real ones here, and what is printed is perftest's table. */
    @ParameterizedTest
    @ValueSource(strings = {"send_lat", "write_bw"})
    void localRunsBothSidesAsProcesses(String test, @TempDir Path folder) throws Exception {
        Path file = folder.resolve("out.json");
        Path perftest = folder.resolve("perftest.json");

        Bench bench = Bench.run(
                test,
                "--local",
                // A pair of one's own has a port of its own.
                "-p18516",
                "-n",
                "200",
                "-s",
                "64",
                "--warm-up",
                "50ms",
                "--json",
                file.toString(),
                "--out_json_file=" + perftest);

        assertThat(bench.exitCode()).as(bench.err()).isZero();
        assertThat(bench.out())
                .contains("#bytes", "remote address: LID")
                .containsPattern("(?m)^ 64 +200 +[0-9.]+ +[0-9.]+ ");
        JsonNode document = Bench.valid("bench", Files.readString(file));
        assertThat(document.path("bytes").asInt()).isEqualTo(64);
        assertThat(document.path("command").asText()).startsWith("bench " + test + " --local -p18516 -n 200");
        if (Pinning.allowed().size() > 1) {
            assertThat(document.path("pinning").asText()).startsWith("this side on processor ");
        }
        JsonNode results = new ObjectMapper().readTree(perftest.toFile()).path("results");
        assertThat(results.path("MsgSize").asInt()).isEqualTo(64);
        assertThat(results.path("n_iterations").asInt()).isEqualTo(200);
    }

    @Test
    void allSizesAreOneDocument() throws Exception {
        String port = Bench.freePort();
        CompletableFuture<Bench> serving = Bench.start("write_lat", "-p", port, "-a", "-n", "20", "--warm-up", "0");

        Bench client = client("write_lat", "-p", port, "-a", "-n", "20", "--warm-up", "0", "--json", "-");

        assertThat(Bench.end(serving).exitCode()).isZero();
        assertThat(client.exitCode()).as(client.err()).isZero();
        JsonNode repeats = client.document().path("repeats");
        assertThat(repeats).hasSize(23);
        assertThat(repeats.path(0).path("bytes").asInt()).isEqualTo(2);
        assertThat(repeats.path(22).path("bytes").asInt()).isEqualTo(1 << 23);
        assertThat(repeats.path(22).path("latency_ns").path("p50").asDouble()).isPositive();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "send_bw -b -n 300 -s 4096",
                "write_bw -b -n 300 -s 4096",
                "send_bw -q 4 -n 300 -s 64",
                "write_bw -l 8 -n 320 -s 64",
                "send_bw -c UC -n 300 -s 64 -r 300",
                "send_lat -c UD -n 300",
                "send_lat -e -n 300",
                "send_bw -e -n 300",
                "send_bw -a -n 20 -Q 7",
                "send_lat -D 1",
                "read_bw -n 300 --report_gbits",
                "send_lat -R -n 300",
                "write_lat -R -n 300",
                "read_lat -R -n 300",
                "atomic_lat -R -n 300",
                "send_bw -R -q 3 -n 300 -s 64",
                "write_bw -R -b -n 300",
                "read_bw -R -q 2 -n 300"
            })
    void everyWayToRunItEndsWell(String line) throws Exception {
        String port = Bench.freePort();
        String[] both = (line + " --warm-up 50ms -p " + port).split(" ", -1);
        CompletableFuture<Bench> serving = Bench.start(both);

        Bench client = client(both);
        Bench server = Bench.end(serving);

        assertThat(client.exitCode()).as(client.err()).isZero();
        assertThat(server.exitCode()).as(server.err()).isZero();
        assertThat(client.out()).contains("#bytes");
        String last = client.out()
                .lines()
                .filter(text -> text.matches(" +[0-9]+ +[0-9]+ .*"))
                .toList()
                .getLast();
        assertThat(last.trim().split("\\s+", -1)).hasSizeGreaterThanOrEqualTo(4);
    }

    @Test
    void aFixedRateIsMeasuredFromWhenEachWasDue() throws Exception {
        String port = Bench.freePort();
        CompletableFuture<Bench> serving = Bench.start(
                // A server is not paced, also where it is told the rate.
                "send_lat", "-p", port, "-n", "500", "--rate", "5000", "--warm-up", "50ms");

        Bench client = client("send_lat", "-p", port, "-n", "500", "--rate", "5000", "--warm-up", "50ms");

        assertThat(Bench.end(serving).exitCode()).isZero();
        assertThat(client.exitCode()).as(client.err()).isZero();
        assertThat(client.out()).contains(" 5000 a second, from when each was due until its answer: p50 ");
    }

    @Test
    void everySingleTimeIsPrintedOnRequest() throws Exception {
        String port = Bench.freePort();
        CompletableFuture<Bench> serving = Bench.start("read_lat", "-p", port, "-n", "50", "--warm-up", "0");

        Bench client = client("read_lat", "-p", port, "-n", "50", "-U", "--warm-up", "0");

        assertThat(Bench.end(serving).exitCode()).isZero();
        assertThat(client.out().lines().filter(line -> line.matches("[0-9]+, [0-9.e+-]+")))
                .hasSize(49);
    }

    /** A client that begins as soon as the server listens. */
    static Bench client(String... arguments) throws InterruptedException {
        String[] all = new String[arguments.length + 1];
        System.arraycopy(arguments, 0, all, 0, arguments.length);
        all[arguments.length] = "127.0.0.1";
        long end = System.nanoTime() + 30_000_000_000L;
        while (true) {
            Bench client = Bench.run(all);
            boolean early = client.err().contains("start the same benchmark without HOST there first");
            if (!early || System.nanoTime() - end > 0) {
                return client;
            }
            Thread.onSpinWait();
        }
    }
}
