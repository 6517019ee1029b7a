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
import java.time.Duration;

/** A process that connects, sends as fast as it can, and is killed. */
final class VictimMain {
    private VictimMain() {}

    static final int SLOTS = 64;
    static final int MESSAGE_BYTES = 256;

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
            CompletionQueue cq = context.createCompletionQueue(4 * SLOTS);
            QueuePair qp = pd.createQueuePair(QueuePairConfig.reliable(cq).sendSlots(SLOTS));
            MemoryRegion memory = pd.allocate(MESSAGE_BYTES, AccessFlags.LOCAL_WRITE);
            id.attach(qp);
            id.connect(ConnectionParameters.DEFAULT.withRetries(6, 7));
            next(channel, ConnectionEventType.ESTABLISHED);
            System.out.println("connected");
            send(cq, qp, memory);
        }
    }

    /** Messages whose every byte is the low byte of their number, until the process ends. */
    private static void send(CompletionQueue cq, QueuePair qp, MemoryRegion memory) {
        WorkCompletions completions = new WorkCompletions(SLOTS);
        for (long number = 0; ; number++) {
            memory.memory().fill((byte) number);
            int posted = qp.postSend(number, memory.address(), MESSAGE_BYTES, memory.lkey(), SendFlags.SIGNALED);
            if (posted != 0) {
                throw new IllegalStateException("message " + number + " was refused: " + posted);
            }
            while (cq.poll(completions) == 0) {
                Thread.onSpinWait();
            }
            completions.requireSuccess(0);
        }
    }

    private static void next(EventChannel channel, ConnectionEventType type) throws InterruptedException {
        ConnectionEvent event = channel.await(Duration.ofSeconds(10));
        if (event == null || event.type() != type) {
            throw new IllegalStateException("expected " + type + ", there came " + event);
        }
    }
}
