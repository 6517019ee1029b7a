package dev.verbena.connection;

import dev.verbena.memory.RegisteredBuffer;
import dev.verbena.messaging.SendResult;
import dev.verbena.onesided.Share;
import dev.verbena.verbs.AccessFlags;
import io.netty.buffer.ByteBuf;
import java.net.InetSocketAddress;
import java.util.concurrent.TimeUnit;

/**
 * A peer in a process of its own: {@code BusyPeerMain PORT}. It tells its process id, shares memory, takes what comes and
 * sends without end, until its input ends or it is killed.
 */
final class BusyPeerMain {
    static final int PID = 1;
    static final int NOISE = 2;
    static final int SHARED_BYTES = 1 << 16;

    private BusyPeerMain() {}

    public static void main(String[] args) throws Exception {
        InetSocketAddress address = Pair.loopback(Integer.parseInt(args[0]));
        try (QueuePairManager manager = QueuePairManager.open(Pair.clientConfig());
                RegisteredBuffer table = manager.allocate(SHARED_BYTES);
                Connection connection = manager.connect(address).get(30, TimeUnit.SECONDS)) {
            connection.onMessage(message -> {});
            connection
                    .send(
                            PID,
                            manager.allocator()
                                    .directBuffer(8)
                                    .writeLong(ProcessHandle.current().pid()))
                    .get(10, TimeUnit.SECONDS);
            Share _ = connection.share(table, AccessFlags.REMOTE_ALL).get(10, TimeUnit.SECONDS);
            System.out.println("sharing");
            Thread input = Thread.ofPlatform().daemon().start(PeerJvm::awaitEndOfInput);
            while (input.isAlive() && connection.isOpen()) {
                ByteBuf noise = manager.allocator().directBuffer(500).writeZero(500);
                if (connection.trySend(NOISE, noise) != SendResult.SENT) {
                    noise.release();
                    Thread.onSpinWait();
                }
            }
        }
    }
}
