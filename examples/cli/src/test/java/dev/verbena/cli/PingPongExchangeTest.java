package dev.verbena.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.verbena.verbs.Gid;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

final class PingPongExchangeTest {
    private static final Duration SHORT = Duration.ofMillis(200);
    private static final Duration LONG = Duration.ofSeconds(20);
    private static final Gid GID = Gid.parse("::ffff:10.7.0.1");
    private static final PingPongEndpoint ONE = new PingPongEndpoint(0, 0x11, 0xabcdef, GID);
    private static final PingPongEndpoint OTHER = new PingPongEndpoint(0x1f, 0xfffffe, 1, Gid.parse("fd07::2"));

    @Test
    void theTextIsTheOneThatRdmaCoreSends() {
        byte[] wire = ONE.encode();

        assertThat(wire).hasSize(52);
        assertThat(new String(wire, StandardCharsets.US_ASCII))
                .isEqualTo("0000:000011:abcdef:00000000000000000000ffff0a070001\0");
        assertThat(PingPongEndpoint.decode(wire)).isEqualTo(ONE);
        assertThat(PingPongEndpoint.decode(OTHER.encode())).isEqualTo(OTHER);
    }

    @Test
    void somethingElseIsRefused() {
        byte[] wire = Arrays.copyOf("GET / HTTP/1.1\r\nHost: somewhere\r\n".getBytes(StandardCharsets.US_ASCII), 52);

        assertThatThrownBy(() -> PingPongEndpoint.decode(wire))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("the peer is no ping-pong")
                .hasMessageContaining("GET / HTTP/1.1..Host");
    }

    @Test
    void clientAndServerTellEachOtherWhereTheyAre() throws Exception {
        int port = freePort();
        CompletableFuture<Void> listening = new CompletableFuture<>();
        CompletableFuture<PingPongEndpoint> atServer = new CompletableFuture<>();
        CompletableFuture<Void> server = CompletableFuture.runAsync(() ->
                PingPongExchange.asServer(port, OTHER, LONG, LONG, () -> listening.complete(null), atServer::complete));
        listening.get(20, TimeUnit.SECONDS);

        PingPongEndpoint atClient = PingPongExchange.asClient(local(port), ONE, LONG);

        server.get(20, TimeUnit.SECONDS);
        assertThat(atClient).isEqualTo(OTHER);
        assertThat(atServer.get(20, TimeUnit.SECONDS)).isEqualTo(ONE);
    }

    @Test
    void whereNobodyListensTheClientIsRefused() throws Exception {
        InetSocketAddress nobody = local(freePort());

        assertCode(() -> PingPongExchange.asClient(nobody, ONE, LONG), Failure.Code.PEER_REFUSED);
    }

    @Test
    void aServerThatSaysNothingIsATimeout() throws Exception {
        try (ServerSocket silent = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            InetSocketAddress address = local(silent.getLocalPort());

            assertCode(() -> PingPongExchange.asClient(address, ONE, SHORT), Failure.Code.TIMEOUT);
        }
    }

    @Test
    void aServerThatHangsUpIsLost() throws Exception {
        try (ServerSocket rude = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            CompletableFuture<Void> hangUp = CompletableFuture.runAsync(() -> {
                try (Socket socket = rude.accept()) {
                    socket.getInputStream().readNBytes(PingPongEndpoint.WIRE_BYTES);
                } catch (IOException e) {
                    throw new AssertionError(e);
                }
            });

            assertCode(() -> PingPongExchange.asClient(local(rude.getLocalPort()), ONE, LONG), Failure.Code.PEER_LOST);
            hangUp.get(20, TimeUnit.SECONDS);
        }
    }

    @Test
    void aServerWithoutAClientEndsInTime() throws Exception {
        int port = freePort();

        assertCode(() -> PingPongExchange.asServer(port, ONE, SHORT, LONG, () -> {}, peer -> {}), Failure.Code.TIMEOUT);
    }

    @Test
    void aPortInUseIsSaid() throws Exception {
        try (ServerSocket taken = new ServerSocket(0)) {
            int port = taken.getLocalPort();

            assertCode(
                    () -> PingPongExchange.asServer(port, ONE, SHORT, LONG, () -> {}, peer -> {}), Failure.Code.FAILED);
        }
    }

    private static void assertCode(org.assertj.core.api.ThrowableAssert.ThrowingCallable call, Failure.Code code) {
        Failure failure = catchThrowableOfType(Failure.class, call);
        assertThat(failure).isNotNull();
        assertThat(failure.code()).as(failure.line()).isEqualTo(code);
    }

    private static InetSocketAddress local(int port) {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }
}
