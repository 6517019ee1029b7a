package dev.verbena.verbs;

/** Range checks of arguments. */
final class Limits {
    private Limits() {}

    static int within(String name, int value, int min, int max) {
        if (value < min || value > max) {
            throw new IllegalArgumentException(name + " " + value + " is not within " + min + " to " + max);
        }
        return value;
    }
}
