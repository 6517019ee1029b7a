package dev.verbena.softroce;

import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Collections;
import java.util.List;
import java.util.StringTokenizer;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.stream.Stream;

/** This JVM's class path as a folder of jars, without what only drives tests from outside: for a JVM in a container. */
final class PeerClassPath {
    /** Parts of names of what stays here. */
    private static final List<String> STAYS = List.of(
            "/org/testcontainers/",
            "/com/github/docker-java/",
            "/com/tngtech/",
            "/net/java/dev/jna/",
            "/org/apache/commons/",
            "/commons-codec/",
            "/commons-io/",
            "/org/rnorth/",
            "/surefire",
            "/idea_rt",
            "/verbena.jar");

    private PeerClassPath() {}

    /** Makes the folder anew. */
    static Path assemble(Path folder) throws IOException {
        Files.createDirectories(folder);
        try (Stream<Path> old = Files.list(folder)) {
            for (Path file : old.toList()) {
                Files.delete(file);
            }
        }
        int number = 0;
        for (String entry : classPath()) {
            Path path = Path.of(entry).toAbsolutePath();
            String name = path.toString().replace('\\', '/');
            if (STAYS.stream().anyMatch(name::contains) || !Files.exists(path)) {
                continue;
            }
            // The number keeps names apart, and the order.
            String prefix = String.format("%03d-", number++);
            if (Files.isDirectory(path)) {
                pack(path, folder.resolve(prefix + "classes.jar"));
            } else {
                Files.copy(path, folder.resolve(prefix + path.getFileName()), StandardCopyOption.REPLACE_EXISTING);
            }
        }
        return folder;
    }

    private static List<String> classPath() {
        StringTokenizer entries = new StringTokenizer(System.getProperty("java.class.path"), File.pathSeparator);
        return Collections.list(entries).stream().map(Object::toString).toList();
    }

    private static void pack(Path classes, Path jar) throws IOException {
        try (OutputStream file = Files.newOutputStream(jar);
                JarOutputStream out = new JarOutputStream(file);
                Stream<Path> files = Files.walk(classes)) {
            for (Path path : files.filter(Files::isRegularFile).toList()) {
                out.putNextEntry(
                        new JarEntry(classes.relativize(path).toString().replace('\\', '/')));
                Files.copy(path, out);
                out.closeEntry();
            }
        }
    }
}
