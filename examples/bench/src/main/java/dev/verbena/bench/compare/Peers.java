package dev.verbena.bench.compare;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * All peers, in the order in which reports list them.
 *
 * <p>Threading: pure functions.
 */
final class Peers {
    private static final List<Path> LIBRARIES =
            List.of(Path.of("/usr/lib"), Path.of("/usr/lib64"), Path.of("/usr/local/lib"));

    private static final String EMBEDDED = "embedded0";

    private final Processors processors;
    private final boolean warm;

    /** Of processes that are warmed up, or of such that shall be there soon. */
    Peers(Processors processors, boolean warm) {
        this.processors = processors;
        this.warm = warm;
    }

    /** What can be compared; some of it may be missing. */
    List<Peer> list() {
        String memory = "stores into memory that both map; no system call";
        return List.of(
                limits(),
                java("verbs", "Verbena verbs, embedded", memory, true),
                java("messages", "Verbena messages, embedded", memory, true),
                java("aeron", "Aeron IPC", "into a log that both map and out of it; no system call", true),
                java("jucx", "UCX by JUCX (JNI), shared memory", "as UCX; a JNI call each", true, Peers::libucx),
                new UcxToolPeer(
                        "ucx-am",
                        "UCX active messages, C",
                        "shared memory; no system call",
                        "ucp_am_lat",
                        "ucp_am_bw",
                        processors),
                new UcxToolPeer(
                        "ucx-tag",
                        "UCX tagged messages, C",
                        "shared memory; no system call",
                        "tag_lat",
                        "tag_bw",
                        processors),
                java("unix", "Unix domain socket", "copied in and out; the reader sleeps", false),
                java("tcp-polling", "TCP, asking again and again", "copied in and out; nobody sleeps", false),
                java("tcp", "TCP, read and write", "copied in and out; the reader sleeps", false),
                java("sendfile", "TCP, transferTo (sendfile)", "copied out only; the reader sleeps", false),
                new ZeroCopyPeer(
                        "splice", "TCP, vmsplice and splice, C", "copied out only; the reader sleeps", processors),
                new ZeroCopyPeer(
                        "zerocopy", "TCP, MSG_ZEROCOPY, C", "pages pinned; loopback copies them after all", processors),
                netty(NettySide.Transport.NIO),
                netty(NettySide.Transport.EPOLL),
                netty(NettySide.Transport.IO_URING));
    }

    /** The bare ping-pong and the copy, which also say how the machine was beside every sample. */
    Peer limits() {
        return java("limits", "cache line to and fro; memcpy", "what the machine itself takes", true);
    }

    private Peer java(String name, String title, String path, boolean memory) {
        return java(name, title, path, memory, () -> null);
    }

    private Peer java(String name, String title, String path, boolean memory, Supplier<@Nullable String> reason) {
        return new JavaPeer(name, title, path, memory, EMBEDDED, processors, warm, reason);
    }

    private Peer netty(NettySide.Transport transport) {
        String name = transport.name().toLowerCase(Locale.ROOT);
        return java(
                "netty-" + name, "Netty over TCP, " + name, "copied in and out; the event loop sleeps", false, () -> {
                    Throwable missing = transport.missing();
                    if (missing == null) {
                        return null;
                    }
                    Throwable root = missing;
                    while (root.getCause() != null) {
                        root = root.getCause();
                    }
                    return "Netty says: " + root.getMessage();
                });
    }

    private static @Nullable String libucx() {
        for (Path folder : LIBRARIES) {
            try (var files = Files.find(folder, 2, (path, attributes) -> path.endsWith("libucp.so.0"))) {
                if (files.findAny().isPresent()) {
                    return null;
                }
            } catch (IOException | UncheckedIOException e) {
                // A folder that is not there holds no library.
            }
        }
        return "libucp.so.0 is not there (Debian: apt install libucx0)";
    }
}
