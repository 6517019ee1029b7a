package dev.verbena.connection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.verbena.queuepair.ConnectionException;
import dev.verbena.queuepair.ConnectionException.Reason;
import dev.verbena.verbs.cm.ConnectionEvent;
import dev.verbena.verbs.cm.ConnectionEventType;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a peer must not send ends its own connection, with a cause, and hurts no other. */
final class BadPeerTest {
    private final BlockingQueue<ConnectionException> causes = new LinkedBlockingQueue<>();
    private final QueuePairManager server = QueuePairManager.open(Pair.config());
    private final QueuePairManager client = QueuePairManager.open(Pair.clientConfig());
    private Listener listener;
    private Connection good;
    private final BlockingQueue<Integer> back = new LinkedBlockingQueue<>();

    BadPeerTest() throws Exception {
        listener = server.listen(Pair.loopback(0), connection -> {
            connection.onMessage(message -> {
                CompletableFuture<Void> _ = connection.send(message.retain());
            });
            connection.onClose(causes::add);
        });
        good = client.connect(listener.address()).get(10, TimeUnit.SECONDS);
    }

    @BeforeEach
    void listen() {
        good.onMessage(message -> back.add(message.readableBytes()));
    }

    /** The good peer was served all the time, and nothing is left of the bad ones. */
    @AfterEach
    void theGoodPeerIsStillServed() throws Exception {
        good.send(client.allocator().directBuffer(77).writeZero(77)).get(10, TimeUnit.SECONDS);
        assertThat(back.poll(10, TimeUnit.SECONDS)).isEqualTo(77);
        await().untilAsserted(() -> assertThat(server.connectionCount()).isEqualTo(1));
        good.close();
        await().untilAsserted(() -> assertThat(server.memoryInUseBytes()).isZero());
        client.close();
        server.close();
    }

    private void expectProtocolError(String text, byte[]... frames) throws InterruptedException {
        try (RawPeer peer = new RawPeer(listener.address()).connected()) {
            for (byte[] frame : frames) {
                if (!peer.send(frame)) {
                    break;
                }
            }
            ConnectionException cause = causes.poll(10, TimeUnit.SECONDS);
            assertThat(cause).isNotNull().hasMessageContaining(text);
            assertThat(cause.reason()).isEqualTo(Reason.PROTOCOL);
            peer.awaitEnd();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 16, 255})
    void anUnknownKindOfFrameEndsTheConnection(int kind) throws Exception {
        expectProtocolError("makes no sense", RawPeer.frame(kind, 0, 0, 0));
    }

