package dev.verbena.verbs.embedded;

import static org.assertj.core.api.Assertions.assertThat;

import dev.verbena.verbs.Context;
import dev.verbena.verbs.QueuePairState;
import dev.verbena.verbs.VerbsException;
import dev.verbena.verbs.cm.ConnectionEvent;
import dev.verbena.verbs.cm.ConnectionId;
import dev.verbena.verbs.cm.EventChannel;
import dev.verbena.verbs.cm.PortSpace;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * Keeps some processes connected and under load, kills one after the other, and looks at what is left. It connects to
 * every second of them, and is connected to by the others.
 */
final class Survivor implements AutoCloseable {
    private static final Duration START_LIMIT = Duration.ofSeconds(60);
    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final Duration NAP = Duration.ofMillis(1);
    private static final int MESSAGES_MAX = 2_000;
    private static final int OTHERS_GO_ON = 20;
    private static final long OTHERS_EVERY_NS = 1_000_000;
    private static final int EXIT_SIGKILL = 128 + 9;

    /**
     * How a round went.
     *
     * @param flushedNs from the kill until the end was told and every request was back
     */
    record Death(String how, long messages, long flushedNs) {}

    /** When a peer dies. */
    enum Moment {
        UNDER_LOAD,
        BEFORE_ACCEPTING,
        AFTER_ACCEPTING,
        /** It kills or stops itself. */
        BY_ITSELF
    }

    /**
     * A process to come.
     *
     * @param listens whether the survivor connects to it
     * @param sharedHere whether the survivor's receives come from its shared queue
     * @param options of {@link PeerMain}
     * @param flags of its JVM
     */
    record Plan(Moment moment, boolean listens, boolean sharedHere, List<String> options, List<String> flags) {}

    /** A process and the connection to it. */
    static final class Peer {
        private final Process process;
        private final BufferedReader output;
        private final boolean listens;
        private final Moment moment;
        private final int messages;
        private final Load load;
        private @Nullable ConnectionId id;
        private boolean established;
        private boolean told;
        private long killedNs;
        private List<ProcessHandle> children = List.of();

        private Peer(Process process, boolean listens, Moment moment, int messages, Load load) {
            this.process = process;
            this.output = process.inputReader(StandardCharsets.UTF_8);
            this.listens = listens;
            this.moment = moment;
            this.messages = messages;
            this.load = load;
        }

        Process process() {
            return process;
        }

        Load load() {
            return load;
        }

        private void kill() {
            children = process.descendants().toList();
            process.destroyForcibly();
            killedNs = System.nanoTime();
        }
    }

    private final EventChannel channel;
    private final SplittableRandom random;
    private final int atOnce;
    private final List<String> options;
    private final Station station;
    private final ConnectionId listener;
    private final List<Peer> peers = new ArrayList<>();
    private int started;
    private long othersNs = System.nanoTime();
    private @Nullable Peer bystander;

    /**
     * @param atOnce how many there are at a time, next to one that is never killed
     * @param options of those that are killed
     */
    Survivor(Context context, EventChannel channel, SplittableRandom random, int atOnce, List<String> options) {
        this.channel = channel;
        this.random = random;
        this.atOnce = atOnce;
        this.options = options;
        this.station = new Station(context);
        this.listener = channel.createId(PortSpace.TCP);
        listener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        listener.listen(16);
    }

    // ---------------------------------------------------------------- rounds

    /** Kills one peer and answers what came of it. */
    Death surviveOne(Duration limit) throws IOException, InterruptedException {
        if (bystander == null) {
            bystander = start(new Plan(Moment.UNDER_LOAD, false, true, List.of("shared"), List.of()));
        }
        while (peers.size() < atOnce + 1) {
            Peer _ = start(plan());
        }
        Peer victim = victim();
        if (victim.killedNs == 0) {
            victim.kill();
        }
        return survive(victim, limit);
    }

    /** A peer kills itself; answers what came of it. */
    Death surviveItself(Plan plan, Duration limit) throws IOException, InterruptedException {
        Peer victim = startNextToBystander(plan);
        long start = System.nanoTime();
        while (victim.process.isAlive()) {
            requireWithin(START_LIMIT, start);
            step(null);
        }
        victim.killedNs = System.nanoTime();
        return survive(victim, limit);
    }

    /** Starts a peer that stops itself, and waits until it has. */
    Peer awaitStopped(Plan plan) throws IOException, InterruptedException {
        Peer peer = startNextToBystander(plan);
        long start = System.nanoTime();
        while (!Jvm.isStopped(peer.process)) {
            requireWithin(START_LIMIT, start);
            step(null);
        }
        return peer;
    }

    private Peer startNextToBystander(Plan plan) throws IOException, InterruptedException {
        if (bystander == null) {
            bystander = start(new Plan(Moment.UNDER_LOAD, false, true, List.of("shared"), List.of()));
            goOn(START_LIMIT, null);
        }
        return start(plan);
    }

