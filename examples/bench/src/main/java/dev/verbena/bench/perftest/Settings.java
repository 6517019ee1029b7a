package dev.verbena.bench.perftest;

import dev.verbena.verbs.Mtu;
import dev.verbena.verbs.QueuePairType;
import java.time.Duration;

/**
 * What is measured, and how; as perftest's options say it.
 *
 * @param test the benchmark
 * @param client whether this side begins
 * @param bytes of a message; the greatest, where all sizes are measured
 * @param all whether all powers of two from 2 on are measured
 * @param iterations of each size; 0 where a duration is given
 * @param seconds how long, 0 for iterations
 * @param queuePairs how many
 * @param sendSlots requests under way on one queue pair
 * @param receiveSlots receives posted on one queue pair
 * @param inlineBytes greatest message that is sent inline; negative for perftest's default
 * @param postList requests posted at once
 * @param moderation every how many-th request is signaled
 * @param type transport service
 * @param events whether to sleep until there are completions
 * @param bothWays whether both sides send at once
 * @param byManager whether the connection manager connects the queue pairs
 * @param mtu of the path; unknown for the port's
 * @param perSecond messages a second that a latency benchmark begins, 0 for as many as go
 * @param timeout of any one wait for the other side
 */
record Settings(
        Test test,
        boolean client,
        int bytes,
        boolean all,
        int iterations,
        int seconds,
        int queuePairs,
        int sendSlots,
        int receiveSlots,
        int inlineBytes,
        int postList,
        int moderation,
        QueuePairType type,
        boolean events,
        boolean bothWays,
        boolean byManager,
        Mtu mtu,
        double perSecond,
        Duration timeout) {
    /** Where perftest's messages begin when all sizes are measured. */
    static final int FIRST_OF_ALL = 2;

    /** Where they end. */
    static final int LAST_OF_ALL = 1 << 23;

    boolean isDuration() {
        return seconds > 0;
    }

    /** What is not counted at the beginning and at the end of a duration, as perftest has it. */
    long marginNs() {
        return seconds / 4 * 1_000_000_000L;
    }

    /** What must be the same on both sides, as options. */
    String agreed() {
        return test.command()
                + " -c " + type
                + (all ? " -a" : " -s " + bytes)
                + (isDuration() ? " -D " + seconds : " -n " + iterations)
                + " -q " + queuePairs
                + (bothWays ? " -b" : "")
                + (byManager ? " -R" : "");
    }

    /** The same for another size. */
    Settings withBytes(int other) {
        return new Settings(
                test,
                client,
                other,
                all,
                iterations,
                seconds,
                queuePairs,
                sendSlots,
                receiveSlots,
                inlineBytes,
                postList,
                moderation,
                type,
                events,
                bothWays,
                byManager,
                mtu,
                perSecond,
                timeout);
    }

    /** The same for another number of iterations, on the other side. */
    Settings rehearsal(boolean asClient, int other) {
        return new Settings(
                test,
                asClient,
                bytes,
                false,
                other,
                0,
                queuePairs,
                Math.min(sendSlots, other),
                Math.min(receiveSlots, other),
                inlineBytes,
                postList,
                Math.min(moderation, other),
                type,
                events,
                bothWays,
                false,
                mtu,
                0,
                timeout);
    }
}
