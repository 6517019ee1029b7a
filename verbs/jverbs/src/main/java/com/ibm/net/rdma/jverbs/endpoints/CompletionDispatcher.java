package com.ibm.net.rdma.jverbs.endpoints;

import com.ibm.net.rdma.jverbs.verbs.CompletionChannel;
import com.ibm.net.rdma.jverbs.verbs.CompletionQueue;
import com.ibm.net.rdma.jverbs.verbs.PollCQMethod;
import com.ibm.net.rdma.jverbs.verbs.RequestNotifyCQMethod;
import com.ibm.net.rdma.jverbs.verbs.Verbena;
import com.ibm.net.rdma.jverbs.verbs.VerbsContext;
import com.ibm.net.rdma.jverbs.verbs.WorkCompletion;
import dev.verbena.verbs.VerbsException;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The completion thread of a group and device: waits on a channel, polls the queue that has something, tells its endpoint.
 *
 * <p>Threading: any thread.
 */
final class CompletionDispatcher {
    private static final int POLL_MAX = 16;
    private static final Duration SLICE = Duration.ofSeconds(1);
    private static final Logger LOG = LoggerFactory.getLogger(CompletionDispatcher.class);

    /** A completion queue and who is told of what it has. */
    private static final class Feed {
        private final RdmaActiveEndpoint endpoint;
        private final RequestNotifyCQMethod ask;
        private final WorkCompletion[] completions = new WorkCompletion[POLL_MAX];
        private final PollCQMethod poll;

        Feed(CompletionQueue queue, RdmaActiveEndpoint endpoint) throws IOException {
            this.endpoint = endpoint;
            this.ask = queue.requestNotifyCQ(false);
            for (int index = 0; index < POLL_MAX; index++) {
                completions[index] = new WorkCompletion();
            }
            this.poll = queue.pollCQ(completions, POLL_MAX);
        }

        /** Takes all there is, asks for the next event, and looks once more: between the two something may have come. */
        void drain() {
            dispatchAll();
            if (ask.isValid() && ask.execute().isSuccess()) {
                dispatchAll();
            }
        }

        private void dispatchAll() {
            while (poll.isValid() && poll.execute().isSuccess() && poll.getPolls() > 0) {
                for (int index = 0; index < poll.getPolls(); index++) {
                    dispatch(completions[index].clone());
                }
            }
        }

        private void dispatch(WorkCompletion completion) {
            try {
                endpoint.dispatchCqEvent(completion);
            } catch (IOException | RuntimeException e) {
                LOG.warn("{}: dispatchCqEvent of {}: {}", endpoint, completion, e.getMessage(), e);
            }
        }
    }

    private final VerbsContext context;
    private final boolean polling;
    private final CompletionChannel channel;
    private final Map<dev.verbena.verbs.CompletionQueue, Feed> feeds = new ConcurrentHashMap<>();
    private final Thread thread;
    private volatile boolean closed;

    CompletionDispatcher(VerbsContext context, boolean polling) throws IOException {
        this.context = context;
        this.polling = polling;
        this.channel = context.createCompletionChannel();
        this.thread = Thread.ofPlatform().daemon().name("jverbs-completions").start(this::run);
    }

    CompletionQueue createQueue(int entries, RdmaActiveEndpoint endpoint) throws IOException {
        CompletionQueue queue = context.createCompletionQueue(channel, entries, 0);
        Feed feed = new Feed(queue, endpoint);
        feeds.put(Verbena.of(queue), feed);
        if (!feed.ask.execute().isSuccess()) {
            forget(queue);
            context.destroyCompletionQueue(queue);
            throw new IOException(feed.ask.toString());
        }
        return queue;
    }

    void forget(CompletionQueue queue) {
        feeds.remove(Verbena.of(queue));
    }

    private void run() {
        try {
            while (!closed) {
                Feed feed = next();
                if (feed != null) {
                    feed.drain();
                }
            }
        } catch (VerbsException | IllegalStateException e) {
            if (!closed) {
                LOG.error("the endpoint group hears of no completion any more: {}", e.getMessage(), e);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private @Nullable Feed next() throws InterruptedException {
        dev.verbena.verbs.CompletionChannel events = Verbena.of(channel);
        dev.verbena.verbs.CompletionQueue queue = polling ? events.poll() : events.await(SLICE);
        if (queue == null) {
            if (polling) {
                Thread.onSpinWait();
            }
            return null;
        }
        return feeds.get(queue);
    }

    void close(int patienceMs) throws IOException, InterruptedException {
        closed = true;
        Verbena.of(channel).wakeUp();
        thread.join(patienceMs);
        context.destroyCompletionChannel(channel);
    }
}
