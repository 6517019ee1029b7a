package dev.verbena.bench.perftest;

import dev.verbena.cli.Failure;
import dev.verbena.verbs.Mtu;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * What the two sides tell each other around a benchmark, over TCP or, with -R, over a queue pair, as perftest 6.06 does: the client speaks, the server
 * answers. A Verbena side adds its name behind the version's zero byte; two of them compare their options as well.
 *
 * <p>Threading: one thread. Every wait is bounded by the channel's timeout.
 */
final class Protocol {
    /** The version that this speaks as. */
    static final String VERSION = "6.06";

    private static final int VERSION_BYTES = 16;
    private static final double VERSION_MIN = 5.70;
    private static final String NAME = "verbena";
    private static final int OPTIONS_BYTES = 128;
    private static final int MTU_BYTES = 2;
    private static final int TURN_MAX = 1 << 20;

    private final PeerChannel channel;
    private final boolean client;
    private String peerVersion = "";
    private boolean peerIsVerbena;
    private boolean measuring;

    Protocol(PeerChannel channel, boolean client) {
        this.channel = channel;
        this.client = client;
    }

    /** What the other side is, for a person. */
    String peer() {
        return (peerIsVerbena ? "Verbena (as perftest " : "perftest (") + peerVersion + ") on " + channel.name();
    }

    boolean peerIsVerbena() {
        return peerIsVerbena;
    }

    private byte[] exchange(byte[] mine, String what) throws InterruptedException {
        if (client) {
            channel.write(mine);
            return channel.read(mine.length, what);
        }
        byte[] theirs = measuring ? channel.readAfterRun(mine.length, what) : channel.read(mine.length, what);
        channel.write(mine);
        return theirs;
    }

    /** Versions; refuses one that is too old, or no perftest at all. */
    void versions() throws InterruptedException {
        byte[] mine = Arrays.copyOf((VERSION + "\0" + NAME).getBytes(StandardCharsets.US_ASCII), VERSION_BYTES);
        String theirs = new String(exchange(mine, "the version"), StandardCharsets.US_ASCII);
        int end = theirs.indexOf('\0');
        peerVersion = theirs.substring(0, Math.max(end, 0)).trim();
        peerIsVerbena = end >= 0 && theirs.startsWith(NAME, end + 1);
        if (!peerVersion.matches("[0-9]{1,3}(\\.[0-9]{1,4})?")) {
            throw new Failure(
                    Failure.Code.PEER_REFUSED,
                    channel.name() + " is no perftest: it sent '" + theirs.replaceAll("[^ -~]", ".") + "'",
                    "is another program listening on that port?");
        }
        if (Double.parseDouble(peerVersion) < VERSION_MIN) {
            throw new Failure(
                    Failure.Code.PEER_REFUSED,
                    channel.name() + " has perftest " + peerVersion + ", and versions before 5.70 speak otherwise",
                    "install a later one there");
        }
    }

    /** The greater of both sides' page and cache line. */
    CycleBuffer cycleBuffer() throws InterruptedException {
        CycleBuffer own = CycleBuffer.OWN;
        int bytes = exchangeInt(own.bytes(), "the page size");
        int line = exchangeInt(own.lineBytes(), "the cache line size");
        return own.with(bytes, line);
    }

    private int exchangeInt(int mine, String what) throws InterruptedException {
        byte[] wire = ByteBuffer.allocate(Integer.BYTES).putInt(mine).array();
        return ByteBuffer.wrap(exchange(wire, what)).getInt();
    }

    /** The lesser of both sides' MTU. */
    Mtu mtu(Mtu mine) throws InterruptedException {
        byte[] wire = Arrays.copyOf(String.valueOf(mine.code()).getBytes(StandardCharsets.US_ASCII), MTU_BYTES);
        Mtu theirs = Mtu.of(exchange(wire, "the MTU")[0] - '0');
        return theirs != Mtu.UNKNOWN && theirs.bytes() < mine.bytes() ? theirs : mine;
    }

    /** Between two Verbena sides: throws on both unless their options are the same. */
    void options(Settings settings) throws InterruptedException {
        if (!peerIsVerbena) {
            return;
        }
        byte[] mine = Arrays.copyOf(settings.agreed().getBytes(StandardCharsets.US_ASCII), OPTIONS_BYTES);
        String theirs = new String(exchange(mine, "the options"), StandardCharsets.US_ASCII).trim();
        if (!theirs.equals(settings.agreed())) {
            throw new Failure(
                    Failure.Code.PEER_REFUSED,
                    "the two sides do not measure the same: here " + settings.agreed() + ", on " + channel.name() + " "
                            + theirs.replaceAll("[^ -~]", "."),
                    "give both sides the same options");
        }
    }

    /** From now on the server's waits are as long as the client measures. */
    void measuring() {
        measuring = true;
    }

    /** Iterations of the next turn of a rehearsal, which the client says; 0 for none. */
    int turn(int mine) throws InterruptedException {
        int theirs = exchangeInt(client ? mine : 0, "the length of the next turn");
        return client ? mine : Math.clamp(theirs, 0, TURN_MAX);
    }

    /** One queue pair's record for the other side's. */
    PeerRecord records(Side side, int which) throws InterruptedException {
        byte[] theirs = exchange(channel.encode(side.record(which), side.isRouted()), "the queue pair");
        try {
            return channel.decode(theirs);
        } catch (IllegalArgumentException e) {
            throw new Failure(
                    Failure.Code.FAILED,
                    channel.name() + " speaks otherwise: " + e.getMessage(),
                    "does it run the same benchmark, and has it a GID index (-x)?",
                    e);
        }
    }

    /** The same before there are queue pairs: the content is nobody's. */
    void meetEarly() throws InterruptedException {
        PeerRecord nothing = new PeerRecord(0, 0, 0, 0, 0, 0, PeerRecord.NO_GID);
        byte[] _ = exchange(channel.encode(nothing, true), "the connection");
    }

    /** perftest's way to wait for each other: records that say nothing new. */
    void meet(Side side) throws InterruptedException {
        PeerRecord _ = records(side, 0);
    }

    /** Both sides' results of a bandwidth benchmark. Answers the other side's. */
    BandwidthResult results(BandwidthResult mine) throws InterruptedException {
        long bytes = exchangeLong(mine.bytes());
        long messages = exchangeLong(mine.messages());
        double peak = exchangeDouble(mine.peak());
        double average = exchangeDouble(mine.average());
        double rate = exchangeDouble(mine.millionPerSecond());
        return new BandwidthResult(bytes, messages, peak, average, rate);
    }

    private long exchangeLong(long mine) throws InterruptedException {
        byte[] wire = ByteBuffer.allocate(Long.BYTES).putLong(mine).array();
        return ByteBuffer.wrap(exchange(wire, "the results")).getLong();
    }

    private double exchangeDouble(double mine) throws InterruptedException {
        return Double.longBitsToDouble(exchangeLong(Double.doubleToRawLongBits(mine)));
    }

    /** Says goodbye when both sides have done; later perftests than 6.06 close at once instead. */
    void end(Side side) throws InterruptedException {
        meet(side);
        channel.goodbye();
    }
}
