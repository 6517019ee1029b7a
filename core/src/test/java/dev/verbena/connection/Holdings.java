package dev.verbena.connection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/** What this process holds of the system: open descriptors by kind, mappings of shared memory, threads of Verbena. */
record Holdings(Map<String, Long> descriptors, long mappings, List<String> threads) {
    static Holdings now() {
        try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"));
                Stream<String> maps = Files.lines(Path.of("/proc/self/maps"))) {
            Map<String, Long> kinds = new TreeMap<>();
            open.forEach(descriptor -> kinds.merge(kind(descriptor), 1L, Long::sum));
            return new Holdings(
                    kinds,
                    maps.filter(line -> line.contains("memfd:") || line.contains("infiniband"))
                            .count(),
                    Thread.getAllStackTraces().keySet().stream()
                            .map(Thread::getName)
                            .filter(name -> name.startsWith("verbena-"))
                            .sorted()
                            .toList());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Without the number of a socket or pipe; files of this directory listing are gone by now. */
    private static String kind(Path descriptor) {
        try {
            return Files.readSymbolicLink(descriptor).toString().replaceAll("[0-9]+", "N");
        } catch (IOException e) {
            return "gone";
        }
    }

    /** Waits until this process holds what it held, no more. */
    void awaitAgain() {
        await().atMost(Duration.ofSeconds(20))
                .untilAsserted(() -> assertThat(now()).isEqualTo(this));
    }
}
