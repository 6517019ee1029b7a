package dev.verbena.verbs.conformance;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.verbena.verbs.AccessFlags;
import dev.verbena.verbs.MemoryRegion;
import dev.verbena.verbs.QueuePairType;
import dev.verbena.verbs.ScatterGatherList;
import dev.verbena.verbs.SendFlags;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Requests of several entries. */
final class ScatterGatherContract extends Contract {
    private static final int ENTRIES = 8;

    private Pair listPair(QueuePairType type) {
        int entries = entries();
        return plan(type).config(config -> config.entries(entries, entries)).connect();
    }

    private int entries() {
        return Math.min(ENTRIES, contextA().queryDevice().maxScatterGather());
    }

    @Test
    void aSendIsGatheredInTheOrderOfItsEntries() {
        for (QueuePairType type : new QueuePairType[] {QueuePairType.RC, QueuePairType.UC}) {
            Pair pair = listPair(type);
            pair.b().receive(1, 0, 10_000);

            byte[] message = gather(pair.a(), 100, 0, 1, 2000, 7, 1500);
            assertThat(pair.a().qp.postSend(2, list(pair.a(), 100, 0, 1, 2000, 7, 1500), SendFlags.SIGNALED))
                    .isZero();

            assertThat(pair.b().success(1).lengthBytes()).isEqualTo(message.length);
            pair.a().success(2);
            assertThat(pair.b().bytes(0, message.length)).isEqualTo(message);
        }
    }

    /** Fills places of an end's memory 4 KiB apart, odd addresses included, and answers what they hold one after the other. */
    private static byte[] gather(End end, int... lengths) {
        ByteArrayOutputStream message = new ByteArrayOutputStream();
        for (int index = 0; index < lengths.length; index++) {
            byte[] part = Pattern.bytes(index, lengths[index]);
            end.fill(place(index), part);
            message.writeBytes(part);
        }
        return message.toByteArray();
    }

    private static long place(int index) {
        return index * 4096L + index;
    }

    private static ScatterGatherList list(End end, int... lengths) {
        ScatterGatherList list = new ScatterGatherList(Math.max(1, lengths.length));
        for (int index = 0; index < lengths.length; index++) {
            list.add(end.at(place(index)), lengths[index], end.lkey());
        }
        return list;
    }

    private static byte[] scattered(End end, int... lengths) {
        ByteArrayOutputStream message = new ByteArrayOutputStream();
        for (int index = 0; index < lengths.length; index++) {
            message.writeBytes(end.bytes(place(index), lengths[index]));
        }
        return message.toByteArray();
    }

    @Test
    void aReceiveIsScatteredInTheOrderOfItsEntries() {
        for (QueuePairType type : new QueuePairType[] {QueuePairType.RC, QueuePairType.UC}) {
            Pair pair = listPair(type);
            byte[] message = Pattern.bytes(5, 3608);
            pair.a().fill(100_000, message);
            assertThat(pair.b().qp.postReceive(1, list(pair.b(), 100, 0, 1, 2000, 7, 1500)))
                    .isZero();

            pair.a().send(2, 100_000, message.length);

            pair.b().success(1);
            pair.a().success(2);
            assertThat(scattered(pair.b(), 100, 0, 1, 2000, 7, 1500)).isEqualTo(message);
        }
    }

    @Test
    void aShortMessageFillsTheFirstEntriesAndLeavesTheRest() {
        Pair pair = listPair(QueuePairType.RC);
        byte[] old = Pattern.bytes(9, 16_384);
        pair.b().fill(0, old);
        byte[] message = Pattern.bytes(5, 150);
        pair.a().fill(100_000, message);
        assertThat(pair.b().qp.postReceive(1, list(pair.b(), 100, 100, 100))).isZero();

        pair.a().send(2, 100_000, 150);

        pair.b().success(1);
        pair.a().success(2);
        System.arraycopy(message, 0, old, 0, 100);
        System.arraycopy(message, 100, old, (int) place(1), 50);
        assertThat(pair.b().bytes(0, 16_384)).isEqualTo(old);
    }

    @Test
    void aWriteIsGatheredAndAReadIsScattered() {
        Pair pair = listPair(QueuePairType.RC);
        int[] lengths = {64, 1, 3000, 9};
        byte[] message = gather(pair.a(), lengths);

        assertThat(pair.a()
                        .qp
                        .postWrite(
                                1,
                                list(pair.a(), lengths),
                                pair.b().at(100_001),
                                pair.b().rkey(),
                                SendFlags.SIGNALED))
                .isZero();
        pair.a().success(1);
        assertThat(pair.b().bytes(100_001, message.length)).isEqualTo(message);

        byte[] other = Pattern.bytes(77, message.length);
        pair.b().fill(100_001, other);
        assertThat(pair.a()
                        .qp
                        .postRead(
                                2,
                                list(pair.a(), lengths),
                                pair.b().at(100_001),
                                pair.b().rkey(),
                                SendFlags.SIGNALED))
                .isZero();
        pair.a().success(2);
        assertThat(scattered(pair.a(), lengths)).isEqualTo(other);
    }

