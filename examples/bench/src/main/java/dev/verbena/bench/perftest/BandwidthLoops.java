package dev.verbena.bench.perftest;

import dev.verbena.verbs.QueuePair;
import dev.verbena.verbs.SendFlags;
import java.util.Arrays;

/**
 * The loops of the bandwidth benchmarks: the side that posts requests, the side that receives messages, and both at once.
 *
 * <p>Hot path: all of it. Threading: one thread.
 */
final class BandwidthLoops {
    private static final int WHICH_SHIFT = 40;
    private static final long COUNT_MASK = (1L << WHICH_SHIFT) - 1;

    private final Settings settings;
    private final Side side;
    private final Requests requests;
    private final Run run;
    private final Rates rates;
    private final int queuePairs;
    private final long perQueuePair;
    private final long total;
    private final long[] posted;
    private final long[] completed;
    private final long[] receivesPosted;
    private long postedInAll;
    private long completedInAll;
    private long receivedInAll;

    BandwidthLoops(Settings settings, Side side, Requests requests, Run run, Rates rates) {
        this.settings = settings;
        this.side = side;
        this.requests = requests;
        this.run = run;
        this.rates = rates;
        queuePairs = settings.queuePairs();
        perQueuePair = settings.isDuration() ? COUNT_MASK : settings.iterations();
        total = settings.isDuration() ? Long.MAX_VALUE : perQueuePair * queuePairs;
        posted = new long[queuePairs];
        completed = new long[queuePairs];
        receivesPosted = new long[queuePairs];
    }

    /** Whether there is something to do on this side. */
    static boolean hasPart(Settings settings) {
        return settings.client() || settings.bothWays() || settings.test().verb() == Verb.SEND;
    }

    /** Whether this side sends. */
    static boolean isSending(Settings settings) {
        return settings.client() || settings.bothWays();
    }

    /** Whether receives are posted on this side. */
    static boolean isReceiving(Settings settings) {
        return settings.test().verb() == Verb.SEND && (!settings.client() || settings.bothWays());
    }

    /** Plays this side's part. */
    void play() {
        Arrays.fill(receivesPosted, settings.receiveSlots());
        if (!isReceiving(settings)) {
            send();
        } else if (settings.bothWays()) {
            both();
        } else {
            receive();
        }
        rates.end();
    }

    private void send() {
        rates.begin();
        int empty = 0;
        while (completedInAll < total && !rates.isOver()) {
            post();
            empty = reap() > 0 ? 0 : waitMore(empty);
        }
    }

    /** With events the completion channel is slept on, else the processor is told that this is a busy wait. */
    private int waitMore(int empty) {
        if (!settings.events()) {
            if (empty == 0) {
                run.busy();
            }
            return run.idle(empty, "a completion");
        }
        count(side.sends().await(run, rates.endNs()));
        return 0;
    }

    private void receive() {
        int first = side.receives().await(run, Long.MAX_VALUE);
        rates.begin();
        took(first);
        rates.completed(first);
        while (receivedInAll < total) {
            int come = side.receives().await(run, rates.endNs());
            if (come == 0 || rates.isOver()) {
                return;
            }
            took(come);
            rates.completed(come);
        }
    }

    /** Receives go before, so that two sides that both only send cannot wait for each other. */
    private void both() {
        boolean begun = settings.client();
        if (begun) {
            rates.begin();
        }
        int empty = 0;
        while ((completedInAll < total || receivedInAll < total) && !(begun && rates.isOver())) {
            int come = side.receives().poll();
            if (come > 0) {
                if (!begun) {
                    rates.begin();
                    begun = true;
                }
                took(come);
            }
            if (begun) {
                post();
            }
            int done = reap();
            if (come + done > 0) {
                empty = 0;
            } else {
                if (empty == 0) {
                    run.busy();
                }
                empty = run.idle(empty, "a message of the other side");
            }
        }
    }

    /** Posts on every queue pair what its slots take. */
    private void post() {
        int list = settings.postList();
        for (int which = 0; which < queuePairs; which++) {
            while (posted[which] < perQueuePair && posted[which] - completed[which] + list <= settings.sendSlots()) {
                if (list == 1) {
                    postOne(which);
                } else {
                    postList(which, list);
                }
            }
        }
    }

    private void postList(int which, int list) {
        QueuePair qp = requests.qp(which);
        qp.start();
        for (int i = 0; i < list; i++) {
            postOne(which);
        }
        int taken = qp.complete();
        if (taken != list) {
            throw new IllegalStateException("of a list of " + list + " requests the device took " + taken);
        }
    }

    private void postOne(int which) {
        rates.posted(postedInAll);
        long count = ++posted[which];
        boolean signal = count % settings.moderation() == 0 || count == perQueuePair;
        requests.post(which, (long) which << WHICH_SHIFT | count, count - 1, signal ? SendFlags.SIGNALED : 0);
        postedInAll++;
    }

    private int reap() {
        int polled = side.sends().poll();
        count(polled);
        return polled;
    }

    /** The id of a completion names its queue pair and how many requests of it have been completed with it. */
    private void count(int polled) {
        for (int i = 0; i < polled; i++) {
            long id = side.sends().id(i);
            int which = (int) (id >>> WHICH_SHIFT);
            long now = id & COUNT_MASK;
            int more = (int) (now - completed[which]);
            completed[which] = now;
            completedInAll += more;
            rates.completed(more);
        }
        if (polled > 0) {
            run.checkpoint(completedInAll);
        }
    }

    private void took(int come) {
        for (int i = 0; i < come; i++) {
            int which = (int) side.receives().id(i);
            if (receivesPosted[which] < perQueuePair) {
                requests.postReceive(which, receivesPosted[which]++);
            }
        }
        receivedInAll += come;
        run.checkpoint(receivedInAll);
    }
}
