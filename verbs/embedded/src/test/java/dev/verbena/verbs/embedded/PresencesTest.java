package dev.verbena.verbs.embedded;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/** Who has a presence, and who waits for it. */
final class PresencesTest {
    private final MemorySegment control = Arena.ofAuto().allocate(Layout.CONTROL_BYTES, 64);
    private final Presences presences = new Presences(control.address());

    @Test
    void aThreadHasOneAndIsAlone() throws Exception {
        Presence mine = presences.of(Thread.currentThread());

        assertThat(mine.isMine()).isTrue();
        assertThat(presences.of(Thread.currentThread())).isSameAs(mine);
        CompletableFuture<Boolean> anothers = new CompletableFuture<>();
        Thread.ofPlatform().start(() -> anothers.complete(mine.isMine()));
        assertThat(anothers.get(10, SECONDS)).isFalse();
        CompletableFuture<Presence> virtual = new CompletableFuture<>();
        Thread.ofVirtual().start(() -> virtual.complete(presences.of(Thread.currentThread())));
        assertThat(virtual.get(10, SECONDS)).isSameAs(Presence.NOBODY);
        assertThat(Presence.NOBODY.isMine()).isFalse();
    }

    @Test
    void whoTakesMemoryBackWaitsForAnAccess() throws Exception {
        Presence mine = presences.of(Thread.currentThread());
        Quiet quiet = new Quiet();
        assertThat(quiet.await(control.address())).isTrue();

        mine.beginAccess();
        try (ExecutorService executor = Executors.newSingleThreadExecutor()) {
            CountDownLatch begun = new CountDownLatch(1);
            Future<Boolean> waiting = executor.submit(() -> {
                begun.countDown();
                return quiet.await(control.address());
            });
            assertThat(begun.await(10, SECONDS)).isTrue();
            assertThat(waiting.isDone()).isFalse();
            mine.endAccess();
            assertThat(waiting.get(10, SECONDS)).isTrue();
        }
        // In vain, when it does not come out within a second.
        mine.beginAccess();
        assertThat(quiet.await(control.address())).isFalse();
        mine.endAccess();
        assertThat(quiet.await(control.address())).isTrue();
    }

    @Test
    void theRoomOfThreadsThatHaveEndedIsUsedAgain() throws Exception {
        CountDownLatch end = new CountDownLatch(1);
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < Layout.PRESENCES_MAX; i++) {
            Thread thread = Thread.ofPlatform().start(() -> awaitQuietly(end));
            threads.add(thread);
            assertThat(presences.of(thread)).isNotSameAs(Presence.NOBODY);
        }
        assertThat(presences.of(Thread.currentThread())).isSameAs(Presence.NOBODY);

        end.countDown();
        for (Thread thread : threads) {
            thread.join(10_000);
        }
        assertThat(presences.of(Thread.currentThread()).isMine()).isTrue();
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            boolean _ = latch.await(60, SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
