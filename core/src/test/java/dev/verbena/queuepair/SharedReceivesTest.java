package dev.verbena.queuepair;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.verbena.memory.RegisteredMemory;
import dev.verbena.verbs.AccessFlags;
import dev.verbena.verbs.CompletionQueue;
import dev.verbena.verbs.MemoryRegion;
import dev.verbena.verbs.QueuePair;
import dev.verbena.verbs.QueuePairConfig;
import dev.verbena.verbs.SendFlags;
import dev.verbena.verbs.VerbsException;
import dev.verbena.verbs.WorkCompletions;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Accounts on real receives: whatever peers send and programs keep, every credit has a receive, and a base is a base. */
final class SharedReceivesTest {
    private static final int SCALE = Integer.getInteger("scale", 1);
    private static final long TIMEOUT_NS = 10_000_000_000L;
    private static final int BASE = 3;
    private static final int CONTROL = 4;
    private static final int MOST = 60;

    /** A connection: two queue pairs, and what the receiving one has. */
    private final class Peer {
        final QueuePair from =
                memory.pd.createQueuePair(QueuePairConfig.reliable(sent).sendSlots(8));
        final QueuePair to = memory.pd.createQueuePair(
                QueuePairConfig.reliable(received).sendSlots(8).sharedReceiveQueue(receives.queue()));
        final List<Integer> kept = new ArrayList<>();
        ReceiveAccount account = new ReceiveAccount(BASE, CONTROL);

        Peer() {
            from.initialize();
            to.initialize();
            from.connectInitialized(to.localEndpoint());
            to.connectInitialized(from.localEndpoint());
        }

        /** Sends and takes what arrived: its slot, which is being served. */
        int send() {
            from.postSend(1, region.address(), 16, region.lkey(), SendFlags.SIGNALED);
            int slot = awaitMessage();
            receives.served(slot);
            return slot;
        }
    }

    private final RegisteredMemory memory = new RegisteredMemory(64 << 20);
    private final SharedReceives receives = new SharedReceives(memory.pd, memory.local, 4096, 100);
    private final CompletionQueue sent = memory.pd.context().createCompletionQueue(64);
    private final CompletionQueue received = memory.pd.context().createCompletionQueue(256);
    private final MemoryRegion region = memory.pd.allocate(4096, AccessFlags.LOCAL_WRITE);
    private final WorkCompletions completions = new WorkCompletions(1);

    @AfterEach
    void close() {
        memory.close();
    }

    /** Polls both queues, since both sides have a part in it; answers the slot. */
    private int awaitMessage() {
        long start = System.nanoTime();
        boolean acknowledged = false;
        int slot = -1;
        while (!acknowledged || slot < 0) {
            assertThat(System.nanoTime() - start).as("time").isLessThan(TIMEOUT_NS);
            if (received.poll(completions) > 0) {
                completions.requireSuccess(0);
                slot = (int) completions.id(0);
            }
            if (sent.poll(completions) > 0) {
                completions.requireSuccess(0);
                acknowledged = true;
            }
        }
        return slot;
    }