    private Death survive(Peer victim, Duration limit) throws IOException, InterruptedException {
        while (!(victim.told && victim.load.isFlushed())) {
            if (System.nanoTime() - victim.killedNs > limit.toNanos()) {
                throw new AssertionError("after " + limit + " " + (victim.told ? "" : "not told, ") + victim.load);
            }
            step(victim);
        }
        long flushed = System.nanoTime() - victim.killedNs;
        bury(victim);
        if (established() > 0) {
            goOn(PATIENCE, null);
        }
        return new Death(victim.moment + (victim.listens ? ", listening" : ""), victim.load.received(), flushed);
    }

    /** Every other connection brings some more messages, or it is said that it does not. */
    Duration goOn(Duration limit, @Nullable Peer but) throws IOException, InterruptedException {
        long start = System.nanoTime();
        Map<Peer, Long> wanted = new HashMap<>();
        peers.stream()
                .filter(peer -> peer != but && peer.killedNs == 0 && (peer.established || peer == bystander))
                .forEach(peer -> wanted.put(peer, peer.load.received() + OTHERS_GO_ON));
        while (wanted.entrySet().stream()
                .anyMatch(one -> one.getKey().killedNs == 0 && one.getKey().load.received() < one.getValue())) {
            requireWithin(limit, start);
            step(but);
        }
        return Duration.ofNanos(System.nanoTime() - start);
    }

    /** A stopped peer is given up: its work is flushed, its memory taken back. Answers how long that took. */
    Duration giveUp(Peer peer) throws IOException, InterruptedException {
        long start = System.nanoTime();
        peer.load.qp().fail();
        while (!peer.load.isFlushed()) {
            requireWithin(PATIENCE, start);
            step(peer);
        }
        if (peer.id != null) {
            peer.id.close();
        }
        station.close(peer.load);
        peers.remove(peer);
        return Duration.ofNanos(System.nanoTime() - start);
    }

    private Plan plan() {
        int number = started;
        int dice = random.nextInt(16);
        List<String> with = new ArrayList<>(options);
        if (number % 4 >= 2) {
            with.add("shared");
        }
        if (number % 10 == 5) {
            with.add("child");
        }
        return new Plan(
                dice == 0 ? Moment.BEFORE_ACCEPTING : dice == 1 ? Moment.AFTER_ACCEPTING : Moment.UNDER_LOAD,
                number % 2 == 1,
                number % 3 == 0,
                with,
                List.of());
    }

    /** Goes on until the time has come for one of them. */
    private Peer victim() throws IOException, InterruptedException {
        long start = System.nanoTime();
        while (true) {
            for (Peer peer : peers) {
                if (peer != bystander && peer.established && peer.load.received() >= peer.messages) {
                    spin(random.nextInt(200_000));
                    return peer;
                }
                if (peer != bystander && peer.killedNs != 0) {
                    return peer;
                }
            }
            if (System.nanoTime() - start > START_LIMIT.toNanos()) {
                throw new AssertionError("no peer has come so far within " + START_LIMIT);
            }
            step(null);
        }
    }

    private static void spin(long ns) {
        long start = System.nanoTime();
        while (System.nanoTime() - start < ns) {
            Thread.onSpinWait();
        }
    }

    private long established() {
        return peers.stream().filter(peer -> peer.established).count();
    }

    private void bury(Peer victim) throws InterruptedException {
        assertThat(victim.load.qp().query().state()).isEqualTo(QueuePairState.ERROR);
        assertThat(victim.process.waitFor()).isEqualTo(EXIT_SIGKILL);
        victim.children.forEach(ProcessHandle::destroyForcibly);
        if (victim.id != null) {
            victim.id.close();
        }
        station.close(victim.load);
        peers.remove(victim);
    }

    // ---------------------------------------------------------------- peers

    private Peer start(Plan plan) throws IOException {
        started++;
        List<String> arguments = new ArrayList<>();
        InetSocketAddress here = listener.localAddress();
        arguments.add(String.valueOf(plan.listens || here == null ? 0 : here.getPort()));
        arguments.add(String.valueOf(random.nextLong()));
        arguments.addAll(plan.options);
        Process process = Jvm.start(PeerMain.class, plan.flags, arguments.toArray(String[]::new));
        Load load = station.open(plan.sharedHere, random.nextLong());
        Peer peer = new Peer(process, plan.listens, plan.moment, random.nextInt(MESSAGES_MAX), load);
        peers.add(peer);
        return peer;
    }

