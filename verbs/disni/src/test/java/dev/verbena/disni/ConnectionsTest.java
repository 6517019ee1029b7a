package dev.verbena.disni;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.ibm.disni.RdmaEndpoint;
import com.ibm.disni.RdmaServerEndpoint;
import com.ibm.disni.verbs.IbvMr;
import com.ibm.disni.verbs.IbvQP;
import com.ibm.disni.verbs.IbvSendWR;
import com.ibm.disni.verbs.IbvSge;
import com.ibm.disni.verbs.IbvWC;
import com.ibm.disni.verbs.RdmaCm;
import com.ibm.disni.verbs.RdmaCmEvent;
import com.ibm.disni.verbs.RdmaCmEvent.EventType;
import com.ibm.disni.verbs.RdmaCmId;
import com.ibm.disni.verbs.RdmaEventChannel;
import dev.verbena.disni.Endpoints.Active;
import dev.verbena.disni.Endpoints.ActiveGroup;
import dev.verbena.disni.Endpoints.Passive;
import dev.verbena.disni.Endpoints.PassiveGroup;
import dev.verbena.verbs.Verbs;
import dev.verbena.verbs.cm.ConnectionEvent;
import dev.verbena.verbs.cm.ConnectionId;
import dev.verbena.verbs.cm.EventChannel;
import dev.verbena.verbs.cm.PortSpace;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Endpoints that connect, do not, end, and come again. */
class ConnectionsTest {
    private static final String TIMEOUT = "verbena.disni.connectTimeoutMs";

    @Test
    void anEndpointThatFindsNobodyIsToldSo() throws Exception {
        PassiveGroup group = PassiveGroup.open();
        Passive endpoint = group.createEndpoint();

        assertThatThrownBy(() -> endpoint.connect(TestDevices.fresh(), 2000))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("REJECTED, nobody listens at that port");

        endpoint.close();
        group.close();
        assertThat(endpoint.isConnected()).isFalse();
    }

    @Test
    void anEndpointThatIsRefusedIsToldSo() throws Exception {
        InetSocketAddress address = TestDevices.fresh();
        PassiveGroup group = PassiveGroup.open();
        Passive endpoint = group.createEndpoint();
        try (EventChannel channel = EventChannel.open(Verbs.provider(TestDevices.provider()))) {
            ConnectionId listener = channel.createId(PortSpace.TCP);
            listener.bind(address);
            listener.listen(1);
            CompletableFuture<Void> refusal = CompletableFuture.runAsync(() -> refuse(channel));

            assertThatThrownBy(() -> endpoint.connect(address, 2000))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("REJECTED, the peer's program refused");
            refusal.get(20, TimeUnit.SECONDS);
        }

        endpoint.close();
        group.close();
    }

