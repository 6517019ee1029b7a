package dev.verbena.bench.perftest;

import dev.verbena.cli.Failure;
import dev.verbena.connection.Connection;
import dev.verbena.connection.QueuePairManager;
import dev.verbena.messaging.Claim;
import dev.verbena.messaging.SendResult;
import dev.verbena.queuepair.ConnectionException;
import dev.verbena.queuepair.EventLoop;
import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;

/**
 * Both sides of the message benchmarks. The client says with each message what the server shall do with it, so that the
 * server needs no options: send it back, count it, tell the count, or end.
 *
 * <p>Hot path: {@link #echo} and {@link #flood}. Threading: one thread, which drives the manager's loop.
 */
final class MessageLoops {
    /** To be sent back. A claimed message has this type. */
    private static final int ECHO = 0;

    private static final int COUNT = 1;
    private static final int TELL = 2;
    private static final int END = 3;
    private static final int CHECK_EVERY = 64;

    private final QueuePairManager manager;
    private final EventLoop loop;
    private final Connection connection;
    private final Run run;
    private final Claim claim = new Claim();
    private long come;
    private long counted = -1;
    private boolean ended;

    MessageLoops(QueuePairManager manager, Connection connection, Run run) {
        this.manager = manager;
        this.loop = connection.loop();
        this.connection = connection;
        this.run = run;
    }

    // ---------------------------------------------------------------- the server

    /** Does what the client says until it ends. */
    void serve() {
        connection.onMessage((type, message) -> {
            switch (type) {
                case ECHO -> sendBack(message);
                case COUNT -> come++;
                case TELL -> {
                    CompletableFuture<Void> _ = connection.send(
                            TELL, manager.allocator().directBuffer(Long.BYTES).writeLong(come));
                    come = 0;
                }
                default -> ended = true;
            }
        });
        int empty = 0;
        while (!ended) {
            empty = turn(empty, "a message of the client");
        }
    }

    private void sendBack(ByteBuf message) {
        if (connection.trySend(ECHO, message.retain()) != SendResult.SENT) {
            // Queued while there is no credit.
            CompletableFuture<Void> _ = connection.send(ECHO, message);
        }
    }

    // ---------------------------------------------------------------- the client

    /** A message and its answer, again and again. */
    void echo(Settings settings, Times times) {
        connection.onMessage((type, message) -> come++);
        long iterations = settings.isDuration() ? Long.MAX_VALUE : settings.iterations();
        int bytes = settings.bytes();
        boolean claims = bytes <= connection.claimMax();
        ByteBuf message = manager.allocator().directBuffer(bytes).writeZero(bytes);
        come = 0;
        for (long i = 0; i < iterations; i++) {
            if (i % CHECK_EVERY == 0) {
                run.checkpoint(i);
            }
            if (!times.begin(i)) {
                break;
            }
            send(claims, bytes, ECHO, message);
            int empty = 0;
            while (come <= i) {
                empty = turn(empty, "the answer of the server");
            }
            times.end();
        }
        message.release();
    }

    private void send(boolean claims, int bytes, int type, ByteBuf message) {
        int empty = 0;
        while (true) {
            int result = claims ? connection.tryClaim(bytes, claim) : connection.trySend(type, message.retain());
            if (result >= 0) {
                if (claims) {
                    claim.commit();
                }
                return;
            }
            if (!claims) {
                message.release();
            }
            if (result != SendResult.BACK_PRESSURED) {
                throw lost();
            }
            empty = turn(empty, "room for a message");
        }
    }

    /** As many messages as the connection takes, until the server has counted all of them. */
    void flood(Settings settings, Rates rates) {
        connection.onMessage((type, message) -> counted = message.readLong());
        long iterations = settings.isDuration() ? Long.MAX_VALUE : settings.iterations();
        int bytes = settings.bytes();
        ByteBuf message = manager.allocator().directBuffer(bytes).writeZero(bytes);
        ByteBuf tell = manager.allocator().directBuffer(Long.BYTES).writeLong(0);
        rates.begin();
        long sent = 0;
        for (; sent < iterations && !rates.isOver(); sent++) {
            if (sent % CHECK_EVERY == 0) {
                run.checkpoint(sent);
            }
            send(false, bytes, COUNT, message);
            if (settings.isDuration()) {
                rates.completed(1);
            }
        }
        counted = -1;
        send(false, Long.BYTES, TELL, tell);
        int empty = 0;
        while (counted < 0) {
            empty = turn(empty, "the count of the server");
        }
        if (!settings.isDuration()) {
            rates.completed((int) sent);
        }
        rates.end();
        message.release();
        tell.release();
        if (counted != sent) {
            throw new Failure(Failure.Code.NOT_VERIFIED, "the server counted " + counted + " of " + sent + " messages");
        }
    }

    /** Tells the server that it may end. */
    void end() {
        ByteBuf last =
                manager.allocator().directBuffer(Long.BYTES).writeBytes("end".getBytes(StandardCharsets.US_ASCII));
        CompletableFuture<Void> sent = connection.send(END, last);
        int empty = 0;
        while (!sent.isDone()) {
            empty = turn(empty, "the last message's completion");
        }
    }

    /** A turn of the loop. Answers the next count of empty ones. */
    private int turn(int empty, String what) {
        if (loop.poll() > 0) {
            run.busy();
            return 0;
        }
        if (!connection.isOpen() && !ended) {
            throw lost();
        }
        return run.idle(empty, what);
    }

    private Failure lost() {
        ConnectionException cause = connection.cause();
        return new Failure(
                Failure.Code.PEER_LOST,
                "the connection ended in the middle of the benchmark: "
                        + (cause == null ? "no reason is known" : cause.getMessage()),
                "the other side's messages say why");
    }
}
