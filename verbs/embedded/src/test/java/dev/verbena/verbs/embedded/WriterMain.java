package dev.verbena.verbs.embedded;

import dev.verbena.verbs.AccessFlags;
import dev.verbena.verbs.CompletionQueue;
import dev.verbena.verbs.Context;
import dev.verbena.verbs.Device;
import dev.verbena.verbs.MemoryRegion;
import dev.verbena.verbs.ProtectionDomain;
import dev.verbena.verbs.QueuePair;
import dev.verbena.verbs.QueuePairConfig;
import dev.verbena.verbs.SendFlags;
import dev.verbena.verbs.Verbs;
import dev.verbena.verbs.WorkCompletions;
import dev.verbena.verbs.cm.ConnectionEvent;
import dev.verbena.verbs.cm.ConnectionEventType;
import dev.verbena.verbs.cm.ConnectionId;
import dev.verbena.verbs.cm.ConnectionParameters;
import dev.verbena.verbs.cm.EventChannel;
import dev.verbena.verbs.cm.PortSpace;
import dev.verbena.verbs.spi.VerbsProvider;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;

/** A process that connects, writes as fast as it can, and is stopped. */
final class WriterMain {
    private WriterMain() {}

    static final int WRITE_BYTES = 32 << 20;

    public static void main(String[] args) throws InterruptedException {
        VerbsProvider provider = Verbs.provider("embedded");
        InetSocketAddress to = new InetSocketAddress(InetAddress.getLoopbackAddress(), Integer.parseInt(args[0]));
        try (EventChannel channel = EventChannel.open(provider)) {
            ConnectionId id = channel.createId(PortSpace.TCP);
            id.resolveAddress(to, Duration.ofSeconds(5));
            next(channel, ConnectionEventType.ADDR_RESOLVED);
            id.resolveRoute(Duration.ofSeconds(5));
            next(channel, ConnectionEventType.ROUTE_RESOLVED);
            Device device = Verbs.devices(provider).getFirst();
            Context context = device.open();
            ProtectionDomain pd = context.allocateProtectionDomain();
            CompletionQueue cq = context.createCompletionQueue(16);
            QueuePair qp = pd.createQueuePair(QueuePairConfig.reliable(cq));
            id.attach(qp);
            id.connect(ConnectionParameters.DEFAULT.withRetries(6, 7));
            ConnectionEvent established = next(channel, ConnectionEventType.ESTABLISHED);
            write(cq, qp, pd.allocate(WRITE_BYTES, AccessFlags.LOCAL_WRITE), established.privateData());
        }
    }

    /** Long WRITEs to where the server said, until one fails; then 0 is the exit code. */
    private static void write(CompletionQueue cq, QueuePair qp, MemoryRegion memory, byte[] where) {
        ByteBuffer target = ByteBuffer.wrap(where);
        long address = target.getLong();
        int rkey = target.getInt();
        memory.memory().fill((byte) 0x77);
        WorkCompletions completions = new WorkCompletions(1);
        do {
            int posted =
                    qp.postWrite(1, memory.address(), WRITE_BYTES, memory.lkey(), address, rkey, SendFlags.SIGNALED);
            if (posted != 0) {
                throw new IllegalStateException("a WRITE was refused: " + posted);
            }
            while (cq.poll(completions) == 0) {
                Thread.onSpinWait();
            }
        } while (completions.succeeded(0));
    }

    private static ConnectionEvent next(EventChannel channel, ConnectionEventType type) throws InterruptedException {
        ConnectionEvent event = channel.await(Duration.ofSeconds(10));
        if (event == null || event.type() != type) {
            throw new IllegalStateException("expected " + type + ", there came " + event);
        }
        return event;
    }
}
