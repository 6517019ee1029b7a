package dev.verbena.softroce;

/** What tells one test of a suite from the others: its contract and its name. */
record SuiteTest(String contract, String test) {
    @Override
    public String toString() {
        return contract + ": " + test;
    }
}