    /** Everything once: events, completions, new requests. */
    private void step(@Nullable Peer dying) throws IOException, InterruptedException {
        ConnectionEvent event = channel.poll();
        if (event != null) {
            onEvent(event);
        }
        for (Peer peer : peers) {
            if (peer.listens && peer.id == null && peer.output.ready()) {
                connect(peer, peer.output.readLine());
            }
        }
        int done = station.poll();
        // The next to die works as hard as it can, the others a little.
        Peer next = peers.stream()
                .filter(peer -> peer.established && peer != bystander && peer != dying)
                .findFirst()
                .orElse(null);
        boolean others = System.nanoTime() - othersNs > OTHERS_EVERY_NS;
        othersNs += others ? OTHERS_EVERY_NS : 0;
        for (Peer peer : peers) {
            if (peer.established && peer != dying) {
                if (peer == next || others) {
                    done += peer.load.post(4);
                }
                if (!peer.process.isAlive() && peer.killedNs == 0 && peer.moment != Moment.BY_ITSELF) {
                    throw new AssertionError("a peer ended by itself, code " + peer.process.exitValue());
                }
            }
        }
        if (event == null && done == 0) {
            station.await(NAP);
        }
    }

    private void connect(Peer peer, String line) {
        int port = Integer.parseInt(line.substring(PeerMain.LISTENING.length()));
        ConnectionId id = channel.createId(PortSpace.TCP);
        peer.id = id;
        id.resolveAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), PATIENCE);
    }

    private @Nullable Peer of(ConnectionId id) {
        return peers.stream().filter(peer -> peer.id == id).findFirst().orElse(null);
    }

    private void onEvent(ConnectionEvent event) {
        Peer peer = of(event.id());
        switch (event.type()) {
            case CONNECT_REQUEST -> onRequest(event);
            case ADDR_RESOLVED -> event.id().resolveRoute(PATIENCE);
            case ROUTE_RESOLVED -> {
                if (peer != null) {
                    event.id().attach(peer.load.qp());
                    peer.load.begin();
                    event.id().connect(PeerMain.parameters(peer.load));
                    killIf(peer, Moment.BEFORE_ACCEPTING);
                }
            }
            case ESTABLISHED -> {
                if (peer != null) {
                    if (peer.listens) {
                        peer.load.peer(event.privateData());
                        killIf(peer, Moment.AFTER_ACCEPTING);
                    }
                    peer.established = true;
                }
            }
            case DISCONNECTED, REJECTED, CONNECT_ERROR -> onEnd(peer, event);
            default -> throw new AssertionError(event.toString());
        }
    }

    private void onEnd(@Nullable Peer peer, ConnectionEvent event) {
        if (peer == null || (peer.killedNs == 0 && peer.moment != Moment.BY_ITSELF)) {
            throw new AssertionError("nobody was killed: " + event);
        }
        peer.told = true;
        if (peer.load.qp().state() != QueuePairState.ERROR) {
            // It never was a connection.
            peer.load.qp().fail();
        }
    }

    private static void killIf(Peer peer, Moment moment) {
        if (peer.moment == moment) {
            peer.kill();
        }
    }

    private void onRequest(ConnectionEvent request) {
        long pid = Load.pidOf(request.privateData());
        Peer peer = peers.stream()
                .filter(waiting -> waiting.process.pid() == pid)
                .findFirst()
                .orElseThrow();
        ConnectionId id = request.id();
        peer.id = id;
        killIf(peer, Moment.BEFORE_ACCEPTING);
        peer.load.peer(request.privateData());
        id.attach(peer.load.qp());
        peer.load.begin();
        try {
            id.accept(PeerMain.parameters(peer.load));
        } catch (VerbsException e) {
            if (peer.killedNs == 0) {
                throw e;
            }
            peer.told = true;
            peer.load.qp().fail();
        }
        killIf(peer, Moment.AFTER_ACCEPTING);
    }

    // ---------------------------------------------------------------- the end

    /** Kills everybody and waits until nothing is left of them. */
    void settle() throws IOException, InterruptedException {
        long start = System.nanoTime();
        while (peers.stream().anyMatch(peer -> !peer.established && peer.killedNs == 0)) {
            requireWithin(START_LIMIT, start);
            step(null);
        }
        peers.stream().filter(peer -> peer.killedNs == 0).forEach(Peer::kill);
        long killed = System.nanoTime();
        while (!peers.stream().allMatch(peer -> peer.told && peer.load.isFlushed())) {
            requireWithin(PATIENCE, killed);
            step(null);
        }
        for (Peer peer : List.copyOf(peers)) {
            bury(peer);
        }
        bystander = null;
    }

    private static void requireWithin(Duration limit, long startNs) {
        if (System.nanoTime() - startNs > limit.toNanos()) {
            throw new AssertionError("not all over within " + limit);
        }
    }

    void requireNothingLost() {
        assertThat(station.sharedReceivesAreComplete())
                .as("every shared receive is posted")
                .isTrue();
    }

    @Override
    public void close() {
        for (Peer peer : peers) {
            peer.process.destroyForcibly();
            peer.process.descendants().forEach(ProcessHandle::destroyForcibly);
        }
        listener.close();
        station.close();
    }
}
