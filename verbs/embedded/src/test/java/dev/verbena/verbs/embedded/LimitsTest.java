package dev.verbena.verbs.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.verbena.verbs.AccessFlags;
import dev.verbena.verbs.CompletionQueue;
import dev.verbena.verbs.Context;
import dev.verbena.verbs.Errno;
import dev.verbena.verbs.MemoryRegion;
import dev.verbena.verbs.Pages;
import dev.verbena.verbs.ProtectionDomain;
import dev.verbena.verbs.QueuePair;
import dev.verbena.verbs.QueuePairConfig;
import dev.verbena.verbs.SendFlags;
import dev.verbena.verbs.Verbs;
import dev.verbena.verbs.VerbsException;
import dev.verbena.verbs.WorkCompletions;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What is too much is refused with the errno that ibv would give and with a way out, and nothing else suffers. */
@SuppressWarnings("NullAway.Init") // set before each test
final class LimitsTest {
    private static final int QUEUE_PAIRS = 4096;
    private static final int FEW_DESCRIPTORS = 80;

    private Context context;
    private ProtectionDomain pd;
    private CompletionQueue cq;

    @BeforeEach
    void open() {
        context = Verbs.devices(Verbs.provider("embedded")).getFirst().open();
        pd = context.allocateProtectionDomain();
        cq = context.createCompletionQueue(4 * QUEUE_PAIRS);
    }

    @AfterEach
    void close() {
        context.close();
    }

    @Test
    void aProcessHas4096QueuePairsThatAllWorkAndOneMoreIsRefused() {
        QueuePairConfig config = QueuePairConfig.reliable(cq).sendSlots(2).receiveSlots(2);
        MemoryRegion memory = pd.allocate(4096, AccessFlags.LOCAL_WRITE);
        assertThat(context.queryDevice().maxQueuePairs()).isEqualTo(QUEUE_PAIRS);
        List<QueuePair> all = new ArrayList<>();
        for (int count = 0; count < QUEUE_PAIRS; count++) {
            all.add(pd.createQueuePair(config));
        }
        assertThatThrownBy(() -> pd.createQueuePair(config))
                .isInstanceOfSatisfying(
                        VerbsException.class,
                        refused -> assertThat(refused.errno()).isEqualTo(Errno.ENOMEM))
                .hasMessageContaining("4096");

        for (int index = 0; index < QUEUE_PAIRS; index++) {
            all.get(index).connect(all.get(QUEUE_PAIRS - 1 - index).localEndpoint());
        }
        for (QueuePair qp : all) {
            assertThat(qp.postReceive(qp.number(), memory.address(), 64, memory.lkey()))
                    .isZero();
        }
        WorkCompletions completions = new WorkCompletions(64);
        int polled = 0;
        for (QueuePair qp : all) {
            assertThat(qp.postSend(qp.number(), memory.address() + 64, 64, memory.lkey(), SendFlags.SIGNALED))
                    .isZero();
            polled += succeeded(completions);
        }
        for (int now = 1; polled < 2 * QUEUE_PAIRS && now > 0; polled += now) {
            now = succeeded(completions);
        }
        assertThat(polled).isEqualTo(2 * QUEUE_PAIRS);

        all.getLast().close();
        assertThat(pd.createQueuePair(config).number()).isPositive();
    }

    private int succeeded(WorkCompletions completions) {
        int polled = cq.poll(completions);
        for (int index = 0; index < polled; index++) {
            completions.requireSuccess(index);
        }
        return polled;
    }

    @Test
    void memoryThatCannotBeHadIsRefusedAndLeavesNothing() throws IOException {
        Jvm.Held before = Jvm.Held.now();

        for (long bytes : new long[] {1L << 45, Long.MAX_VALUE / 2, Long.MAX_VALUE}) {
            for (Pages pages : new Pages[] {Pages.NORMAL, Pages.HUGE_IF_AVAILABLE}) {
                assertThatThrownBy(() -> pd.allocate(bytes, AccessFlags.LOCAL_WRITE, pages))
                        .isInstanceOfSatisfying(
                                VerbsException.class,
                                refused -> assertThat(refused.errno()).isEqualTo(Errno.ENOMEM))
                        .hasMessageContaining("memory");
            }
        }

        Jvm.Held after = Jvm.Held.now();
        assertThat(after.descriptors()).isEqualTo(before.descriptors());
        assertThat(after.mappings()).isEqualTo(before.mappings());
    }

    @Test
    void hugePagesAreGivenOrRefusedWithAWayToHaveThem() throws IOException {
        long free = Files.readAllLines(Path.of("/proc/meminfo")).stream()
                .filter(line -> line.startsWith("HugePages_Free:"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")))
                .sum();
        if (free > 0) {
            MemoryRegion region = pd.allocate(1, AccessFlags.LOCAL_WRITE, Pages.HUGE);
            region.memory().fill((byte) 1);
            assertThat(region.address() % SharedMemory.HUGE_PAGE_BYTES).isZero();
        } else {
            assertThatThrownBy(() -> pd.allocate(1, AccessFlags.LOCAL_WRITE, Pages.HUGE))
                    .isInstanceOf(VerbsException.class)
                    .hasMessageContaining("ENOMEM")
                    .hasMessageContaining("nr_hugepages");
        }
        assertThat(pd.allocate(1, AccessFlags.LOCAL_WRITE, Pages.HUGE_IF_AVAILABLE)
                        .lengthBytes())
                .isOne();
    }

    @Test
    void aProcessWithoutDescriptorsRefusesTurnsVisitorsAwayAndRecovers() throws Exception {
        Process process = fewDescriptors();
        try {
            BufferedReader lines = process.inputReader(StandardCharsets.UTF_8);
            String line = lines.readLine();
            assertThat(line).as("the number of its queue pair").isNotNull();
            String name = Node.socketName(Layout.slotOf(Integer.parseInt(line == null ? "0" : line)));

            // It can keep none of them, and does not leave them waiting.
            for (int visitor = 0; visitor < 3; visitor++) {
                int fd = Sockets.connect(name);
                assertThat(fd).as(Errno.name(-fd)).isPositive();
                Awaitility.await().atMost(Duration.ofSeconds(10)).until(() -> Sockets.isHungUp(fd));
                assertThat(Linux.close(fd)).isZero();
            }
            process.outputWriter(StandardCharsets.UTF_8).append('\n').flush();

            assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
            assertThat(process.exitValue()).isZero();
        } finally {
            process.destroyForcibly();
        }
    }

    private static Process fewDescriptors() throws IOException {
        List<String> command =
                new ArrayList<>(List.of("sh", "-c", "ulimit -n " + FEW_DESCRIPTORS + "; exec \"$@\"", "sh"));
        command.addAll(Jvm.builder(LimitsMain.class, List.of()).command());
        return new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
    }
}
