package dev.verbena.tour;

import dev.verbena.connection.Connection;
import dev.verbena.connection.Listener;
import dev.verbena.connection.QueuePairManager;
import dev.verbena.memory.RegisteredBuffer;
import dev.verbena.onesided.OperationList;
import dev.verbena.onesided.RemoteBuffer;
import dev.verbena.queuepair.ConnectionException;
import dev.verbena.verbs.AccessFlags;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * A table that clients look up while the server's program does something else: {@code RemoteLookup serve HOST:PORT} takes
 * lines {@code KEY TEXT}, and {@code RemoteLookup HOST:PORT KEY...} reads the texts out of the server's memory.
 *
 * <p>A slot has a version, a key and a text. The writer makes the version odd before it changes the slot, and even again
 * afterwards. A reader reads the version, the slot and the version once more, each after the one before has come back (that
 * is the fence): the same even version twice says that the slot between them is whole. Otherwise it reads again.
 */
public final class RemoteLookup {
    /** Longest text, in bytes. */
    static final int TEXT_BYTES = 48;

    private static final long TIMEOUT_S = 10;
    private static final int KEY = Long.BYTES;
    private static final int TEXT = 2 * Long.BYTES;
    private static final int SLOT_BYTES = TEXT + TEXT_BYTES;
    private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();

    private RemoteLookup() {}

    /** Where a key is, or the next free place behind, is looked for from here on. Key 0 marks a free slot. */
    private static long firstSlot(long key, long slots) {
        if (key == 0) {
            throw new IllegalArgumentException("0 is no key");
        }
        return Long.remainderUnsigned(key * 0x9E3779B97F4A7C15L, slots);
    }

    /** The server's side of the table. One thread writes. */
    static final class Table implements AutoCloseable {
        private final RegisteredBuffer buffer;
        private final MemorySegment memory;
        private final long slots;

        Table(QueuePairManager manager, int slots) {
            this.buffer = manager.allocate((long) slots * SLOT_BYTES);
            this.memory = buffer.memory();
            this.slots = slots;
        }

        /** Sets the text of a key. */
        void put(long key, String text) {
            byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
            if (bytes.length > TEXT_BYTES) {
                throw new IllegalArgumentException("a text has " + TEXT_BYTES + " bytes at most");
            }
            long first = firstSlot(key, slots);
            for (long i = 0; i < slots; i++) {
                long at = (first + i) % slots * SLOT_BYTES;
                long there = memory.get(ValueLayout.JAVA_LONG, at + KEY);
                if (there == key || there == 0) {
                    write(at, key, bytes);
                    return;
                }
            }
            throw new IllegalStateException("the table is full");
        }

        private void write(long at, long key, byte[] text) {
            long version = memory.get(ValueLayout.JAVA_LONG, at);
            LONG.setOpaque(memory, at, version + 1);
            // Nobody may see the new text under the old version.
            VarHandle.fullFence();
            memory.set(ValueLayout.JAVA_LONG, at + KEY, key);
            memory.asSlice(at + TEXT, TEXT_BYTES).fill((byte) 0).copyFrom(MemorySegment.ofArray(text));
            LONG.setRelease(memory, at, version + 2);
        }

        @Override
        public void close() {
            buffer.close();
        }
    }

    /** Shares the table, for reading, with everyone who connects. */
    static Listener serve(QueuePairManager manager, InetSocketAddress address, Table table) {
        return manager.listen(
                address,
                connection -> connection
                        .share(table.buffer, AccessFlags.REMOTE_READ)
                        .exceptionally(failure -> {
                            CompletableFuture<ConnectionException> _ = connection.abort();
                            throw new IllegalStateException("the table could not be shared", failure);
                        }));
    }

    /** A client's side of the table. */
    static final class Reader implements AutoCloseable {
        private final Connection connection;
        private final RemoteBuffer table;
        private final RegisteredBuffer copy;
        private final OperationList lookup = new OperationList(3);

        Reader(QueuePairManager manager, InetSocketAddress address) throws Exception {
            connection = manager.connect(address).get(TIMEOUT_S, TimeUnit.SECONDS);
            CompletableFuture<RemoteBuffer> shared = new CompletableFuture<>();
            connection.onShare(shared::complete);
            table = shared.get(TIMEOUT_S, TimeUnit.SECONDS);
            copy = manager.allocate(SLOT_BYTES + 2 * Long.BYTES);
        }

        /** The text of a key, if it has one. */
        Optional<String> get(long key) throws Exception {
            long slots = table.lengthBytes() / SLOT_BYTES;
            long first = firstSlot(key, slots);
            for (long i = 0; i < slots; i++) {
                read((first + i) % slots * SLOT_BYTES);
                long there = copy.memory().get(ValueLayout.JAVA_LONG, KEY);
                if (there == key) {
                    byte[] text = copy.memory().asSlice(TEXT, TEXT_BYTES).toArray(ValueLayout.JAVA_BYTE);
                    return Optional.of(new String(text, StandardCharsets.UTF_8).replace("\0", ""));
                }
                if (there == 0) {
                    break;
                }
            }
            return Optional.empty();
        }

        /** Reads a slot until it is whole. */
        private void read(long at) throws Exception {
            lookup.clear()
                    .read(table.at(at), copy.slice(SLOT_BYTES, Long.BYTES))
                    .fence()
                    .read(table.slice(at, SLOT_BYTES), copy.slice(0, SLOT_BYTES))
                    .fence()
                    .read(table.at(at), copy.slice(SLOT_BYTES + Long.BYTES, Long.BYTES));
            long deadlineNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(TIMEOUT_S);
            while (System.nanoTime() - deadlineNs < 0) {
                Void _ = connection.post(lookup).get(TIMEOUT_S, TimeUnit.SECONDS);
                long before = copy.memory().get(ValueLayout.JAVA_LONG, SLOT_BYTES);
                long after = copy.memory().get(ValueLayout.JAVA_LONG, SLOT_BYTES + Long.BYTES);
                if (before == after && (before & 1) == 0) {
                    return;
                }
            }
            throw new IllegalStateException("the slot at " + at + " is written all the time");
        }

        @Override
        public void close() {
            connection.close();
            copy.close();
        }
    }

    /** The program. */
    public static void main(String[] args) throws Exception {
        if (args.length < 2) {
            System.err.println("usage: RemoteLookup serve HOST:PORT | RemoteLookup HOST:PORT KEY...");
            System.exit(2);
        }
        try (QueuePairManager manager = Endpoint.open()) {
            if (args[0].equals("serve")) {
                try (Table table = new Table(manager, 1 << 12);
                        Listener listener = serve(manager, Endpoint.address(args[1]), table)) {
                    System.out.println("listening at " + listener.address() + "; lines KEY TEXT, end of input ends it");
                    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
                    for (String line = in.readLine(); line != null; line = in.readLine()) {
                        String[] words = line.split(" ", 2);
                        table.put(Long.parseLong(words[0]), words[words.length - 1]);
                    }
                }
            } else {
                try (Reader reader = new Reader(manager, Endpoint.address(args[0]))) {
                    for (int i = 1; i < args.length; i++) {
                        System.out.println(args[i] + ": "
                                + reader.get(Long.parseLong(args[i])).orElse("not there"));
                    }
                }
            }
        }
    }
}
