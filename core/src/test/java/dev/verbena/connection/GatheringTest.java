package dev.verbena.connection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.CompositeByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.Unpooled;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Messages of Netty's buffers of every kind, in one piece and in many: what is copied, what is registered, what is gathered. */
final class GatheringTest {
    private static final int TIMEOUT_S = 10;

    private final BlockingQueue<byte[]> received = new LinkedBlockingQueue<>();

    private Pair pair(int receiveBufferBytes) throws Exception {
        return new Pair(
                config -> config.receiveBufferBytes(receiveBufferBytes),
                connection -> connection.onMessage(message -> received.add(ByteBufUtil.getBytes(message))));
    }

    private static byte[] content(Random random, int bytes) {
        byte[] content = new byte[bytes];
        random.nextBytes(content);
        return content;
    }

    /** Sends it, waits for it, and looks whether everything was released; answers how many payloads were copied. */
    private long send(Pair pair, ByteBuf message) throws Exception {
        byte[] expected = ByteBufUtil.getBytes(message);
        long before = pair.toServer.counters().copies;
        pair.toServer.send(message).get(TIMEOUT_S, TimeUnit.SECONDS);
        assertThat(received.poll(TIMEOUT_S, TimeUnit.SECONDS)).isEqualTo(expected);
        assertThat(message.refCnt()).isZero();
        return pair.toServer.counters().copies - before;
    }

    private static CompositeByteBuf composite(ByteBuf... parts) {
        CompositeByteBuf composite = Unpooled.compositeBuffer(parts.length + 1);
        for (ByteBuf part : parts) {
            composite.addComponent(true, part);
        }
        return composite;
    }

    @Test
    void registeredPartsAreGatheredAndNothingIsCopied() throws Exception {
        Random random = new Random(1);
        try (Pair pair = pair(4096)) {
            List<ByteBuf> parts = new ArrayList<>();
            for (int i = 0; i < 5; i++) {
                parts.add(pair.client.allocator().directBuffer(500).writeBytes(content(random, 100 + i)));
            }
            CompositeByteBuf composite = composite(parts.toArray(ByteBuf[]::new));
            composite.skipBytes(130);

            assertThat(send(pair, composite)).isZero();
            assertThat(parts).allSatisfy(part -> assertThat(part.refCnt()).isZero());
        }
    }

    @Test
    void theTailBeyondTheEntriesOfARequestIsCopiedAndCounted() throws Exception {
        Random random = new Random(2);
        try (Pair pair = pair(4096)) {
            ByteBuf[] parts = new ByteBuf[40];
            Arrays.setAll(parts, i -> pair.client.allocator().directBuffer(64).writeBytes(content(random, 1 + i)));

            assertThat(send(pair, composite(parts))).isEqualTo(1);
        }
    }

    @Test
    void partsThatAreNotRegisteredAreCopiedBetweenThoseThatAre() throws Exception {
        Random random = new Random(3);
        try (Pair pair = pair(4096)) {
            ByteBuf registered = pair.client.allocator().directBuffer(500).writeBytes(content(random, 500));
            ByteBuf heap = Unpooled.wrappedBuffer(content(random, 300));
            ByteBuf foreign = PooledByteBufAllocator.DEFAULT.directBuffer(700).writeBytes(content(random, 700));
            ByteBuf others = pair.server.allocator().directBuffer(200).writeBytes(content(random, 200));

            assertThat(send(pair, composite(heap, registered, Unpooled.EMPTY_BUFFER, foreign, others)))
                    .isEqualTo(1);
        }
    }

    @Test
    void aLongPartOfAnEagerMessageIsRegisteredNotCopiedAndFoundTheNextTime() throws Exception {
        Random random = new Random(4);
        try (Pair pair = pair(1 << 19)) {
            ByteBuf foreign = Unpooled.directBuffer(200_000).writeBytes(content(random, 200_000));
            ByteBuf header = pair.client.allocator().directBuffer(16).writeBytes(content(random, 16));

            assertThat(send(pair, composite(header.retain(), foreign.retain()))).isZero();
            assertThat(send(pair, composite(header, foreign.retain()))).isZero();

            assertThat(pair.client.metrics().getRegistrationMisses()).isEqualTo(1);
            assertThat(pair.client.metrics().getRegistrationHits()).isEqualTo(1);
            assertThat(foreign.refCnt()).as("the test's, and the cache's").isEqualTo(2);
            foreign.release();
        }
    }

    @Test
    void aLongMessageOfManyPartsIsFetchedFromWhereItsPartsLie() throws Exception {
        Random random = new Random(5);
        try (Pair pair = pair(4096)) {
            ByteBuf readable = pair.client.allocator().directBuffer(100_000).writeBytes(content(random, 100_000));
            ByteBuf foreign = Unpooled.directBuffer(300_000).writeBytes(content(random, 300_000));
            ByteBuf short1 = pair.client.allocator().directBuffer(100).writeBytes(content(random, 100));
            ByteBuf heap = Unpooled.wrappedBuffer(content(random, 150_000));

            long copies = send(pair, composite(short1, heap, readable, foreign, Unpooled.wrappedBuffer(new byte[3])));

            assertThat(copies).as("of the parts that had to be").isEqualTo(1);
            assertThat(pair.client.metrics().getRegistrationMisses()).isEqualTo(1);
            assertThat(foreign.refCnt()).isZero();
        }
    }

    @Test
    void aLongForeignBufferIsRegisteredAndAHeapBufferCopiedWindowByWindow() throws Exception {
        Random random = new Random(6);
        int bytes = (17 << 20) + 5;
        try (Pair pair = pair(4096)) {
            assertThat(send(pair, Unpooled.directBuffer(bytes).writeBytes(content(random, bytes))))
                    .isZero();
            assertThat(pair.client.metrics().getRegistrationMisses()).isEqualTo(2);

            assertThat(send(pair, Unpooled.wrappedBuffer(content(random, bytes))))
                    .isEqualTo(1);
            assertThat(pair.client.metrics().getRegistrationMisses()).isEqualTo(2);
        }
    }

    @Test
    void aSliceAndAReadOnlyViewOfAnythingArrive() throws Exception {
        Random random = new Random(7);
        try (Pair pair = pair(4096)) {
            for (int bytes : new int[] {100, 3000, 200_000}) {
                for (ByteBuf whole : List.of(
                        pair.client.allocator().directBuffer(bytes).writeBytes(content(random, bytes)),
                        Unpooled.directBuffer(bytes).writeBytes(content(random, bytes)),
                        Unpooled.wrappedBuffer(content(random, bytes)))) {
                    long copies = send(pair, whole.slice(10, bytes - 20).asReadOnly());
                    assertThat(copies).isBetween(0L, 1L);
                    assertThat(whole.refCnt()).isZero();
                }
            }
        }
    }

    @Test
    void whatCannotBeCopiedWithinTheBudgetFailsAloneAndIsReleased() throws Exception {
        try (Pair pair = new Pair(
                config -> config.lockedMemoryMaxBytes(8 << 20),
                connection -> connection.onMessage(message -> received.add(ByteBufUtil.getBytes(message))))) {
            ByteBuf tooLong = Unpooled.wrappedBuffer(new byte[10 << 20]);
            assertThatThrownBy(() -> pair.toServer.send(tooLong).get(TIMEOUT_S, TimeUnit.SECONDS))
                    .hasMessageContaining("lockedMemoryMaxBytes");
            assertThat(tooLong.refCnt()).isZero();
            assertThat(send(pair, Unpooled.wrappedBuffer(new byte[1000]))).isEqualTo(1);
        }
    }
}
