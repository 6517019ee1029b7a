package dev.verbena.verbs.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.verbena.verbs.AccessFlags;
import dev.verbena.verbs.AddressHandle;
import dev.verbena.verbs.AddressVector;
import dev.verbena.verbs.Capability;
import dev.verbena.verbs.CompletionQueue;
import dev.verbena.verbs.Context;
import dev.verbena.verbs.MemoryRegion;
import dev.verbena.verbs.MemoryWindow;
import dev.verbena.verbs.ProtectionDomain;
import dev.verbena.verbs.QueuePair;
import dev.verbena.verbs.QueuePairConfig;
import dev.verbena.verbs.QueuePairEndpoint;
import dev.verbena.verbs.QueuePairState;
import dev.verbena.verbs.QueuePairType;
import dev.verbena.verbs.ScatterGatherList;
import dev.verbena.verbs.SendFlags;
import dev.verbena.verbs.WorkCompletions;
import dev.verbena.verbs.conformance.ConformanceTarget.Part;
import java.io.File;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a program does wrong ends in an exception or an error completion, never in the end of the JVM, and never later. */
final class MisuseContract extends Contract {
    private static final int RACE_ROUNDS = 10_000;
    /** What the rounds may take; a processor gets through all of them, an emulated machine through some. */
    private static final int RACE_SECONDS = 30;
    /** With the child's start and end. */
    private static final int RACE_LIMIT_SECONDS = 200;

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    Path directory;

    @Test
    void aRequestThatWasRefusedInInitNeverExecutes() {
        PairPlan plan = plan(QueuePairType.RC).config(config -> config.inlineBytes(64));
        Pair pair = plan.open();
        End a = pair.a();
        plan.initialize(a);
        plan.initialize(pair.b());
        pair.b().receive(1, 0, 64);
        pair.b().receive(2, 64, 64);
        a.fill(0, Pattern.bytes(1, 64));
        for (int flags : new int[] {SendFlags.SIGNALED, SendFlags.NONE, SendFlags.SIGNALED | SendFlags.INLINE}) {
            assertThatThrownBy(() -> a.qp.postSend(9, a.at(0), 64, a.lkey(), flags))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("INIT");
        }
        assertThatThrownBy(() -> a.write(9, 0, 64, pair.b(), 4096)).isInstanceOf(IllegalStateException.class);

        plan.ready(a, pair.b().endpoint());
        plan.ready(pair.b(), a.endpoint());
        a.fill(0, Pattern.bytes(2, 64));
        a.send(3, 0, 64);

        pair.b().success(1);
        a.success(3);
        assertThat(pair.b().bytes(0, 64)).isEqualTo(Pattern.bytes(2, 64));
        assertThat(pair.b().bytes(4096, 64)).containsOnly(0);
        a.nothing();
        pair.b().nothing();
    }

    @Test
    void aReceiveThatWasRefusedInResetNeverIsFilled() {
        PairPlan plan = plan(QueuePairType.RC);
        Pair pair = plan.open();
        End b = pair.b();
        assertThatThrownBy(() -> b.qp.postReceive(9, b.at(8192), 64, b.lkey()))
                .isInstanceOf(IllegalStateException.class);
        plan.initialize(pair.a());
        plan.initialize(b);
        plan.ready(pair.a(), b.endpoint());
        plan.ready(b, pair.a().endpoint());

        pair.exchange(10, 64);

        assertThat(b.bytes(8192, 64)).containsOnly(0);
    }

