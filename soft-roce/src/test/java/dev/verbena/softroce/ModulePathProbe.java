package dev.verbena.softroce;

import dev.verbena.verbs.Verbs;
import dev.verbena.verbs.spi.VerbsProvider;

/** Runs in a JVM of its own, with Verbena on the module path: says what it sees of it. */
final class ModulePathProbe {
    private ModulePathProbe() {}

    public static void main(String[] arguments) {
        System.out.println("api " + Verbs.class.getModule());
        for (VerbsProvider provider : Verbs.providers()) {
            System.out.println(provider.name() + " " + provider.getClass().getModule());
            System.out.println("usable " + provider.availability().usable());
            System.out.println(provider.availability().reason());
        }
    }
}
