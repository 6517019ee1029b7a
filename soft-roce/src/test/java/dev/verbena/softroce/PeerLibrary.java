package dev.verbena.softroce;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Brings this JVM's class path into containers, once into each. */
final class PeerLibrary {
    private static final Set<String> HAVE = ConcurrentHashMap.newKeySet();

    private PeerLibrary() {}

    static synchronized void ensureIn(SoftRoceContainer container) throws IOException {
        if (!HAVE.contains(container.getContainerId())) {
            container.copyIn(PeerClassPath.assemble(folder()), ContainerJvm.LIB);
            HAVE.add(container.getContainerId());
        }
    }

    /** Where it lies on this machine. */
    private static Path folder() {
        return Path.of(System.getProperty("verbena.root", "."), "soft-roce", "target", "peer-lib");
    }

    /** The class path of a JVM in a container that has it, in the order of this JVM's. */
    static synchronized String classPath() throws IOException {
        try (Stream<Path> jars = Files.list(folder())) {
            return jars.map(jar -> ContainerJvm.LIB + "/" + jar.getFileName())
                    .sorted()
                    .collect(Collectors.joining(":"));
        }
    }
}
