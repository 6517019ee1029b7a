package dev.verbena.verbs.conformance.differential;

import dev.verbena.verbs.AsyncEventType;
import dev.verbena.verbs.CompletionStatus;
import dev.verbena.verbs.Opcode;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The differential test: programs of successive seeds run on one or more pairs of devices, and the model of the rules says who is
 * wrong. A failure names the seed, so that it can be repeated alone, and comes with the smallest program that still fails.
 *
 * <p>Threading: one thread at a time.
 */
public final class Differential {
    private final Map<String, Judge> judges = new TreeMap<>();
    private final Map<String, Integer> coverage = new TreeMap<>();
    private final Map<String, Integer> differences = new TreeMap<>();
    private int decided;
    private int undecided;
    private boolean shrinking = true;

    /** A test of the devices of these names; each is judged alone, by the rules for what it declares that it can do. */
    public Differential(Map<String, Bench> benches) {
        benches.forEach((name, bench) -> judges.put(name, new Judge(bench)));
    }

    /** A failure is told as it was found, without looking for a smaller program. */
    public Differential withoutShrinking() {
        shrinking = false;
        return this;
    }

    /** Runs programs until one fails; answers what was wrong, empty when nothing. */
    public String run(long firstSeed, int programs) {
        for (long seed = firstSeed; seed < firstSeed + programs; seed++) {
            String wrong = run(seed);
            if (!wrong.isEmpty()) {
                return wrong;
            }
        }
        return "";
    }

    /** Runs the program of one seed; answers what was wrong, empty when nothing. */
    public String run(long seed) {
        Program program = Generator.program(seed);
        StringBuilder wrong = new StringBuilder();
        List<Judge.Verdict> good = new ArrayList<>();
        judges.forEach((name, judge) -> {
            Judge.Verdict verdict = judge.judge(program);
            note(verdict);
            if (!verdict.agrees()) {
                wrong.append(explain(name, judge, verdict));
            } else if (verdict.decided()) {
                good.add(verdict);
            }
        });
        if (good.size() > 1) {
            compare(good.getFirst(), good.getLast());
        }
        return wrong.toString();
    }

    /** Both kept the rules for what they declare; what they did otherwise than each other is noted. */
    private void compare(Judge.Verdict one, Judge.Verdict other) {
        String type = one.program().setup().type().name();
        for (int round = 0; round < one.seen().size(); round++) {
            Outcome.differences(one.seen().get(round), other.seen().get(round))
                    .forEach(what -> differences.merge(type + " " + what, 1, Integer::sum));
        }
    }

    /** Where two devices did not do the same though both kept the rules, and how often; in the order of their names. */
    public Map<String, Integer> differences() {
        return Collections.unmodifiableMap(differences);
    }

    private String explain(String name, Judge judge, Judge.Verdict verdict) {
        if (!shrinking) {
            return name + " breaks the rules: " + verdict.difference() + "\n" + verdict.program();
        }
        Program smallest = judge.shrink(verdict.program());
        Judge.Verdict again = judge.judge(smallest);
        String difference = again.agrees() ? "it did not fail again" : again.difference();
        return name + " breaks the rules: " + verdict.difference() + "\nrepeat with -Dseed="
                + verdict.program().seed() + " -Dprograms=1; the smallest program that fails:\n" + smallest
                + "there: " + difference + "\n";
    }

    private void note(Judge.Verdict verdict) {
        if (!verdict.decided()) {
            undecided++;
            return;
        }
        decided++;
        verdict.program().rounds().forEach(round -> round.steps().forEach(this::note));
        verdict.expected().forEach(outcome -> {
            outcome.statuses().forEach(status -> count(verdict.program(), status.name()));
            outcome.events
                    .values()
                    .forEach(kinds -> kinds.forEach(kind -> coverage.merge("event " + kind, 1, Integer::sum)));
        });
    }

    private void note(Step step) {
        switch (step) {
            case Step.Post post ->
                post.requests().forEach(request -> {
                    coverage.merge(Opcode.name(request.opcode()), 1, Integer::sum);
                    if (request.key() == Key.GROUP) {
                        coverage.merge("to a group", 1, Integer::sum);
                    }
                });
            default -> coverage.merge(step.getClass().getSimpleName(), 1, Integer::sum);
        }
    }

    private void count(Program program, String what) {
        coverage.merge(program.setup().type() + " " + what, 1, Integer::sum);
    }

    /** Programs that ran, on all devices. */
    public int decided() {
        return decided;
    }

    /** Programs that did not run, because the rules leave open what a device of these capabilities does. */
    public int undecided() {
        return undecided;
    }

    /** How often operations and kinds of steps, and by type of queue pair rounds with a status, occurred. */
    public Map<String, Integer> coverage() {
        return Collections.unmodifiableMap(coverage);
    }

    /** What a test of some size must have met: every operation and every way to end that the model knows. */
    public static Set<String> everything() {
        Set<String> all = new TreeSet<>(Set.of(
                "Receive", "Revoke", "Fail", "Move", "Revive", "Drain", "Resume", "Silence", "Join", "Leave", "Limit"));
        for (int opcode = Opcode.RDMA_WRITE; opcode <= Opcode.SEND_WITH_INV; opcode++) {
            all.add(Opcode.name(opcode));
        }
        for (CompletionStatus status : Set.of(
                CompletionStatus.SUCCESS,
                CompletionStatus.LOC_LEN_ERR,
                CompletionStatus.LOC_QP_OP_ERR,
                CompletionStatus.LOC_PROT_ERR,
                CompletionStatus.WR_FLUSH_ERR,
                CompletionStatus.MW_BIND_ERR,
                CompletionStatus.REM_INV_REQ_ERR,
                CompletionStatus.REM_ACCESS_ERR,
                CompletionStatus.REM_OP_ERR,
                CompletionStatus.RNR_RETRY_EXC_ERR,
                CompletionStatus.RETRY_EXC_ERR)) {
            all.add("RC " + status);
        }
        for (AsyncEventType event : Set.of(
                AsyncEventType.SQ_DRAINED,
                AsyncEventType.SRQ_LIMIT_REACHED,
                AsyncEventType.QP_LAST_WQE_REACHED,
                AsyncEventType.QP_ACCESS_ERR)) {
            all.add("event " + event);
        }
        all.add("to a group");
        for (String type : Set.of("UC", "UD")) {
            all.addAll(Set.of(type + " SUCCESS", type + " LOC_PROT_ERR", type + " WR_FLUSH_ERR"));
        }
        return all;
    }
}
