package dev.verbena.bench;

import dev.verbena.verbs.QueuePair;
import dev.verbena.verbs.SendFlags;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What does a verb cost from its post to its polled completion, both ends in one process and one thread, and does it
 * allocate? Expected: 0 B per operation ({@code -prof gc}), and times near those of {@link VerbCost}.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(value = 1, jvmArgsAppend = "--enable-native-access=ALL-UNNAMED")
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@SuppressWarnings("NullAway.Init") // set before each trial
public class VerbBenchmark {
    private static final int SLOTS = 64;
    private static final int MESSAGE_BYTES = 64;

    private Endpoint here;
    private Endpoint there;
    private QueuePair qp;
    private long local;
    private int lkey;
    private long remote;
    private int rkey;

    /** Connects two ends. */
    @Setup(Level.Trial)
    public void connect() {
        here = new Endpoint("embedded0", 1, SLOTS, Bandwidth.TOTAL_BYTES, 4096);
        there = new Endpoint("embedded0", 1, SLOTS, Bandwidth.TOTAL_BYTES, 4096);
        here.qps[0].connect(there.qps[0].localEndpoint());
        there.qps[0].connect(here.qps[0].localEndpoint());
        qp = here.qps[0];
        local = here.messages.address();
        lkey = here.messages.lkey();
        remote = there.shared.address();
        rkey = there.shared.rkey();
    }

    /** Closes both. */
    @TearDown(Level.Trial)
    public void close() {
        here.close();
        there.close();
    }

    /** RDMA_WRITE of 8 bytes. */
    @Benchmark
    public void write() {
        Endpoint.taken(qp.postWrite(1, local, Long.BYTES, lkey, remote, rkey, SendFlags.SIGNALED));
        here.awaitOne();
    }

    /** RDMA_READ of 8 bytes. */
    @Benchmark
    public void read() {
        Endpoint.taken(qp.postRead(1, local, Long.BYTES, lkey, remote, rkey, SendFlags.SIGNALED));
        here.awaitOne();
    }

    /** ATOMIC_FETCH_AND_ADD. */
    @Benchmark
    public void fetchAndAdd() {
        Endpoint.taken(qp.postFetchAndAdd(1, local, lkey, remote, rkey, 1, SendFlags.SIGNALED));
        here.awaitOne();
    }

    /** SEND of 64 bytes: a receive, a send and both completions. */
    @Benchmark
    public void send() {
        Endpoint.taken(there.qps[0].postReceive(1, there.messages.address(), MESSAGE_BYTES, there.messages.lkey()));
        Endpoint.taken(qp.postSend(1, local, MESSAGE_BYTES, lkey, SendFlags.SIGNALED));
        here.awaitOne();
        there.awaitOne();
    }
}
