package dev.verbena.jverbs;

import dev.verbena.verbs.Verbs;
import dev.verbena.verbs.VerbsException;
import dev.verbena.verbs.spi.VerbsProvider;

/**
 * Which provider the program's objects are of: jVerbs has no name for it.
 *
 * <p>Threading: pure functions.
 */
public final class Providers {
    /** System property: the name of a provider, {@code rdma-core} or {@code embedded}; without it the best that has a device. */
    public static final String PROPERTY = "verbena.jverbs.provider";

    private Providers() {}

    /**
     * The provider.
     *
     * @throws VerbsException ENODEV that says, for each provider, why it is not usable
     * @throws IllegalArgumentException when the property names none, with the names there are
     */
    public static VerbsProvider chosen() {
        String name = System.getProperty(PROPERTY);
        return Verbs.provider(name != null ? name : Verbs.anyDevice().provider());
    }
}
