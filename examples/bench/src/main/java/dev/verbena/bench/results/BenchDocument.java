package dev.verbena.bench.results;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One benchmark's result in a JSON object: times in nanoseconds, sizes in bytes, and null for what was not measured.
 *
 * <p>Threading: one thread.
 */
public final class BenchDocument {
    /** What belongs to a document and not to a result in it. */
    private static final List<String> FRAME =
            List.of("schema", "command", "version", "ok", "provider", "device", "error");

    private final ObjectNode node;

    /**
     * A result of which nothing is known but where and when it was found.
     *
     * @param node is filled
     * @param benchmark its name, for example {@code send_lat}
     */
    public BenchDocument(ObjectNode node, String benchmark) {
        this.node = node;
        node.put("benchmark", benchmark);
        for (String unknown : new String[] {
            "peer",
            "bytes",
            "iterations",
            "one_way",
            "latency_ns",
            "messages_per_second",
            "bytes_per_second",
            "allocated_bytes_per_op",
            "cpu_seconds",
            "warmup",
            "pinning"
        }) {
            node.putNull(unknown);
        }
        node.put("commit", Machine.commit());
        node.put("jvm", Machine.jvm());
        node.put("kernel", Machine.kernel());
        node.put("cpu", Machine.cpu());
        node.put("timestamp", Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
        node.putArray("repeats");
    }

    /**
     * A result of the same run as another, for instance of another size.
     *
     * @param node is filled
     * @param whole says what all have in common
     */
    public BenchDocument(ObjectNode node, BenchDocument whole) {
        this.node = node;
        node.setAll(whole.node.deepCopy());
        node.remove(FRAME);
        node.putArray("repeats");
    }

    /**
     * Says with whom.
     *
     * @param peer for example {@code ib_send_lat 6.06 on 10.7.0.2}
     * @return this
     */
    public BenchDocument peer(String peer) {
        node.put("peer", peer);
        return this;
    }

    /**
     * Says how much.
     *
     * @param bytes of a message
     * @param iterations messages or round trips
     * @return this
     */
    public BenchDocument work(long bytes, long iterations) {
        node.put("bytes", bytes).put("iterations", iterations);
        return this;
    }

    /**
     * Says how it was prepared.
     *
     * @param warmup what went before
     * @param pinning which process was bound to which processor, null for none
     * @return this
     */
    public BenchDocument conditions(String warmup, @Nullable String pinning) {
        node.put("warmup", warmup).put("pinning", pinning);
        return this;
    }

    /**
     * Says how long.
     *
     * @param times what was measured
     * @param oneWay whether they are of one way, not of a round trip
     * @return this
     */
    public BenchDocument latency(LatencySummary times, boolean oneWay) {
        node.put("one_way", oneWay);
        times.write(node.putObject("latency_ns"));
        return this;
    }

    /**
     * Says how fast.
     *
     * @param messagesPerSecond one way
     * @param bytesPerSecond one way
     * @return this
     */
    public BenchDocument rate(double messagesPerSecond, double bytesPerSecond) {
        node.put("messages_per_second", messagesPerSecond).put("bytes_per_second", bytesPerSecond);
        return this;
    }

    /**
     * Says what it cost this process.
     *
     * @param cpuSeconds of the measuring thread
     * @param allocatedBytesPerOp of the Java heap, by the measuring thread
     * @return this
     */
    public BenchDocument cost(double cpuSeconds, double allocatedBytesPerOp) {
        node.put("cpu_seconds", cpuSeconds).put("allocated_bytes_per_op", allocatedBytesPerOp);
        return this;
    }

    /**
     * The measurements that the figures above are medians of, or the sizes of a run over many.
     *
     * @return an array of objects
     */
    public ArrayNode repeats() {
        return node.withArray("repeats");
    }
}
