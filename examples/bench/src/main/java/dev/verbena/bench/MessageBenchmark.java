package dev.verbena.bench;

import dev.verbena.connection.Connection;
import dev.verbena.connection.Listener;
import dev.verbena.connection.QueuePairManager;
import dev.verbena.connection.QueuePairManagerConfig;
import dev.verbena.memory.RegisteredBuffer;
import dev.verbena.messaging.Claim;
import dev.verbena.messaging.SendResult;
import dev.verbena.onesided.OneSidedCallback;
import dev.verbena.onesided.RemoteBuffer;
import dev.verbena.queuepair.EventLoop;
import dev.verbena.queuepair.WaitingPolicy;
import dev.verbena.verbs.AccessFlags;
import io.netty.buffer.ByteBuf;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What do a message, a one-sided operation and a buffer cost, two managers in one process driven by one thread, and do they
 * allocate? Expected: 0 B per operation ({@code -prof gc}), and a few times what {@link VerbBenchmark} finds for a send, for
 * the frame, the credits and two turns of a loop.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(
        value = 1,
        jvmArgsAppend = {"--enable-native-access=ALL-UNNAMED", "-Dio.netty.leakDetection.level=disabled"})
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@SuppressWarnings("NullAway.Init") // set before each trial
public class MessageBenchmark {
    private static final int BYTES = 64;
    private static final int SHARED_RECEIVES = 1024;
    private static final long LIMIT_NS = 20_000_000_000L;

    /** Whether receives come from one queue for all connections. */
    @Param({"false", "true"})
    public boolean shared;

    private QueuePairManager here;
    private QueuePairManager there;
    private EventLoop hereLoop;
    private EventLoop thereLoop;
    private Connection connection;
    private @Nullable Connection accepted;
    private @Nullable RemoteBuffer remote;
    private RemoteBuffer target;
    private RegisteredBuffer local;
    private ByteBuf message;
    private final Claim claim = new Claim();
    private long received;
    private long done;
    private OneSidedCallback callback;

    /** Connects two managers. */
    @Setup(Level.Trial)
    public void connect() throws Exception {
        here = QueuePairManager.open(config());
        there = QueuePairManager.open(config());
        hereLoop = here.loops().getFirst();
        thereLoop = there.loops().getFirst();
        Listener listener = there.listen(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), peer -> {
            peer.onMessage((type, arrived) -> received++);
            accepted = peer;
        });
        var connecting = here.connect(listener.address());
        turnUntil(() -> connecting.isDone() && accepted != null);
        connection = connecting.get();
        connection.onShare(buffer -> remote = buffer);
        Connection peer = accepted;
        if (peer == null) {
            throw new IllegalStateException("not accepted");
        }
        var sharing = peer.share(there.allocate(4096), AccessFlags.REMOTE_WRITE | AccessFlags.REMOTE_READ);
        turnUntil(() -> sharing.isDone() && remote != null);
        RemoteBuffer whole = remote;
        if (whole == null) {
            throw new IllegalStateException("nothing is shared");
        }
        target = whole.slice(0, BYTES);
        local = here.allocate(BYTES);
        message = here.allocator().directBuffer(BYTES).writeZero(BYTES);
        callback = (value, failure) -> {
            if (failure != null) {
                throw failure;
            }
            done++;
        };
    }

    private QueuePairManagerConfig config() {
        QueuePairManagerConfig config = new QueuePairManagerConfig()
                .device("embedded0")
                .waitingPolicy(WaitingPolicy.APPLICATION)
                .connectionsPerLoopMax(4);
        return shared ? config.sharedReceives(SHARED_RECEIVES) : config;
    }

    private void turnUntil(BooleanSupplier end) {
        long start = System.nanoTime();
        while (!end.getAsBoolean()) {
            hereLoop.poll();
            thereLoop.poll();
            if (System.nanoTime() - start > LIMIT_NS) {
                throw new IllegalStateException("not within 20 s");
            }
        }
    }

    /** Closes both. */
    @TearDown(Level.Trial)
    public void close() {
        message.release();
        here.close();
        there.close();
    }

    private void awaitReceived(long wanted) {
        while (received < wanted) {
            hereLoop.poll();
            thereLoop.poll();
        }
    }

    /** A message of 64 bytes out of a buffer, until the peer's handler has it. */
    @Benchmark
    public void send() {
        long wanted = received + 1;
        while (connection.trySend(message.retain()) != SendResult.SENT) {
            message.release();
            hereLoop.poll();
            thereLoop.poll();
        }
        awaitReceived(wanted);
    }

    /** The same, written where it is sent from. */
    @Benchmark
    public void claim() {
        long wanted = received + 1;
        while (connection.tryClaim(BYTES, claim) < 0) {
            hereLoop.poll();
            thereLoop.poll();
        }
        claim.commit();
        awaitReceived(wanted);
    }

    /** A one-sided WRITE of 64 bytes with its callback. */
    @Benchmark
    public void write() {
        long wanted = done + 1;
        while (connection.oneSided().tryWrite(local, target, callback) != SendResult.SENT) {
            hereLoop.poll();
        }
        while (done < wanted) {
            hereLoop.poll();
        }
    }

    /** A turn of a loop that has nothing to do. */
    @Benchmark
    public int idleTurn() {
        return hereLoop.poll();
    }

    /** A buffer of the allocator, taken and given back. */
    @Benchmark
    public int buffer() {
        ByteBuf buffer = here.allocator().directBuffer(BYTES);
        int capacity = buffer.capacity();
        buffer.release();
        return capacity;
    }
}
