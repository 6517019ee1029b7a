package dev.verbena.softroce;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.invoke.VarHandle;
import org.testcontainers.utility.ResourceReaper;

/**
 * Keeps Testcontainers from starting ryuk, the container that cleans up after dead runs, where its image cannot be had.
 * {@link DeadRuns} does that work.
 *
 * <p>Testcontainers knows one switch only, the environment variable {@code TESTCONTAINERS_RYUK_DISABLED}, which a test
 * started in an IDE does not have. So, without it, the cleaner that variable would choose is put in place by reflection.
 */
final class RyukSwitch {
    private static final String VARIABLE = "TESTCONTAINERS_RYUK_DISABLED";

    private RyukSwitch() {}

    static void turnOff() {
        if (Boolean.parseBoolean(System.getenv(VARIABLE))) {
            return;
        }
        try {
            MethodHandles.Lookup lookup = MethodHandles.privateLookupIn(ResourceReaper.class, MethodHandles.lookup());
            VarHandle instance = lookup.findStaticVarHandle(ResourceReaper.class, "instance", ResourceReaper.class);
            Class<?> byShutdownHook = lookup.findClass("org.testcontainers.utility.JVMHookResourceReaper");
            MethodHandle constructor = lookup.findConstructor(byShutdownHook, MethodType.methodType(void.class));
            ResourceReaper reaper = (ResourceReaper) constructor.invoke();
            instance.compareAndSet((ResourceReaper) null, reaper);
        } catch (Throwable e) {
            throw new IllegalStateException(
                    "the lab has no registry, and ryuk cannot be turned off from inside; set the environment variable "
                            + VARIABLE + "=true",
                    e);
        }
    }
}
