package dev.verbena.softroce;

/** What came out of looking for Soft-RoCE: the lab, or one sentence that says why there is none and what would help. */
public sealed interface SoftRoceSearch {
    /** There are two devices and a docker to run containers with them. */
    record Found(SoftRoceLab lab) implements SoftRoceSearch {}

    /** There is none. */
    record Absent(String reason) implements SoftRoceSearch {}
}
