package dev.verbena.jverbs;

import static org.assertj.core.api.Assertions.assertThat;

import com.ibm.net.rdma.jverbs.cm.ConnectionId;
import com.ibm.net.rdma.jverbs.endpoints.RdmaEndpoint;
import com.ibm.net.rdma.jverbs.endpoints.RdmaEndpointGroup;
import com.ibm.net.rdma.jverbs.endpoints.RdmaPassiveEndpointGroup;
import com.ibm.net.rdma.jverbs.endpoints.RdmaServerEndpoint;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Connecting and closing, again and again; {@code -Dscale=N} for N times as often. */
@Timeout(600)
final class CyclesTest {
    private static final int CYCLES = 1000 * Integer.getInteger("scale", 1);

    @BeforeAll
    static void onEmbedded() {
        System.setProperty(Providers.PROPERTY, "embedded");
    }

    /** Nothing of its own. */
    static final class Endpoint extends RdmaEndpoint {
        Endpoint(RdmaEndpointGroup<Endpoint> group, ConnectionId id, boolean serverSide) throws IOException {
            super(group, id, serverSide);
        }
    }

    /** What this process has. */
    private record Holdings(long descriptors, int threads, long mappings, long heapBytes) {
        static Holdings now() {
            System.gc();
            Runtime runtime = Runtime.getRuntime();
            try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"));
                    Stream<String> maps = Files.lines(Path.of("/proc/self/maps"))) {
                return new Holdings(
                        open.count(),
                        (int) Thread.getAllStackTraces().keySet().stream()
                                .filter(thread -> thread.getName().startsWith("jverbs-")
                                        || thread.getName().startsWith("verbena-"))
                                .count(),
                        maps.count(),
                        runtime.totalMemory() - runtime.freeMemory());
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    private static void cycles(int count) throws Exception {
        RdmaPassiveEndpointGroup<Endpoint> group = new RdmaPassiveEndpointGroup<>(10_000, 10, 2, 20);
        group.init((id, serverSide) -> new Endpoint(group, id, serverSide));
        RdmaServerEndpoint<Endpoint> server = group.createServerEndpoint();
        server.bind(InProcess.address(0), 10);
        int port = server.getConnectionId().getSourcePort();
        for (int cycle = 0; cycle < count; cycle++) {
            FutureTask<Endpoint> accepting = new FutureTask<>(server::accept);
            Thread thread = Thread.ofPlatform().start(accepting);
            Endpoint client = group.createEndpoint();
            client.connect(InProcess.address(port), 10_000);
            Endpoint accepted = accepting.get(10, TimeUnit.SECONDS);
            assertThat(accepted.isServerSide()).isTrue();
            if (cycle % 2 == 0) {
                client.close();
                accepted.close();
            } else {
                accepted.close();
                client.close();
            }
            thread.join();
        }
        group.close();
    }

    @Test
    void leaveNoDescriptorNoThreadAndNoMemoryBehind() throws Exception {
        // What the first connections of a process make for good is there before the count.
        cycles(CYCLES / 10);
        Holdings before = Holdings.now();

        cycles(CYCLES);

        Awaitility.await().atMost(Duration.ofSeconds(20)).untilAsserted(() -> {
            Holdings after = Holdings.now();
            assertThat(after.descriptors()).as("descriptors").isEqualTo(before.descriptors());
            assertThat(after.threads()).as("threads").isEqualTo(before.threads());
            // Some come and go with the JVM's own work; a leak of one per connection is a thousand and more.
            assertThat(after.mappings()).as("mappings").isLessThan(before.mappings() + 60);
            assertThat(after.heapBytes()).as("heap").isLessThan(before.heapBytes() + CYCLES * 2048L);
        });
    }
}
