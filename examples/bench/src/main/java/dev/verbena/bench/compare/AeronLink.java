package dev.verbena.bench.compare;

import dev.verbena.bench.Exchange;
import io.aeron.Aeron;
import io.aeron.ExclusivePublication;
import io.aeron.Image;
import io.aeron.Publication;
import io.aeron.Subscription;
import io.aeron.driver.MediaDriver;
import io.aeron.driver.ThreadingMode;
import io.aeron.logbuffer.FragmentHandler;
import io.aeron.logbuffer.Header;
import java.io.IOException;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Aeron IPC between two processes: the media driver runs in the server's, as one thread that backs off. A message is copied
 * into the log, a large one in pieces, and out of it again: the driver clears what a subscriber has passed.
 *
 * <p>Threading: one thread, beside those of Aeron.
 */
final class AeronLink implements Link, FragmentHandler {
    private static final String IPC = "aeron:ipc?term-length=64m|mtu=65504";
    private static final int TO_SERVER = 1;
    private static final int TO_CLIENT = 2;
    private static final int FRAGMENTS = 32;

    private final @Nullable MediaDriver driver;
    private final Aeron aeron;
    private final ExclusivePublication publication;
    private final Image image;
    private final UnsafeBuffer out = new UnsafeBuffer(java.nio.ByteBuffer.allocateDirect(Messages.BUFFER_BYTES));
    private final UnsafeBuffer in = new UnsafeBuffer(java.nio.ByteBuffer.allocateDirect(Messages.BUFFER_BYTES));
    private final long[] whole = new long[FRAGMENTS];
    private int bytes;
    private int outAt;
    private int inAt;
    private int assembled;
    private int found;
    private int index;

    /**
     * Connects.
     *
     * @param place where the driver's folder is to be; whoever started the processes deletes it when they are gone
     */
    AeronLink(Exchange exchange, boolean client, String place) throws IOException {
        String folder;
        if (client) {
            driver = null;
            folder = exchange.hear();
        } else {
            folder = place;
            driver = MediaDriver.launch(new MediaDriver.Context()
                    .aeronDirectoryName(folder)
                    .threadingMode(ThreadingMode.SHARED)
                    .dirDeleteOnStart(true)
                    .dirDeleteOnShutdown(true));
            exchange.say(folder);
        }
        aeron = Aeron.connect(new Aeron.Context().aeronDirectoryName(folder));
        publication = aeron.addExclusivePublication(IPC, client ? TO_SERVER : TO_CLIENT);
        Subscription subscription = aeron.addSubscription(IPC, client ? TO_CLIENT : TO_SERVER);
        while (subscription.imageCount() == 0 || !publication.isConnected()) {
            Thread.onSpinWait();
        }
        image = subscription.imageAtIndex(0);
    }

    @Override
    public void open(int messageBytes) {
        bytes = messageBytes;
        outAt = 0;
        inAt = 0;
        assembled = 0;
    }

    @Override
    public long next() {
        return out.addressOffset() + outAt;
    }

    @Override
    public void send(boolean more) {
        long position = publication.offer(out, outAt, bytes);
        while (position < 0) {
            if (position != Publication.BACK_PRESSURED && position != Publication.ADMIN_ACTION) {
                throw new IllegalStateException("an offer was refused: " + Publication.errorString(position));
            }
            Thread.onSpinWait();
            position = publication.offer(out, outAt, bytes);
        }
        outAt += bytes;
        if (outAt + bytes > out.capacity()) {
            outAt = 0;
        }
    }

    @Override
    public long receive() {
        while (index == found) {
            found = 0;
            index = 0;
            if (image.poll(this, FRAGMENTS) == 0) {
                Thread.onSpinWait();
            }
        }
        return whole[index++];
    }

    @Override
    public void onFragment(DirectBuffer buffer, int offset, int length, Header header) {
        in.putBytes(inAt + assembled, buffer, offset, length);
        assembled += length;
        if (assembled == bytes) {
            assembled = 0;
            whole[found++] = in.addressOffset() + inAt;
            inAt += bytes;
            if (inAt + bytes > in.capacity()) {
                inAt = 0;
            }
        }
    }

    @Override
    public void close() {
        aeron.close();
        if (driver != null) {
            driver.close();
        }
    }
}
