package dev.verbena.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.verbena.cli.ExitCodes;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What goes wrong ends with a clear line and an exit code, on both sides. */
final class FailuresTest {
    @ParameterizedTest(name = "{0}")
    @MethodSource("wrong")
    void aWrongCommandLineIsExplained(String line, String complaint) throws Exception {
        Bench bench = Bench.run((line + " --json -").split(" ", -1));

        assertThat(bench.exitCode()).isEqualTo(ExitCodes.USAGE);
        assertThat(bench.err()).contains(complaint);
        assertThat(bench.document().path("error").path("message").asText()).contains(complaint);
    }

    static Stream<Arguments> wrong() {
        return Stream.of(
                Arguments.of("send_lat -s 0", "--size 0 is not within 1 to 8388608"),
                Arguments.of("send_lat -s 8388609", "--size 8388609 is not within 1 to 8388608"),
                Arguments.of("send_lat -s much", "'much' is not an int"),
                Arguments.of("send_lat -n 4", "--iters 4 is not within 5"),
                Arguments.of("send_lat -q 2", "are for bandwidth, not for send_lat"),
                Arguments.of("send_bw -U", "are for latency, not for send_bw"),
                Arguments.of("send_bw --rate 5", "are for latency, not for send_bw"),
                Arguments.of("atomic_lat -s 16", "an atomic has 8 bytes"),
                Arguments.of("read_bw -c UC", "UC queue pairs have no RDMA_Read"),
                Arguments.of("write_bw -c UD", "UD queue pairs have no RDMA_Write"),
                Arguments.of("send_lat -c UD -s 8000", "is more than a datagram carries: 4096"),
                Arguments.of("send_bw -D 2 -n 100", "--duration does not go with"),
                Arguments.of("write_bw -n 100 -l 7", "--iters 100 is no multiple of --post_list 7"),
                Arguments.of("write_bw -n 512 -l 256", "--post_list 256 is more than --tx-depth 128"),
                Arguments.of("write_bw -m 1500", "--mtu 1500 is none of"),
                Arguments.of("send_lat --local 127.0.0.1", "--local and HOST exclude each other"),
                Arguments.of("send_lat -R -c UD", "-R goes with -c RC"),
                Arguments.of("send_lat -p 0", "--port 0 is not within"));
    }

    @Test
    void anUnknownDeviceIsNamed() throws Exception {
        Bench bench = Bench.run("send_lat", "-d", "nonsense0", "--json", "-");

        assertThat(bench.exitCode()).isEqualTo(ExitCodes.NO_DEVICE);
        assertThat(bench.err()).contains("there is no device nonsense0; embedded has embedded0");
        assertThat(bench.document().path("error").path("code").asText()).isEqualTo("NO_DEVICE");
    }

    @ParameterizedTest
    @ValueSource(strings = {"send_lat", "send_lat -R"})
    void nobodyListening(String test) throws Exception {
        Bench bench = Bench.run((test + " -p " + Bench.freePort() + " 127.0.0.1").split(" ", -1));

        assertThat(bench.exitCode()).isEqualTo(ExitCodes.PEER);
        assertThat(bench.err())
                .containsAnyOf("cannot be reached", "refused the connection")
                .contains("start the same benchmark without HOST there first");
    }

    @Test
    void bothSidesSayThatTheirOptionsDiffer() throws Exception {
        String port = Bench.freePort();
        CompletableFuture<Bench> serving = Bench.start("send_lat", "-p", port, "-s", "64");

        Bench client = BenchmarksTest.client("send_lat", "-p", port, "-s", "128");
        Bench server = Bench.end(serving);

        assertThat(client.exitCode()).isEqualTo(ExitCodes.PEER);
        assertThat(server.exitCode()).isEqualTo(ExitCodes.PEER);
        assertThat(client.err()).contains("here send_lat -c RC -s 128", "on 127.0.0.1 send_lat -c RC -s 64");
        assertThat(server.err()).contains("here send_lat -c RC -s 64", "on 127.0.0.1 send_lat -c RC -s 128");
    }

    @Test
    void bothSidesSayThatTheyRunDifferentBenchmarks() throws Exception {
        String port = Bench.freePort();
        CompletableFuture<Bench> serving = Bench.start("write_bw", "-p", port);

        Bench client = BenchmarksTest.client("read_lat", "-p", port);
        Bench server = Bench.end(serving);

        assertThat(client.exitCode()).isEqualTo(ExitCodes.PEER);
        assertThat(server.exitCode()).isEqualTo(ExitCodes.PEER);
        assertThat(client.err()).contains("here read_lat", "write_bw");
        assertThat(server.err()).contains("here write_bw", "read_lat");
    }

