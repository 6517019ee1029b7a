package dev.verbena.verbs.conformance.differential;

import java.util.ArrayList;
import java.util.List;

/** Runs programs on a pair of devices and compares with what the model allows. */
final class Judge {
    private static final long SHRINKING_NS = 30_000_000_000L;

    private final Bench bench;

    Judge(Bench bench) {
        this.bench = bench;
    }

    /**
     * What a program brought.
     *
     * @param program what ran
     * @param decided whether the rules for this device decide the program; it did not run otherwise
     * @param expected what they allow
     * @param seen what the device did
     * @param difference where it broke the rules; empty when it did not
     */
    record Verdict(Program program, boolean decided, List<Outcome> expected, List<Outcome> seen, String difference) {
        boolean agrees() {
            return difference.isEmpty();
        }
    }

    Verdict judge(Program program) {
        List<Outcome> expected;
        try {
            expected = Model.run(program, bench.rules());
        } catch (Model.Undecided e) {
            return new Verdict(program, false, List.of(), List.of(), "");
        }
        List<Outcome> seen;
        try (Execution execution = new Execution(program, bench)) {
            seen = execution.run(expected);
        }
        for (int round = 0; round < seen.size(); round++) {
            String difference = expected.get(round).difference(seen.get(round));
            if (!difference.isEmpty()) {
                return new Verdict(program, true, expected, seen, "round " + round + ", " + difference);
            }
        }
        return new Verdict(program, true, expected, seen, "");
    }

    /** The smallest program that can be made of a failing one by leaving out rounds and steps, and still fails. */
    Program shrink(Program failing) {
        long end = System.nanoTime() + SHRINKING_NS;
        Program smallest = failing;
        boolean smaller = true;
        while (smaller) {
            smaller = false;
            for (Program candidate : candidates(smallest)) {
                if (System.nanoTime() < end && !judge(candidate).agrees()) {
                    smallest = candidate;
                    smaller = true;
                    break;
                }
            }
        }
        return smallest;
    }

    private static List<Program> candidates(Program program) {
        List<Program> candidates = new ArrayList<>();
        for (int round = 0; round < program.rounds().size(); round++) {
            List<Program.Round> rounds = new ArrayList<>(program.rounds());
            rounds.remove(round);
            candidates.add(program.with(List.copyOf(rounds)));
        }
        for (int round = 0; round < program.rounds().size(); round++) {
            List<Step> steps = program.rounds().get(round).steps();
            for (int step = 0; step < steps.size(); step++) {
                List<Step> fewer = new ArrayList<>(steps);
                fewer.remove(step);
                List<Program.Round> rounds = new ArrayList<>(program.rounds());
                rounds.set(round, new Program.Round(List.copyOf(fewer)));
                candidates.add(program.with(List.copyOf(rounds)));
            }
        }
        return candidates;
    }
}
