package dev.verbena.verbs.rdmacore;

import static org.assertj.core.api.Assertions.assertThat;

import dev.verbena.verbs.AccessFlags;
import dev.verbena.verbs.CompletionQueue;
import dev.verbena.verbs.Context;
import dev.verbena.verbs.MemoryRegion;
import dev.verbena.verbs.ProtectionDomain;
import dev.verbena.verbs.QueuePair;
import dev.verbena.verbs.QueuePairConfig;
import dev.verbena.verbs.SendFlags;
import dev.verbena.verbs.Verbs;
import dev.verbena.verbs.VerbsException;
import dev.verbena.verbs.WorkCompletions;
import dev.verbena.verbs.rdmacore.ffi.CCompiler;
import dev.verbena.verbs.rdmacore.ffi.FakeIbverbs;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Closing, deregistering or modifying while another thread posts and polls never ends the JVM. */
class ConcurrentCloseTest {
    private static final int ROUNDS = 10_000;

    @Test
    @Timeout(300)
    void tenThousandRoundsInAChildJvmThatMustExitWith0() {
        FakeIbverbs.require();
        long seed = Long.getLong("seed", System.nanoTime());
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("--enable-native-access=ALL-UNNAMED", "-Xmx256m", FakeIbverbs.option()));
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), Main.class.getName()));
        command.addAll(List.of(Long.toString(seed), Integer.toString(ROUNDS * Integer.getInteger("scale", 1))));

        String output = CCompiler.run(command, 280);

        assertThat(output).as("seed %d", seed).contains("rounds done").doesNotContain("Exception");
    }

    /** The child: in each round one thread works and another one pulls something away under it. */
    public static final class Main {
        private final Random random;
        private final AtomicInteger refused = new AtomicInteger();
        private final Context context = Verbs.open("fake0");
        private final ProtectionDomain pd = context.allocateProtectionDomain();

        private Main(long seed) {
            random = new Random(seed);
        }

        public static void main(String[] arguments) throws InterruptedException {
            Main main = new Main(Long.parseLong(arguments[0]));
            int rounds = Integer.parseInt(arguments[1]);
            for (int i = 0; i < rounds; i++) {
                main.round();
            }
            main.context.close();
            System.out.println(rounds + " rounds done, " + main.refused + " of them ended in a refusal");
        }

        private void round() throws InterruptedException {
            CompletionQueue queue = context.createCompletionQueue(256);
            QueuePair near = pd.createQueuePair(QueuePairConfig.reliable(queue).inlineBytes(64));
            QueuePair far = pd.createQueuePair(QueuePairConfig.reliable(queue));
            MemoryRegion memory = pd.allocate(4096, AccessFlags.LOCAL_WRITE | AccessFlags.REMOTE_ALL);
            near.connect(far.localEndpoint());
            far.connect(near.localEndpoint());
            int spins = random.nextInt(2000);
            int victim = random.nextInt(5);
            Thread worker = Thread.ofPlatform().start(() -> work(near, far, queue, memory));
            for (int i = 0; i < spins; i++) {
                Thread.onSpinWait();
            }
            pull(victim, near, queue, memory);
            worker.join();
            near.close();
            far.close();
            queue.close();
            memory.close();
        }

        private void pull(int victim, QueuePair near, CompletionQueue queue, MemoryRegion memory) {
            switch (victim) {
                case 0 -> near.close();
                case 1 -> queue.close();
                case 2 -> memory.close();
                case 3 -> near.fail();
                default -> pd.allocate(4096, AccessFlags.LOCAL_WRITE).close();
            }
        }

        private void work(QueuePair near, QueuePair far, CompletionQueue queue, MemoryRegion memory) {
            WorkCompletions completions = new WorkCompletions(16);
            long address = memory.address();
            try {
                for (int i = 0; i < 100; i++) {
                    far.postReceive(i, address, 64, memory.lkey());
                    near.postSend(i, address, 64, memory.lkey(), SendFlags.SIGNALED);
                    near.postWrite(i, address, 64, memory.lkey(), address, memory.rkey(), SendFlags.INLINE);
                    near.start();
                    near.postWrite(i, address, 64, memory.lkey(), address, memory.rkey(), SendFlags.INLINE);
                    near.complete();
                    queue.poll(completions);
                }
            } catch (IllegalStateException | IllegalArgumentException | VerbsException expected) {
                refused.incrementAndGet();
            }
        }
    }
}
