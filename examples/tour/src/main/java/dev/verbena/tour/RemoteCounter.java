package dev.verbena.tour;

import dev.verbena.connection.Connection;
import dev.verbena.connection.Listener;
import dev.verbena.connection.QueuePairManager;
import dev.verbena.memory.RegisteredBuffer;
import dev.verbena.onesided.RemoteBuffer;
import dev.verbena.queuepair.ConnectionException;
import dev.verbena.verbs.AccessFlags;
import java.lang.foreign.ValueLayout;
import java.net.InetSocketAddress;
import java.util.ArrayDeque;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * A counter that many clients add to by fetch-and-add while the server's program does nothing:
 * {@code RemoteCounter serve HOST:PORT}, and {@code RemoteCounter HOST:PORT TIMES}.
 */
public final class RemoteCounter {
    private static final long TIMEOUT_S = 30;
    private static final int ADDITIONS_UNDER_WAY = 256;

    private RemoteCounter() {}

    /** Shares eight bytes with everyone who connects. */
    static Listener serve(QueuePairManager manager, InetSocketAddress address, RegisteredBuffer counter) {
        return manager.listen(
                address,
                connection -> connection
                        .share(counter, AccessFlags.REMOTE_ATOMIC | AccessFlags.REMOTE_READ)
                        .exceptionally(failure -> {
                            CompletableFuture<ConnectionException> _ = connection.abort();
                            throw new IllegalStateException("the counter could not be shared", failure);
                        }));
    }

    /** Adds one so many times; answers the last value that was there before. */
    static long count(QueuePairManager manager, InetSocketAddress address, int times) throws Exception {
        try (Connection connection = manager.connect(address).get(TIMEOUT_S, TimeUnit.SECONDS)) {
            CompletableFuture<RemoteBuffer> shared = new CompletableFuture<>();
            connection.onShare(shared::complete);
            RemoteBuffer counter = shared.get(TIMEOUT_S, TimeUnit.SECONDS);
            ArrayDeque<CompletableFuture<Long>> underWay = new ArrayDeque<>();
            long before = -1;
            for (int i = 0; i < times; i++) {
                if (underWay.size() == ADDITIONS_UNDER_WAY) {
                    before = underWay.remove().get(TIMEOUT_S, TimeUnit.SECONDS);
                }
                underWay.add(connection.fetchAndAdd(counter, 1));
            }
            while (!underWay.isEmpty()) {
                before = underWay.remove().get(TIMEOUT_S, TimeUnit.SECONDS);
            }
            return before;
        }
    }

    /** The program. */
    public static void main(String[] args) throws Exception {
        if (args.length < 2) {
            System.err.println("usage: RemoteCounter serve HOST:PORT | RemoteCounter HOST:PORT TIMES");
            System.exit(2);
        }
        try (QueuePairManager manager = Endpoint.open()) {
            if (args[0].equals("serve")) {
                try (RegisteredBuffer counter = manager.allocate(Long.BYTES);
                        Listener listener = serve(manager, Endpoint.address(args[1]), counter)) {
                    System.out.println("listening at " + listener.address() + "; a line shows the counter");
                    for (int read = System.in.read(); read >= 0; read = System.in.read()) {
                        if (read == '\n') {
                            System.out.println(counter.memory().get(ValueLayout.JAVA_LONG, 0));
                        }
                    }
                }
            } else {
                int times = Integer.parseInt(args[1]);
                System.out.println("before the last addition: " + count(manager, Endpoint.address(args[0]), times));
            }
        }
    }
}
