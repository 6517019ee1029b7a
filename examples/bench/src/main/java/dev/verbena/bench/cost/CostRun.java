package dev.verbena.bench.cost;

import dev.verbena.bench.cost.CostFigures.Way;
import dev.verbena.bench.process.MeasuringProcess;
import dev.verbena.bench.results.Spread;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Asks the two loops by turns. Every repeat starts new processes, since a JVM that was started again may compile otherwise;
 * within a repeat the samples of the two alternate, the order turned round each time, and the medians of a repeat count.
 *
 * <p>Threading: one thread; {@link #stop} and {@link #figures} from any.
 */
final class CostRun {
    static final int[] BATCHES = {1, 32};
    private static final int WARM_UPS = 6;

    private final Plan plan;
    private final Consumer<String> progress;
    private final List<CostFigures> figures = new ArrayList<>();
    private volatile boolean stopped;

    /**
     * How much is measured.
     *
     * @param repeats of everything, with new processes
     * @param samples of each loop in a repeat
     * @param requests of a sample
     */
    record Plan(int repeats, int samples, int requests) {}

    CostRun(Plan plan, Consumer<String> progress) {
        this.plan = plan;
        this.progress = progress;
        for (Way way : Way.values()) {
            for (int batch : BATCHES) {
                figures.add(new CostFigures(way, batch));
            }
        }
    }

    /** No further sample is begun. */
    void stop() {
        stopped = true;
    }

    /** What there is: repeats that came to their end. */
    synchronized List<CostFigures> figures() {
        List<CostFigures> copy = new ArrayList<>();
        for (CostFigures all : figures) {
            CostFigures one = new CostFigures(all.way(), all.batch());
            one.repeats().putAll(all.repeats());
            copy.add(one);
        }
        return copy;
    }

    void run(FakeDevice device) throws IOException, InterruptedException {
        for (int repeat = 0; repeat < plan.repeats() && !stopped; repeat++) {
            for (Way way : Way.values()) {
                progress.accept("repeat " + (repeat + 1) + " of " + plan.repeats() + ": " + way.text());
                try (MeasuringProcess c = device.startC();
                        MeasuringProcess java = device.startJava(way)) {
                    for (int i = 0; i < WARM_UPS && !stopped; i++) {
                        for (int batch : BATCHES) {
                            c.measure(command(batch));
                            java.measure(command(batch));
                        }
                    }
                    for (int batch : BATCHES) {
                        measure(repeat, way, batch, c, java);
                    }
                }
            }
        }
    }

    private String command(int batch) {
        return "run " + batch + " " + plan.requests() / batch * batch;
    }

    private void measure(int repeat, Way way, int batch, MeasuringProcess c, MeasuringProcess java)
            throws IOException, InterruptedException {
        List<Double> cNs = new ArrayList<>();
        List<Double> javaNs = new ArrayList<>();
        List<Double> ratios = new ArrayList<>();
        List<Double> allocated = new ArrayList<>();
        for (int sample = 0; sample < plan.samples(); sample++) {
            if (stopped) {
                return;
            }
            boolean cFirst = sample % 2 == 0;
            Map<String, Double> first = (cFirst ? c : java).measure(command(batch));
            Map<String, Double> second = (cFirst ? java : c).measure(command(batch));
            double ofC = value(cFirst ? first : second, "ns");
            double ofJava = value(cFirst ? second : first, "ns");
            cNs.add(ofC);
            javaNs.add(ofJava);
            ratios.add(ofJava / ofC);
            allocated.add(value(cFirst ? second : first, "allocated"));
        }
        Map<String, Double> row = Map.of(
                CostFigures.C, median(cNs),
                CostFigures.JAVA, median(javaNs),
                CostFigures.RATIO, median(ratios),
                CostFigures.ALLOCATED, median(allocated));
        synchronized (this) {
            for (CostFigures one : figures) {
                if (one.way() == way && one.batch() == batch) {
                    one.repeats().put(repeat, row);
                }
            }
        }
    }

    private static double value(Map<String, Double> found, String key) throws IOException {
        Double value = found.get(key);
        if (value == null) {
            throw new IOException("a measuring process answers without " + key + ": " + found);
        }
        return value;
    }

    private static double median(List<Double> values) {
        Spread spread = Spread.of(values);
        return spread == null ? Double.NaN : spread.median();
    }
}
