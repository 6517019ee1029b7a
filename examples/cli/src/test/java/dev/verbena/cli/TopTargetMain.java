package dev.verbena.cli;

import dev.verbena.connection.Connection;
import dev.verbena.connection.Listener;
import dev.verbena.connection.QueuePairManager;
import dev.verbena.connection.QueuePairManagerConfig;
import dev.verbena.messaging.SendResult;
import io.netty.buffer.ByteBuf;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.TimeUnit;

/** A process with two managers, one of which sends to the other without end. */
final class TopTargetMain {
    private TopTargetMain() {}

    public static void main(String[] args) throws Exception {
        QueuePairManagerConfig config = new QueuePairManagerConfig().provider("embedded");
        try (QueuePairManager server = QueuePairManager.open(config);
                QueuePairManager client = QueuePairManager.open(config);
                Listener listener = server.listen(
                        new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                        connection -> connection.onMessage(message -> {}));
                Connection connection = client.connect(listener.address()).get(10, TimeUnit.SECONDS)) {
            connection.send(client.allocator().directBuffer(100).writeZero(100)).get(10, TimeUnit.SECONDS);
            System.out.println("sending");
            while (connection.isOpen()) {
                ByteBuf message = client.allocator().directBuffer(100).writeZero(100);
                if (connection.trySend(message) != SendResult.SENT) {
                    message.release();
                    Thread.onSpinWait();
                }
            }
        }
    }
}