    @Test
    void aClosedQueuePairRefusesEverything() {
        Pair pair = pair();
        End a = pair.a();
        QueuePairEndpoint remote = pair.b().endpoint();
        a.qp.close();
        a.qp.close();

        List<Runnable> uses = List.of(
                () -> a.qp.postSend(1, a.at(0), 8, a.lkey(), 0),
                () -> a.qp.postSend(1, new ScatterGatherList(1), 0),
                () -> a.qp.postReceive(1, a.at(0), 8, a.lkey()),
                () -> a.qp.postWrite(1, a.at(0), 8, a.lkey(), 0, 0, 0),
                () -> a.qp.postRead(1, a.at(0), 8, a.lkey(), 0, 0, 0),
                () -> a.qp.postFetchAndAdd(1, a.at(0), a.lkey(), 0, 0, 0, 0),
                () -> a.qp.postLocalInvalidate(1, 0, 0),
                a.qp::start,
                a.qp::complete,
                a.qp::startReceives,
                a.qp::completeReceives,
                a.qp::query,
                a.qp::fail,
                () -> a.qp.connect(remote));
        for (Runnable use : uses) {
            assertThatThrownBy(use::run)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("closed");
        }
    }

    @Test
    void closedParentsAreRefusedWhereverTheyAreGiven() {
        ProtectionDomain pd = contextA().allocateProtectionDomain();
        CompletionQueue closedQueue = contextA().createCompletionQueue(8);
        closedQueue.close();
        assertThatThrownBy(() -> pd.createQueuePair(QueuePairConfig.reliable(closedQueue)))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("closed");

        var closedChannel = contextA().createCompletionChannel();
        closedChannel.close();
        assertThatThrownBy(() -> contextA().createCompletionQueue(8, closedChannel, 0))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("closed");
    }

    @Test
    void objectsOfAnotherProtectionDomainAreRefusedBeforeTheyArePosted() {
        Pair datagram = plan(QueuePairType.UD).connect();
        End a = datagram.a();
        ProtectionDomain foreign = contextA().allocateProtectionDomain();
        AddressHandle handle = foreign.createAddressHandle(AddressVector.to(gidB().gid(), 1, gidA().index()));
        assertThatThrownBy(() -> a.qp.postDatagram(
                        1, a.at(0), 8, a.lkey(), handle, 1, QueuePair.DEFAULT_QKEY, SendFlags.SIGNALED))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("protection domain");

        Context other = open(Part.A);
        CompletionQueue otherQueue = other.createCompletionQueue(8);
        assertThatThrownBy(() -> foreign.createQueuePair(QueuePairConfig.reliable(otherQueue)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("another open device");
    }

    @Test
    void windowsAndRegionsOfAnotherProtectionDomainAreNotBound() {
        needs(Capability.MEMORY_WINDOW_TYPE_1);
        Pair pair = pair();
        End a = pair.a();
        ProtectionDomain foreign = contextA().allocateProtectionDomain();
        MemoryRegion region = foreign.allocate(4096, PairPlan.everything(contextA()));
        MemoryWindow own = a.pd.allocateMemoryWindow(MemoryWindow.Type.TYPE_1);
        MemoryWindow alien = foreign.allocateMemoryWindow(MemoryWindow.Type.TYPE_1);

        assertThatThrownBy(() -> a.qp.postBind(
                        1, own, 0, region, region.address(), 64, AccessFlags.REMOTE_READ, SendFlags.SIGNALED))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() ->
                        a.qp.postBind(1, alien, 0, a.memory, a.at(0), 64, AccessFlags.REMOTE_READ, SendFlags.SIGNALED))
                .isInstanceOf(IllegalArgumentException.class);
        region.close();
        assertThatThrownBy(() -> a.qp.postBind(
                        1, own, 0, region, region.address(), 64, AccessFlags.REMOTE_READ, SendFlags.SIGNALED))
                .isInstanceOf(RuntimeException.class);
        pair.exchange(10, 16);
    }

    @Test
    void senselessLengthsAndFlagsAreRefused() {
        Pair pair = pair();
        End a = pair.a();

        assertThatThrownBy(() -> a.qp.postSend(1, a.at(0), -1, a.lkey(), 0))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> a.qp.postReceive(1, a.at(0), -1, a.lkey()))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> a.qp.postSend(1, a.at(0), 8, a.lkey(), 1 << 9))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("flags");
        assertThatThrownBy(() -> new ScatterGatherList(1).add(0, -1, 0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new WorkCompletions(0)).isInstanceOf(IllegalArgumentException.class);
        pair.exchange(10, 16);
    }

