package dev.verbena.cli;

import picocli.CommandLine.Command;

/**
 * {@code ./verbena test}: every test, with Soft-RoCE.
 *
 * <p>Threading: runs on the main thread.
 */
@Command(
        name = "test",
        description = "Bring up the Soft-RoCE lab, run all tests, take the lab down.",
        footer = {
            "",
            "Installs what the lab needs (as root, or with sudo), runs './mvnw verify -Dsoft-roce=required' with what is",
            "passed on, and takes the lab down again unless it was up before.",
            "",
            "Examples:",
            "  ./verbena test",
            "  ./verbena test -Dscale=10"
        })
final class TestCommand extends LauncherCommand {}
