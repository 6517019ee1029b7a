package dev.verbena.softroce;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/**
 * A suite of six tests that ends in the way it is told to: {@code end}, {@code crash}, {@code hang} or {@code surprise}, always
 * after the first three, which pass, fail and skip.
 */
final class FakeSuite {
    static final List<SuiteTest> TESTS = List.of(
            new SuiteTest("First", "passes"),
            new SuiteTest("First", "fails"),
            new SuiteTest("First", "skips"),
            new SuiteTest("Second", "passes"),
            new SuiteTest("Second", "passes as well"),
            new SuiteTest("Third", "passes"));

    private FakeSuite() {}

    public static void main(String[] args) throws InterruptedException {
        System.out.print("noise without an end of line ");
        report(TESTS.get(0), "PASSED", "");
        report(TESTS.get(1), "FAILED", "1 is not 2");
        System.out.println("noise");
        report(TESTS.get(2), "SKIPPED", "the device cannot do it");
        switch (args[0]) {
            case "end" -> {}
            case "crash" -> crash();
            case "hang" -> Thread.currentThread().join();
            case "surprise" -> report(new SuiteTest("Fourth", "is not on the list"), "PASSED", "");
            default -> throw new IllegalArgumentException(args[0]);
        }
        for (SuiteTest test : TESTS.subList(3, TESTS.size())) {
            report(test, "PASSED", "");
        }
        System.exit(1);
    }

    private static void report(SuiteTest test, String status, String reason) {
        System.out.println("{\"contract\":\"" + test.contract() + "\",\"test\":\"" + test.test() + "\",\"status\":\""
                + status + "\",\"reason\":\"" + reason + "\",\"millis\":1,\"trace\":\"\"}");
        System.out.flush();
    }

    /** As a wrong pointer does: a real SIGSEGV. */
    @SuppressWarnings("restricted")
    private static void crash() {
        MemorySegment.NULL.reinterpret(Long.BYTES).set(ValueLayout.JAVA_LONG, 0, 1);
    }
}
