package dev.verbena.cli;

import picocli.CommandLine.Command;

/**
 * {@code ./verbena lab}: Soft-RoCE for this machine.
 *
 * <p>Threading: runs on the main thread.
 */
@Command(
        name = "lab",
        description = "Soft-RoCE on a machine without RDMA: a lab with two devices and Docker.",
        footer = {
            "",
            "Uses the machine itself where its kernel has rdma_rxe and Docker runs, else a Debian kernel under QEMU.",
            "'./verbena lab --help' lists what the lab can do.",
            "",
            "Examples:",
            "  ./verbena lab up",
            "  ./verbena lab run ibv_devices",
            "  ./verbena lab down"
        })
final class LabCommand extends LauncherCommand {}
