package dev.verbena.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.verbena.cli.DemoProtocol.Request;
import dev.verbena.cli.DemoSide.Received;
import org.jspecify.annotations.Nullable;

/**
 * How much goes through: many small messages, many small and many large WRITEs and READs, several of them at a time. What
 * arrived is compared in the end, and messages one by one.
 *
 * <p>Threading: one thread.
 */
final class DemoStreams {
    private static final long STREAM_NS = 400_000_000;
    /** The clock is read once in so many small requests; a multiple of the messages of a credit. */
    private static final int LOOK_EVERY = 64;

    /** Takes the result of a stream when it is done. */
    interface Sink {
        void done(Stream stream);
    }

    /**
     * How a stream went.
     *
     * @param bytes of a request
     * @param count requests
     */
    record Stream(String name, int bytes, long count, boolean verified, long durationNs) {
        double perSecond() {
            return count * 1e9 / durationNs;
        }

        double bytesPerSecond() {
            return perSecond() * bytes;
        }

        void write(ArrayNode streams) {
            ObjectNode node = streams.addObject();
            node.put("name", name);
            node.put("bytes", bytes);
            node.put("iterations", count);
            node.put("in_flight", DemoSide.SEND_SLOTS);
            node.put("verified", verified);
            node.put("duration_ns", durationNs);
            node.put("messages_per_second", perSecond());
            node.put("bytes_per_second", bytesPerSecond());
        }
    }

    private final DemoSide side;
    private final Sink sink;

    DemoStreams(DemoSide side, Sink sink) {
        this.side = side;
        this.sink = sink;
    }

    void run() throws InterruptedException {
        send();
        write(DemoProtocol.SMALL_BYTES, 1);
        read(DemoProtocol.SMALL_BYTES, 2);
        write(DemoProtocol.LARGE_BYTES, 3);
        read(DemoProtocol.LARGE_BYTES, 4);
    }

    /** Messages as far as the server has told that it has posted receives for them. */
    private void send() throws InterruptedException {
        side.ask(Request.STREAM, 0);
        side.drain("the stream");
        long sent = 0;
        long credited = 0;
        long start = System.nanoTime();
        while (sent % LOOK_EVERY != 0 || System.nanoTime() - start < STREAM_NS) {
            while (sent - credited >= DemoSide.RECEIVE_SLOTS || !side.hasFreeSend()) {
                credited += creditedBy(side.step("the stream"));
            }
            side.sendSmall(sent++);
        }
        while (credited < sent) {
            credited += creditedBy(side.step("the stream's last messages"));
        }
        long duration = System.nanoTime() - start;
        long wrong = side.ask(Request.STREAM_END, sent);
        sink.done(new Stream("send", DemoProtocol.SMALL_BYTES, sent, wrong == 0, duration));
    }

    private int creditedBy(@Nullable Received received) {
        if (received == null) {
            return 0;
        }
        side.postReceive(received.slot());
        return DemoProtocol.CREDIT_MESSAGES;
    }

    private void write(int bytes, int number) throws InterruptedException {
        side.fillBulk(number);
        long count = 0;
        long start = System.nanoTime();
        while (goesOn(bytes, count, start)) {
            awaitFreeSend();
            side.writeBulk(bytes, count++);
        }
        side.drain("the last WRITEs");
        long duration = System.nanoTime() - start;
        long arrived = Math.min(count * bytes, DemoProtocol.BULK_BYTES);
        boolean good = side.ask(Request.CHECK_BULK, number | (arrived << 32)) == DemoProtocol.ALL_GOOD;
        sink.done(new Stream("write", bytes, count, good, duration));
    }

    private void read(int bytes, int number) throws InterruptedException {
        side.ask(Request.FILL_BULK, number);
        side.clearBulk();
        long count = 0;
        long start = System.nanoTime();
        while (goesOn(bytes, count, start)) {
            awaitFreeSend();
            side.readBulk(bytes, count++);
        }
        side.drain("the last READs");
        long duration = System.nanoTime() - start;
        long arrived = Math.min(count * bytes, DemoProtocol.BULK_BYTES);
        sink.done(new Stream("read", bytes, count, side.bulkMismatch(number, arrived) < 0, duration));
    }

    private static boolean goesOn(int bytes, long count, long start) {
        boolean look = bytes == DemoProtocol.LARGE_BYTES || count % LOOK_EVERY == 0;
        return !look || System.nanoTime() - start < STREAM_NS;
    }

    private void awaitFreeSend() throws InterruptedException {
        while (!side.hasFreeSend()) {
            if (side.step("a stream") != null) {
                throw new Failure(Failure.Code.FAILED, "the peer spoke out of turn during a stream");
            }
        }
    }
}