    private static void refuse(EventChannel channel) {
        try {
            ConnectionEvent request = channel.await(Duration.ofSeconds(20));
            if (request == null) {
                throw new AssertionError("nobody asked");
            }
            request.id().reject(new byte[0]);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void anEndpointWhosePeerDoesNotAnswerStopsWaiting() throws Exception {
        InetSocketAddress address = TestDevices.fresh();
        PassiveGroup group = PassiveGroup.open();
        RdmaServerEndpoint<Passive> server = group.createServerEndpoint().bind(address, 1);
        Passive endpoint = group.createEndpoint();

        System.setProperty(TIMEOUT, "300");
        try {
            assertThatThrownBy(() -> endpoint.connect(address, 2000))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("no answer within 300 ms");
        } finally {
            System.clearProperty(TIMEOUT);
        }

        endpoint.close();
        server.close();
        group.close();
    }

    @Test
    void anAcceptEndsWhenItsServerIsClosed() throws Exception {
        PassiveGroup group = PassiveGroup.open();
        RdmaServerEndpoint<Passive> server = group.createServerEndpoint();
        assertThatThrownBy(server::accept).isInstanceOf(IOException.class).hasMessageContaining("bind it before");
        server.bind(TestDevices.fresh(), 1);
        FutureTask<RdmaEndpoint> accepting = new FutureTask<>(server::accept);
        Thread waiting = Thread.ofPlatform().start(accepting);
        await().until(() -> waiting.getState() == Thread.State.WAITING);

        server.close();

        assertThatThrownBy(() -> accepting.get(20, TimeUnit.SECONDS))
                .hasCauseInstanceOf(IOException.class)
                .hasMessageContaining("this server endpoint is closed");
        assertThat(server.isClosed()).isTrue();
        server.close();
        assertThatThrownBy(server::accept).isInstanceOf(IOException.class).hasMessageContaining("is closed");
        group.close();
    }

    @Test
    void anAddressThatNoDeviceReachesIsRefused() throws Exception {
        PassiveGroup group = PassiveGroup.open();
        Passive endpoint = group.createEndpoint();

        assertThatThrownBy(() -> endpoint.connect(new InetSocketAddress("203.0.113.1", 1919), 500))
                .isInstanceOf(IOException.class)
                .message()
                .containsAnyOf("203.0.113.1", "route");

        endpoint.close();
        group.close();
    }

    @Test
    void aProgramThatReadsTheEventsItselfReadsTheRejectToo() throws Exception {
        TestDevices.server();
        RdmaEventChannel channel = RdmaEventChannel.createEventChannel();
        RdmaCmId id = channel.createId(RdmaCm.RDMA_PS_TCP);
        Wire.resolve(channel, id, TestDevices.fresh());
        End end = new End(id, IbvQP.IBV_QPT_RC);

        id.connect(Wire.parameters());

        RdmaCmEvent event = Wire.event(channel, EventType.RDMA_CM_EVENT_REJECTED);
        assertThat(event.getStatus()).isNotZero();
        assertThat(event.getConnIdPriv()).isSameAs(id);
        end.close();
        channel.destroyEventChannel();
    }

    @Test
    void activeEndpointsKeepWhatTheyAreToldAndHearOfTheirOwnFailures() throws Exception {
        InetSocketAddress address = TestDevices.fresh();
        ActiveGroup servers = ActiveGroup.open();
        ActiveGroup clients = ActiveGroup.open();
        RdmaServerEndpoint<Active> server = servers.createServerEndpoint().bind(address, 4);
        Active good = clients.createEndpoint();
        RdmaEndpoint served = connect(good, server, address);
        Active bad = clients.createEndpoint();
        connect(bad, server, address);
        IbvMr from = good.registerMemory(ByteBuffer.allocateDirect(64))
                .execute()
                .free()
                .getMr();
        IbvMr to = served.registerMemory(ByteBuffer.allocateDirect(64))
                .execute()
                .free()
                .getMr();

        for (int i = 0; i < 3; i++) {
            good.postSend(List.of(write(i, from, to, to.getRkey()))).execute().free();
        }
        bad.postSend(List.of(write(9, from, to, to.getRkey() ^ 0x7700)))
                .execute()
                .free();

        await().until(() -> good.completions.size() == 3 && bad.completions.size() == 1);
        assertThat(good.completions).extracting(IbvWC::getWr_id).containsExactly(0L, 1L, 2L);
        assertThat(good.completions).extracting(IbvWC::getStatus).containsOnly(0);
        assertThat(bad.completions.element().getWr_id()).isEqualTo(9);
        assertThat(bad.completions.element().getStatus()).isNotZero();
        good.close();
        bad.close();
        clients.close();
        server.close();
        servers.close();
        good.deregisterMemory(from);
        served.deregisterMemory(to);
    }

    private static IbvSendWR write(long id, IbvMr from, IbvMr to, int rkey) {
        IbvSge sge = new IbvSge();
        sge.setAddr(from.getAddr());
        sge.setLength(8);
        sge.setLkey(from.getLkey());
        IbvSendWR request = End.request(id, IbvSendWR.IBV_WR_RDMA_WRITE, sge);
        request.getRdma().setRemote_addr(to.getAddr());
        request.getRdma().setRkey(rkey);
        return request;
    }

    /** Answers the other side. */
    private static RdmaEndpoint connect(
            RdmaEndpoint endpoint, RdmaServerEndpoint<? extends RdmaEndpoint> server, InetSocketAddress address)
            throws Exception {
        CompletableFuture<RdmaEndpoint> accepted = accept(server);
        endpoint.connect(address, 5000);
        RdmaEndpoint served = accepted.get(20, TimeUnit.SECONDS);
        assertThat(endpoint.isConnected()).isTrue();
        assertThat(endpoint.getDstAddr()).isEqualTo(address);
        return served;
    }

    private static CompletableFuture<RdmaEndpoint> accept(RdmaServerEndpoint<? extends RdmaEndpoint> server) {
        return CompletableFuture.supplyAsync(() -> {
            try {
                return server.accept();
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        });
    }

    private record Held(int descriptors, int threads, int mappings, long heapBytes) {
        static Held now() throws IOException {
            System.gc();
            Runtime runtime = Runtime.getRuntime();
            try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"));
                    Stream<Path> threads = Files.list(Path.of("/proc/self/task"));
                    Stream<String> maps = Files.lines(Path.of("/proc/self/maps"))) {
                return new Held(
                        (int) open.count(),
                        (int) threads.count(),
                        (int) maps.count(),
                        runtime.totalMemory() - runtime.freeMemory());
            }
        }
    }

    /** Of passive endpoints, for each of which DiSNI makes a completion queue and a channel that it never destroys. */
    @Test
    void aThousandConnectionsLeaveNothingBehind() throws Exception {
        int cycles = Integer.getInteger("verbena.test.cycles", 1000);
        InetSocketAddress address = TestDevices.fresh();
        PassiveGroup servers = PassiveGroup.open();
        PassiveGroup clients = PassiveGroup.open();
        RdmaServerEndpoint<Passive> server = servers.createServerEndpoint().bind(address, 16);
        cycle(clients, server, address, cycles / 10);
        Held before = Held.now();

        cycle(clients, server, address, cycles);

        await().atMost(Duration.ofSeconds(20)).untilAsserted(() -> {
            Held after = Held.now();
            // A few of each come and go with the JVM's own work; a leak of one per connection is a hundred and more.
            assertThat(after.descriptors()).isLessThan(before.descriptors() + 20);
            assertThat(after.threads()).isLessThan(before.threads() + 20);
            assertThat(after.mappings()).isLessThan(before.mappings() + 60);
            assertThat(after.heapBytes()).isLessThan(before.heapBytes() + cycles * 4096L);
        });
        server.close();
        clients.close();
        servers.close();
    }

    private static void cycle(
            PassiveGroup clients, RdmaServerEndpoint<Passive> server, InetSocketAddress address, int times)
            throws Exception {
        for (int i = 0; i < times; i++) {
            CompletableFuture<RdmaEndpoint> accepted = accept(server);
            Passive client = clients.createEndpoint();
            client.connect(address, 5000);
            RdmaEndpoint served = accepted.get(20, TimeUnit.SECONDS);
            client.close();
            served.close();
        }
    }
}
