package dev.verbena.softroce;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** Brings this JVM's class path into containers, once into each. */
final class PeerLibrary {
    private static final Set<String> HAVE = ConcurrentHashMap.newKeySet();

    private PeerLibrary() {}

    static synchronized void ensureIn(SoftRoceContainer container) throws IOException {
        if (!HAVE.contains(container.getContainerId())) {
            Path folder = Path.of(System.getProperty("verbena.root", "."), "soft-roce", "target", "peer-lib");
            container.copyIn(PeerClassPath.assemble(folder), ContainerJvm.LIB);
            HAVE.add(container.getContainerId());
        }
    }
}
