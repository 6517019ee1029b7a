package dev.verbena.verbs.embedded;

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
import dev.verbena.verbs.WorkCompletions;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Messages that wait in a ring for the receiver's poll: nobody but the provider can tell. */
@SuppressWarnings("NullAway.Init") // set before each test
final class QuietMemoryTest {
    private static final int BYTES = 64;
    private static final int WARM_UP = 10;

    private Context context;
    private ProtectionDomain pd;
    private CompletionQueue sendQueue;
    private CompletionQueue receiveQueue;
    private QueuePair sender;
    private QueuePair receiver;
    private MemoryRegion source;
    private MemoryRegion target;
    private final WorkCompletions completions = new WorkCompletions(4);

    @BeforeEach
    void connectAndWarmUp() {
        context = Verbs.devices(Verbs.provider("embedded")).getFirst().open();
        pd = context.allocateProtectionDomain();
        sendQueue = context.createCompletionQueue(16);
        receiveQueue = context.createCompletionQueue(16);
        sender = pd.createQueuePair(QueuePairConfig.reliable(sendQueue));
        receiver = pd.createQueuePair(QueuePairConfig.reliable(receiveQueue));
        sender.connect(receiver.localEndpoint());
        receiver.connect(sender.localEndpoint());
        source = pd.allocate(4096, AccessFlags.LOCAL_WRITE);
        target = pd.allocate(4096, AccessFlags.LOCAL_WRITE);
        for (int round = 0; round < WARM_UP; round++) {
            exchange(round);
            awaitReceive(round);
        }
    }

    @AfterEach
    void close() {
        context.close();
    }

    /** A SEND that has completed on the sender's side, and that nobody has polled on the other. */
    private void exchange(int value) {
        source.memory().asSlice(0, BYTES).fill((byte) value);
        assertThat(receiver.postReceive(value, target.address(), BYTES, target.lkey()))
                .isZero();
        assertThat(sender.postSend(value, source.address(), BYTES, source.lkey(), SendFlags.SIGNALED))
                .isZero();
        while (sendQueue.poll(completions) == 0) {
            Thread.onSpinWait();
        }
        completions.requireSuccess(0);
    }

    private void awaitReceive(int value) {
        while (receiveQueue.poll(completions) == 0) {
            Thread.onSpinWait();
        }
        completions.requireSuccess(0);
        assertThat(completions.id(0)).isEqualTo(value);
        assertThat(completions.lengthBytes(0)).isEqualTo(BYTES);
    }

    private static void assertFilled(MemorySegment memory, int value) {
        for (long offset = 0; offset < BYTES; offset++) {
            assertThat(memory.get(ValueLayout.JAVA_BYTE, offset)).isEqualTo((byte) value);
        }
    }

    @Test
    void aPolledReceiveHasItsBytes() {
        exchange(77);
        awaitReceive(77);

        assertFilled(target.memory(), 77);
    }

    @Test
    void memoryThatPeersMayReadFromNowOnHasTheBytesOfEveryCompletedSend() {
        exchange(78);

        try (MemoryRegion readable =
                pd.registerUnmanaged(target.address(), BYTES, AccessFlags.LOCAL_WRITE | AccessFlags.REMOTE_READ)) {
            assertFilled(target.memory(), 78);
            assertThat(readable.isOpen()).isTrue();
        }
        awaitReceive(78);
        exchange(79);
        assertFilled(target.memory(), 79);
        awaitReceive(79);
    }

    @Test
    void aReceiveWhoseMemoryIsTakenBackBeforeThePollHasSucceeded() {
        exchange(80);

        target.close();

        awaitReceive(80);
    }

    @Test
    void memoryThatPeersMayReadHasTheBytesWithoutAPoll() {
        MemoryRegion open = pd.allocate(4096, AccessFlags.LOCAL_WRITE | AccessFlags.REMOTE_READ);
        target = open;

        for (int value = 81; value < 91; value++) {
            exchange(value);

            assertFilled(open.memory(), value);
            awaitReceive(value);
        }
    }
}
