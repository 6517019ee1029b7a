package dev.verbena.memory;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.verbena.verbs.Errno;
import dev.verbena.verbs.VerbsException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class RegisteredPoolTest {
    private static final long MIB = 1 << 20;

    private final RegisteredMemory memory = new RegisteredMemory(64 * MIB);
    private final RegisteredPool pool = memory.local;

    @AfterEach
    void close() {
        memory.close();
    }

    @Test
    void blocksOfEveryLengthAreLongEnoughAndNeverOverlap() {
        long seed = Long.getLong("seed", System.nanoTime());
        Random random = new Random(seed);
        List<RegisteredBlock> blocks = new ArrayList<>();
        for (int i = 0; i < 500; i++) {
            int bytes = random.nextInt(1 << random.nextInt(17));
            RegisteredBlock block = pool.take(bytes);
            assertThat(block.lengthBytes()).as("seed %d", seed).isGreaterThanOrEqualTo(bytes);
            block.memory().fill((byte) i);
            blocks.add(block);
        }

        for (int i = 0; i < blocks.size(); i++) {
            RegisteredBlock block = blocks.get(i);
            byte expected = (byte) i;
            assertThat(block.memory().get(JAVA_BYTE, 0)).as("seed %d", seed).isEqualTo(expected);
            assertThat(block.memory().get(JAVA_BYTE, block.lengthBytes() - 1)).isEqualTo(expected);
            assertThat(block.region().covers(block.address(), block.lengthBytes()))
                    .isTrue();
            block.release();
        }
        assertThat(pool.takenBytes()).isZero();
    }

    @Test
    void aBlockThatIsGivenBackIsTakenAgainWithoutAnotherRegistration() {
        pool.take(4096).release();
        int regions = pool.regionCount();
        for (int i = 0; i < 10_000; i++) {
            pool.take(4096).release();
        }
        assertThat(pool.regionCount()).isEqualTo(regions);
    }

    @Test
    void manyBlocksComeBackAll() {
        List<RegisteredBlock> blocks = new ArrayList<>();
        for (int i = 0; i < 5000; i++) {
            blocks.add(pool.take(64));
        }
        int regions = pool.regionCount();
        blocks.forEach(RegisteredBlock::release);
        Set<RegisteredBlock> again = new HashSet<>();
        for (int i = 0; i < 5000; i++) {
            again.add(pool.take(64));
        }
        assertThat(again).hasSize(5000);
        assertThat(pool.regionCount()).isEqualTo(regions);
    }

    @Test
    void whatIsLongerThanThePooledMaximumIsItsOwnRegionAndGivenBackAtOnce() {
        long used = memory.budget.usedBytes();
        RegisteredBlock block = pool.take(RegisteredPool.POOLED_MAX + 1);
        assertThat(block.offset()).isZero();
        assertThat(memory.budget.usedBytes() - used).isEqualTo(RegisteredPool.POOLED_MAX + 1);

        block.release();

        assertThat(memory.budget.usedBytes()).isEqualTo(used);
        assertThatThrownBy(() -> block.memory().get(JAVA_BYTE, 0)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void aSpentBudgetIsAnErrorThatSaysWhatToDo() {
        List<RegisteredBlock> blocks = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            blocks.add(pool.take(16 * MIB));
        }

        assertThatThrownBy(() -> pool.take(16 * MIB))
                .isInstanceOfSatisfying(
                        VerbsException.class, e -> assertThat(e.errno()).isEqualTo(Errno.ENOMEM))
                .hasMessageContaining("64.0 MiB")
                .hasMessageContaining("lockedMemoryMaxBytes");
        assertThat(memory.budget.usedBytes()).isEqualTo(64 * MIB);

        blocks.removeFirst().release();
        assertThat(pool.take(16 * MIB)).isNotNull();
    }

    @Test
    void freeSlabsMakeRoomWhenTheBudgetIsSpent() {
        List<RegisteredBlock> blocks = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            blocks.add(pool.take(16 * MIB));
        }
        blocks.forEach(RegisteredBlock::release);

        assertThat(pool.take(40 * MIB).lengthBytes()).isEqualTo(40 * MIB);
    }

    @Test
    void freeBlocksOfEveryLengthAndOfEveryPoolMakeRoomAndWhatIsOutStays() {
        List<RegisteredBlock> small = new ArrayList<>();
        for (int i = 0; i < 3 * (2 << 20) / 64; i++) {
            small.add(pool.take(64));
        }
        List<RegisteredBlock> others = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            others.add(memory.readable.take(100_000));
        }
        assertThat(pool.regionCount()).isEqualTo(3);
        RegisteredBlock kept = small.removeLast();
        kept.memory().fill((byte) 7);
        small.forEach(RegisteredBlock::release);
        others.forEach(RegisteredBlock::release);

        RegisteredBlock large = memory.readable.take(60 * MIB);

        assertThat(pool.regionCount()).as("the slab of the block that is out").isEqualTo(1);
        assertThat(kept.memory().get(JAVA_BYTE, 63)).isEqualTo((byte) 7);
        assertThat(memory.budget.usedBytes()).isEqualTo(62 * MIB);
        large.release();
        kept.release();
        RegisteredBlock again = pool.take(64);
        assertThat(again.region().isOpen()).isTrue();
        again.release();
    }

    @Test
    void takingAndGivingGoesOnWhileTheBudgetIsSpentAgainAndAgain() throws Exception {
        Set<RegisteredBlock> held = ConcurrentHashMap.newKeySet();
        try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
            List<Future<?>> all = new ArrayList<>();
            for (int t = 0; t < 3; t++) {
                RegisteredPool mine = t == 0 ? memory.readable : pool;
                all.add(threads.submit(() -> {
                    for (int i = 0; i < 20_000; i++) {
                        RegisteredBlock block = mine.take(64L << (i % 5));
                        if (!held.add(block) || !block.region().isOpen()) {
                            throw new IllegalStateException("a block that is somebody else's, or deregistered");
                        }
                        held.remove(block);
                        block.release();
                    }
                }));
            }
            all.add(threads.submit(() -> {
                for (int i = 0; i < 300; i++) {
                    // More than what the slabs leave: they are given up.
                    memory.budget.reserve(memory.budget.limitBytes() - 16 * MIB);
                    memory.budget.release(memory.budget.limitBytes() - 16 * MIB);
                    pool.reclaim();
                }
            }));
            for (Future<?> one : all) {
                one.get();
            }
        }
        assertThat(pool.takenBytes() + memory.readable.takenBytes()).isZero();
        memory.readable.reclaim();
        pool.reclaim();
        assertThat(memory.budget.usedBytes()).isZero();
    }

    @Test
    void aHugeLengthIsRefusedBeforeAnythingIsAllocated() {
        long used = memory.budget.usedBytes();
        assertThatThrownBy(() -> pool.take(Long.MAX_VALUE)).isInstanceOf(VerbsException.class);
        assertThatThrownBy(() -> pool.take(-1)).isInstanceOf(IllegalArgumentException.class);
        assertThat(memory.budget.usedBytes()).isEqualTo(used);
    }

    @Test
    void aBlockIsGivenBackOnce() {
        RegisteredBlock block = pool.take(100);
        block.release();
        assertThatThrownBy(block::release)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("twice");
    }

    @Test
    void threadsThatTakeAndGiveNeverHoldTheSameBlock() throws Exception {
        Set<RegisteredBlock> held = ConcurrentHashMap.newKeySet();
        ConcurrentLinkedQueue<String> clashes = new ConcurrentLinkedQueue<>();
        try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
            List<Future<?>> all = new ArrayList<>();
            for (int t = 0; t < 4; t++) {
                all.add(threads.submit(() -> {
                    for (int i = 0; i < 50_000; i++) {
                        RegisteredBlock block = pool.take(256);
                        if (!held.add(block)) {
                            clashes.add("twice at 0x" + Long.toHexString(block.address()));
                        }
                        held.remove(block);
                        block.release();
                    }
                }));
            }
            for (Future<?> one : all) {
                one.get();
            }
        }
        assertThat(clashes).isEmpty();
        assertThat(pool.takenBytes()).isZero();
    }

    @Test
    void aClosedPoolDeregistersAndItsMemoryThrows() {
        RegisteredBlock block = pool.take(100);
        pool.close();
        pool.close();

        assertThat(memory.budget.usedBytes()).isZero();
        assertThatThrownBy(() -> block.memory().get(JAVA_BYTE, 0)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> pool.take(100)).isInstanceOf(IllegalStateException.class);
        block.release();
        assertThat(pool.takenBytes()).isZero();
    }

    @Test
    void aBufferIsAViewOfItsBlockAndEndsWithItsSlices() {
        RegisteredBuffer buffer = new RegisteredBuffer(pool.take(1000), 1000);
        RegisteredBuffer slice = buffer.slice(100, 50);
        slice.memory().set(JAVA_LONG_UNALIGNED, 0, 42);
        assertThat(buffer.memory().get(JAVA_LONG_UNALIGNED, 100)).isEqualTo(42);
        assertThat(slice.address()).isEqualTo(buffer.address() + 100);
        assertThatThrownBy(() -> buffer.slice(951, 50)).isInstanceOf(IndexOutOfBoundsException.class);

        slice.close();
        assertThat(buffer.isOpen()).isTrue();
        buffer.close();
        buffer.close();

        assertThatThrownBy(slice::address).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(slice::memory).isInstanceOf(IllegalStateException.class);
        assertThat(pool.takenBytes()).isZero();
    }
}
