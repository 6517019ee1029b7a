package dev.verbena.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Which processors this process may use, and how a command is bound to one of them.
 *
 * <p>Threading: pure functions.
 */
public final class Pinning {
    private static final Path STATUS = Path.of("/proc/self/status");
    private static final String ALLOWED = "Cpus_allowed_list:";
    private static final Path TASKSET = Path.of("/usr/bin/taskset");

    private Pinning() {}

    /**
     * The processors that this process may use.
     *
     * @return their numbers, none where the kernel does not tell
     */
    public static List<Integer> allowed() {
        try (Stream<String> lines = Files.lines(STATUS)) {
            return lines.filter(line -> line.startsWith(ALLOWED))
                    .findFirst()
                    .map(line -> numbers(line.substring(ALLOWED.length()).trim()))
                    .orElse(List.of());
        } catch (IOException e) {
            return List.of();
        }
    }

    private static List<Integer> numbers(String list) {
        List<Integer> numbers = new ArrayList<>();
        for (String range : list.split(",", -1)) {
            int dash = range.indexOf('-');
            int first = Integer.parseInt(dash < 0 ? range : range.substring(0, dash));
            int last = Integer.parseInt(range.substring(dash + 1));
            for (int i = first; i <= last; i++) {
                numbers.add(i);
            }
        }
        return numbers;
    }

    /**
     * Says how this process is bound.
     *
     * @return null when it may use several processors
     */
    public static @Nullable String own() {
        List<Integer> allowed = allowed();
        return allowed.size() == 1 ? "this side on processor " + allowed.getFirst() : null;
    }

    /**
     * Binds a command to the n-th of the allowed processors, where there are as many and taskset is installed.
     *
     * @param which from 0
     * @param command what to run
     * @return the command with what binds it before it, or as it is
     */
    public static List<String> bound(int which, List<String> command) {
        List<Integer> allowed = allowed();
        if (which >= allowed.size() || allowed.size() < 2 || !Files.isExecutable(TASKSET)) {
            return command;
        }
        List<String> bound = new ArrayList<>(List.of(TASKSET.toString(), "-c", String.valueOf(allowed.get(which))));
        bound.addAll(command);
        return bound;
    }
}
