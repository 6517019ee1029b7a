package dev.verbena.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.verbena.connection.TestDevices;
import dev.verbena.verbs.AccessFlags;
import dev.verbena.verbs.VerbsException;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.Unpooled;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What is kept registered, for whom, and when it has to go. */
final class RegistrationCacheTest {
    private static final int MIB = 1 << 20;
    private static final int READ = AccessFlags.REMOTE_READ;

    private final RegisteredMemory memory = new RegisteredMemory(16 * MIB);
    private final RegistrationCache cache = new RegistrationCache(memory.pd, memory.budget, 4 * MIB);

    /** Whatever happened: nothing stays registered, and the budget gets everything back. */
    @AfterEach
    void close() {
        cache.close();
        memory.close();
        assertThat(memory.budget.usedBytes()).isZero();
    }

    private Registration acquire(OwnedMemory owned) {
        return cache.acquire(owned, 0, owned.lengthBytes(), READ);
    }

    private static OwnedMemory automatic(int bytes) {
        return OwnedMemory.of(Arena.ofAuto().allocate(bytes));
    }

    @Test
    void theSameMemoryIsFoundAgainAlsoByAnotherViewOfItsBuffer() {
        ByteBuffer buffer = ByteBuffer.allocateDirect(MIB);
        Registration first = acquire(OwnedMemory.of(buffer));
        first.release();

        Registration again = acquire(OwnedMemory.of(buffer.duplicate()));

        assertThat(again).isSameAs(first);
        assertThat(cache.hits()).isEqualTo(1);
        assertThat(cache.misses()).isEqualTo(1);
        assertThat(cache.usedBytes()).isEqualTo(MIB);
        again.release();
        assertThat(cache.usedBytes()).isZero();
        assertThat(cache.registeredBytes()).isEqualTo(MIB);
    }

    @Test
    void anotherRangeAndOtherRightsAreAnotherRegistration() {
        OwnedMemory owned = automatic(MIB);
        Registration whole = acquire(owned);
        Registration half = cache.acquire(owned, 0, MIB / 2, READ);
        Registration written = cache.acquire(owned, 0, MIB, AccessFlags.LOCAL_WRITE);

        assertThat(List.of(whole, half, written)).doesNotHaveDuplicates();
        assertThat(written.region().access()).isEqualTo(AccessFlags.LOCAL_WRITE);
        whole.release();
        half.release();
        written.release();
        assertThatThrownBy(() -> cache.acquire(owned, 1, MIB, READ)).isInstanceOf(IndexOutOfBoundsException.class);
    }

    @Test
    void otherMemoryAtTheSameAddressIsNotTheSame() {
        long address;
        Registration old;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment segment = arena.allocate(MIB);
            address = segment.address();
            old = acquire(OwnedMemory.of(segment, arena));
            old.release();
        }
        assertThat(old.isAlive()).isFalse();
        assertThat(old.region().isOpen()).isFalse();
        assertThat(cache.registeredBytes()).isZero();
        assertThat(memory.budget.usedBytes()).isZero();

