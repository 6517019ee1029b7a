package dev.verbena.verbs.embedded;

import dev.verbena.verbs.AccessFlags;
import dev.verbena.verbs.CompletionChannel;
import dev.verbena.verbs.CompletionQueue;
import dev.verbena.verbs.Context;
import dev.verbena.verbs.MemoryRegion;
import dev.verbena.verbs.ProtectionDomain;
import dev.verbena.verbs.QueuePair;
import dev.verbena.verbs.QueuePairConfig;
import dev.verbena.verbs.SendFlags;
import dev.verbena.verbs.Verbs;
import dev.verbena.verbs.WorkCompletions;
import java.time.Duration;

/**
 * A process whose request waits for a receive, so that the agent sends it, and is answered while the agent is held between
 * the request and its completion. It prints what it polls, in order: {@code polling}, or {@code sleeping} until an event.
 */
final class AnswerMain {
    private static final int BYTES = 64;
    private static final long REQUEST = 1;
    private static final long ANSWER = 2;
    private static final Duration LIMIT = Duration.ofSeconds(10);

    private AnswerMain() {}

    public static void main(String[] args) throws InterruptedException {
        boolean sleeping = args[0].equals("sleeping");
        try (Context context =
                Verbs.devices(Verbs.provider("embedded")).getFirst().open()) {
            ProtectionDomain pd = context.allocateProtectionDomain();
            CompletionChannel channel = context.createCompletionChannel();
            CompletionQueue asking = context.createCompletionQueue(16, channel, 0);
            CompletionQueue answering = context.createCompletionQueue(16);
            QueuePair client = pd.createQueuePair(QueuePairConfig.reliable(asking));
            QueuePair server = pd.createQueuePair(QueuePairConfig.reliable(answering));
            client.connect(server.localEndpoint());
            server.connect(client.localEndpoint());
            MemoryRegion memory = pd.allocate(4096, AccessFlags.LOCAL_WRITE);
            WorkCompletions completions = new WorkCompletions(4);

            require(client.postReceive(ANSWER, memory.address(), BYTES, memory.lkey()));
            // Nobody asks for the completion of the one that sleeps: only the answer wakes it.
            int flags = sleeping ? 0 : SendFlags.SIGNALED;
            require(client.postSend(REQUEST, memory.address() + BYTES, BYTES, memory.lkey(), flags));
            require(server.postReceive(REQUEST, memory.address() + 2 * BYTES, BYTES, memory.lkey()));
            await(answering, completions);
            require(server.postSend(ANSWER, memory.address() + 3 * BYTES, BYTES, memory.lkey(), 0));

            long last = 0;
            while (last != ANSWER) {
                if (sleeping) {
                    asking.requestNotify(false);
                }
                int polled = asking.poll(completions);
                for (int i = 0; i < polled; i++) {
                    completions.requireSuccess(i);
                    last = completions.id(i);
                    System.out.println(last == ANSWER ? "answer" : "request");
                }
                if (polled == 0 && sleeping && channel.await(LIMIT) == null) {
                    throw new IllegalStateException("nothing woke it within " + LIMIT);
                }
            }
        }
    }

    private static void await(CompletionQueue queue, WorkCompletions completions) {
        long endNs = System.nanoTime() + LIMIT.toNanos();
        while (queue.poll(completions) == 0) {
            if (System.nanoTime() - endNs > 0) {
                throw new IllegalStateException("the request did not arrive within " + LIMIT);
            }
            Thread.onSpinWait();
        }
        completions.requireSuccess(0);
    }

    private static void require(int posted) {
        if (posted != 0) {
            throw new IllegalStateException("refused: " + posted);
        }
    }
}
