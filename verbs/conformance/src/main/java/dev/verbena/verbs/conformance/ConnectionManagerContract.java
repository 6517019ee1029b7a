package dev.verbena.verbs.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.verbena.verbs.AddressHandle;
import dev.verbena.verbs.AddressVector;
import dev.verbena.verbs.CompletionStatus;
import dev.verbena.verbs.QueuePairState;
import dev.verbena.verbs.SendFlags;
import dev.verbena.verbs.VerbsException;
import dev.verbena.verbs.cm.ConnectionEvent;
import dev.verbena.verbs.cm.ConnectionEventType;
import dev.verbena.verbs.cm.ConnectionId;
import dev.verbena.verbs.cm.ConnectionParameters;
import dev.verbena.verbs.cm.EventChannel;
import dev.verbena.verbs.cm.IdOption;
import dev.verbena.verbs.cm.PortSpace;
import dev.verbena.verbs.conformance.ConformanceTarget.Part;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/** Connections by address: resolve, connect, accept, refuse, end, with private data, over IPv4 and IPv6. */
final class ConnectionManagerContract extends Contract {
    private static final Duration SOON = Duration.ofSeconds(1);

    private final List<CmSide> sides = new ArrayList<>();

    private CmSide side(Part part) {
        @Nullable InetAddress address = target().address(part, part == Part.A ? contextA() : contextB());
        Assumptions.assumeTrue(address != null, "the device has no IPv4 address");
        return side(part, address);
    }

    private CmSide side6(Part part) {
        @Nullable InetAddress address = target().address6(part, part == Part.A ? contextA() : contextB());
        Assumptions.assumeTrue(address != null, "the device has no routable IPv6 address");
        return side(part, address);
    }

    private CmSide side(Part part, @Nullable InetAddress address) {
        if (address == null) {
            throw new AssertionError("assumed to be there");
        }
        CmSide side = new CmSide(
                part == Part.A ? contextA() : contextB(),
                part == Part.A ? gidA() : gidB(),
                address,
                EventChannel.open(target().provider()));
        sides.add(side);
        return side;
    }

