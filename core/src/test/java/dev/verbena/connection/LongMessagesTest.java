package dev.verbena.connection;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.verbena.memory.OwnedMemory;
import dev.verbena.memory.RegisteredBuffer;
import dev.verbena.messaging.LongMessage;
import dev.verbena.messaging.LongMessageCallback;
import dev.verbena.queuepair.ConnectionException;
import dev.verbena.queuepair.ConnectionException.Reason;
import io.netty.buffer.ByteBuf;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Messages that the receiver's device reads: of any length, into any memory, and how they end early. */
final class LongMessagesTest {
    private static final long MIB = 1 << 20;
    private static final int TIMEOUT_S = 20;

    /** Every eight bytes say where they are. */
    private static MemorySegment pattern(Arena arena, long bytes) {
        MemorySegment segment = arena.allocate(Math.max(bytes, 1), 8).asSlice(0, bytes);
        for (long at = 0; at + 8 <= bytes; at += 8) {
            segment.set(JAVA_LONG, at, at * 0x9E3779B97F4A7C15L);
        }
        for (long at = bytes & -8; at < bytes; at++) {
            segment.set(JAVA_BYTE, at, (byte) at);
        }
        return segment;
    }

    private static boolean same(ByteBuf message, MemorySegment expected) {
        long at = 0;
        for (var part : message.nioBuffers(message.readerIndex(), message.readableBytes())) {
            MemorySegment there = MemorySegment.ofBuffer(part);
            if (MemorySegment.mismatch(there, 0, there.byteSize(), expected, at, at + there.byteSize()) >= 0) {
                return false;
            }
            at += there.byteSize();
        }
        return at == expected.byteSize();
    }

    /** How a message that was read into the program's memory ended. */
    private record End(LongMessage message, @Nullable ConnectionException failure) {}

