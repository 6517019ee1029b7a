package dev.verbena.bench;

import dev.verbena.verbs.AccessFlags;
import dev.verbena.verbs.AddressHandle;
import dev.verbena.verbs.AddressVector;
import dev.verbena.verbs.CompletionChannel;
import dev.verbena.verbs.CompletionQueue;
import dev.verbena.verbs.Context;
import dev.verbena.verbs.MemoryRegion;
import dev.verbena.verbs.ProtectionDomain;
import dev.verbena.verbs.QueuePair;
import dev.verbena.verbs.QueuePairConfig;
import dev.verbena.verbs.QueuePairType;
import dev.verbena.verbs.ScatterGatherList;
import dev.verbena.verbs.SendFlags;
import dev.verbena.verbs.SharedReceiveQueue;
import dev.verbena.verbs.SharedReceiveQueueConfig;
import dev.verbena.verbs.Verbs;
import dev.verbena.verbs.WorkCompletions;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What do the forms of a verb cost that {@link VerbBenchmark} leaves out, the ones that do not go the shortest way: batches,
 * lists, inline data, shared receives, datagrams, arming? Expected: 0 B per operation ({@code -prof gc}); a batch less per
 * request than one alone, the others up to some hundred nanoseconds more.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(value = 1, jvmArgsAppend = "--enable-native-access=ALL-UNNAMED")
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@SuppressWarnings("NullAway.Init") // set before each trial
public class VerbFormsBenchmark {
    private static final int SLOTS = 64;
    private static final int BATCH = 16;
    private static final int BYTES = 64;
    private static final int HEADER_BYTES = 40;
    private static final int RIGHTS = AccessFlags.LOCAL_WRITE | AccessFlags.REMOTE_WRITE;

    private Context context;
    private CompletionQueue sendQueue;
    private CompletionQueue receiveQueue;
    private QueuePair reliable;
    private QueuePair toShared;
    private QueuePair datagram;
    private QueuePair datagramPeer;
    private AddressHandle way;
    private SharedReceiveQueue shared;
    private MemoryRegion memory;
    private final ScatterGatherList two = new ScatterGatherList(2);
    private final WorkCompletions completions = new WorkCompletions(SLOTS);

    /** Connects queue pairs of three kinds, all on one device and two completion queues. */
    @Setup(Level.Trial)
    public void connect() {
        context = Verbs.open("embedded0");
        ProtectionDomain pd = context.allocateProtectionDomain();
        CompletionChannel channel = context.createCompletionChannel();
        sendQueue = context.createCompletionQueue(8 * SLOTS);
        receiveQueue = context.createCompletionQueue(8 * SLOTS, channel, 0);
        memory = pd.allocate(4096, RIGHTS);
        shared = pd.createSharedReceiveQueue(SharedReceiveQueueConfig.of(SLOTS));
        reliable = pd.createQueuePair(config(QueuePairType.RC));
        QueuePair reliablePeer = pd.createQueuePair(config(QueuePairType.RC));
        toShared = pd.createQueuePair(config(QueuePairType.RC));
        QueuePair sharedPeer = pd.createQueuePair(config(QueuePairType.RC).sharedReceiveQueue(shared));
        datagram = pd.createQueuePair(config(QueuePairType.UD));
        datagramPeer = pd.createQueuePair(config(QueuePairType.UD));
        reliable.connect(reliablePeer.localEndpoint());
        reliablePeer.connect(reliable.localEndpoint());
        toShared.connect(sharedPeer.localEndpoint());
        sharedPeer.connect(toShared.localEndpoint());
        datagram.connect(datagram.localEndpoint());
        datagramPeer.connect(datagramPeer.localEndpoint());
        way = pd.createAddressHandle(
                AddressVector.to(datagramPeer.localEndpoint().gid(), 1, 0));
        two.add(memory.address(), BYTES / 2, memory.lkey());
        two.add(memory.address() + BYTES, BYTES / 2, memory.lkey());
    }

    private QueuePairConfig config(QueuePairType type) {
        return QueuePairConfig.of(type, sendQueue)
                .receiveQueue(receiveQueue)
                .sendSlots(SLOTS)
                .receiveSlots(SLOTS)
                .entries(2, 2)
                .inlineBytes(BYTES);
    }

    /** Closes everything. */
    @TearDown(Level.Trial)
    public void close() {
        context.close();
    }

    private void await(CompletionQueue queue, int wanted) {
        for (int come = 0; come < wanted; ) {
            come += polled(queue);
        }
    }

    private int polled(CompletionQueue queue) {
        int polled = queue.poll(completions);
        for (int index = 0; index < polled; index++) {
            completions.requireSuccess(index);
        }
        return polled;
    }

    /** RDMA_WRITE of 8 bytes, sixteen behind one doorbell, each with a completion; the time of one. */
    @Benchmark
    @OperationsPerInvocation(BATCH)
    public void batchedWrite() {
        reliable.start();
        for (int request = 0; request < BATCH; request++) {
            Endpoint.taken(reliable.postWrite(
                    request,
                    memory.address(),
                    Long.BYTES,
                    memory.lkey(),
                    memory.address() + 1024,
                    memory.rkey(),
                    SendFlags.SIGNALED));
        }
        if (reliable.complete() != BATCH) {
            throw new IllegalStateException("not all were taken");
        }
        await(sendQueue, BATCH);
    }

    /** RDMA_WRITE gathered from two buffers. */
    @Benchmark
    public void gatheredWrite() {
        Endpoint.taken(reliable.postWrite(1, two, memory.address() + 1024, memory.rkey(), SendFlags.SIGNALED));
        await(sendQueue, 1);
    }

    /** RDMA_WRITE of inline data. */
    @Benchmark
    public void inlineWrite() {
        Endpoint.taken(reliable.postWrite(
                1,
                memory.address(),
                BYTES,
                memory.lkey(),
                memory.address() + 1024,
                memory.rkey(),
                SendFlags.SIGNALED | SendFlags.INLINE));
        await(sendQueue, 1);
    }

    /** SEND of 64 bytes that takes a shared receive: the receive, the send and both completions. */
    @Benchmark
    public void sharedSend() {
        Endpoint.taken(shared.postReceive(1, memory.address() + 2048, BYTES, memory.lkey()));
        Endpoint.taken(toShared.postSend(1, memory.address(), BYTES, memory.lkey(), SendFlags.SIGNALED));
        // The receiver's polls give the receive out, the sender's go on with the request.
        for (int come = 0; come < 2; ) {
            come += polled(receiveQueue);
            come += polled(sendQueue);
        }
    }

    /** A datagram of 64 bytes: the receive, the send and both completions. */
    @Benchmark
    public void datagramSend() {
        Endpoint.taken(datagramPeer.postReceive(1, memory.address() + 2048, BYTES + HEADER_BYTES, memory.lkey()));
        Endpoint.taken(datagram.postDatagram(
                1,
                memory.address(),
                BYTES,
                memory.lkey(),
                way,
                datagramPeer.number(),
                QueuePair.DEFAULT_QKEY,
                SendFlags.SIGNALED));
        await(sendQueue, 1);
        await(receiveQueue, 1);
    }

    /** Arming a completion queue that is armed, and a poll that finds nothing. */
    @Benchmark
    public int armAndPoll() {
        receiveQueue.requestNotify(false);
        return receiveQueue.poll(completions);
    }
}