    @AfterEach
    void closeChannels() {
        long start = System.nanoTime();
        sides.forEach(CmSide::close);
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(5));
    }

    /** A connection: both ids and their ends. */
    private record Connection(CmSide client, CmSide server, ConnectionId clientId, ConnectionId serverId, Pair pair) {}

    private static Connection connect(CmSide client, CmSide server) {
        return connect(client, server, ConnectionParameters.DEFAULT);
    }

    private static Connection connect(CmSide client, CmSide server, ConnectionParameters parameters) {
        ConnectionId listener = server.listen(PortSpace.TCP);
        ConnectionId clientId = client.resolved(PortSpace.TCP, CmSide.addressOf(listener));
        End a = client.attach(clientId);
        clientId.connect(parameters);
        ConnectionId serverId = server.next(ConnectionEventType.CONNECT_REQUEST).id();
        End b = server.attach(serverId);
        serverId.accept(parameters);
        client.next(ConnectionEventType.ESTABLISHED);
        server.next(ConnectionEventType.ESTABLISHED);
        return new Connection(client, server, clientId, serverId, new Pair(a, b));
    }

    @Test
    void aClientConnectsAndMessagesWritesAndReadsGoBothWays() {
        Connection connection = connect(side(Part.A), side(Part.B));
        Pair pair = connection.pair;

        pair.exchange(10, 5000);
        new Pair(pair.b(), pair.a()).exchange(20, 5000);
        pair.a().fill(0, Pattern.bytes(1, 3000));
        pair.a().write(1, 0, 3000, pair.b(), 10_000);
        pair.a().success(1);
        pair.a().read(2, 20_000, 3000, pair.b(), 10_000);
        pair.a().success(2);
        assertThat(pair.a().bytes(20_000, 3000)).isEqualTo(Pattern.bytes(1, 3000));
    }

    @Test
    void aClientConnectsOverIpv6() {
        // A host's ::1 belongs to one of its devices only.
        Part server = target().address6(Part.B, contextB()) == null ? Part.A : Part.B;
        Connection connection = connect(side6(Part.A), side6(server));

        connection.pair.exchange(10, 5000);
    }

    @Test
    void bothIdsTellTheDeviceThePortAndTheAddresses() {
        CmSide client = side(Part.A);
        CmSide server = side(Part.B);
        Connection connection = connect(client, server);

        assertThat(connection.clientId.deviceName())
                .isEqualTo(target().device(Part.A).name());
        assertThat(connection.serverId.deviceName())
                .isEqualTo(target().device(Part.B).name());
        assertThat(connection.clientId.port()).isEqualTo(1);
        assertThat(CmSide.addressOf(connection.clientId).getAddress()).isEqualTo(client.address);
        assertThat(connection.clientId.peerAddress()).isNotNull().satisfies(peer -> {
            assertThat(peer.getAddress()).isEqualTo(server.address);
            assertThat(peer.getPort()).isPositive();
        });
        assertThat(connection.serverId.peerAddress())
                .isNotNull()
                .satisfies(peer -> assertThat(peer.getAddress()).isEqualTo(client.address));
    }

    @Test
    void theQueuePairsAreConnectedWithFiniteRetriesAndAShortPause() {
        Connection connection = connect(side(Part.A), side(Part.B));

        for (End end : new End[] {connection.pair.a(), connection.pair.b()}) {
            var attributes = end.qp.query();
            assertThat(attributes.state()).isEqualTo(QueuePairState.READY_TO_SEND);
            assertThat(attributes.retryCount()).isEqualTo(6);
            assertThat(attributes.rnrRetry()).isEqualTo(6);
            assertThat(attributes.minRnrTimer()).isEqualTo(12);
        }
    }

    @Test
    void privateDataArrivesOnBothSidesPaddedWithZeros() {
        CmSide client = side(Part.A);
        CmSide server = side(Part.B);
        ConnectionId listener = server.listen(PortSpace.TCP);
        byte[] question = Pattern.bytes(1, PortSpace.TCP.connectDataMax());
        byte[] answer = Pattern.bytes(2, 17);
        ConnectionId clientId = client.resolved(PortSpace.TCP, CmSide.addressOf(listener));
        client.attach(clientId);
        clientId.connect(ConnectionParameters.DEFAULT.withPrivateData(question));

        ConnectionEvent request = server.next(ConnectionEventType.CONNECT_REQUEST);
        assertThat(request.listener()).isSameAs(listener);
        assertPadded(request.privateData(), question);
        server.attach(request.id());
        request.id().accept(ConnectionParameters.DEFAULT.withPrivateData(answer));

        ConnectionEvent established = client.next(ConnectionEventType.ESTABLISHED);
        assertPadded(established.privateData(), answer);
    }

    private static void assertPadded(byte[] received, byte[] sent) {
        assertThat(received).hasSizeGreaterThanOrEqualTo(sent.length).startsWith(sent);
        byte[] rest = Arrays.copyOfRange(received, sent.length, received.length);
        assertThat(rest).containsOnly(new byte[rest.length]);
    }

    @Test
    void theRequestTellsTheDepthsOfReadsThatTheClientWants() {
        CmSide client = side(Part.A);
        CmSide server = side(Part.B);
        ConnectionId listener = server.listen(PortSpace.TCP);
        ConnectionId clientId = client.resolved(PortSpace.TCP, CmSide.addressOf(listener));
        End a = client.attach(clientId);
        clientId.connect(ConnectionParameters.DEFAULT.withReadDepth(2, 3));

        ConnectionEvent request = server.next(ConnectionEventType.CONNECT_REQUEST);

        assertThat(request.responderResources()).isEqualTo(3);
        assertThat(request.initiatorDepth()).isEqualTo(2);
        assertThat(request.queuePairNumber()).isEqualTo(a.qp.number());
        assertThat(request.sharedReceiveQueue()).isFalse();
    }

    @Test
    void tooMuchPrivateDataIsRefusedBeforeTheCall() {
        CmSide client = side(Part.A);
        CmSide server = side(Part.B);
        ConnectionId listener = server.listen(PortSpace.TCP);
        ConnectionId clientId = client.resolved(PortSpace.TCP, CmSide.addressOf(listener));
        client.attach(clientId);

        assertThatThrownBy(() -> clientId.connect(
                        ConnectionParameters.DEFAULT.withPrivateData(new byte[PortSpace.TCP.connectDataMax() + 1])))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("56");
        assertThatThrownBy(() -> clientId.accept(
                        ConnectionParameters.DEFAULT.withPrivateData(new byte[PortSpace.TCP.acceptDataMax() + 1])))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> clientId.reject(new byte[PortSpace.TCP.rejectDataMax() + 1]))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aRefusalReachesTheClientWithItsReasonAndItsData() {
        CmSide client = side(Part.A);
        CmSide server = side(Part.B);
        ConnectionId listener = server.listen(PortSpace.TCP);
        ConnectionId clientId = client.resolved(PortSpace.TCP, CmSide.addressOf(listener));
        client.attach(clientId);
        clientId.connect(ConnectionParameters.DEFAULT);
        byte[] why = Pattern.bytes(3, PortSpace.TCP.rejectDataMax());

        try (ConnectionId request =
                server.next(ConnectionEventType.CONNECT_REQUEST).id()) {
            request.reject(why);
        }

        ConnectionEvent rejected = client.next(ConnectionEventType.REJECTED);
        assertThat(rejected.id()).isSameAs(clientId);
        assertThat(rejected.status()).isEqualTo(28);
        assertThat(rejected.explain()).contains("refused");
        assertPadded(rejected.privateData(), why);
    }

    @Test
    void aServerThatClosesTheRequestUnansweredRefusesIt() {
        CmSide client = side(Part.A);
        CmSide server = side(Part.B);
        ConnectionId listener = server.listen(PortSpace.TCP);
        ConnectionId clientId = client.resolved(PortSpace.TCP, CmSide.addressOf(listener));
        client.attach(clientId);
        clientId.connect(ConnectionParameters.DEFAULT);

        server.next(ConnectionEventType.CONNECT_REQUEST).id().close();

        assertThat(client.next().type()).isIn(ConnectionEventType.REJECTED, ConnectionEventType.UNREACHABLE);
    }

    @Test
    void whereNobodyListensTheClientIsToldSo() {
        CmSide client = side(Part.A);
        CmSide server = side(Part.B);
        ConnectionId listener = server.listen(PortSpace.TCP);
        InetSocketAddress gone = CmSide.addressOf(listener);
        listener.close();
        ConnectionId clientId = client.resolved(PortSpace.TCP, gone);
        client.attach(clientId);

        clientId.connect(ConnectionParameters.DEFAULT);

        ConnectionEvent rejected = client.next(ConnectionEventType.REJECTED);
        assertThat(rejected.explain()).contains("nobody listens");
    }

    @Test
    void anAddressWhereNobodyIsIsAnErrorInTime() {
        CmSide client = side(Part.A);
        ConnectionId id = client.channel.createId(PortSpace.TCP);
        long start = System.nanoTime();

        try {
            id.resolveAddress(
                    new InetSocketAddress(client.address, 0),
                    new InetSocketAddress(target().unreachable(client.address), 7471),
                    Duration.ofSeconds(2));
            ConnectionEvent event = client.next(ConnectionEventType.ADDR_ERROR);
            assertThat(event.type().isFailure()).isTrue();
            assertThat(event.status()).isNegative();
            assertThat(event.explain()).isNotBlank();
        } catch (VerbsException atOnce) {
            assertThat(atOnce.verb()).isEqualTo("rdma_resolve_addr");
        }
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(12));
    }

    @Test
    void bindingToAnAddressThatIsNotOursIsRefused() throws Exception {
        CmSide server = side(Part.B);
        ConnectionId id = server.channel.createId(PortSpace.TCP);

        assertThatThrownBy(() -> id.bind(new InetSocketAddress(InetAddress.getByName("192.0.2.1"), 7471)))
                .isInstanceOf(VerbsException.class)
                .hasMessageContaining("rdma_bind_addr");
    }

    @Test
    void anUnknownHostNameIsRefusedByName() {
        CmSide server = side(Part.B);
        ConnectionId id = server.channel.createId(PortSpace.TCP);

        assertThatThrownBy(() -> id.bind(InetSocketAddress.createUnresolved("no.such.host.invalid", 7471)))
                .isInstanceOf(VerbsException.class)
                .hasMessageContaining("no.such.host.invalid");
    }

    @Test
    void aPortThatIsTakenIsRefused() {
        CmSide server = side(Part.B);
        ConnectionId listener = server.listen(PortSpace.TCP);
        ConnectionId second = server.channel.createId(PortSpace.TCP);

        assertThatThrownBy(() -> {
                    second.bind(CmSide.addressOf(listener));
                    second.listen(1);
                })
                .isInstanceOf(VerbsException.class)
                .hasMessageContaining("EADDRINUSE");
    }

    @Test
    void disconnectingIsToldToBothSidesAndFlushesWhatIsPosted() {
        Connection connection = connect(side(Part.A), side(Part.B));
        connection.pair.b().receive(1, 0, 64);
        connection.pair.a().receive(2, 0, 64);

        connection.clientId.disconnect();

        assertThat(connection.server.next(ConnectionEventType.DISCONNECTED).id())
                .isSameAs(connection.serverId);
        assertThat(connection.client.next(ConnectionEventType.DISCONNECTED).id())
                .isSameAs(connection.clientId);
        assertThat(connection.pair.a().failure(2)).isEqualTo(CompletionStatus.WR_FLUSH_ERR);
        assertThat(connection.pair.b().failure(1)).isEqualTo(CompletionStatus.WR_FLUSH_ERR);
    }

    @Test
    void theServerCanDisconnectToo() {
        Connection connection = connect(side(Part.A), side(Part.B));

        connection.serverId.disconnect();

        connection.client.next(ConnectionEventType.DISCONNECTED);
        assertThat(connection.pair.a().qp.state()).isEqualTo(QueuePairState.ERROR);
    }

    @Test
    void closingAnIdEndsItsConnection() {
        Connection connection = connect(side(Part.A), side(Part.B));
        connection.pair.b().receive(1, 0, 64);

        connection.clientId.close();

        connection.server.next(ConnectionEventType.DISCONNECTED);
        assertThat(connection.pair.b().failure(1)).isEqualTo(CompletionStatus.WR_FLUSH_ERR);
    }

    @Test
    void manyClientsConnectToOneListenerAtOnce() {
        CmSide client = side(Part.A);
        CmSide server = side(Part.B);
        ConnectionId listener = server.listen(PortSpace.TCP);
        int count = 8;
        List<ConnectionId> ids = new ArrayList<>();
        List<End> ends = new ArrayList<>();
        for (int index = 0; index < count; index++) {
            ConnectionId id = client.resolved(PortSpace.TCP, CmSide.addressOf(listener));
            ends.add(client.attach(id));
            ids.add(id);
        }
        for (int index = 0; index < count; index++) {
            ids.get(index).connect(ConnectionParameters.DEFAULT.withPrivateData(new byte[] {(byte) index}));
        }
        End[] servers = new End[count];
        for (int index = 0; index < count; index++) {
            ConnectionEvent request = server.next(ConnectionEventType.CONNECT_REQUEST);
            servers[request.privateData()[0]] = server.attach(request.id());
            request.id().accept(ConnectionParameters.DEFAULT);
        }
        for (int index = 0; index < count; index++) {
            client.next(ConnectionEventType.ESTABLISHED);
            server.next(ConnectionEventType.ESTABLISHED);
        }
        for (int index = 0; index < count; index++) {
            new Pair(ends.get(index), servers[index]).exchange(100L * index, 500);
        }
    }

    @Test
    void connectingAgainAndAgainWorks() {
        CmSide client = side(Part.A);
        CmSide server = side(Part.B);
        for (int round = 0; round < 5; round++) {
            Connection connection = connect(client, server);
            connection.pair.exchange(10, 64);
            connection.clientId.disconnect();
            server.next(ConnectionEventType.DISCONNECTED);
            client.next(ConnectionEventType.DISCONNECTED);
            connection.clientId.close();
            connection.serverId.close();
            connection.pair.a().pd.close();
            connection.pair.b().pd.close();
        }
    }

    @Test
    void optionsAreTakenBeforeConnecting() {
        CmSide client = side(Part.A);
        CmSide server = side(Part.B);
        ConnectionId listener = server.channel.createId(PortSpace.TCP);
        listener.setOption(IdOption.REUSE_ADDRESS, 1);
        listener.bind(new InetSocketAddress(server.address, 0));
        listener.listen(1);
        ConnectionId id = client.channel.createId(PortSpace.TCP);
        id.setOption(IdOption.TYPE_OF_SERVICE, 32);
        id.setOption(IdOption.ACK_TIMEOUT, 15);
        id.resolveAddress(new InetSocketAddress(client.address, 0), CmSide.addressOf(listener), CmSide.RESOLVE);
        client.next(ConnectionEventType.ADDR_RESOLVED);
        id.resolveRoute(CmSide.RESOLVE);
        client.next(ConnectionEventType.ROUTE_RESOLVED);
        End a = client.attach(id);
        id.connect(ConnectionParameters.DEFAULT);
        ConnectionId serverId = server.next(ConnectionEventType.CONNECT_REQUEST).id();
        server.attach(serverId);
        serverId.accept(ConnectionParameters.DEFAULT);
        client.next(ConnectionEventType.ESTABLISHED);

        assertThat(a.qp.query().timeout()).isEqualTo(15);
    }

    @Test
    void anIpv6ListenerCanBeToldToTakeIpv6Only() {
        CmSide server = side6(Part.B);
        ConnectionId listener = server.channel.createId(PortSpace.TCP);

        listener.setOption(IdOption.IPV6_ONLY, 1);
        listener.bind(new InetSocketAddress(server.address, 0));
        listener.listen(1);

        assertThat(CmSide.addressOf(listener).getPort()).isPositive();
    }

    @Test
    void stepsOutOfOrderAreRefusedWithAnExplanation() {
        CmSide client = side(Part.A);
        ConnectionId id = client.channel.createId(PortSpace.TCP);

        assertThatThrownBy(() -> id.resolveRoute(CmSide.RESOLVE))
                .isInstanceOf(VerbsException.class)
                .hasMessageContaining("address");
        assertThatThrownBy(() -> client.attach(id))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("resolve");
        assertThatThrownBy(() -> id.connect(ConnectionParameters.DEFAULT)).isInstanceOf(VerbsException.class);
        assertThatThrownBy(() -> id.accept(ConnectionParameters.DEFAULT)).isInstanceOf(VerbsException.class);
        assertThatThrownBy(() -> id.reject(new byte[0])).isInstanceOf(VerbsException.class);
        assertThatThrownBy(id::disconnect).isInstanceOf(VerbsException.class);
    }

    @Test
    void aQueuePairOfAnotherDeviceIsNotAttached() {
        Assumptions.assumeFalse(target().oneDevice(), "one device plays both parts");
        CmSide client = side(Part.A);
        CmSide server = side(Part.B);
        ConnectionId listener = server.listen(PortSpace.TCP);
        ConnectionId id = client.resolved(PortSpace.TCP, CmSide.addressOf(listener));

        assertThatThrownBy(() -> id.attach(pair().b().qp))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(target().device(Part.B).name());
    }

    @Test
    void unreadEventsDoNotDelayClosing() {
        CmSide client = side(Part.A);
        CmSide server = side(Part.B);
        ConnectionId listener = server.listen(PortSpace.TCP);
        ConnectionId id = client.resolved(PortSpace.TCP, CmSide.addressOf(listener));
        client.attach(id);
        id.connect(ConnectionParameters.DEFAULT);
        ConnectionId other = client.channel.createId(PortSpace.TCP);
        other.resolveAddress(new InetSocketAddress(client.address, 0), CmSide.addressOf(listener), CmSide.RESOLVE);
        long start = System.nanoTime();

        listener.close();
        other.close();
        id.close();

        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(SOON.multipliedBy(3));
    }

    @Test
    void eachCloseEndsWithinASecondWhateverIsUnread() {
        Connection connection = connect(side(Part.A), side(Part.B));
        connection.clientId.disconnect();
        for (AutoCloseable closed :
                new AutoCloseable[] {connection.serverId, connection.clientId, connection.pair.a().qp}) {
            long start = System.nanoTime();
            try {
                closed.close();
            } catch (Exception e) {
                throw new AssertionError(e);
            }
            assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(SOON);
        }
    }

    @Test
    void waitingForAnEventEndsByTimeAndByWakeUp() throws Exception {
        CmSide client = side(Part.A);

        assertThat(client.channel.await(Duration.ofMillis(100))).isNull();

        client.channel.wakeUp();
        long start = System.nanoTime();
        assertThat(client.channel.await(Duration.ofSeconds(30))).isNull();
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(10));
    }

    @Test
    void aClosedIdRefusesEveryStep() {
        CmSide client = side(Part.A);
        ConnectionId id = client.channel.createId(PortSpace.TCP);

        id.close();
        id.close();

        assertThatThrownBy(() -> id.bind(new InetSocketAddress(client.address, 0)))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("closed");
        assertThatThrownBy(() -> id.connect(ConnectionParameters.DEFAULT)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void datagramIdsExchangeTheirQueuePairsAndKeys() {
        CmSide client = side(Part.A);
        CmSide server = side(Part.B);
        ConnectionId listener = server.listen(PortSpace.UDP);
        ConnectionId clientId = client.resolved(PortSpace.UDP, CmSide.addressOf(listener));
        End a = client.attach(clientId);
        byte[] question = Pattern.bytes(1, PortSpace.UDP.connectDataMax());
        clientId.connect(ConnectionParameters.DEFAULT.withPrivateData(question));
        ConnectionEvent request = server.next(ConnectionEventType.CONNECT_REQUEST);
        assertPadded(request.privateData(), question);
        End b = server.attach(request.id());
        b.receive(1, 0, 512);
        request.id().accept(ConnectionParameters.DEFAULT);
        ConnectionEvent established = client.next(ConnectionEventType.ESTABLISHED);
        @Nullable AddressVector way = established.addressVector();
        assertThat(established.queuePairNumber()).isEqualTo(b.qp.number());
        assertThat(way).isNotNull();
        if (way == null) {
            return;
        }
        AddressHandle handle = a.pd.createAddressHandle(way);
        a.fill(0, Pattern.bytes(5, 100));

        assertThat(a.qp.postDatagram(
                        2,
                        a.at(0),
                        100,
                        a.lkey(),
                        handle,
                        established.queuePairNumber(),
                        established.qkey(),
                        SendFlags.SIGNALED))
                .isZero();

        assertThat(b.success(1).lengthBytes()).isEqualTo(140);
        assertThat(b.bytes(40, 100)).isEqualTo(Pattern.bytes(5, 100));
    }
}
