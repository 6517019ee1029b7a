package dev.verbena.bench.compare;

import dev.verbena.bench.process.Session;
import dev.verbena.bench.process.UcxTool;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * UCX from C, by its own tool: two processes for each measurement. It does not compare what arrives, and the processor time is
 * that of both processes as a whole.
 *
 * <p>Threading: one thread.
 *
 * @param latencyTest of the echo
 * @param bandwidthTest of the rate and the bulk transfer
 */
record UcxToolPeer(
        String name, String title, String path, String latencyTest, String bandwidthTest, Processors processors)
        implements Peer {
    private static final int WARM_UP = 10_000;
    private static final int LARGE_WARM_UP = 20;

    @Override
    public boolean isOverMemory() {
        return true;
    }

    @Override
    public @Nullable String missing() {
        return UcxTool.missing();
    }

    @Override
    public Session start() {
        return new ToolSession();
    }

    private UcxTool.Result run(String test, int bytes, int count, int warmUp) throws IOException, InterruptedException {
        return UcxTool.run(test, bytes, count, warmUp, processors::pinServer, processors::pinClient);
    }

    private final class ToolSession implements Session {
        @Override
        public Map<String, Double> measure(String command) throws IOException, InterruptedException {
            String[] words = command.split(" ", -1);
            Map<String, Double> figures = new HashMap<>();
            switch (words[0]) {
                case "echo" -> {
                    int rounds = Integer.parseInt(words[1]);
                    UcxTool.Result found = run(latencyTest, Messages.SMALL_BYTES, rounds, WARM_UP);
                    figures.put("p50", 2 * found.medianNs());
                    figures.put("mean", 2 * found.meanNs());
                    figures.put("cpu_s", found.cpuSeconds());
                }
                case "push" -> {
                    int bytes = Integer.parseInt(words[1]);
                    int messages = Integer.parseInt(words[2]);
                    int warmUp = bytes == Messages.SMALL_BYTES ? WARM_UP : LARGE_WARM_UP;
                    UcxTool.Result found = run(bandwidthTest, bytes, messages, warmUp);
                    figures.put("per_s", found.perSecond());
                    figures.put("cpu_s", found.cpuSeconds() * messages / (messages + warmUp));
                }
                default -> {
                    // It checks nothing and needs no warm-up of the JVM's kind.
                }
            }
            figures.values().removeIf(value -> value.isNaN());
            return figures;
        }

        @Override
        public List<Long> processes() {
            return List.of();
        }

        @Override
        public void close() {}
    }
}