        // The allocator gives the same place again, sooner or later.
        for (int i = 0; i < 1000; i++) {
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment segment = arena.allocate(MIB);
                if (segment.address() == address) {
                    Registration registration = acquire(OwnedMemory.of(segment, arena));
                    assertThat(registration.region().isOpen()).isTrue();
                    assertThat(registration).isNotSameAs(old);
                    registration.release();
                    assertThat(cache.hits()).isZero();
                    return;
                }
            }
        }
        throw new AssertionError("the address did not come back: the test has shown nothing");
    }

    @Test
    @SuppressWarnings("restricted") // a cleanup shows when the memory is freed
    void anArenaThatIsClosedDeregistersBeforeItFrees() {
        List<Boolean> aliveWhenFreed = new ArrayList<>();
        Arena arena = Arena.ofShared();
        List<Registration> registrations = new ArrayList<>();
        // A cleanup that is older than the registration: the arena runs it later, as it does with its own freeing.
        MemorySegment segment = arena.allocate(MIB)
                .reinterpret(
                        arena,
                        freed -> aliveWhenFreed.add(
                                registrations.getFirst().region().isOpen()));
        OwnedMemory owned = OwnedMemory.of(segment, arena);
        registrations.add(acquire(owned));
        assertThat(registrations.getFirst().isAlive()).isTrue();

        arena.close();

        assertThat(aliveWhenFreed).containsExactly(false);
        assertThat(registrations.getFirst().isAlive()).isFalse();
        assertThat(memory.budget.usedBytes()).isZero();
        assertThatThrownBy(() -> acquire(owned))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("closed");
        registrations.getFirst().release();
        assertThat(cache.registeredBytes()).isZero();
    }

    @Test
    void aBufferIsRetainedAsLongAsSomebodyElseHasItAndNoLonger() {
        ByteBuf buffer = PooledByteBufAllocator.DEFAULT.directBuffer(MIB).writeZero(MIB);
        Registration first = acquire(OwnedMemory.of(buffer));
        assertThat(buffer.refCnt()).isEqualTo(2);
        first.release();
        assertThat(buffer.refCnt()).isEqualTo(2);
        Registration again = acquire(OwnedMemory.of(buffer.slice(0, MIB)));
        assertThat(again).isSameAs(first);

        buffer.release();
        again.release();

        assertThat(buffer.refCnt()).isZero();
        assertThat(first.region().isOpen()).isFalse();
        assertThat(cache.registeredBytes()).isZero();
    }

    @Test
    void aBufferThatWasReleasedMeanwhileGoesWithTheNextUseOfTheCache() {
        ByteBuf buffer = PooledByteBufAllocator.DEFAULT.directBuffer(MIB).writeZero(MIB);
        acquire(OwnedMemory.of(buffer)).release();
        buffer.release();
        assertThat(buffer.refCnt()).isEqualTo(1);

        acquire(automatic(64)).release();

        assertThat(buffer.refCnt()).isZero();
        assertThat(cache.registeredBytes()).isEqualTo(64);
    }

    @Test
    void equalContentIsNotTheSameBuffer() {
        ByteBuf one = Unpooled.directBuffer(MIB).writeZero(MIB);
        ByteBuf other = Unpooled.directBuffer(MIB).writeZero(MIB);
        assertThat(one).isEqualTo(other);
        assertThat(OwnedMemory.of(one).isSameOwner(OwnedMemory.of(other))).isFalse();
        assertThat(OwnedMemory.of(one).isSameOwner(OwnedMemory.of(one.duplicate())))
                .isTrue();
        one.release();
        other.release();
    }

    @Test
    void whatWasUsedLeastRecentlyGoesFirstAndWhatIsInUseStays() {
        List<OwnedMemory> owned = new ArrayList<>();
        List<Registration> registrations = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            owned.add(automatic(MIB));
            registrations.add(acquire(owned.get(i)));
        }
        registrations.subList(1, 4).forEach(Registration::release);
        acquire(owned.get(1)).release();

        acquire(automatic(MIB)).release();
        acquire(automatic(MIB)).release();

        assertThat(cache.registeredBytes()).isEqualTo(4 * MIB);
        assertThat(registrations).extracting(Registration::isAlive).containsExactly(true, true, false, false);
        registrations.getFirst().release();
    }

    @Test
    void aSpentBudgetTakesWhatIsNotInUseAndSaysSoWhenAllIs() {
        List<Registration> inUse = new ArrayList<>();
        for (int i = 0; i < 12; i++) {
            inUse.add(acquire(automatic(MIB)));
        }
        acquire(automatic(MIB)).release();
        Registration big = acquire(automatic(4 * MIB));
        assertThat(memory.budget.usedBytes()).isEqualTo(16 * MIB);

        assertThatThrownBy(() -> acquire(automatic(1)))
                .isInstanceOf(VerbsException.class)
                .hasMessageContaining("lockedMemoryMaxBytes");
        assertThatThrownBy(() -> memory.local.take(64)).isInstanceOf(VerbsException.class);

        big.release();
        memory.local.take(64).release();
        assertThat(big.isAlive()).isFalse();
        inUse.forEach(Registration::release);
    }

    @Test
    void aClosedCacheHasDeregisteredEverythingAlsoWhatIsInUse() {
        ByteBuf buffer = Unpooled.directBuffer(MIB).writeZero(MIB);
        Registration used = acquire(OwnedMemory.of(buffer));
        cache.close();
        assertThat(used.isAlive()).isFalse();
        assertThat(memory.budget.usedBytes()).isZero();
        assertThat(buffer.refCnt()).isEqualTo(1);

        used.release();

        assertThat(buffer.release()).isTrue();
        assertThatThrownBy(() -> acquire(automatic(1))).hasMessageContaining("closed");
    }

    @Test
    void threadsThatUseTheSameMemoryNeverFindItDeregistered() throws Exception {
        long seed = Long.getLong("seed", System.nanoTime());
        int rounds = TestDevices.rounds(2000);
        List<OwnedMemory> owned = new ArrayList<>();
        for (int i = 0; i < 12; i++) {
            owned.add(automatic(MIB / 2));
        }
        try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
            List<Future<?>> all = new ArrayList<>();
            for (int t = 0; t < 4; t++) {
                Random random = new Random(seed + t);
                all.add(threads.submit(() -> {
                    for (int i = 0; i < rounds; i++) {
                        Registration registration = acquire(owned.get(random.nextInt(owned.size())));
                        if (!registration.isAlive() || !registration.region().isOpen()) {
                            throw new IllegalStateException("deregistered while in use");
                        }
                        registration.release();
                    }
                }));
            }
            for (Future<?> one : all) {
                one.get();
            }
        }
        assertThat(cache.usedBytes()).as("seed %d", seed).isZero();
        assertThat(cache.registeredBytes()).isLessThanOrEqualTo(4 * MIB);
        assertThat(cache.hits()).isPositive();
        assertThat(cache.hits() + cache.misses()).isEqualTo(4L * rounds);
    }
}