    private static LongMessageCallback into(BlockingQueue<End> ends) {
        return (message, failure) -> ends.add(new End(message, failure));
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1, 100, 5000, 65_535, 65_536, 1 << 20, 16 << 20, (16 << 20) + 1, (50 << 20) + 13})
    void aSegmentOfAnyLengthArrivesAsABuffer(long length) throws Exception {
        MemorySegment source = pattern(Arena.ofAuto(), length);
        BlockingQueue<Boolean> seen = new LinkedBlockingQueue<>();
        try (Pair pair = new Pair(
                connection -> connection.onMessage((type, message) -> seen.add(type == 7 && same(message, source))))) {
            pair.toServer.send(7, source).get(TIMEOUT_S, TimeUnit.SECONDS);
            assertThat(seen.poll(TIMEOUT_S, TimeUnit.SECONDS)).isTrue();
        }
    }

    @Test
    void aMessageGoesFromTheProgramsMemoryIntoTheProgramsMemoryAndBothHearHowFarItIs() throws Exception {
        BlockingQueue<End> ends = new LinkedBlockingQueue<>();
        List<Long> peerHas = new ArrayList<>();
        ConcurrentLinkedQueue<Long> received = new ConcurrentLinkedQueue<>();
        long length = (TestDevices.areEmbedded() ? 70 : 36) * MIB + 3;
        try (Arena here = Arena.ofShared();
                Arena there = Arena.ofConfined()) {
            MemorySegment source = pattern(there, length);
            MemorySegment destination = here.allocate(length + 8);
            LongMessageCallback told = new LongMessageCallback() {
                @Override
                public void onProgress(LongMessage message) {
                    received.add(message.receivedBytes());
                }

                @Override
                public void onDone(LongMessage message, @Nullable ConnectionException failure) {
                    ends.add(new End(message, failure));
                }
            };
            try (Pair pair = new Pair(connection -> connection.onLongMessage(
                    message -> message.receiveInto(OwnedMemory.of(destination, here), told)))) {
                pair.toServer
                        .send(3, OwnedMemory.of(source, there), peerHas::add)
                        .get(TIMEOUT_S, TimeUnit.SECONDS);
                End end = ends.poll(TIMEOUT_S, TimeUnit.SECONDS);
                assertThat(end).isNotNull();
                assertThat(end.failure).isNull();
                assertThat(end.message.type()).isEqualTo(3);
                assertThat(pair.toClient.counters().bytesReceived).isEqualTo(length);
            }
            assertThat(MemorySegment.mismatch(source, 0, length, destination, 0, length))
                    .isEqualTo(-1);
            assertThat(destination.get(JAVA_LONG_UNALIGNED, length)).isZero();
            // At least once a window.
            int windows = (int) (length / (16 * MIB));
            assertThat(peerHas).isSorted().hasSizeGreaterThan(windows).endsWith(length);
            assertThat(received).hasSizeGreaterThan(windows).endsWith(length);
        }
    }

    @Test
    void registeredMemoryOnBothSidesIsUsedAsItIs() throws Exception {
        long length = 40 * MIB;
        BlockingQueue<End> ends = new LinkedBlockingQueue<>();
        AtomicReference<RegisteredBuffer> destination = new AtomicReference<>();
        try (Pair pair = new Pair(connection -> connection.onLongMessage(message ->
                        message.receiveInto(OwnedMemory.of(requireNonNull(destination.get())), into(ends))));
                RegisteredBuffer source = pair.client.allocateReadable(length);
                RegisteredBuffer there = pair.server.allocate(length);
                RegisteredBuffer unreadable = pair.client.allocate(length)) {
            destination.set(there);
            source.memory().copyFrom(pattern(Arena.ofAuto(), length));
            long used = pair.client.budget().usedBytes();

            pair.toServer.send(0, OwnedMemory.of(source), n -> {}).get(TIMEOUT_S, TimeUnit.SECONDS);

            End end = ends.poll(TIMEOUT_S, TimeUnit.SECONDS);
            assertThat(end).isNotNull();
            assertThat(end.failure).isNull();
            assertThat(source.memory().mismatch(there.memory())).isEqualTo(-1);
            assertThat(pair.client.budget().usedBytes()).isEqualTo(used);
            assertThatThrownBy(() -> pair.toServer
                            .send(0, OwnedMemory.of(unreadable), n -> {})
                            .get(TIMEOUT_S, TimeUnit.SECONDS))
                    .hasMessageContaining("allocateReadable");
        }
    }

    /** The source is a file with holes, so that it costs no memory; the destination has every byte. */
    @Test
    @Timeout(120)
    void aMessageBeyondFourGibibytesArrivesWithinASmallBudget(@TempDir Path directory) throws Exception {
        // An emulated device would take minutes for the real length.
        long length = TestDevices.areEmbedded() ? (1L << 32) + 1 : 36 * MIB + 1;
        BlockingQueue<End> ends = new LinkedBlockingQueue<>();
        try (FileChannel file = FileChannel.open(
                        directory.resolve("source"),
                        StandardOpenOption.CREATE_NEW,
                        StandardOpenOption.SPARSE,
                        StandardOpenOption.READ,
                        StandardOpenOption.WRITE);
                Arena arena = Arena.ofShared()) {
            MemorySegment source = file.map(FileChannel.MapMode.READ_WRITE, 0, length, arena);
            for (long at = 0; at < length - 8; at += 16 * MIB - 8) {
                source.set(JAVA_LONG_UNALIGNED, at, ~at);
            }
            source.set(JAVA_LONG_UNALIGNED, Math.min(1L << 31, length - 64) - 4, 0x1122334455667788L);
            source.set(JAVA_LONG_UNALIGNED, length - 8, 0x8877665544332211L);
            MemorySegment destination = arena.allocate(length);
            try (Pair pair = new Pair(
                    config -> config.messageMaxBytes(1L << 33)
                            .lockedMemoryMaxBytes(160 * MIB)
                            .registrationCacheMaxBytes(64 * MIB),
                    connection -> connection.onLongMessage(
                            message -> message.receiveInto(OwnedMemory.of(destination, arena), into(ends))))) {
                pair.toServer.send(0, OwnedMemory.of(source, arena), n -> {}).get(60, TimeUnit.SECONDS);
                End end = ends.poll(TIMEOUT_S, TimeUnit.SECONDS);
                assertThat(end).isNotNull();
                assertThat(end.failure).isNull();
                assertThat(end.message.receivedBytes()).isEqualTo(length);
                assertThat(pair.client.budget().usedBytes()).isLessThanOrEqualTo(160 * MIB);
            }
            assertThat(source.mismatch(destination)).isEqualTo(-1);
        }
    }

    @Test
    void aCancelEndsAMessageUnderWayOnBothSidesAndTheConnectionGoesOn() throws Exception {
        BlockingQueue<End> ends = new LinkedBlockingQueue<>();
        BlockingQueue<Integer> messages = new LinkedBlockingQueue<>();
        MemorySegment destination = Arena.ofAuto().allocate(200 * MIB);
        MemorySegment source = Arena.ofAuto().allocate(200 * MIB);
        try (Pair pair = new Pair(connection -> {
            connection.onLongMessage(message -> message.receiveInto(OwnedMemory.of(destination), into(ends)));
            connection.onMessage(message -> messages.add(message.readableBytes()));
        })) {
            CompletableFuture<CompletableFuture<Void>> sent = new CompletableFuture<>();
            CompletableFuture<Boolean> cancelled = new CompletableFuture<>();
            sent.complete(pair.toServer.send(0, OwnedMemory.of(source), n -> {
                if (!cancelled.isDone()) {
                    cancelled.complete(sent.join().cancel(true));
                }
            }));
            CompletableFuture<Void> behind =
                    pair.toServer.send(pair.client.allocator().directBuffer(5).writeZero(5));

            End end = ends.poll(TIMEOUT_S, TimeUnit.SECONDS);

            assertThat(end).isNotNull();
            assertThat(end.failure).isNotNull().hasMessageContaining("the peer cancelled");
            assertThat(end.message.receivedBytes()).isBetween(1L, 199 * MIB);
            assertThat(cancelled.get()).as("cancelled at once").isFalse();
            await().until(() -> sent.join().isCancelled());
            behind.get(TIMEOUT_S, TimeUnit.SECONDS);
            assertThat(messages.poll(TIMEOUT_S, TimeUnit.SECONDS)).isEqualTo(5);
        }
    }

    @Test
    void aReceiverThatCancelsAnswersWithARefusalAndTheConnectionGoesOn() throws Exception {
        BlockingQueue<End> ends = new LinkedBlockingQueue<>();
        MemorySegment destination = Arena.ofAuto().allocate(200 * MIB);
        try (Pair pair = new Pair(connection -> connection.onLongMessage(message ->
                message.receiveInto(OwnedMemory.of(destination), new LongMessageCallback() {
                    @Override
                    public void onProgress(LongMessage progressed) {
                        progressed.cancel();
                    }

                    @Override
                    public void onDone(LongMessage ended, @Nullable ConnectionException failure) {
                        ends.add(new End(ended, failure));
                    }
                })))) {
            CompletableFuture<Void> sent = pair.toServer.send(0, Arena.ofAuto().allocate(200 * MIB));

            assertThatThrownBy(() -> sent.get(TIMEOUT_S, TimeUnit.SECONDS))
                    .cause()
                    .isInstanceOfSatisfying(
                            ConnectionException.class,
                            e -> assertThat(e.reason()).isEqualTo(Reason.REJECTED))
                    .hasMessageContaining("refused");
            End end = ends.poll(TIMEOUT_S, TimeUnit.SECONDS);
            assertThat(end).isNotNull();
            assertThat(end.failure).isNotNull().hasMessageContaining("cancelled on this side");
            assertThat(ends).isEmpty();
            assertThat(pair.toServer.isOpen()).isTrue();
        }
    }

    @Test
    void aHandlerThatRefusesOrThrowsRefusesThatMessageAlone() throws Exception {
        BlockingQueue<End> ends = new LinkedBlockingQueue<>();
        BlockingQueue<Integer> messages = new LinkedBlockingQueue<>();
        MemorySegment tooShort = Arena.ofAuto().allocate(10);
        try (Pair pair = new Pair(connection -> {
            connection.onLongMessage(message -> {
                switch (message.type()) {
                    case 1 -> message.refuse();
                    case 2 -> throw new IllegalStateException("wanted by the test");
                    case 3 -> message.receiveInto(OwnedMemory.of(tooShort), into(ends));
                    default -> {}
                }
            });
            connection.onMessage((type, message) -> messages.add(type));
        })) {
            MemorySegment source = pattern(Arena.ofAuto(), 100_000);
            List<CompletableFuture<Void>> refused = new ArrayList<>();
            for (int type = 1; type <= 3; type++) {
                refused.add(pair.toServer.send(type, source));
            }
            CompletableFuture<Void> taken = pair.toServer.send(4, source);

            for (CompletableFuture<Void> one : refused) {
                assertThatThrownBy(() -> one.get(TIMEOUT_S, TimeUnit.SECONDS)).hasMessageContaining("refused");
            }
            taken.get(TIMEOUT_S, TimeUnit.SECONDS);
            assertThat(messages.poll(TIMEOUT_S, TimeUnit.SECONDS)).isEqualTo(4);
            assertThat(ends).isEmpty();
        }
    }

    @Test
    void manyLongMessagesAtOnceArriveInOrder() throws Exception {
        BlockingQueue<Integer> types = new LinkedBlockingQueue<>();
        int count = 60;
        try (Pair pair = new Pair(
                config -> config.lockedMemoryMaxBytes(96 * MIB),
                connection -> connection.onMessage((type, message) -> types.add(type)))) {
            MemorySegment source = pattern(Arena.ofAuto(), TestDevices.areEmbedded() ? 3 * MIB : MIB);
            List<CompletableFuture<Void>> sent = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                sent.add(pair.toServer.send(i, source));
            }
            CompletableFuture.allOf(sent.toArray(CompletableFuture[]::new)).get(TIMEOUT_S, TimeUnit.SECONDS);
            for (int i = 0; i < count; i++) {
                assertThat(types.poll(TIMEOUT_S, TimeUnit.SECONDS)).isEqualTo(i);
            }
        }
    }

    @Test
    void aMessageWithoutRoomInTheReceiversBudgetIsRefusedAndTheNextOneArrives() throws Exception {
        BlockingQueue<Integer> lengths = new LinkedBlockingQueue<>();
        try (Pair pair = new Pair(
                config -> config.lockedMemoryMaxBytes(64 * MIB),
                connection -> connection.onMessage(message -> lengths.add(message.readableBytes())))) {
            // Window by window out of memory that costs the sender three; the receiver keeps it all.
            CompletableFuture<Void> refused =
                    pair.toServer.send(0, Arena.ofAuto().allocate(100 * MIB));
            CompletableFuture<Void> taken = pair.toServer.send(0, Arena.ofAuto().allocate(10 * MIB));

            assertThatThrownBy(() -> refused.get(TIMEOUT_S, TimeUnit.SECONDS)).hasMessageContaining("budget");
            taken.get(TIMEOUT_S, TimeUnit.SECONDS);
            assertThat(lengths.poll(TIMEOUT_S, TimeUnit.SECONDS)).isEqualTo((int) (10 * MIB));
        }
    }

    /** Cancels of both sides at any time, refusals and exceptions among messages that arrive. */
    @Test
    void whateverEndsSomeMessagesEveryOneEndsOnceAndInOrderAndNothingIsLeft() throws Exception {
        long seed = Long.getLong("seed", System.nanoTime());
        Random random = new Random(seed);
        int count = TestDevices.rounds(300);
        MemorySegment source = pattern(Arena.ofAuto(), 20 * MIB);
        MemorySegment destination = Arena.ofAuto().allocate(20 * MIB);
        ConcurrentLinkedQueue<Integer> arrived = new ConcurrentLinkedQueue<>();
        AtomicIntegerArray ends = new AtomicIntegerArray(count);
        ConcurrentLinkedQueue<String> wrong = new ConcurrentLinkedQueue<>();
        LongMessageCallback told = new LongMessageCallback() {
            @Override
            public void onProgress(LongMessage message) {
                if (message.type() % 10 == 3) {
                    message.cancel();
                }
            }

            @Override
            public void onDone(LongMessage message, @Nullable ConnectionException failure) {
                ends.incrementAndGet(message.type());
                if (failure == null) {
                    arrived.add(message.type());
                    if (message.receivedBytes() != message.lengthBytes()) {
                        wrong.add(message + " is short");
                    }
                }
            }
        };
        try (Pair pair = new Pair(connection -> {
            connection.onLongMessage(message -> {
                switch (message.type() % 10) {
                    case 0 -> message.refuse();
                    case 1 -> throw new IllegalStateException("wanted by the test");
                    case 2, 3, 4, 5 -> message.receiveInto(OwnedMemory.of(destination), told);
                    default -> {}
                }
            });
            connection.onMessage((type, message) -> {
                arrived.add(type);
                if (!same(message, source.asSlice(0, message.readableBytes()))) {
                    wrong.add("message " + type + " has other bytes");
                }
            });
        })) {
            List<CompletableFuture<Void>> sent = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                long bytes = 65_536 + random.nextLong((random.nextInt(5) == 0 ? 20 : 2) * MIB - 65_536);
                sent.add(pair.toServer.send(i, source.asSlice(0, bytes)));
                if (random.nextInt(4) == 0) {
                    boolean _ = sent.get(random.nextInt(sent.size())).cancel(true);
                }
                if (i % 20 == 19) {
                    await().until(() -> sent.stream().filter(f -> !f.isDone()).count() < 10);
                }
            }
            int succeeded = 0;
            for (CompletableFuture<Void> one : sent) {
                try {
                    one.get(TIMEOUT_S, TimeUnit.SECONDS);
                    succeeded++;
                } catch (CancellationException e) {
                    // wanted
                } catch (ExecutionException e) {
                    assertThat(e.getCause())
                            .as("seed %d", seed)
                            .isInstanceOfSatisfying(
                                    ConnectionException.class,
                                    failure -> assertThat(failure.reason()).isEqualTo(Reason.REJECTED));
                }
            }
            int expected = succeeded;
            await().untilAsserted(() -> assertThat(List.copyOf(arrived))
                    .as("seed %d", seed)
                    .hasSize(expected)
                    .isSorted());
            assertThat(wrong).as("seed %d", seed).isEmpty();
            assertThat(succeeded).as("seed %d", seed).isBetween(count / 5, 4 * count / 5);
            for (int i = 0; i < count; i++) {
                assertThat(ends.get(i)).as("seed %d, message %d", seed, i).isLessThanOrEqualTo(1);
            }
            assertThat(pair.toServer.isOpen()).isTrue();
        }
    }

    @Test
    void anEndOfTheConnectionEndsTheMessageOnceOnEachSide() throws Exception {
        BlockingQueue<End> ends = new LinkedBlockingQueue<>();
        MemorySegment destination = Arena.ofAuto().allocate(200 * MIB);
        try (Pair pair = new Pair(connection -> connection.onLongMessage(message ->
                message.receiveInto(OwnedMemory.of(destination), new LongMessageCallback() {
                    @Override
                    public void onProgress(LongMessage progressed) {
                        CompletableFuture<ConnectionException> _ = connection.abort();
                    }

                    @Override
                    public void onDone(LongMessage ended, @Nullable ConnectionException failure) {
                        ends.add(new End(ended, failure));
                    }
                })))) {
            CompletableFuture<Void> sent = pair.toServer.send(0, Arena.ofAuto().allocate(200 * MIB));

            assertThatThrownBy(() -> sent.get(TIMEOUT_S, TimeUnit.SECONDS))
                    .cause()
                    .isInstanceOf(ConnectionException.class);
            End end = ends.poll(TIMEOUT_S, TimeUnit.SECONDS);
            assertThat(end).isNotNull();
            assertThat(end.failure).isNotNull();
            assertThat(end.failure.reason()).isEqualTo(Reason.CLOSED);
            await().until(() -> pair.server.connectionCount() == 0);
            assertThat(ends).isEmpty();
        }
    }

    @Test
    void aHandlerThatEndsTheConnectionEndsItAtOnce() throws Exception {
        AtomicLong abortedNs = new AtomicLong();
        BlockingQueue<Long> tookMs = new LinkedBlockingQueue<>();
        try (Pair pair = new Pair(connection -> {
            connection.onLongMessage(message -> {
                abortedNs.set(System.nanoTime());
                CompletableFuture<ConnectionException> _ = connection.abort();
            });
            connection.onClose(cause -> tookMs.add(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - abortedNs.get())));
        })) {
            CompletableFuture<Void> sent = pair.toServer.send(0, Arena.ofAuto().allocate(MIB));

            assertThatThrownBy(() -> sent.get(TIMEOUT_S, TimeUnit.SECONDS))
                    .cause()
                    .isInstanceOf(ConnectionException.class);
            // Two seconds is how long it waits for requests that the device does not give back.
            assertThat(tookMs.poll(TIMEOUT_S, TimeUnit.SECONDS)).isLessThan(1900L);
        }
    }

    @Test
    void anArenaThatIsClosedUnderAMessageTakesTheMemoryFromTheDeviceFirst() throws Exception {
        Arena arena = Arena.ofShared();
        MemorySegment source = arena.allocate(200 * MIB);
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch closed = new CountDownLatch(1);
        try (Pair pair = new Pair(connection -> connection.onMessage(message -> {}))) {
            CompletableFuture<Void> sent = pair.toServer.send(0, OwnedMemory.of(source, arena), n -> {
                begun.countDown();
                try {
                    assertThat(closed.await(TIMEOUT_S, TimeUnit.SECONDS)).isTrue();
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
            });
            assertThat(begun.await(TIMEOUT_S, TimeUnit.SECONDS)).isTrue();
            arena.close();
            closed.countDown();

            // By the device, when the peer was reading; by us, when the next window was to be opened.
            assertThatThrownBy(() -> sent.get(TIMEOUT_S, TimeUnit.SECONDS))
                    .satisfies(e -> assertThat(requireNonNull(e.getCause()).getMessage())
                            .containsAnyOf("the arena of", "REM_ACCESS_ERR", "peer", "without a goodbye"));
            assertThat(pair.client.memoryInUseBytes()).isLessThan(2 * MIB);
        }
    }

    @Test
    void heapMemoryAndSegmentsOfAnArenaThatIsNotGivenAreRefused() {
        assertThatThrownBy(() -> OwnedMemory.of(MemorySegment.ofArray(new byte[10])))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("heap memory moves");
        try (Arena arena = Arena.ofConfined();
                Arena other = Arena.ofConfined()) {
            MemorySegment segment = arena.allocate(10);
            assertThatThrownBy(() -> OwnedMemory.of(segment)).hasMessageContaining("give the arena too");
            assertThatThrownBy(() -> OwnedMemory.of(segment, other)).hasMessageContaining("not of this arena");
        }
    }
}