    @Test
    void everyCreditHasAReceiveWhateverIsSentAndKept() {
        long seed = Long.getLong("seed", System.nanoTime());
        Random random = new Random(seed);
        List<Peer> peers = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            Peer peer = new Peer();
            receives.open(peer.account);
            peers.add(peer);
        }
        for (int step = 0; step < 20_000 * SCALE; step++) {
            Peer peer = peers.get(random.nextInt(peers.size()));
            switch (random.nextInt(8)) {
                case 0, 1, 2 -> arrive(peer, random.nextBoolean());
                case 3 -> {
                    int slot = peer.send();
                    receives.usedControl(peer.account);
                    receives.settle(slot);
                    receives.grantControl(peer.account, 1);
                }
                case 4, 5 -> {
                    int wanted = random.nextInt(MOST);
                    int had = peer.account.granted() + peer.account.held();
                    int granted = receives.grant(peer.account, wanted);
                    assertThat(had + granted)
                            .as("seed %d, step %d: its base", seed, step)
                            .isGreaterThanOrEqualTo(Math.min(BASE, had + wanted));
                }
                case 6 -> release(peer, random);
                default -> {
                    if (random.nextInt(20) == 0) {
                        receives.close(peer.account);
                        while (!peer.kept.isEmpty()) {
                            release(peer, random);
                        }
                        peer.account = new ReceiveAccount(BASE, CONTROL);
                        receives.open(peer.account);
                    }
                }
            }
            receives.flush();
            check(peers, seed, step);
        }
    }

    private void arrive(Peer peer, boolean kept) {
        if (peer.account.granted() == 0) {
            return;
        }
        int slot = peer.send();
        receives.used(peer.account, 1);
        if (kept) {
            receives.keep(slot);
            receives.held(peer.account);
            peer.kept.add(slot);
        }
        receives.settle(slot);
    }

    private void release(Peer peer, Random random) {
        if (!peer.kept.isEmpty()) {
            int slot = peer.kept.get(random.nextInt(peer.kept.size()));
            peer.kept.remove(Integer.valueOf(slot));
            receives.giveBack(slot);
            receives.released(peer.account);
        }
    }

    private void check(List<Peer> peers, long seed, int step) {
        int granted = 0;
        int spokenFor = 0;
        int kept = 0;
        for (Peer peer : peers) {
            granted += peer.account.granted() + CONTROL;
            spokenFor += CONTROL + Math.max(BASE, peer.account.granted() + peer.account.held());
            kept += peer.kept.size();
        }
        assertThat(receives.granted())
                .as("seed %d, step %d: granted", seed, step)
                .isEqualTo(granted);
        assertThat(receives.spokenFor())
                .as("seed %d, step %d: spoken for", seed, step)
                .isEqualTo(spokenFor)
                .isLessThanOrEqualTo(receives.slots());
        assertThat(receives.posted())
                .as("seed %d, step %d: posted", seed, step)
                .isEqualTo(receives.slots() - kept)
                .isGreaterThanOrEqualTo(granted);
    }

    @Test
    void whoKeepsEverythingEndsAtHalfAndTheNextAtAThird() {
        Peer first = new Peer();
        Peer second = new Peer();
        receives.open(first.account);
        receives.open(second.account);
        int left = 100 - 2 * (BASE + CONTROL);

        int _ = receives.grant(first.account, 1000);
        int _ = receives.grant(second.account, 1000);

        assertThat(first.account.granted() - BASE).isEqualTo(left / 2);
        assertThat(second.account.granted() - BASE).isEqualTo(left / 4);
        assertThat(receives.grant(first.account, 1000)).isZero();
        assertThat(receives.isShort()).isTrue();
    }

    @Test
    void aConnectionForWhichThereIsNoBaseIsRefusedWithTheSum() {
        List<ReceiveAccount> accounts = new ArrayList<>();
        for (int i = 0; i < 14; i++) {
            accounts.add(new ReceiveAccount(BASE, CONTROL));
            receives.open(accounts.getLast());
        }

        assertThatThrownBy(() -> receives.open(new ReceiveAccount(BASE, CONTROL)))
                .isInstanceOf(VerbsException.class)
                .hasMessageContaining("needs 7 receives, 98 of 100 are spoken for")
                .hasMessageContaining("sharedReceives");

        receives.close(accounts.getLast());
        receives.open(new ReceiveAccount(BASE, CONTROL));
        assertThat(receives.granted()).isEqualTo(98);
    }

    @Test
    void aSlotIsNotGivenBackTwice() {
        Peer peer = new Peer();
        receives.open(peer.account);
        int slot = peer.send();
        receives.giveBack(slot);
        assertThatThrownBy(() -> receives.giveBack(slot))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("given back twice");
    }
}
