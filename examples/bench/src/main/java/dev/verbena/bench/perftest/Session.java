package dev.verbena.bench.perftest;

import dev.verbena.bench.Pinning;
import dev.verbena.cli.Failure;
import dev.verbena.verbs.Context;
import dev.verbena.verbs.GidEntry;
import dev.verbena.verbs.Mtu;
import dev.verbena.verbs.QueuePairType;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * One benchmark with a peer, from the first word to the last: perftest's order of steps, which differs from verb to verb.
 *
 * <p>Threading: one thread; {@link #run} may be stopped from another.
 */
final class Session {
    private static final String LINE = "-".repeat(87);

    private final Settings settings;
    private final Context context;
    private final GidEntry gid;
    private final boolean routed;
    private final Duration warmUp;
    private final Output output;
    private final Protocol protocol;
    private final String method;
    private final @Nullable CmChannel manager;
    private final Run run;
    private CycleBuffer cycle = CycleBuffer.OWN;

    /**
     * A benchmark.
     *
     * @param routed whether packets carry GIDs
     * @param warmUp at most so long before it, none for zero
     */
    Session(
            Settings settings,
            Context context,
            GidEntry gid,
            boolean routed,
            PeerChannel channel,
            Duration warmUp,
            Output output) {
        this.warmUp = warmUp;
        this.settings = settings;
        this.context = context;
        this.gid = gid;
        this.routed = routed;
        this.output = output;
        this.method = channel.method();
        this.manager = channel instanceof CmChannel connected ? connected : null;
        this.protocol = new Protocol(channel, settings.client());
        this.run = new Run(channel, settings.timeout());
    }

    /** What may be stopped. */
    Run run() {
        return run;
    }

    /** Measures. */
    void play() throws InterruptedException {
        protocol.versions();
        cycle = protocol.cycleBuffer();
        Mtu own = settings.mtu() == Mtu.UNKNOWN ? context.queryPort(gid.port()).activeMtu() : settings.mtu();
        Mtu mtu = protocol.mtu(own);
        protocol.options(settings);
        if (settings.perSecond() > 0 && settings.test() == Test.WRITE_LAT && !protocol.peerIsVerbena()) {
            throw new Failure(
                    Failure.Code.FAILED,
                    "--rate with write_lat needs Verbena on both sides: a perftest server writes first",
                    "leave --rate out, or measure send_lat");
        }
        output.document().peer(protocol.peer());
        boolean together = protocol.peerIsVerbena();
        String warmedUp =
                isRehearsed() && !together ? WarmUp.play(settings, context.device(), gid, routed, warmUp) : "none";
        // The connections end before the queue pairs that are attached to them.
        try (Side side = new Side(context, gid, routed, settings, cycle);
                CmPairs connections = manager == null ? null : manager.pairs(settings)) {
            if (connections != null) {
                connections.prepare();
                protocol.meetEarly();
                connections.connect(side);
                protocol.meetEarly();
            }
            printTest(side, mtu);
            connect(side, mtu);
            if (isRehearsed() && together) {
                warmedUp = rehearse(side);
            }
            output.document().conditions(warmedUp, Pinning.own());
            protocol.measuring();
            if (settings.test().isLatency()) {
                latencies(side);
            } else {
                bandwidths(side);
            }
            output.say(LINE);
            if (connections != null) {
                connections.end();
            }
        }
    }

    /** What is lossy might wait for what never comes. */
    private boolean isRehearsed() {
        return !warmUp.isZero()
                && (settings.type() == QueuePairType.RC || settings.test().isLatency());
    }

    /** Two Verbena sides rehearse with each other; the client says how many turns. */
    private String rehearse(Side side) throws InterruptedException {
        Rehearsal rehearsal = new Rehearsal(settings, warmUp);
        int next = protocol.turn(rehearsal.next());
        while (next > 0) {
            Settings part = Rehearsal.part(settings, settings.client(), next);
            Requests requests = new Requests(side, part, cycle);
            Rehearsal.prepare(side, part, requests);
            protocol.meet(side);
            long before = System.nanoTime();
            Rehearsal.play(side, part, requests, run);
            protocol.meet(side);
            rehearsal.took(next, System.nanoTime() - before);
            next = protocol.turn(rehearsal.isEnough() ? 0 : rehearsal.next());
        }
        if (settings.test() == Test.WRITE_LAT) {
            side.memory().memory().fill((byte) 0);
            protocol.meet(side);
        }
        return rehearsal.describe("with the other side");
    }

    private boolean isSend() {
        return settings.test().verb() == Verb.SEND;
    }

    private void connect(Side side, Mtu mtu) throws InterruptedException {
        if (!isSend() && settings.test().isLatency()) {
            protocol.meet(side);
        }
        int count = settings.queuePairs();
        PeerRecord[] remotes = new PeerRecord[count];
        for (int i = 0; i < count; i++) {
            remotes[i] = protocol.records(side, i);
        }
        for (int i = 0; i < count; i++) {
            side.connect(i, remotes[i], mtu);
        }
        if (isSend()) {
            protocol.meet(side);
        }
        for (int i = 0; i < count; i++) {
            printRecord("local", side.record(i));
        }
        for (int i = 0; i < count; i++) {
            printRecord("remote", protocol.records(side, i));
        }
        if (!isSend()) {
            protocol.meet(side);
        }
        output.say(LINE);
    }

    private int[] sizes() {
        if (!settings.all()) {
            return new int[] {settings.bytes()};
        }
        int count = Integer.numberOfTrailingZeros(settings.bytes());
        int[] sizes = new int[count];
        for (int i = 0; i < count; i++) {
            sizes[i] = Settings.FIRST_OF_ALL << i;
        }
        return sizes;
    }

    // ---------------------------------------------------------------- latency

    private void latencies(Side side) throws InterruptedException {
        if (LatencyLoops.hasPart(settings)) {
            output.say(settings.isDuration() ? LatencyResult.DURATION_HEADING : LatencyResult.HEADING);
            for (int bytes : sizes()) {
                latency(side, settings.withBytes(bytes));
            }
        }
        protocol.end(side);
    }

    private void latency(Side side, Settings sized) throws InterruptedException {
        Requests requests = new Requests(side, sized, cycle);
        if (isSend()) {
            requests.postReceives(sized.receiveSlots());
            protocol.meet(side);
        }
        Times times = new Times(sized);
        boolean writesFirst = protocol.peerIsVerbena() == sized.client();
        LatencyLoops loops = new LatencyLoops(sized, side, requests, run, times, writesFirst);
        Cost cost = new Cost();
        Run.Stopped stopped = null;
        try (Progress _ = output.progress(run, sized.iterations(), sized.seconds())) {
            loops.play();
        } catch (Run.Stopped e) {
            stopped = e;
        }
        cost.stop();
        if (times.count() > 3) {
            output.latency(sized, times, cost);
        }
        if (stopped != null) {
            throw stopped;
        }
    }

    // ---------------------------------------------------------------- bandwidth

    private void bandwidths(Side side) throws InterruptedException {
        output.say(BandwidthResult.heading(output.gigabits()));
        boolean plays = BandwidthLoops.hasPart(settings);
        BandwidthResult last = new BandwidthResult(0, 0, 0, 0, 0);
        for (int bytes : plays ? sizes() : new int[0]) {
            last = bandwidth(side, settings.withBytes(bytes));
        }
        if (!isSend() && !settings.bothWays()) {
            protocol.meet(side);
            BandwidthResult theirs = protocol.results(last);
            if (!plays) {
                output.print(theirs);
            }
        }
        protocol.end(side);
    }

    private BandwidthResult bandwidth(Side side, Settings sized) throws InterruptedException {
        Requests requests = new Requests(side, sized, cycle);
        if (BandwidthLoops.isReceiving(sized)) {
            requests.postReceives(sized.receiveSlots());
        }
        if (isSend() || sized.bothWays()) {
            protocol.meet(side);
        }
        Rates rates = new Rates(sized, BandwidthLoops.isSending(sized));
        BandwidthLoops loops = new BandwidthLoops(sized, side, requests, run, rates);
        Cost cost = new Cost();
        Run.Stopped stopped = null;
        try (Progress _ = output.progress(run, (long) sized.iterations() * sized.queuePairs(), sized.seconds())) {
            loops.play();
        } catch (Run.Stopped e) {
            rates.end();
            stopped = e;
        }
        cost.stop();
        BandwidthResult result = BandwidthResult.of(sized.bytes(), rates, output.gigabits());
        if (stopped == null && sized.all() && sized.bothWays() && !isSend()) {
            protocol.meet(side);
        }
        boolean together = sized.bothWays() && !(isSend() && sized.isDuration());
        BandwidthResult shown = stopped == null && together ? result.plus(protocol.results(result)) : result;
        output.bandwidth(sized, rates, cost, shown);
        if (stopped != null) {
            throw stopped;
        }
        if (isSend() && sized.all()) {
            protocol.meet(side);
        }
        return result;
    }

    // ---------------------------------------------------------------- what it is

    private void printTest(Side side, Mtu mtu) {
        String title = settings.test().verb().title() + (settings.bothWays() ? " Bidirectional" : "")
                + (settings.postList() > 1 ? " Post List" : "")
                + (settings.test().isLatency() ? " Latency" : " BW") + " Test";
        output.say(LINE);
        output.say("                    " + title);
        output.say(
                " Dual-port       : OFF\t\tDevice         : " + context.device().name());
        output.say(" Number of qps   : " + settings.queuePairs() + "\t\tTransport type : IB");
        output.say(" Connection type : " + settings.type() + "\t\tUsing SRQ      : OFF");
        if (settings.client() || settings.bothWays()) {
            output.say(" TX depth        : " + settings.sendSlots());
        }
        if (settings.postList() > 1) {
            output.say(" Post List       : " + settings.postList());
        }
        if (isSend() && (!settings.client() || settings.bothWays())) {
            output.say(" RX depth        : " + settings.receiveSlots());
        }
        if (!settings.test().isLatency()) {
            output.say(" CQ Moderation   : " + settings.moderation());
        }
        output.say(" Mtu             : " + mtu.bytes() + "[B]");
        output.say(" Link type       : " + (routed ? "Ethernet" : "IB"));
        if (routed) {
            output.say(" GID index       : " + gid.index());
        }
        if (settings.test().verb().isRequest()) {
            output.say(" Outstand reads  : " + side.reads());
        } else {
            output.say(" Max inline data : " + side.inlineBytes() + "[B]");
        }
        output.say(" Data ex. method : " + method);
        output.say(LINE);
        output.perftest().test(title, context.device().name(), settings, mtu);
    }

    private void printRecord(String side, PeerRecord record) {
        output.say(record.line(side, settings.test().verb()));
        if (routed) {
            output.say(record.gidLine());
        }
    }
}
