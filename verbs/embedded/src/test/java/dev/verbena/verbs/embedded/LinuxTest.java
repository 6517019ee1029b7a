package dev.verbena.verbs.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.verbena.verbs.Errno;
import dev.verbena.verbs.VerbsException;
import java.lang.foreign.Arena;
import java.util.concurrent.ThreadLocalRandom;
import org.junit.jupiter.api.Test;

/** The system calls, against the kernel. */
final class LinuxTest {
    private static final String NAME = "verbena.test." + ProcessHandle.current().pid() + "."
            + ThreadLocalRandom.current().nextInt(Integer.MAX_VALUE);

    @Test
    void aSegmentIsZeroedAndCanNeitherShrinkNorGrow() {
        SharedMemory memory = SharedMemory.create("verbena-test", 10_000);

        assertThat(memory.lengthBytes()).isEqualTo(12_288);
        assertThat(Memory.getLong(memory.address() + 9_992)).isZero();
        assertThat(Linux.ftruncate(memory.fd(), 4096)).isEqualTo(-Errno.EPERM);
        assertThat(Linux.ftruncate(memory.fd(), 1 << 20)).isEqualTo(-Errno.EPERM);
        memory.close();
    }

    @Test
    void whatNoMachineHasIsRefusedAndNotTried() {
        assertThatThrownBy(() -> SharedMemory.create("verbena-test", 1L << 50))
                .isInstanceOfSatisfying(
                        VerbsException.class,
                        refused -> assertThat(refused.errno()).isEqualTo(Errno.ENOMEM));
    }

    @Test
    void aDescriptorThatIsNotSealedIsNotMapped() {
        int fd = Linux.memfdCreate("verbena-test", Linux.MFD_CLOEXEC | Linux.MFD_ALLOW_SEALING);
        assertThat(Linux.ftruncate(fd, 4096)).isZero();

        assertThatThrownBy(() -> SharedMemory.map(fd, 4096, "memory of a test"))
                .isInstanceOf(VerbsException.class)
                .hasMessageContaining("not sealed");
    }

    @Test
    void aDescriptorTravelsOverASocketAndShowsTheSameMemory() {
        int listening = Sockets.bind(NAME);
        assertThat(listening).isPositive();
        assertThat(Linux.listen(listening, 1)).isZero();
        int client = Sockets.connect(NAME);
        int server = Linux.accept(listening);
        SharedMemory memory = SharedMemory.create("verbena-test", 4096);

        assertThat(Sockets.send(client, new byte[] {1, 2, 3}, memory.fd())).isEqualTo(3);
        Sockets.Received received = Sockets.receive(server);

        assertThat(received).isNotNull();
        if (received != null) {
            assertThat(received.bytes()).containsExactly(1, 2, 3);
            SharedMemory other = SharedMemory.map(received.take(0), 4096, "memory of a test");
            Memory.putLong(memory.address() + 8, 42);
            assertThat(Memory.getLong(other.address() + 8)).isEqualTo(42);
            other.close();
        }
        assertThat(Sockets.peer(server).pid())
                .isEqualTo((int) ProcessHandle.current().pid());
        assertThat(Sockets.peer(server).uid()).isEqualTo(Linux.geteuid());
        assertThat(Sockets.receive(server)).isNull();
        assertThat(Sockets.isHungUp(server)).isFalse();
        assertThat(Linux.close(client)).isZero();
        assertThat(Sockets.isHungUp(server)).isTrue();
        memory.close();
        for (int fd : new int[] {server, listening}) {
            assertThat(Linux.close(fd)).isZero();
        }
        assertThat(Sockets.connect(NAME)).isEqualTo(-Errno.ECONNREFUSED);
    }

    @Test
    void memoryThatIsNotThereIsAnErrorAndNotTheEnd() {
        try (Arena arena = Arena.ofConfined()) {
            long iov = arena.allocate(32, 8).address();
            long buffer = arena.allocate(64, 8).address();
            Memory.putLong(iov, buffer);
            Memory.putLong(iov + 8, 64);
            Memory.putLong(iov + 16, 4096);
            Memory.putLong(iov + 24, 64);

            int self = (int) ProcessHandle.current().pid();
            assertThat(Linux.processVmReadv(self, iov, iov + 16)).isEqualTo(-Errno.EFAULT);
            assertThat(Linux.processVmWritev(self, iov, iov + 16)).isEqualTo(-Errno.EFAULT);
        }
    }

    @Test
    void fencesReachEveryProcessWithoutCostToTheFrequentSide() {
        Fences.light();
        Fences.heavy();

        assertThat(Fences.asymmetric()).isTrue();
    }
}
