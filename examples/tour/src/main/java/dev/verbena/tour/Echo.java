package dev.verbena.tour;

import dev.verbena.connection.Connection;
import dev.verbena.connection.Listener;
import dev.verbena.connection.QueuePairManager;
import io.netty.buffer.ByteBuf;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * Messages that come back: {@code Echo serve HOST:PORT} on one side, {@code Echo HOST:PORT some words} on the other. The
 * server sends each message from the very memory that the device received it into.
 */
public final class Echo {
    private static final long TIMEOUT_S = 10;

    private Echo() {}

    /** Answers every message with itself. */
    static Listener serve(QueuePairManager manager, InetSocketAddress address) {
        return manager.listen(
                address,
                connection -> connection.onMessage(message -> {
                    // Retained, since sending takes a buffer and the handler's caller releases one.
                    CompletableFuture<Void> _ = connection.send(message.retain());
                }));
    }

    /** Sends a text and waits for it to come back. */
    static String ask(QueuePairManager manager, InetSocketAddress address, String text) throws Exception {
        BlockingQueue<String> answers = new LinkedBlockingQueue<>();
        try (Connection connection = manager.connect(address).get(TIMEOUT_S, TimeUnit.SECONDS)) {
            connection.onMessage(message -> answers.add(message.toString(StandardCharsets.UTF_8)));
            ByteBuf message = manager.allocator().directBuffer();
            message.writeCharSequence(text, StandardCharsets.UTF_8);
            Void _ = connection.send(message).get(TIMEOUT_S, TimeUnit.SECONDS);
            String answer = answers.poll(TIMEOUT_S, TimeUnit.SECONDS);
            if (answer == null) {
                throw new IllegalStateException("no answer within " + TIMEOUT_S + " s");
            }
            return answer;
        }
    }

    /** The program. */
    public static void main(String[] args) throws Exception {
        if (args.length < 2) {
            System.err.println("usage: Echo serve HOST:PORT | Echo HOST:PORT WORD...");
            System.exit(2);
        }
        try (QueuePairManager manager = Endpoint.open()) {
            if (args[0].equals("serve")) {
                try (Listener listener = serve(manager, Endpoint.address(args[1]))) {
                    System.out.println("listening at " + listener.address() + "; end of input ends it");
                    while (System.in.read() >= 0) {
                        // Until the input ends.
                    }
                }
            } else {
                String text = String.join(" ", Arrays.asList(args).subList(1, args.length));
                System.out.println(ask(manager, Endpoint.address(args[0]), text));
            }
        }
    }
}