    @Test
    void anImmediateTravelsWithAList() {
        Pair pair = listPair(QueuePairType.RC);
        byte[] message = gather(pair.a(), 10, 20);
        pair.b().receive(1, 0, 100);
        pair.b().receive(2, 0, 100);

        assertThat(pair.a().qp.postSendWithImmediate(3, list(pair.a(), 10, 20), 0x5555, SendFlags.SIGNALED))
                .isZero();
        assertThat(pair.b().success(1).immediate()).isEqualTo(0x5555);
        pair.a().success(3);
        assertThat(pair.b().bytes(0, 30)).isEqualTo(message);
        assertThat(pair.a()
                        .qp
                        .postWriteWithImmediate(
                                4,
                                list(pair.a(), 10, 20),
                                pair.b().at(9000),
                                pair.b().rkey(),
                                0x6666,
                                SendFlags.SIGNALED))
                .isZero();
        assertThat(pair.b().success(2).immediate()).isEqualTo(0x6666);
        assertThat(pair.b().bytes(9000, 30)).isEqualTo(message);
    }

    @Test
    void anEmptyListIsAMessageOfNothing() {
        Pair pair = listPair(QueuePairType.RC);
        pair.b().receive(1, 0, 100);
        assertThat(pair.a().qp.postSend(2, new ScatterGatherList(1), SendFlags.SIGNALED))
                .isZero();

        assertThat(pair.b().success(1).lengthBytes()).isZero();
        pair.a().success(2);
    }

    @Test
    void entriesMayLieInDifferentRegions() {
        Pair pair = listPair(QueuePairType.RC);
        MemoryRegion other = pair.a().pd.allocate(4096, AccessFlags.LOCAL_READ);
        byte[] part = Pattern.bytes(8, 50);
        MemorySegment.copy(part, 0, other.memory(), JAVA_BYTE, 0, part.length);
        pair.a().fill(0, Pattern.bytes(7, 50));
        pair.b().receive(1, 0, 100);

        assertThat(pair.a()
                        .qp
                        .postSend(
                                2,
                                new ScatterGatherList(2)
                                        .add(pair.a().at(0), 50, pair.a().lkey())
                                        .add(other.address(), 50, other.lkey()),
                                SendFlags.SIGNALED))
                .isZero();

        pair.b().success(1);
        pair.a().success(2);
        assertThat(pair.b().bytes(0, 50)).isEqualTo(Pattern.bytes(7, 50));
        assertThat(pair.b().bytes(50, 50)).isEqualTo(part);
    }

    @Test
    void theListMayBeChangedAsSoonAsThePostReturns() {
        Pair pair = listPair(QueuePairType.RC);
        ScatterGatherList list = list(pair.a(), 10, 20);
        byte[] message = gather(pair.a(), 10, 20);

        assertThat(pair.a().qp.postSend(2, list, SendFlags.SIGNALED)).isZero();
        list.clear().add(0, 1, 0);
        pair.b().receive(1, 0, 100);

        pair.b().success(1);
        pair.a().success(2);
        assertThat(pair.b().bytes(0, 30)).isEqualTo(message);
    }

    @Test
    void moreEntriesThanTheQueueWasMadeForAreRefusedBeforeTheyArePosted() {
        Pair pair = pair();
        End a = pair.a();
        int send = a.qp.sendEntriesMax() + 1;
        int receive = a.qp.receiveEntriesMax() + 1;

        assertThatThrownBy(() -> a.qp.postSend(1, ones(a, send), SendFlags.SIGNALED))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("entries");
        assertThatThrownBy(() -> a.qp.postReceive(1, ones(a, receive)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("entries");

        pair.exchange(10, 16);
    }

    private static ScatterGatherList ones(End end, int entries) {
        ScatterGatherList list = new ScatterGatherList(entries);
        for (int index = 0; index < entries; index++) {
            list.add(end.at(index), 1, end.lkey());
        }
        return list;
    }

    @Test
    void randomListsOnBothSidesMoveEveryByteToItsPlace() {
        SplittableRandom random = random("random lists on both sides");
        Pair pair = listPair(QueuePairType.RC);
        for (int round = 0; round < 40 * scale(); round++) {
            int[] from = lengths(random);
            int[] to = lengths(random);
            int total = Math.min(sum(from), sum(to));
            from = cut(from, total);
            byte[] message = gather(pair.a(), from);
            assertThat(pair.b().qp.postReceive(1, list(pair.b(), to))).isZero();
            assertThat(pair.a().qp.postSend(2, list(pair.a(), from), SendFlags.SIGNALED))
                    .isZero();
            assertThat(pair.b().success(1).lengthBytes()).isEqualTo(message.length);
            pair.a().success(2);
            assertThat(scattered(pair.b(), cut(to, message.length))).isEqualTo(message);
        }
    }

    private int[] lengths(SplittableRandom random) {
        int[] lengths = new int[1 + random.nextInt(entries())];
        for (int index = 0; index < lengths.length; index++) {
            lengths[index] = random.nextInt(4) == 0 ? random.nextInt(4000) : random.nextInt(100);
        }
        return lengths;
    }

    private static int sum(int[] lengths) {
        return Arrays.stream(lengths).sum();
    }

    /** The same lengths as far as they hold a number of bytes, then zeros. */
    private static int[] cut(int[] lengths, int total) {
        int[] cut = new int[lengths.length];
        int left = total;
        for (int index = 0; index < lengths.length; index++) {
            cut[index] = Math.min(left, lengths[index]);
            left -= cut[index];
        }
        return cut;
    }
}
