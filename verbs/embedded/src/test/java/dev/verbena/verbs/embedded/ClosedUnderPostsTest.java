package dev.verbena.verbs.embedded;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.verbena.verbs.AccessFlags;
import dev.verbena.verbs.CompletionQueue;
import dev.verbena.verbs.Context;
import dev.verbena.verbs.MemoryRegion;
import dev.verbena.verbs.ProtectionDomain;
import dev.verbena.verbs.QueuePair;
import dev.verbena.verbs.QueuePairConfig;
import dev.verbena.verbs.SendFlags;
import dev.verbena.verbs.Verbs;
import dev.verbena.verbs.WorkCompletions;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A device that is closed under a thread that posts the short way: its control segment is unmapped, and nobody touches it. */
final class ClosedUnderPostsTest {
    private static final int ROUNDS = 40;

    /** Both ends of a connection, in one context that is the device's only one. */
    private static final class Loop {
        final Context context =
                Verbs.devices(Verbs.provider("embedded")).getLast().open();
        final ProtectionDomain pd = context.allocateProtectionDomain();
        final CompletionQueue cq = context.createCompletionQueue(64);
        final QueuePair here = pd.createQueuePair(QueuePairConfig.reliable(cq));
        final QueuePair there = pd.createQueuePair(QueuePairConfig.reliable(cq));
        final MemoryRegion region =
                pd.allocate(4096, AccessFlags.LOCAL_WRITE | AccessFlags.REMOTE_WRITE | AccessFlags.REMOTE_READ);
        final WorkCompletions completions = new WorkCompletions(4);

        Loop() {
            here.connect(there.localEndpoint());
            there.connect(here.localEndpoint());
        }

        void write() {
            long from = region.address();
            assertThat(here.postWrite(1, from, 8, region.lkey(), from + 64, region.rkey(), SendFlags.SIGNALED))
                    .isZero();
            while (cq.poll(completions) == 0) {
                Thread.onSpinWait();
            }
        }
    }

    @Test
    void aPostAfterwardsIsRefused() {
        Loop loop = new Loop();
        for (int i = 0; i < 100; i++) {
            loop.write();
            loop.completions.requireSuccess(0);
        }
        loop.context.close();

        assertThatIllegalStateException().isThrownBy(loop::write).withMessageContaining("closed");
    }

    @Test
    @Timeout(60)
    void aThreadInTheMiddleOfPostsIsToldToo() throws Exception {
        for (int round = 0; round < ROUNDS; round++) {
            Loop loop = new Loop();
            AtomicLong written = new AtomicLong();
            CompletableFuture<Throwable> end = new CompletableFuture<>();
            Thread.ofPlatform().start(() -> {
                try {
                    while (true) {
                        loop.write();
                        written.incrementAndGet();
                    }
                } catch (RuntimeException | AssertionError e) {
                    end.complete(e);
                }
            });
            while (written.get() < 1000) {
                Thread.onSpinWait();
            }
            loop.context.close();

            assertThat(end.get(10, SECONDS))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("closed");
        }
    }
}
