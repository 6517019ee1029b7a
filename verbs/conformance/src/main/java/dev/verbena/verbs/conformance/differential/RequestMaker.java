package dev.verbena.verbs.conformance.differential;

import dev.verbena.verbs.Opcode;
import dev.verbena.verbs.QueuePairType;
import dev.verbena.verbs.SendFlags;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/** Draws single requests and receives, and spoils them. */
final class RequestMaker {
    /** What every path carries in one packet, the most a datagram may have. */
    private static final int PACKET_BYTES = 1024;

    private static final List<Key> READABLE =
            List.of(Key.MAIN, Key.MAIN, Key.FOREIGN, Key.READ_ONLY, Key.LOCAL_ONLY, Key.SPARE);
    private static final List<Key> WRITABLE =
            List.of(Key.MAIN, Key.MAIN, Key.MAIN, Key.FOREIGN, Key.LOCAL_ONLY, Key.SPARE);
    private static final List<Key> WINDOWS = List.of(Key.WINDOW_1, Key.WINDOW_2);
    private static final List<Key> OLD = List.of(Key.OLD_WINDOW_1, Key.OLD_WINDOW_2);
    private static final List<Key> CLOSED = List.of(Key.WRONG, Key.OTHER_DOMAIN, Key.SPARE);

    /** As often as it occurs. */
    private static final List<Integer> RELIABLE = List.of(
            Opcode.SEND,
            Opcode.SEND,
            Opcode.SEND,
            Opcode.SEND,
            Opcode.SEND_WITH_IMM,
            Opcode.SEND_WITH_INV,
            Opcode.RDMA_WRITE,
            Opcode.RDMA_WRITE,
            Opcode.RDMA_WRITE,
            Opcode.RDMA_WRITE_WITH_IMM,
            Opcode.RDMA_READ,
            Opcode.RDMA_READ,
            Opcode.ATOMIC_FETCH_AND_ADD,
            Opcode.ATOMIC_CMP_AND_SWP,
            Opcode.BIND_MW,
            Opcode.BIND_MW,
            Opcode.LOCAL_INV);

    private final SplittableRandom random;
    private final Program.Setup setup;
    private final ModelEnd from;
    private final ModelEnd to;

    RequestMaker(SplittableRandom random, Program.Setup setup, ModelEnd from, ModelEnd to) {
        this.random = random;
        this.setup = setup;
        this.from = from;
        this.to = to;
    }

    private boolean chance(int percent) {
        return random.nextInt(100) < percent;
    }

    private static <T> T one(SplittableRandom random, List<T> list) {
        return list.get(random.nextInt(list.size()));
    }

    private static int length(SplittableRandom random, int most) {
        int kind = random.nextInt(100);
        int length = kind < 5
                ? 0
                : kind < 55
                        ? 1 + random.nextInt(64)
                        : kind < 80 ? 65 + random.nextInt(PACKET_BYTES + 100) : random.nextInt(Key.AREA_BYTES);
        return Math.min(length, most);
    }

    // ---------------------------------------------------------------- receives

    static Step.Receive receive(SplittableRandom random, Program.Setup setup, Side side, int id, boolean bad) {
        boolean datagram = setup.type() == QueuePairType.UD;
        int length = length(random, Key.AREA_BYTES) + (datagram ? ModelMessages.HEADER_BYTES : 0);
        List<Buffer> into = split(random, Math.min(length, Key.AREA_BYTES), setup.entries(), WRITABLE, Key.INBOX);
        if (bad) {
            int which = random.nextInt(into.size());
            List<Buffer> spoiled = new ArrayList<>(into);
            spoiled.set(which, spoil(random, into.get(which), true));
            into = List.copyOf(spoiled);
        }
        return new Step.Receive(side, id, into);
    }

    /** So many bytes in one to so many buffers of an area. */
    private static List<Buffer> split(SplittableRandom random, int total, int entriesMax, List<Key> keys, int area) {
        int entries = 1 + random.nextInt(entriesMax);
        List<Buffer> buffers = new ArrayList<>();
        int left = total;
        for (int index = 0; index < entries; index++) {
            int length = index == entries - 1 ? left : random.nextInt(left + 1);
            left -= length;
            buffers.add(new Buffer(one(random, keys), area + random.nextInt(Key.AREA_BYTES - length + 1), length));
        }
        return List.copyOf(buffers);
    }

    private static Buffer spoil(SplittableRandom random, Buffer buffer, boolean written) {
        int length = Math.max(1, buffer.length());
        int kind = random.nextInt(written ? 3 : 2);
        return switch (kind) {
            case 0 -> new Buffer(one(random, CLOSED), buffer.offset(), length);
            case 1 -> new Buffer(buffer.key(), Key.REGION_BYTES - random.nextInt(length), length);
            default -> new Buffer(Key.READ_ONLY, buffer.offset(), length);
        };
    }

    // ---------------------------------------------------------------- requests

