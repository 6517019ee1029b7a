package dev.verbena.disni;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.ibm.disni.RdmaEndpoint;
import com.ibm.disni.RdmaServerEndpoint;
import com.ibm.disni.verbs.IbvMr;
import com.ibm.disni.verbs.IbvSendWR;
import com.ibm.disni.verbs.IbvSge;
import com.ibm.disni.verbs.IbvWC;
import com.ibm.disni.verbs.SVCPollCq;
import dev.verbena.disni.Endpoints.Passive;
import dev.verbena.disni.Endpoints.PassiveGroup;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A peer that is a process of its own and is killed; and the addresses that a server may listen at. */
@SuppressWarnings("EnumOrdinal") // the numbers of DiSNI's enums are those of C
class PeersTest {
    private static final int FLUSHED = IbvWC.IbvWcStatus.IBV_WC_WR_FLUSH_ERR.ordinal();
    private static final int MESSAGE_BYTES = 100;

    private static Program server(InetSocketAddress address) throws Exception {
        return Program.start(
                        "com.ibm.disni.examples.SendRecvServer",
                        "-a",
                        address.getAddress().getHostAddress(),
                        "-p",
                        String.valueOf(address.getPort()))
                .await("listening at");
    }

    @Test
    void whenThePeerIsKilledTheEndpointIsToldAndCanConnectAgain() throws Exception {
        InetSocketAddress address = TestDevices.fresh();
        PassiveGroup group = PassiveGroup.open();
        try (Program peer = server(address)) {
            Conversation cut = new Conversation(group, address);
            cut.postReceive(7);
            cut.postReceive(8);

            peer.kill();

            await().until(() -> cut.endpoint.isClosed());
            for (long id = 7; id < 9; id++) {
                IbvWC flushed = cut.completion();
                assertThat(flushed.getStatus()).isEqualTo(FLUSHED);
                assertThat(flushed.getOpcode()).isEqualTo(128);
                assertThat(flushed.getWr_id()).isEqualTo(id);
                assertThat(flushed.getQp_num()).isEqualTo(cut.endpoint.getQp().getQp_num());
            }
            cut.close();
        }

        try (Program peer = server(address)) {
            Conversation again = new Conversation(group, address);
            again.postReceive(1);
            again.send("Hello from the client");
            peer.await("Message from the client: Hello from the client");
            assertThat(again.message()).startsWith("Hello from the server");
            again.close();
            peer.awaitSuccess();
        }
        group.close();
    }

    /** A client of DiSNI's example server. */
    private static final class Conversation {
        private final Passive endpoint;
        private final ByteBuffer memory = ByteBuffer.allocateDirect(2 * MESSAGE_BYTES);
        private final IbvMr mr;
        private final IbvWC[] one = {new IbvWC()};
        private final SVCPollCq poll;

        Conversation(PassiveGroup group, InetSocketAddress address) throws Exception {
            endpoint = group.createEndpoint();
            endpoint.connect(address, 5000);
            mr = endpoint.registerMemory(memory).execute().free().getMr();
            poll = endpoint.getCqProvider().getCQ().poll(one, 1);
        }

        private IbvSge part(int index) {
            IbvSge sge = new IbvSge();
            sge.setAddr(mr.getAddr() + (long) index * MESSAGE_BYTES);
            sge.setLength(MESSAGE_BYTES);
            sge.setLkey(mr.getLkey());
            return sge;
        }

        void postReceive(long id) throws IOException {
            endpoint.postRecv(List.of(End.receive(id, part(1)))).execute().free();
        }

        void send(String text) throws IOException {
            memory.clear().asCharBuffer().put(text);
            endpoint.postSend(List.of(End.request(2, IbvSendWR.IBV_WR_SEND, part(0))))
                    .execute()
                    .free();
        }

        IbvWC completion() {
            await().until(() -> poll.execute().getPolls() == 1);
            return one[0];
        }

        String message() {
            while (completion().getOpcode() != 128) {
                assertThat(one[0].getStatus()).isZero();
            }
            assertThat(one[0].getStatus()).isZero();
            return memory.slice(MESSAGE_BYTES, MESSAGE_BYTES).asCharBuffer().toString();
        }

        void close() throws IOException, InterruptedException {
            endpoint.close();
            endpoint.deregisterMemory(mr);
        }
    }

    @ParameterizedTest
    @CsvSource({"::1, ::1", "0.0.0.0, 127.0.0.1", "127.0.0.1, localhost"})
    void aServerListensAtEveryKindOfAddress(String bound, String reached) throws Exception {
        int port = TestDevices.fresh().getPort();
        PassiveGroup group = PassiveGroup.open();
        RdmaServerEndpoint<Passive> server = group.createServerEndpoint().bind(new InetSocketAddress(bound, port), 1);
        CompletableFuture<RdmaEndpoint> accepted = CompletableFuture.supplyAsync(() -> {
            try {
                return server.accept();
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        });
        Passive client = group.createEndpoint();

        client.connect(new InetSocketAddress(reached, port), 5000);

        assertThat(accepted.get(20, TimeUnit.SECONDS).isConnected()).isTrue();
        assertThat(client.getDstAddr()).isEqualTo(new InetSocketAddress(reached, port));
        client.close();
        accepted.get().close();
        server.close();
        group.close();
    }
}
