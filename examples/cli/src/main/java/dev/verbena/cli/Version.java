package dev.verbena.cli;

import picocli.CommandLine.IVersionProvider;

/**
 * Says which Verbena this is, and on what it runs.
 *
 * <p>Threading: stateless.
 */
final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
        return new String[] {
            "verbena " + verbena(),
            "Java " + Runtime.version() + " (" + System.getProperty("java.vm.name") + ")",
            System.getProperty("os.name") + " " + System.getProperty("os.version") + " " + System.getProperty("os.arch")
        };
    }

    /** Verbena's own version, from the jar's manifest; {@code development} where it runs from class files. */
    static String verbena() {
        String version = Version.class.getPackage().getImplementationVersion();
        return version == null ? "development" : version;
    }
}