    @Test
    void aFrameShorterThanAHeaderEndsTheConnection() throws Exception {
        expectProtocolError("shorter than a header", new byte[15]);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 3, 5, -1, Integer.MAX_VALUE, Integer.MIN_VALUE})
    void aLengthThatIsNotThatOfTheFrameEndsTheConnection(int length) throws Exception {
        expectProtocolError("makes no sense", RawPeer.frame(1, 0, 0, length, (byte) 1, (byte) 2, (byte) 3, (byte) 4));
    }

    @Test
    void creditsThatWereNeverGrantedEndTheConnection() throws Exception {
        expectProtocolError("more credits", RawPeer.frame(3, 0, 60_000, 0));
        expectProtocolError("more credits", RawPeer.frame(3, 200, 0, 0));
        expectProtocolError("more credits", RawPeer.frame(1, 1, 0, 0));
    }

    @Test
    void theEndOfATransferThatIsNotUnderWayEndsTheConnection() throws Exception {
        expectProtocolError("not under way", RawPeer.frame(4, 0, 0, 8, new byte[8]));
    }

    private static byte[] offer(int number, int rkey, long length, long address, long window) {
        return ByteBuffer.allocate(32)
                .putInt(number)
                .putInt(rkey)
                .putLong(length)
                .putLong(address)
                .putLong(window)
                .array();
    }

    private static byte[] window(int number, int rkey, long address, long length) {
        return ByteBuffer.allocate(24)
                .putInt(number)
                .putInt(rkey)
                .putLong(address)
                .putLong(length)
                .array();
    }

    @Test
    void windowsAndEndsOfLongMessagesThatCannotBeEndTheConnection() throws Exception {
        expectProtocolError("never offered", RawPeer.frame(11, 0, 0, 24, window(0, 1, 1, 1)));
        expectProtocolError("never offered", RawPeer.frame(13, 0, 0, 4, new byte[4]));
        expectProtocolError("cannot be", RawPeer.frame(12, 0, 0, 12, new byte[12]));
        expectProtocolError("where there can be none", RawPeer.frame(2, 0, 0, 32, offer(0, 1, 100, 1, 101)));
        expectProtocolError("where there can be none", RawPeer.frame(2, 0, 0, 32, offer(0, 1, 100, 1, 0)));
        expectProtocolError("where there can be none", RawPeer.frame(2, 0, 0, 32, offer(0, 1, 100, -2, 100)));
        expectProtocolError("long message 7 after -1", RawPeer.frame(2, 0, 0, 32, offer(7, 1, 100, 1, 100)));
    }

    @Test
    void aForgedLengthRegistersOneWindowAndNoMoreThanThePeerSends() throws Exception {
        int length = 1 << 28;
        try (RawPeer peer = new RawPeer(listener.address()).connected()) {
            long used = server.budget().usedBytes();
            int rkey = peer.region().rkey();
            long address = peer.region().address();
            assertThat(peer.send(RawPeer.frame(2, 0, 0, 32, offer(0, rkey, length, address, 4096))))
                    .isTrue();
            ByteBuffer fetched = peer.receive();
            assertThat(fetched.get(0)).as("a frame of kind FETCHED").isEqualTo((byte) 12);
            assertThat(fetched.getLong(20)).isEqualTo(4096);
            assertThat(server.budget().usedBytes() - used).isLessThanOrEqualTo(16 << 20);

            // More windows than can be: the first ones are read, then the message would be too long.
            assertThat(peer.send(RawPeer.frame(11, 0, 0, 24, window(0, rkey, address, length - 4096 + 1))))
                    .isTrue();
            ConnectionException cause = causes.poll(10, TimeUnit.SECONDS);
            assertThat(cause).isNotNull().hasMessageContaining("where there can be none");
        }
    }

    @Test
    void anOfferOfALengthBelowOneEndsTheConnection() throws Exception {
        byte[] body = offer(0, 1, -5, 1, 1);
        expectProtocolError("-5 bytes", RawPeer.frame(2, 0, 0, 32, body));
    }

    @Test
    void aHugeOfferAllocatesNothingAndIsRefused() throws Exception {
        try (RawPeer peer = new RawPeer(listener.address()).connected()) {
            long used = server.budget().usedBytes();
            byte[] body = offer(0, 1, Long.MAX_VALUE, 1, 1);
            assertThat(peer.send(RawPeer.frame(2, 0, 0, 32, body))).isTrue();
            ByteBuffer refused = peer.receive();
            assertThat(refused.get(0)).as("a frame of kind DONE").isEqualTo((byte) 4);
            assertThat(refused.getInt(16)).as("of offer").isZero();
            assertThat(refused.getInt(20)).as("refused").isNotZero();
            // The connection goes on: the next message is answered.
            assertThat(peer.send(RawPeer.frame(1, 0, 0, 1, (byte) 1))).isTrue();
            ByteBuffer echo = peer.receive();
            assertThat(echo.get(0)).as("a frame of kind DATA").isEqualTo((byte) 1);
            assertThat(echo.get(16)).isEqualTo((byte) 1);
            assertThat(server.budget().usedBytes()).isEqualTo(used);
            assertThat(causes).isEmpty();
        }
        ConnectionException cause = causes.poll(10, TimeUnit.SECONDS);
        assertThat(cause).isNotNull();
        assertThat(cause.reason()).isEqualTo(Reason.PEER_LOST);
    }

    @Test
    void anOfferWithAKeyThatIsNotValidEndsTheConnection() throws Exception {
        byte[] body = offer(0, 0x12345, 100_000, 0x1000, 100_000);
        try (RawPeer peer = new RawPeer(listener.address()).connected()) {
            assertThat(peer.send(RawPeer.frame(2, 0, 0, 32, body))).isTrue();
            ConnectionException cause = causes.poll(10, TimeUnit.SECONDS);
            assertThat(cause).isNotNull().hasMessageContaining("REM_ACCESS_ERR");
            assertThat(cause.reason()).isEqualTo(Reason.DEVICE);
        }
    }

    @Test
    void aPeerWhoseMemoryIsGoneAsOfAProcessThatIsKilledIsLost() throws Exception {
        try (RawPeer peer = new RawPeer(listener.address()).connected()) {
            peer.sendWithoutReceives(RawPeer.frame(1, 0, 0, 1, (byte) 1));
            ConnectionException cause = causes.poll(10, TimeUnit.SECONDS);
            assertThat(cause).isNotNull();
            assertThat(cause.reason()).as(cause.toString()).isEqualTo(Reason.PEER_LOST);
        }
    }

    @Test
    void aPeerWithoutAHandshakeOrOfAnotherVersionIsRefusedWithTheReason() throws Exception {
        try (RawPeer peer = new RawPeer(listener.address())) {
            ConnectionEvent event = peer.connect(new byte[] {1, 2, 3});
            assertThat(event.type()).isEqualTo(ConnectionEventType.REJECTED);
            assertThat(new String(event.privateData(), StandardCharsets.UTF_8)).contains("no handshake");
        }
        byte[] future = new Handshake(112, 16, 4096).encode();
        future[4] = 9;
        future[5] = 8;
        try (RawPeer peer = new RawPeer(listener.address())) {
            ConnectionEvent event = peer.connect(future);
            assertThat(event.type()).isEqualTo(ConnectionEventType.REJECTED);
            assertThat(new String(event.privateData(), StandardCharsets.UTF_8)).contains("versions 8 to 9");
        }
    }

    @Test
    void aPeerThatDiesWithoutAWordIsLost() throws Exception {
        RawPeer peer = new RawPeer(listener.address()).connected();
        assertThat(peer.send(RawPeer.frame(1, 0, 0, 1, (byte) 1))).isTrue();
        peer.close();
        ConnectionException cause = causes.poll(10, TimeUnit.SECONDS);
        assertThat(cause).isNotNull();
        assertThat(cause.reason()).isEqualTo(Reason.PEER_LOST);
    }

    @Test
    void aPeerThatIsSilentWhenAskedIsLostAndAnIdleOneThatAnswersIsNot() throws Exception {
        QueuePairManagerConfig beating = Pair.config().heartbeat(Duration.ofMillis(200));
        BlockingQueue<ConnectionException> lost = new LinkedBlockingQueue<>();
        try (QueuePairManager asking = QueuePairManager.open(beating);
                Listener here = asking.listen(Pair.loopback(0), connection -> connection.onClose(lost::add))) {
            Connection idle = client.connect(here.address()).get(10, TimeUnit.SECONDS);
            try (RawPeer silent = new RawPeer(here.address()).connected()) {
                ConnectionException cause = lost.poll(10, TimeUnit.SECONDS);
                assertThat(cause).isNotNull().hasMessageContaining("has not answered");
                silent.awaitEnd();
            }
            assertThat(idle.isOpen()).isTrue();
            assertThat(lost).isEmpty();
            idle.close();
        }
    }
}