    @Test
    @SuppressWarnings("NullAway") // that is what is tried
    void nullsAreRefusedAndHarmNothing() {
        Pair pair = pair();
        Pair datagram = plan(QueuePairType.UD).connect();
        End a = pair.a();
        End d = datagram.a();

        List<Runnable> uses = List.of(
                () -> a.pd.register((MemorySegment) null, 0),
                () -> a.pd.register((ByteBuffer) null, 0),
                () -> a.pd.createQueuePair(null),
                () -> a.pd.createAddressHandle(null),
                () -> a.pd.allocateMemoryWindow(null),
                () -> a.pd.createSharedReceiveQueue(null),
                () -> a.qp.modify(null),
                () -> a.qp.connect(null),
                () -> a.qp.postSend(1, null, 0),
                () -> a.qp.postReceive(1, null),
                () -> a.qp.postWrite(1, null, 0, 0, 0),
                () -> a.qp.postBind(1, null, 0, null, 0, 0, 0, 0),
                () -> d.qp.postDatagram(1, d.at(0), 8, d.lkey(), null, 1, 1, 0),
                () -> a.cq.poll(null),
                () -> QueuePairConfig.reliable(null).sendQueue().poll(new WorkCompletions(1)));
        for (int index = 0; index < uses.size(); index++) {
            assertThatThrownBy(uses.get(index)::run)
                    .as("use %d of a null", index)
                    .isInstanceOf(RuntimeException.class);
        }

        pair.exchange(10, 16);
    }

    @Test
    void objectsCanBeClosedInAnyOrder() {
        Pair pair = plan(QueuePairType.RC).channels().connect();
        pair.exchange(10, 64);
        End a = pair.a();
        List<AutoCloseable> objects =
                new ArrayList<>(List.of(a.context, a.pd, a.cq, a.qp, a.memory, PairPlan.channel(a)));
        var random = random("objects are closed in any order");
        while (!objects.isEmpty()) {
            AutoCloseable object = objects.remove(random.nextInt(objects.size()));
            try {
                object.close();
                object.close();
            } catch (Exception e) {
                throw new AssertionError("closing " + object, e);
            }
        }
        assertThat(a.memory.isOpen()).isFalse();
    }

