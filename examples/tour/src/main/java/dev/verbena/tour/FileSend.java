package dev.verbena.tour;

import dev.verbena.connection.Connection;
import dev.verbena.connection.Listener;
import dev.verbena.connection.QueuePairManager;
import io.netty.buffer.ByteBuf;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayDeque;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * A file of any size through registered memory: {@code FileSend serve HOST:PORT FILE} writes what
 * {@code FileSend HOST:PORT FILE} sends. A piece is read from the file straight into memory that the peer's device fetches.
 */
public final class FileSend {
    private static final int PIECE = 1;
    private static final int END = 2;
    private static final int PIECE_BYTES = 4 << 20;
    private static final int PIECES_UNDER_WAY = 4;
    private static final long TIMEOUT_S = 60;

    private FileSend() {}

    /** Takes one file; the future has its length. */
    static Listener serve(
            QueuePairManager manager, InetSocketAddress address, FileChannel file, CompletableFuture<Long> done) {
        return manager.listen(address, connection -> {
            connection.onMessage((type, message) -> {
                if (type == END) {
                    done.complete(message.readLong());
                } else {
                    append(file, message);
                }
            });
            connection.onClose(done::completeExceptionally);
        });
    }

    private static void append(FileChannel file, ByteBuf piece) {
        try {
            while (piece.isReadable()) {
                int _ = piece.readBytes(file, file.size(), piece.readableBytes());
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Sends a file and waits until the peer has all of it; tells the progress in percent. */
    static long send(QueuePairManager manager, InetSocketAddress address, FileChannel file, Progress progress)
            throws Exception {
        long length = file.size();
        long sent = 0;
        try (Connection connection = manager.connect(address).get(TIMEOUT_S, TimeUnit.SECONDS)) {
            ArrayDeque<CompletableFuture<Void>> underWay = new ArrayDeque<>();
            while (sent < length) {
                int bytes = (int) Math.min(PIECE_BYTES, length - sent);
                ByteBuf piece = manager.allocator().directBuffer(bytes);
                while (piece.isWritable()) {
                    if (piece.writeBytes(file, sent + piece.readableBytes(), piece.writableBytes()) < 0) {
                        piece.release();
                        throw new EOFException("the file became shorter while it was sent");
                    }
                }
                underWay.add(connection.send(PIECE, piece));
                sent += bytes;
                if (underWay.size() == PIECES_UNDER_WAY) {
                    Void _ = underWay.remove().get(TIMEOUT_S, TimeUnit.SECONDS);
                }
                progress.percent((int) (100 * sent / length));
            }
            ByteBuf end = manager.allocator().directBuffer(Long.BYTES).writeLong(length);
            Void _ = connection.send(END, end).get(TIMEOUT_S, TimeUnit.SECONDS);
        }
        return sent;
    }

    /** Is told how far it is. */
    interface Progress {
        /** So many percent are under way. */
        void percent(int percent);
    }

    private static void bar(int percent) {
        System.out.print("\r[" + "#".repeat(percent / 2) + " ".repeat(50 - percent / 2) + "] " + percent + " %");
    }

    /** The program. */
    public static void main(String[] args) throws Exception {
        boolean serve = args.length == 3 && args[0].equals("serve");
        if (!serve && args.length != 2) {
            System.err.println("usage: FileSend serve HOST:PORT FILE | FileSend HOST:PORT FILE");
            System.exit(2);
        }
        try (QueuePairManager manager = Endpoint.open()) {
            if (serve) {
                CompletableFuture<Long> done = new CompletableFuture<>();
                try (FileChannel file = FileChannel.open(
                                Path.of(args[2]), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
                        Listener listener = serve(manager, Endpoint.address(args[1]), file, done)) {
                    System.out.println("listening at " + listener.address());
                    System.out.println(done.get() + " bytes in " + args[2]);
                }
            } else {
                try (FileChannel file = FileChannel.open(Path.of(args[1]))) {
                    long bytes = send(manager, Endpoint.address(args[0]), file, FileSend::bar);
                    System.out.println();
                    System.out.println(bytes + " bytes sent");
                }
            }
        }
    }
}