    /** @param last whether it is the last one, which has to show on unreliable queue pairs that all have arrived */
    int opcode(boolean last) {
        return switch (setup.type()) {
            case UD -> chance(60) ? Opcode.SEND : Opcode.SEND_WITH_IMM;
            case UC -> {
                int kind = random.nextInt(last ? 60 : 100);
                yield kind < 40
                        ? Opcode.SEND
                        : kind < 50 ? Opcode.SEND_WITH_IMM : kind < 60 ? Opcode.RDMA_WRITE_WITH_IMM : Opcode.RDMA_WRITE;
            }
            case RC -> one(random, RELIABLE);
        };
    }

    boolean takesReceive(int opcode) {
        return opcode == Opcode.SEND
                || opcode == Opcode.SEND_WITH_IMM
                || opcode == Opcode.SEND_WITH_INV
                || opcode == Opcode.RDMA_WRITE_WITH_IMM;
    }

    /** @param room bytes of the receive that it will take */
    Step.Request request(int id, int drawn, long room, boolean last) {
        int opcode = drawn;
        if (opcode == Opcode.SEND_WITH_INV && !to.window(Key.WINDOW_2).bound) {
            opcode = Opcode.SEND;
        }
        if (opcode == Opcode.LOCAL_INV && !from.window(Key.WINDOW_2).bound && chance(80)) {
            opcode = Opcode.BIND_MW;
        }
        int flags = (last || chance(60) ? SendFlags.SIGNALED : 0)
                | (chance(10) ? SendFlags.SOLICITED : 0)
                | (setup.type() == QueuePairType.RC && chance(35) ? SendFlags.FENCE : 0);
        return switch (opcode) {
            case Opcode.BIND_MW -> bind(id, flags);
            case Opcode.LOCAL_INV -> new Step.Request(id, opcode, flags, List.of(), Key.WINDOW_2, 0, 0, 0, 0);
            case Opcode.ATOMIC_CMP_AND_SWP, Opcode.ATOMIC_FETCH_AND_ADD -> atomic(id, opcode, flags);
            default -> transfer(id, opcode, flags, room);
        };
    }

    private Step.Request bind(int id, int flags) {
        Key window = random.nextBoolean() || from.window(Key.WINDOW_2).bound ? Key.WINDOW_1 : Key.WINDOW_2;
        int offset = random.nextInt(Key.AREA_BYTES / 2) & -8;
        int length = 8 + random.nextInt(Key.AREA_BYTES / 2 - 8);
        int access = (1 + random.nextInt(7)) << 1;
        Buffer part = new Buffer(Key.MAIN, Key.TARGET + offset, length);
        return new Step.Request(id, Opcode.BIND_MW, flags, List.of(part), window, 0, access, 0, 0);
    }

    private Step.Request atomic(int id, int opcode, int flags) {
        List<Buffer> local = split(random, Long.BYTES, 1, WRITABLE, Key.RESULT);
        Key key = remoteKey(List.of(Key.MAIN, Key.SPARE));
        int offset = offset(key, Long.BYTES) & -8;
        long operand = chance(50) ? random.nextLong() : random.nextInt(4);
        if (opcode == Opcode.ATOMIC_CMP_AND_SWP && chance(60)) {
            // What is there at the moment, so that it is swapped unless something of this round comes before.
            operand = ByteBuffer.wrap(to.gather(List.of(new Buffer(key, offset, Long.BYTES)))
                            .bytes())
                    .order(ByteOrder.nativeOrder())
                    .getLong();
        }
        return new Step.Request(id, opcode, flags, local, key, offset, 0, operand, random.nextLong());
    }

    private Step.Request transfer(int id, int opcode, int flags, long room) {
        boolean send = opcode == Opcode.SEND || opcode == Opcode.SEND_WITH_IMM || opcode == Opcode.SEND_WITH_INV;
        boolean datagram = setup.type() == QueuePairType.UD;
        int most = send ? (int) Math.min(room, Key.AREA_BYTES) : Key.AREA_BYTES;
        if (datagram) {
            most = Math.clamp(room - ModelMessages.HEADER_BYTES, 0, PACKET_BYTES);
        }
        boolean inline = setup.inlineBytes() > 0 && opcode != Opcode.RDMA_READ && chance(30);
        int length = length(random, inline ? Math.min(most, setup.inlineBytes()) : most);
        boolean single = opcode == Opcode.SEND_WITH_INV || (datagram && opcode == Opcode.SEND_WITH_IMM);
        List<Key> keys = inline ? List.of(Key.MAIN, Key.WRONG) : opcode == Opcode.RDMA_READ ? WRITABLE : READABLE;
        int area = opcode == Opcode.RDMA_READ ? Key.RESULT : Key.SOURCE;
        List<Buffer> local = split(random, length, single ? 1 : setup.entries(), keys, area);
        Key key = Key.MAIN;
        int offset = 0;
        if (!send) {
            boolean read = opcode == Opcode.RDMA_READ;
            key = remoteKey(
                    read
                            ? List.of(Key.MAIN, Key.MAIN, Key.FOREIGN, Key.READ_ONLY, Key.SPARE)
                            : List.of(Key.MAIN, Key.MAIN, Key.FOREIGN, Key.SPARE));
            if (key.isWindow() && length > to.window(key).length) {
                key = Key.MAIN;
            }
            offset = offset(key, length);
        } else if (opcode == Opcode.SEND_WITH_INV) {
            key = Key.WINDOW_2;
        } else if (datagram && chance(10)) {
            key = Key.WRONG;
        } else if (datagram && chance(to.attached ? 50 : 5)) {
            key = Key.GROUP;
        }
        boolean immediate = opcode == Opcode.SEND_WITH_IMM || opcode == Opcode.RDMA_WRITE_WITH_IMM;
        int allFlags = flags | (inline ? SendFlags.INLINE : 0);
        return new Step.Request(id, opcode, allFlags, local, key, offset, immediate ? random.nextInt() : 0, 0, 0);
    }