    @Test
    void manyThreadsCanCloseOneObject() throws Exception {
        Pair pair = pair();
        List<Thread> threads = new ArrayList<>();
        for (int count = 0; count < 8; count++) {
            threads.add(Thread.ofPlatform().start(pair.a().context::close));
        }
        for (Thread thread : threads) {
            assertThat(thread.join(Duration.ofSeconds(10))).isTrue();
        }
        assertThatThrownBy(pair.a().qp::query).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void memoryOfPostedRequestsOutlivesTheirQueuePair() {
        Pair pair = plan(QueuePairType.RC)
                .toSend(attributes -> attributes.rnrRetry(7))
                .connect();
        for (int id = 0; id < 16; id++) {
            pair.b().receive(id, id * 4096L, 4096);
            pair.a().receive(id, id * 4096L, 4096);
        }
        for (int id = 0; id < 16; id++) {
            pair.a().send(id, 0, 4096);
        }

        pair.b().qp.close();
        pair.b().memory.close();
        pair.a().memory.close();
        pair.a().qp.close();

        assertThat(pair.a().memory.isOpen()).isFalse();
    }

    @Test
    void anotherThreadCanGoOnWhereOneStopped() throws Exception {
        Pair pair = pair();
        for (int round = 0; round < 25; round++) {
            List<Throwable> thrown = new ArrayList<>();
            Thread thread = Thread.ofPlatform().start(() -> {
                try {
                    pair.exchange(10, 64);
                } catch (Throwable e) {
                    thrown.add(e);
                }
            });
            assertThat(thread.join(Duration.ofSeconds(20))).isTrue();
            assertThat(thrown).isEmpty();
            pair.exchange(20, 64);
        }
    }

    @Test
    void openingAndClosingLeavesNoDescriptorBehind() throws IOException {
        Path descriptors = Path.of("/proc/self/fd");
        Assumptions.assumeTrue(Files.isDirectory(descriptors), "no /proc here");
        openUseAndClose();
        int before = count(descriptors);

        for (int round = 0; round < 10; round++) {
            openUseAndClose();
        }

        assertThat(count(descriptors)).isLessThanOrEqualTo(before);
    }

    private void openUseAndClose() {
        try (Context context = target().open(Part.A);
                ProtectionDomain pd = context.allocateProtectionDomain();
                var channel = context.createCompletionChannel();
                CompletionQueue cq = context.createCompletionQueue(8, channel, 0);
                QueuePair qp = pd.createQueuePair(QueuePairConfig.reliable(cq));
                MemoryRegion region = pd.allocate(4096, AccessFlags.LOCAL_WRITE)) {
            assertThat(qp.state()).isEqualTo(QueuePairState.RESET);
            assertThat(region.isOpen()).isTrue();
        }
    }

    private static int count(Path folder) throws IOException {
        try (var files = Files.list(folder)) {
            return Math.toIntExact(files.count());
        }
    }

    @Test
    @Timeout(RACE_LIMIT_SECONDS + 20)
    void closingDeregisteringAndModifyingWhileAnotherThreadPostsAndPollsIsSafe() throws Exception {
        Path output = directory.resolve("race.log");
        Path crash = directory.resolve("hs_err.log");
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-XX:+UseSerialGC",
                "-Xmx256m",
                "-XX:ErrorFile=" + crash,
                "-XX:-CreateCoredumpOnCrash"));
        command.addAll(compilerOptions());
        System.getProperties().stringPropertyNames().stream()
                .filter(name -> name.startsWith(ConformanceTarget.PREFIX) || name.equals("seed"))
                .forEach(name -> command.add("-D" + name + "=" + System.getProperty(name)));
        command.addAll(List.of(
                "-cp",
                System.getProperty("java.class.path"),
                RaceMain.class.getName(),
                String.valueOf(RACE_ROUNDS * scale()),
                String.valueOf(RACE_SECONDS)));
        Process child = new ProcessBuilder(command)
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .redirectInput(ProcessBuilder.Redirect.from(new File("/dev/null")))
                .start();
        try {
            boolean ended = child.waitFor(RACE_LIMIT_SECONDS, TimeUnit.SECONDS);
            assertThat(ended)
                    .as(() -> "the child JVM ended in time; it said:\n" + tail(output))
                    .isTrue();
            assertThat(child.exitValue())
                    .as(() -> "the child JVM's exit code; it said:\n" + tail(output) + "\n" + head(crash))
                    .isZero();
            System.err.print(tail(output));
        } finally {
            child.destroyForcibly();
        }
    }

    /** Of this JVM: an emulated machine runs only JVMs without recompilation reliably (see soft-roce/README.md). */
    private static List<String> compilerOptions() {
        return ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
                .filter(argument -> argument.startsWith("-XX:TieredStopAtLevel="))
                .toList();
    }

    /** Of a crash log: what happened, where, with which registers and on which stack. */
    private static String head(Path file) {
        List<String> lines = lines(file);
        return String.join("\n", lines.subList(0, Math.min(120, lines.size()))) + "\n";
    }

    private static String tail(Path file) {
        List<String> lines = lines(file);
        return String.join("\n", lines.subList(Math.max(0, lines.size() - 20), lines.size())) + "\n";
    }

    private static List<String> lines(Path file) {
        try {
            return Files.exists(file) ? Files.readAllLines(file) : List.of();
        } catch (IOException e) {
            return List.of(e.toString());
        }
    }
}
