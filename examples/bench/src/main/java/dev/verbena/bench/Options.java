package dev.verbena.bench;

import java.util.ArrayList;
import java.util.List;

/**
 * What is measured, and where.
 *
 * @param device name of the verbs device
 * @param lengthBytes of a message
 * @param samples of each figure
 * @param rounds ping-pongs of a sample
 * @param realTime whether the processes run with real-time priority, for a machine that has other work
 */
record Options(String device, int lengthBytes, int samples, int rounds, boolean realTime) {
    /** A command, bound to a processor. */
    List<String> pinned(int processor, List<String> command) {
        List<String> pinned = new ArrayList<>();
        if (realTime) {
            pinned.addAll(List.of("chrt", "-r", "10"));
        }
        pinned.addAll(List.of("taskset", "-c", String.valueOf(processor)));
        pinned.addAll(command);
        return pinned;
    }
}
