package dev.verbena.softroce;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Who may use the link of a lab: many runs as it is, or one that disturbs it. A lock on a file, which the system releases
 * when its holder dies.
 */
final class LinkLock implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(LinkLock.class);
    private static final Duration PATIENCE = Duration.ofMinutes(15);

    private final FileChannel channel;

    private LinkLock(FileChannel channel) {
        this.channel = channel;
    }

    static LinkLock take(Path directory, boolean alone) throws IOException, InterruptedException {
        Files.createDirectories(directory);
        Path file = directory.resolve("link.lock");
        FileChannel channel =
                FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
        boolean taken = false;
        try {
            if (channel.tryLock(0, Long.MAX_VALUE, !alone) == null) {
                LOG.info("another run {} the lab's link, waiting for it ({})", alone ? "uses" : "disturbs", file);
                await(channel, alone);
            }
            taken = true;
            return new LinkLock(channel);
        } finally {
            if (!taken) {
                channel.close();
            }
        }
    }

    /** A waiting lock ends when its thread is interrupted. */
    private static void await(FileChannel channel, boolean alone) throws IOException, InterruptedException {
        FutureTask<FileLock> lock = new FutureTask<>(() -> channel.lock(0, Long.MAX_VALUE, !alone));
        Thread waiter = Thread.ofPlatform().daemon().name("lab-link-lock").start(lock);
        try {
            lock.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        } catch (TimeoutException e) {
            throw new IOException("another run holds the lab's link since " + PATIENCE, e);
        } catch (ExecutionException e) {
            throw new IOException("the lab's link cannot be locked", e);
        } finally {
            if (!lock.isDone()) {
                waiter.interrupt();
            }
        }
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