    @ParameterizedTest(name = "{1}")
    @MethodSource("strangers")
    void aStrangerIsToldFromAPerftest(String speech, String complaint) throws Exception {
        try (ServerSocket stranger = new ServerSocket(0)) {
            CompletableFuture<Bench> client =
                    Bench.start("send_lat", "-p", String.valueOf(stranger.getLocalPort()), "127.0.0.1");
            try (Socket socket = stranger.accept();
                    OutputStream out = socket.getOutputStream()) {
                out.write(speech.getBytes(StandardCharsets.US_ASCII));
                Bench ended = Bench.end(client);

                assertThat(ended.exitCode()).isEqualTo(ExitCodes.PEER);
                assertThat(ended.err()).contains(complaint);
            }
        }
    }

    static Stream<Arguments> strangers() {
        return Stream.of(
                Arguments.of("HTTP/1.1 400 Bad Request\r\n", "is no perftest: it sent 'HTTP/1.1 400 Bad'"),
                Arguments.of("5.60\0\0\0\0\0\0\0\0\0\0\0\0", "has perftest 5.60, and versions before 5.70"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"send_lat", "send_lat -R"})
    void aClientSaysThatItsServerWasKilled(String test, @TempDir Path folder) throws Exception {
        String line = test + " -D 60 --warm-up 0 -p " + Bench.freePort();
        Path said = folder.resolve("server");
        Process server = Bench.process(said, line.split(" ", -1));
        await().until(() -> Files.readString(said).contains("Waiting for client"));
        CompletableFuture<Bench> measuring = Bench.start((line + " 127.0.0.1").split(" ", -1));
        await().until(() -> Files.readString(said).contains("tps average"));

        server.destroyForcibly().waitFor();
        Bench client = Bench.end(measuring);

        assertThat(client.exitCode()).isEqualTo(ExitCodes.PEER);
        assertThat(client.err()).containsAnyOf("127.0.0.1 is gone", "the other side ended");
    }

    @Test
    void aServerSaysThatItsClientWasKilled(@TempDir Path folder) throws Exception {
        String port = Bench.freePort();
        Path said = folder.resolve("client");
        CompletableFuture<Bench> serving = Bench.start("read_bw", "-p", port, "-D", "60", "--warm-up", "0");
        await().until(() -> isListening(port));
        Process client = Bench.process(said, "read_bw", "-p", port, "-D", "60", "--warm-up", "0", "127.0.0.1");
        await().until(() -> Files.readString(said).contains("#bytes"));

        client.destroyForcibly().waitFor();
        Bench server = Bench.end(serving);

        assertThat(server.exitCode()).isEqualTo(ExitCodes.PEER);
        assertThat(server.err()).contains("127.0.0.1 is gone");
    }

    @Test
    void controlCPrintsWhatThereIs(@TempDir Path folder) throws Exception {
        String port = Bench.freePort();
        Path said = folder.resolve("client");
        Path file = folder.resolve("client.json");
        CompletableFuture<Bench> serving = Bench.start("send_lat", "-p", port, "-n", "50000000", "--warm-up", "0");
        await().until(() -> isListening(port));
        Process client = Bench.process(
                said,
                "send_lat",
                "-p",
                port,
                "-n",
                "50000000",
                "--warm-up",
                "0",
                "--json",
                file.toString(),
                "127.0.0.1");
        await().until(() -> Files.readString(said).contains("t_typical"));
        Duration atStart = cpu(client);
        await().until(() -> cpu(client).minus(atStart).toMillis() > 300);

        assertThat(new ProcessBuilder("kill", "-INT", String.valueOf(client.pid()))
                        .start()
                        .waitFor())
                .isZero();
        Bench ended = Bench.end(client, said);
        Bench server = Bench.end(serving);

        assertThat(ended.exitCode()).isEqualTo(ExitCodes.INTERRUPTED);
        assertThat(ended.out()).containsPattern("(?m)^ 2 +[0-9]+ +[0-9.]+ ");
        JsonNode document = Bench.valid("bench", Files.readString(file));
        assertThat(document.path("error").path("code").asText()).isEqualTo("INTERRUPTED");
        assertThat(document.path("iterations").asLong()).isPositive().isLessThan(50_000_000);
        assertThat(document.path("latency_ns").path("p50").asDouble()).isPositive();
        assertThat(server.exitCode()).isEqualTo(ExitCodes.PEER);
    }

    private static Duration cpu(Process process) {
        return process.info().totalCpuDuration().orElse(Duration.ZERO);
    }

    /** Whether the kernel has a listener, without being its client. */
    private static boolean isListening(String port) throws IOException {
        String hex = String.format(":%04X ", Integer.parseInt(port));
        return Stream.of("/proc/net/tcp", "/proc/net/tcp6")
                .map(Path::of)
                .filter(Files::exists)
                .anyMatch(file -> {
                    try (Stream<String> lines = Files.lines(file)) {
                        return lines.anyMatch(line -> line.contains(hex) && line.contains(" 0A "));
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                });
    }
}
