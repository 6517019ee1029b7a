package dev.verbena.cli;

import picocli.CommandLine.Command;

/**
 * {@code ./verbena bench}: the benchmarks, in a jar of their own because of what they are compared with.
 *
 * <p>Threading: runs on the main thread.
 */
@Command(
        name = "bench",
        description = "Latency, rate and bandwidth with perftest's names, options and columns.",
        footer = {
            "",
            "'./verbena bench --help' lists the benchmarks.",
            "",
            "Examples:",
            "  ./verbena bench send_lat --local",
            "  ./verbena bench write_bw -d rxe1            (the server)",
            "  ./verbena bench write_bw -d rxe0 10.7.0.2   (the client)"
        })
final class BenchLauncherCommand extends LauncherCommand {}
