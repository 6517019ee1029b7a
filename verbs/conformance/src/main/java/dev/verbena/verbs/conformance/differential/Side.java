package dev.verbena.verbs.conformance.differential;

/** Which of a program's two queue pairs. */
enum Side {
    A,
    B;

    Side peer() {
        return this == A ? B : A;
    }
}
