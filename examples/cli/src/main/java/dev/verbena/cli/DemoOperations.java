package dev.verbena.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.verbena.cli.DemoProtocol.Request;
import dev.verbena.cli.DemoSide.Received;

/**
 * What the demo's client does: each operation many times, timed, each time with other bytes, and every byte compared where
 * it arrived.
 *
 * <p>Threading: one thread.
 */
final class DemoOperations {
    /** Takes the result of an operation when it is done. */
    interface Sink {
        void done(Result result);
    }

    /**
     * How an operation went.
     *
     * @param oneWay whether the times are half of a round trip
     */
    record Result(String name, int bytes, int iterations, boolean verified, boolean oneWay, Latencies times) {
        void write(ArrayNode operations) {
            ObjectNode node = operations.addObject();
            node.put("name", name);
            node.put("bytes", bytes);
            node.put("iterations", iterations);
            node.put("verified", verified);
            node.put("one_way", oneWay);
            node.put("p50_ns", times.percentile(50));
            node.put("p99_ns", times.percentile(99));
        }
    }

    /** Every so many compare-and-swaps one compares with a wrong value. */
    private static final int FAILING_SWAP_EVERY = 8;

    private final DemoSide side;
    private final int bytes;
    private final int iterations;
    private final Sink sink;

    DemoOperations(DemoSide side, int bytes, int iterations, Sink sink) {
        this.side = side;
        this.bytes = bytes;
        this.iterations = iterations;
        this.sink = sink;
    }

    void run() throws InterruptedException {
        send();
        write();
        writeWithImmediate();
        read();
        compareAndSwap();
        fetchAndAdd();
    }

    private void send() throws InterruptedException {
        Latencies times = new Latencies(iterations);
        long wrong = 0;
        for (int i = 0; i < iterations; i++) {
            side.drain("send");
            side.fillPayload(i);
            long start = System.nanoTime();
            side.sendPayload();
            Received answer = side.receive("the answer to a message");
            times.add((System.nanoTime() - start) / 2);
            boolean good = !answer.isWrite() && !answer.hasImmediate() && side.receivedMismatch(answer, ~i) < 0;
            wrong += good ? 0 : 1;
            side.postReceive(answer.slot());
        }
        wrong += side.ask(Request.WRONG_PAYLOADS, 0);
        sink.done(new Result("send", bytes, iterations, wrong == 0, true, times));
    }

    private void write() throws InterruptedException {
        Latencies times = new Latencies(iterations);
        long wrong = 0;
        for (int i = 0; i < iterations; i++) {
            side.drain("write");
            side.fillPayload(i);
            long start = System.nanoTime();
            side.writePayload();
            side.drain("write");
            times.add(System.nanoTime() - start);
            wrong += side.ask(Request.CHECK, i) == DemoProtocol.ALL_GOOD ? 0 : 1;
        }
        sink.done(new Result("write", bytes, iterations, wrong == 0, false, times));
    }

    private void writeWithImmediate() throws InterruptedException {
        Latencies times = new Latencies(iterations);
        long wrong = 0;
        for (int i = 0; i < iterations; i++) {
            side.drain("write_imm");
            side.fillPayload(i);
            long start = System.nanoTime();
            side.writePayloadWithImmediate(i);
            Received answer = side.receive("the answer to a write with immediate");
            times.add((System.nanoTime() - start) / 2);
            boolean good = answer.isWrite() && answer.immediate() == ~i && side.windowMismatch(~i) < 0;
            wrong += good ? 0 : 1;
            side.postReceive(answer.slot());
        }
        wrong += side.ask(Request.WRONG_PAYLOADS, 0);
        sink.done(new Result("write_imm", bytes, iterations, wrong == 0, true, times));
    }

    private void read() throws InterruptedException {
        Latencies times = new Latencies(iterations);
        long wrong = 0;
        for (int i = 0; i < iterations; i++) {
            side.ask(Request.FILL, i);
            side.drain("read");
            side.clearPayload();
            long start = System.nanoTime();
            side.readPayload();
            side.drain("read");
            times.add(System.nanoTime() - start);
            wrong += side.payloadMismatch(i) < 0 ? 0 : 1;
        }
        sink.done(new Result("read", bytes, iterations, wrong == 0, false, times));
    }

    private void compareAndSwap() throws InterruptedException {
        Latencies times = new Latencies(iterations);
        long wrong = 0;
        long expected = 0x0123_4567_89ab_cdefL;
        side.ask(Request.SET_WORD, expected);
        side.drain("cmp_swap");
        for (int i = 0; i < iterations; i++) {
            boolean swaps = i % FAILING_SWAP_EVERY != FAILING_SWAP_EVERY - 1;
            long wanted = expected * 0x5851_f42d_4c95_7f2dL + 1;
            long start = System.nanoTime();
            side.compareAndSwap(swaps ? expected : ~expected, wanted);
            side.drain("cmp_swap");
            times.add(System.nanoTime() - start);
            wrong += side.result() == expected ? 0 : 1;
            expected = swaps ? wanted : expected;
        }
        wrong += side.ask(Request.GET_WORD, 0) == expected ? 0 : 1;
        sink.done(new Result("cmp_swap", Long.BYTES, iterations, wrong == 0, false, times));
    }

    private void fetchAndAdd() throws InterruptedException {
        Latencies times = new Latencies(iterations);
        long wrong = 0;
        long expected = Long.MAX_VALUE - iterations;
        side.ask(Request.SET_WORD, expected);
        side.drain("fetch_add");
        for (int i = 0; i < iterations; i++) {
            long add = 2L * i + 1;
            long start = System.nanoTime();
            side.fetchAndAdd(add);
            side.drain("fetch_add");
            times.add(System.nanoTime() - start);
            wrong += side.result() == expected ? 0 : 1;
            expected += add;
        }
        wrong += side.ask(Request.GET_WORD, 0) == expected ? 0 : 1;
        sink.done(new Result("fetch_add", Long.BYTES, iterations, wrong == 0, false, times));
    }
}
