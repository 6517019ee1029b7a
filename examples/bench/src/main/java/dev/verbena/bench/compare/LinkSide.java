package dev.verbena.bench.compare;

import dev.verbena.bench.Exchange;
import java.io.IOException;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/**
 * The echo and the transfer over a {@link Link}.
 *
 * <p>Threading: one thread.
 */
final class LinkSide implements Side {
    private final Link link;
    private final Exchange exchange;
    private int open;
    private boolean whole;
    private long sent;
    private long received;

    LinkSide(Link link, Exchange exchange) {
        this.link = link;
        this.exchange = exchange;
    }

    private void open(int bytes) throws IOException {
        if (open != bytes) {
            link.open(bytes);
            open = bytes;
        }
        exchange.meet();
    }

    @Override
    public void checkWhole(boolean check) {
        whole = check;
    }

    @Override
    public void echo(int rounds, @Nullable Histogram each) throws IOException {
        open(Messages.SMALL_BYTES);
        if (each == null) {
            for (int i = 0; i < rounds; i++) {
                roundTrip();
            }
        } else {
            long before = System.nanoTime();
            for (int i = 0; i < rounds; i++) {
                roundTrip();
                long now = System.nanoTime();
                each.recordValue(now - before);
                before = now;
            }
        }
        link.drain();
    }

    private void roundTrip() throws IOException {
        send(Messages.SMALL_BYTES, false);
        Messages.check(link.receive(), Messages.SMALL_BYTES, ++received, whole);
    }

    private void send(int bytes, boolean more) throws IOException {
        Messages.write(link.next(), bytes, ++sent, whole);
        link.send(more);
    }

    @Override
    public void answer(int rounds) throws IOException {
        open(Messages.SMALL_BYTES);
        for (int i = 0; i < rounds; i++) {
            Messages.check(link.receive(), Messages.SMALL_BYTES, ++received, whole);
            send(Messages.SMALL_BYTES, false);
        }
        link.drain();
    }

    @Override
    public void push(int bytes, int messages) throws IOException {
        open(bytes);
        for (int i = 1; i <= messages; i++) {
            send(bytes, i < messages);
        }
        link.drain();
    }

    @Override
    public void take(int bytes, int messages) throws IOException {
        open(bytes);
        for (int i = 0; i < messages; i++) {
            Messages.check(link.receive(), bytes, ++received, whole);
        }
    }

    @Override
    public void close() throws IOException {
        link.close();
    }
}
