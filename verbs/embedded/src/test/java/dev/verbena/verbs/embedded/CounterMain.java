package dev.verbena.verbs.embedded;

import dev.verbena.verbs.AccessFlags;
import dev.verbena.verbs.CompletionQueue;
import dev.verbena.verbs.Context;
import dev.verbena.verbs.MemoryRegion;
import dev.verbena.verbs.ProtectionDomain;
import dev.verbena.verbs.QueuePair;
import dev.verbena.verbs.QueuePairConfig;
import dev.verbena.verbs.SendFlags;
import dev.verbena.verbs.SharedReceiveQueue;
import dev.verbena.verbs.SharedReceiveQueueConfig;
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
import java.util.concurrent.locks.LockSupport;

/**
 * A process that connects, counts the messages that come, which have their number as immediate data, and answers each
 * {@link #ASK} with its count. Ends with code 3 when one is missing, and by itself when its connection is over.
 *
 * <p>Arguments: the port, whether receives come from a shared receive queue.
 */
final class CounterMain {
    static final int ASK = -1;
    static final int RECEIVES = 8192;
    private static final int BYTES = 8;
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private CounterMain() {}

    public static void main(String[] args) throws InterruptedException {
        VerbsProvider provider = Verbs.provider("embedded");
        InetSocketAddress to = new InetSocketAddress(InetAddress.getLoopbackAddress(), Integer.parseInt(args[0]));
        EventChannel channel = EventChannel.open(provider);
        ConnectionId id = channel.createId(PortSpace.TCP);
        id.resolveAddress(to, PATIENCE);
        next(channel, ConnectionEventType.ADDR_RESOLVED);
        id.resolveRoute(PATIENCE);
        next(channel, ConnectionEventType.ROUTE_RESOLVED);
        Context context = Verbs.devices(provider).getFirst().open();
        ProtectionDomain pd = context.allocateProtectionDomain();
        CompletionQueue cq = context.createCompletionQueue(2 * RECEIVES);
        QueuePairConfig config = QueuePairConfig.reliable(cq).sendSlots(64);
        MemoryRegion memory = pd.allocate(BYTES, AccessFlags.LOCAL_WRITE);
        QueuePair qp;
        Receives receives;
        if (Boolean.parseBoolean(args[1])) {
            SharedReceiveQueue srq = pd.createSharedReceiveQueue(SharedReceiveQueueConfig.of(RECEIVES));
            qp = pd.createQueuePair(config.sharedReceiveQueue(srq));
            receives = () -> srq.postReceive(0, memory.address(), BYTES, memory.lkey());
        } else {
            QueuePair own = pd.createQueuePair(config.receiveSlots(RECEIVES));
            qp = own;
            receives = () -> own.postReceive(0, memory.address(), BYTES, memory.lkey());
        }
        id.attach(qp);
        for (int posted = 0; posted < RECEIVES; posted++) {
            receives.post();
        }
        id.connect(ConnectionParameters.DEFAULT.withRetries(6, 7));
        next(channel, ConnectionEventType.ESTABLISHED);
        count(channel, cq, qp, receives, memory);
    }

    /** Where receives are posted. */
    private interface Receives {
        int post();
    }

    private static void count(
            EventChannel channel, CompletionQueue cq, QueuePair qp, Receives receives, MemoryRegion memory) {
        WorkCompletions completions = new WorkCompletions(64);
        int counted = 0;
        while (true) {
            int polled = cq.poll(completions);
            for (int index = 0; index < polled; index++) {
                if (!completions.succeeded(index)) {
                    Runtime.getRuntime().halt(0);
                } else if (completions.isReceive(index)) {
                    receives.post();
                    int number = completions.immediate(index);
                    if (number == ASK) {
                        qp.postSendWithImmediate(
                                1, memory.address(), BYTES, memory.lkey(), counted, SendFlags.SIGNALED);
                    } else if (number != counted++) {
                        System.err.println("message " + number + " came where " + (counted - 1) + " was expected");
                        Runtime.getRuntime().halt(3);
                    }
                }
            }
            if (polled == 0) {
                if (channel.poll() != null) {
                    Runtime.getRuntime().halt(0);
                }
                LockSupport.parkNanos(20_000);
            }
        }
    }

    private static void next(EventChannel channel, ConnectionEventType type) throws InterruptedException {
        ConnectionEvent event = channel.await(PATIENCE);
        if (event == null || event.type() != type) {
            throw new IllegalStateException("expected " + type + ", there came " + event);
        }
    }
}
