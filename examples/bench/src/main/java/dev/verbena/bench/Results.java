package dev.verbena.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The figures of a run and the ratios between them, for people and as JSON.
 *
 * <p>Threading: one thread.
 */
final class Results {
    private final Map<String, Sample> found = new HashMap<>();
    private final List<Sample> order = new ArrayList<>();
    private final List<Ratio> ratios = new ArrayList<>();

    /** A ratio with what is wanted of it; less is better of times. */
    private record Ratio(String name, double value, double target, boolean less) {
        String sense() {
            return less ? "<= " : ">= ";
        }

        boolean isMet() {
            return less ? value <= target : value >= target;
        }
    }

    /** Adds a sample of a figure. */
    void add(String name, String unit, Map<String, Double> figures, String key) {
        Sample sample = found.get(name);
        if (sample == null) {
            sample = new Sample(name, unit);
            found.put(name, sample);
            order.add(sample);
        }
        sample.add(figures, key);
    }

    /** A time beside half a bare round trip. */
    void trips(String name, double target) {
        Sample sample = found.get(name);
        if (sample != null && !sample.isEmpty()) {
            ratios.add(new Ratio(name + " / half a bare round trip", sample.medianInBareTrips(), target, true));
        }
    }

    /** Times of two programs, each in units of the bare trip beside it. */
    void ratioOfTrips(String name, String other, double target) {
        Sample a = found.get(name);
        Sample b = found.get(other);
        if (a != null && b != null && !a.isEmpty() && !b.isEmpty()) {
            double value = a.medianInBareTrips() / b.medianInBareTrips();
            ratios.add(new Ratio(name + " / " + other, value, target, true));
        }
    }

    /** Rates of two programs, each in units of the bare trip beside it. */
    void ratioPerTrip(String name, String other, double target) {
        Sample a = found.get(name);
        Sample b = found.get(other);
        if (a != null && b != null && !a.isEmpty() && !b.isEmpty()) {
            double value = a.medianPerBareTrip() / b.medianPerBareTrip();
            ratios.add(new Ratio(name + " / " + other, value, target, false));
        }
    }

    /** Rates as they are. */
    void plain(String name, String other, double target) {
        Sample a = found.get(name);
        Sample b = found.get(other);
        if (a != null && b != null && !a.isEmpty() && !b.isEmpty()) {
            ratios.add(new Ratio(name + " / " + other, a.median() / b.median(), target, false));
        }
    }

    void print() {
        order.forEach(sample -> System.out.println(sample.line()));
        System.out.println();
        for (Ratio ratio : ratios) {
            System.out.printf(
                    Locale.ROOT, "%-90s %6.2f, wanted %s%.2f%n", ratio.name, ratio.value, ratio.sense(), ratio.target);
        }
    }

    void write(String command, String device, int bytes, Path file) throws IOException {
        ObjectMapper mapper =
                JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();
        ObjectNode document = mapper.createObjectNode();
        document.put("schema", "verbena/1")
                .put("command", command)
                .put("device", device)
                .put("bytes", bytes);
        document.put("jvm", System.getProperty("java.vm.version"));
        document.put("kernel", System.getProperty("os.version"));
        ArrayNode results = document.putArray("results");
        order.forEach(sample -> sample.write(results));
        ArrayNode all = document.putArray("ratios");
        for (Ratio ratio : ratios) {
            all.addObject()
                    .put("name", ratio.name)
                    .put("median", ratio.value)
                    .put("target", ratio.target)
                    .put("met", ratio.isMet());
        }
        mapper.writeValue(file.toFile(), document);
    }
}
