package dev.verbena.tour;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.verbena.connection.Listener;
import dev.verbena.connection.QueuePairManager;
import dev.verbena.connection.TestDevices;
import dev.verbena.memory.RegisteredBuffer;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.net.InetSocketAddress;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The programs do what they say. */
final class TourTest {
    private final QueuePairManager server = QueuePairManager.open(TestDevices.SERVER.config());
    private final QueuePairManager client = QueuePairManager.open(TestDevices.CLIENT.config());

    private static InetSocketAddress here() {
        return new InetSocketAddress(TestDevices.SERVER.address(), 0);
    }

    @AfterEach
    void close() {
        client.close();
        server.close();
    }

    @Test
    void anEchoBringsTheWordsBack() throws Exception {
        try (Listener listener = Echo.serve(server, here())) {
            assertThat(Echo.ask(client, listener.address(), "wörter & more")).isEqualTo("wörter & more");
            String longText = "long ".repeat(100_000);
            assertThat(Echo.ask(client, listener.address(), longText)).isEqualTo(longText);
        }
    }

    @Test
    void theRemoteCounterLosesNothingOfManyClients() throws Exception {
        try (RegisteredBuffer counter = server.allocate(Long.BYTES);
                Listener listener = RemoteCounter.serve(server, here(), counter);
                ExecutorService threads = Executors.newFixedThreadPool(3)) {
            List<Future<Long>> clients = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                clients.add(threads.submit(() -> RemoteCounter.count(client, listener.address(), 1000)));
            }
            for (Future<Long> one : clients) {
                assertThat(one.get(30, TimeUnit.SECONDS)).isBetween(999L, 2999L);
            }
            assertThat(counter.memory().get(ValueLayout.JAVA_LONG, 0)).isEqualTo(3000);
        }
    }

    @Test
    void aLookupFindsWhatWasPutAndNothingElse() throws Exception {
        try (RemoteLookup.Table table = new RemoteLookup.Table(server, 16);
                Listener listener = RemoteLookup.serve(server, here(), table);
                RemoteLookup.Reader reader = new RemoteLookup.Reader(client, listener.address())) {
            assertThat(reader.get(7)).isEmpty();
            for (long key = 1; key <= 15; key++) {
                table.put(key * 1000, "text of " + key);
            }
            table.put(3000, "drei");

            assertThat(reader.get(1000)).contains("text of 1");
            assertThat(reader.get(15_000)).contains("text of 15");
            assertThat(reader.get(3000)).contains("drei");
            assertThat(reader.get(7)).isEmpty();
            table.put(16_000, "x".repeat(RemoteLookup.TEXT_BYTES));
            assertThat(reader.get(16_000)).contains("x".repeat(RemoteLookup.TEXT_BYTES));
            assertThat(reader.get(7)).as("in a full table").isEmpty();
            assertThatThrownBy(() -> table.put(7, "one too many")).hasMessageContaining("full");
            assertThatThrownBy(() -> table.put(1000, "y".repeat(RemoteLookup.TEXT_BYTES + 1)))
                    .hasMessageContaining("at most");
        }
    }

    @Test
    void aLookupNeverSeesATextThatIsJustBeingWritten() throws Exception {
        AtomicBoolean done = new AtomicBoolean();
        try (RemoteLookup.Table table = new RemoteLookup.Table(server, 4);
                Listener listener = RemoteLookup.serve(server, here(), table);
                RemoteLookup.Reader reader = new RemoteLookup.Reader(client, listener.address())) {
            table.put(1, "a".repeat(RemoteLookup.TEXT_BYTES));
            Thread writer = Thread.ofPlatform().start(() -> {
                for (int i = 0; !done.get(); i++) {
                    table.put(1, String.valueOf((char) ('a' + i % 26)).repeat(RemoteLookup.TEXT_BYTES));
                    // It has to stand still sometimes, or no reader ever finds a slot whole.
                    LockSupport.parkNanos(TestDevices.areEmbedded() ? 20_000 : 20_000_000);
                }
            });
            try {
                Set<String> seen = new HashSet<>();
                for (int i = 0; i < TestDevices.rounds(3000) || seen.size() < 2; i++) {
                    String text = reader.get(1).orElseThrow();
                    assertThat(text).isEqualTo(text.substring(0, 1).repeat(RemoteLookup.TEXT_BYTES));
                    seen.add(text);
                }
                assertThat(seen).as("texts that were written meanwhile").hasSizeGreaterThan(1);
            } finally {
                done.set(true);
                writer.join();
            }
        }
    }

    @Test
    void aFileArrivesWhole(@TempDir Path directory) throws Exception {
        byte[] content = new byte[(17 << 20) + 123];
        new Random(1).nextBytes(content);
        Path from = Files.write(directory.resolve("from"), content);
        Path to = directory.resolve("to");
        List<Integer> progress = new ArrayList<>();
        CompletableFuture<Long> done = new CompletableFuture<>();
        try (FileChannel out = FileChannel.open(to, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
                FileChannel in = FileChannel.open(from);
                Listener listener = FileSend.serve(server, here(), out, done)) {
            FileSend.send(client, listener.address(), in, progress::add);
            assertThat(done.get(10, TimeUnit.SECONDS)).isEqualTo(content.length);
        }
        assertThat(Files.readAllBytes(to)).isEqualTo(content);
        assertThat(progress).isSorted().endsWith(100);
    }

    @Test
    @Tag("sources")
    void everyProgramHasFewerThanTwoHundredLines() throws IOException {
        Path root = Path.of(System.getProperty("verbena.root"));
        try (Stream<Path> sources = Files.list(root.resolve("examples/tour/src/main/java/dev/verbena/tour"))) {
            List<Path> programs = sources.toList();
            assertThat(programs).hasSizeGreaterThan(4);
            for (Path program : programs) {
                assertThat(Files.readAllLines(program)).as(program.toString()).hasSizeLessThan(200);
            }
        }
    }

    @Test
    void aWrongAddressIsSaidSo() {
        assertThatThrownBy(() -> Endpoint.address("nowhere")).hasMessageContaining("HOST:PORT");
    }
}