    private Key remoteKey(List<Key> regions) {
        for (Key window : List.of(Key.WINDOW_1, Key.WINDOW_2)) {
            if (to.window(window).bound && chance(30)) {
                return window;
            }
        }
        return one(random, regions);
    }

    private int offset(Key key, int length) {
        if (key.isWindow()) {
            ModelEnd.Window window = to.window(key);
            return window.offset + random.nextInt(Math.max(1, window.length - length + 1));
        }
        // Often near the beginning, so that requests meet.
        int span = Key.AREA_BYTES - length + 1;
        return Key.TARGET + random.nextInt(chance(50) ? Math.min(span, 64) : span);
    }

    // ---------------------------------------------------------------- mistakes

    /** The request with a mistake in it, most of the time. */
    Step.Request spoil(Step.Request request, long room) {
        return switch (request.opcode()) {
            case Opcode.LOCAL_INV -> request.withRemote(one(random, List.of(Key.OLD_WINDOW_2, Key.WRONG, Key.MAIN)), 0);
            case Opcode.BIND_MW ->
                request.withLocal(List.of(new Buffer(Key.LOCAL_ONLY, Key.TARGET, 64)))
                        .withRemote(Key.WINDOW_2, 0);
            case Opcode.SEND, Opcode.SEND_WITH_IMM, Opcode.SEND_WITH_INV -> spoilSend(request, room);
            default -> chance(35) ? spoilLocal(request) : spoilRemote(request);
        };
    }

    private Step.Request spoilSend(Step.Request request, long room) {
        if (setup.type() == QueuePairType.RC && chance(15)) {
            Step.Request inv = new Step.Request(
                    request.id(), Opcode.SEND_WITH_INV, request.flags(), request.local(), Key.WINDOW_2, 0, 0, 0, 0);
            return inv.withLocal(List.of(request.local().getFirst()))
                    .withRemote(one(random, List.of(Key.OLD_WINDOW_2, Key.WRONG, Key.MAIN)), 0);
        }
        int header = setup.type() == QueuePairType.UD ? ModelMessages.HEADER_BYTES : 0;
        int most = setup.type() == QueuePairType.UD ? PACKET_BYTES : Key.AREA_BYTES;
        int longer = (int) Math.min(most, Math.max(0, room - header) + 1 + random.nextInt(200));
        if (chance(50)) {
            Buffer buffer = new Buffer(Key.MAIN, Key.SOURCE, longer);
            return request.withLocal(List.of(buffer)).withFlags(request.flags() & ~SendFlags.INLINE);
        }
        return spoilLocal(request);
    }

    private Step.Request spoilLocal(Step.Request request) {
        List<Buffer> local = new ArrayList<>(request.local());
        int which = random.nextInt(local.size());
        local.set(which, spoil(random, local.get(which), request.pulls()));
        return request.withLocal(List.copyOf(local)).withFlags(request.flags() & ~SendFlags.INLINE);
    }

    private Step.Request spoilRemote(Step.Request request) {
        int length = Math.max(1, request.totalBytes());
        boolean read = request.opcode() == Opcode.RDMA_READ;
        boolean windows = to.window(Key.WINDOW_1).bound || to.window(Key.WINDOW_2).bound;
        return switch (random.nextInt(windows ? 8 : 4)) {
            case 0 -> request.withRemote(one(random, CLOSED), request.remoteOffset());
            case 1 -> {
                int beyond = Key.REGION_BYTES - random.nextInt(length);
                yield request.withRemote(request.key().region(), beyond & mask(request));
            }
            case 2 -> request.withRemote(read ? Key.LOCAL_ONLY : Key.READ_ONLY, request.remoteOffset());
            case 3 -> request.withRemote(one(random, OLD), request.remoteOffset());
            case 4 -> request.withRemote(one(random, WINDOWS), request.remoteOffset());
            default -> beyondWindow(request);
        };
    }

    private static int mask(Step.Request request) {
        return request.isAtomic() ? -8 : -1;
    }

    private Step.Request beyondWindow(Step.Request request) {
        Key key = to.window(Key.WINDOW_1).bound && random.nextBoolean() ? Key.WINDOW_1 : Key.WINDOW_2;
        ModelEnd.Window window = to.window(key);
        int length = Math.max(1, request.totalBytes());
        int end = window.offset + window.length - random.nextInt(length);
        return request.withRemote(key, Math.min(end, Key.REGION_BYTES - length) & mask(request));
    }
}
