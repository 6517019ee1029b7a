package dev.verbena.verbs.embedded;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * How much memory can still be had. The kernel allocates a memfd's space page by page and calls its killer when there is
 * none left, so what is plainly too much is refused before.
 *
 * <p>Threading: no state.
 */
final class Machine {
    private static final Path MEMINFO = Path.of("/proc/meminfo");
    private static final Path LIMIT = Path.of("/sys/fs/cgroup/memory.max");
    private static final Path USED = Path.of("/sys/fs/cgroup/memory.current");

    private Machine() {}

    /** An upper bound of what can be allocated now; the largest number where nothing is known. */
    static long availableBytes() {
        long available = Long.MAX_VALUE;
        try {
            long found = 0;
            for (String line : Files.readAllLines(MEMINFO)) {
                if (line.startsWith("MemAvailable:") || line.startsWith("SwapFree:")) {
                    found += Long.parseLong(line.replaceAll("[^0-9]", "")) * 1024;
                }
            }
            available = found == 0 ? Long.MAX_VALUE : found;
        } catch (IOException | NumberFormatException unknown) {
            available = Long.MAX_VALUE;
        }
        return Math.min(available, containerBytes());
    }

    private static long containerBytes() {
        try {
            List<String> limit = Files.readAllLines(LIMIT);
            List<String> used = Files.readAllLines(USED);
            return Long.parseLong(limit.getFirst().strip())
                    - Long.parseLong(used.getFirst().strip());
        } catch (IOException | NumberFormatException unlimited) {
            return Long.MAX_VALUE;
        }
    }
}
