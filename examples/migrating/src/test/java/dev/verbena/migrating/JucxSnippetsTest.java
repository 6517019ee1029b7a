package dev.verbena.migrating;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.verbena.connection.Connection;
import dev.verbena.connection.Listener;
import dev.verbena.connection.QueuePairManager;
import dev.verbena.connection.QueuePairManagerConfig;
import dev.verbena.memory.RegisteredBuffer;
import dev.verbena.onesided.RemoteBuffer;
import dev.verbena.onesided.Share;
import dev.verbena.verbs.AccessFlags;
import io.netty.buffer.ByteBuf;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.Test;

/** What takes the place of JUCX's calls in docs/migrating.md: it stands here as it stands there, and runs. */
@SuppressWarnings({"FutureReturnValueIgnored", "CheckReturnValue"}) // as in the document
final class JucxSnippetsTest {
    @Test
    void theSnippetsRun() throws Exception {
        QueuePairManagerConfig config = new QueuePairManagerConfig().provider("embedded");
        InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        BlockingQueue<String> answers = new LinkedBlockingQueue<>();
        BlockingQueue<RemoteBuffer> shared = new LinkedBlockingQueue<>();
        BlockingQueue<Connection> accepted = new LinkedBlockingQueue<>();

        QueuePairManager manager = QueuePairManager.open(config);
        try (Listener listener = manager.listen(address, connection -> {
            connection.onMessage(message -> connection.send(message.retain()));
            accepted.add(connection);
        })) {
            Connection connection = manager.connect(listener.address()).get(5, SECONDS);
            connection.onMessage(message -> answers.add(message.toString(StandardCharsets.UTF_8)));
            connection.onShare(shared::add);
            ByteBuf buffer = manager.allocator().directBuffer();
            buffer.writeCharSequence("hello", StandardCharsets.UTF_8);
            connection.send(buffer).get(5, SECONDS);
            assertThat(answers.poll(5, SECONDS)).isEqualTo("hello");

            Connection peer = Objects.requireNonNull(accepted.poll(5, SECONDS));
            RegisteredBuffer table = manager.allocate(4096);
            table.memory().set(ValueLayout.JAVA_LONG, 0, 40);
            Share share = peer.share(table, AccessFlags.REMOTE_ALL).get(5, SECONDS);
            RemoteBuffer remote = Objects.requireNonNull(shared.poll(5, SECONDS));
            RegisteredBuffer local = manager.allocate(4096);
            connection.fetchAndAdd(remote.at(0), 2).get(5, SECONDS);
            connection.read(remote, local).get(5, SECONDS);
            assertThat(local.memory().get(ValueLayout.JAVA_LONG, 0)).isEqualTo(42);
            local.memory().set(ValueLayout.JAVA_LONG, 0, 43);
            connection.write(local, remote).get(5, SECONDS);
            connection.compareAndSwap(remote.at(0), 43, 44).get(5, SECONDS);
            assertThat(table.memory().get(ValueLayout.JAVA_LONG, 0)).isEqualTo(44);
            share.revoke().get(5, SECONDS);
            connection.close();
        } finally {
            manager.close();
        }
    }

    @Test
    void theyStandInTheDocumentAsTheyRun() throws Exception {
        Path root = Path.of(System.getProperty("verbena.root", "."));
        String here = squeezed(Files.readString(
                root.resolve("examples/migrating/src/test/java/dev/verbena/migrating/JucxSnippetsTest.java")));
        String document = Files.readString(root.resolve("docs/migrating.md"));
        String snippet = document.substring(document.indexOf("```java") + 7, document.lastIndexOf("```"));

        assertThat(snippet.lines()
                        .filter(line -> !line.isBlank() && !line.startsWith("//"))
                        .map(JucxSnippetsTest::squeezed))
                .hasSizeGreaterThan(10)
                .allSatisfy(line -> assertThat(here).contains(line));
    }

    private static String squeezed(String text) {
        return text.replaceAll("\\s+", "");
    }
}
