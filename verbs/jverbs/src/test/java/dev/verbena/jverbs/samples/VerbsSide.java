package dev.verbena.jverbs.samples;

import com.ibm.net.rdma.jverbs.cm.ConnectionEvent;
import com.ibm.net.rdma.jverbs.cm.ConnectionId;
import com.ibm.net.rdma.jverbs.cm.EventChannel;
import com.ibm.net.rdma.jverbs.verbs.CompletionChannel;
import com.ibm.net.rdma.jverbs.verbs.CompletionQueue;
import com.ibm.net.rdma.jverbs.verbs.MemoryRegion;
import com.ibm.net.rdma.jverbs.verbs.PollCQMethod;
import com.ibm.net.rdma.jverbs.verbs.PostReceiveMethod;
import com.ibm.net.rdma.jverbs.verbs.PostSendMethod;
import com.ibm.net.rdma.jverbs.verbs.ProtectionDomain;
import com.ibm.net.rdma.jverbs.verbs.QueuePair;
import com.ibm.net.rdma.jverbs.verbs.QueuePairInitAttribute;
import com.ibm.net.rdma.jverbs.verbs.ReceiveWorkRequest;
import com.ibm.net.rdma.jverbs.verbs.RequestNotifyCQMethod;
import com.ibm.net.rdma.jverbs.verbs.ScatterGatherElement;
import com.ibm.net.rdma.jverbs.verbs.SendWorkRequest;
import com.ibm.net.rdma.jverbs.verbs.VerbsContext;
import com.ibm.net.rdma.jverbs.verbs.WorkCompletion;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Collections;
import java.util.LinkedList;
import java.util.List;

/**
 * What both sides of the verbs sample have: a buffer of four parts, for messages out, messages in, what the peer may read and
 * what the peer may write.
 */
@SuppressWarnings("NullAway") // as an application that knows IBM's API without annotations
final class VerbsSide {
    static final int MESSAGE = 64;
    static final int BULK = 20_000;
    static final int OUT = 0;
    static final int IN = MESSAGE;
    static final int READABLE = 2 * MESSAGE;
    static final int WRITABLE = READABLE + BULK;
    private static final int PATIENCE_MS = 30_000;

    final ByteBuffer buffer = ByteBuffer.allocateDirect(WRITABLE + BULK);
    final MemoryRegion region;
    private final EventChannel events;
    private final ConnectionId id;
    private final VerbsContext context;
    private final ProtectionDomain pd;
    private final CompletionChannel channel;
    private final CompletionQueue queue;
    private final QueuePair queuePair;
    private final RequestNotifyCQMethod notify;
    private final WorkCompletion[] completions = {new WorkCompletion(), new WorkCompletion()};
    private final PollCQMethod poll;
    private final PostReceiveMethod receive;
    private final PostSendMethod send;
    private int received;

    VerbsSide(EventChannel events, ConnectionId id) throws IOException {
        this.events = events;
        this.id = id;
        context = id.getVerbsContext();
        pd = context.allocProtectionDomain();
        channel = context.createCompletionChannel();
        queue = context.createCompletionQueue(channel, 100, 0);
        notify = queue.requestNotifyCQ(false);
        require(notify.execute().isSuccess(), "request of events");
        poll = queue.pollCQ(completions, completions.length);

        QueuePairInitAttribute attribute = new QueuePairInitAttribute();
        attribute.getCap().setMaxSendWorkRequest(10);
        attribute.getCap().setMaxReceiveWorkRequest(10);
        attribute.getCap().setMaxSendSge(2);
        attribute.getCap().setMaxReceiveSge(2);
        attribute.setQueuePairType(QueuePair.Type.IBV_QPT_RC);
        attribute.setSendCompletionQueue(queue);
        attribute.setReceiveCompletionQueue(queue);
        queuePair = id.createQueuePair(pd, attribute);

        int access = MemoryRegion.IBV_ACCESS_LOCAL_WRITE
                | MemoryRegion.IBV_ACCESS_REMOTE_WRITE
                | MemoryRegion.IBV_ACCESS_REMOTE_READ;
        region = pd.registerMemoryRegion(buffer, access).execute().free().getMemoryRegion();

        ReceiveWorkRequest in = new ReceiveWorkRequest();
        in.setWorkRequestId(1);
        in.setSgeList(elements(element(IN, MESSAGE)));
        receive = queuePair.preparePostReceive(Collections.singletonList(in));
        send = queuePair.preparePostSend(
                Collections.singletonList(request(SendWorkRequest.Opcode.IBV_WR_SEND, element(OUT, MESSAGE))));
        postReceive();
    }

    static ConnectionEvent expect(EventChannel events, ConnectionEvent.EventType type) throws IOException {
        ConnectionEvent event = events.getConnectionEvent(PATIENCE_MS);
        if (event == null || event.getEventType() != type) {
            throw new IOException("expected " + type + ", got " + event);
        }
        events.ackConnectionEvent(event);
        return event;
    }

    ScatterGatherElement element(int offset, int length) {
        ScatterGatherElement element = new ScatterGatherElement();
        element.setAddress(region.getAddress() + offset);
        element.setLength(length);
        element.setLocalKey(region.getLocalKey());
        return element;
    }

    @SuppressWarnings({"JdkObsolete", "NonApiType"}) // jVerbs wants a LinkedList
    private static LinkedList<ScatterGatherElement> elements(ScatterGatherElement... elements) {
        return new LinkedList<>(List.of(elements));
    }

    static SendWorkRequest request(SendWorkRequest.Opcode opcode, ScatterGatherElement... elements) {
        SendWorkRequest request = new SendWorkRequest();
        request.setWorkRequestId(2);
        request.setOpcode(opcode);
        request.setSendFlags(SendWorkRequest.IBV_SEND_SIGNALED);
        request.setSgeList(elements(elements));
        return request;
    }

    void postReceive() throws IOException {
        require(receive.execute().isSuccess(), receive);
    }

    /** Sends the message in the buffer and waits until it has gone. */
    void send() throws IOException {
        require(send.execute().isSuccess(), send);
        complete(WorkCompletion.Opcode.IBV_WC_SEND);
    }

    /** Does something to the peer's memory and waits until it is done. */
    void oneSided(SendWorkRequest request, long remoteAddress, int remoteKey, WorkCompletion.Opcode done)
            throws IOException {
        request.getRdma().setRemoteAddress(remoteAddress);
        request.getRdma().setRemoteKey(remoteKey);
        PostSendMethod method = queuePair.preparePostSend(Collections.singletonList(request));
        require(method.execute().isSuccess(), method);
        complete(done);
        method.free();
    }

    /** Waits for a message. */
    void awaitMessage() throws IOException {
        while (received == 0) {
            pollOnce();
        }
        received--;
    }

    private void complete(WorkCompletion.Opcode wanted) throws IOException {
        while (pollOnce() != wanted) {
            // Messages that came in between are counted.
        }
    }

    private WorkCompletion.Opcode pollOnce() throws IOException {
        while (true) {
            require(poll.execute().isSuccess(), poll);
            WorkCompletion.Opcode other = null;
            for (int index = 0; index < poll.getPolls(); index++) {
                WorkCompletion completion = completions[index];
                require(completion.getStatus() == WorkCompletion.Status.IBV_WC_SUCCESS, completion);
                require(completion.getQueuePairNum() == queuePair.getQueuePairNum(), completion);
                if (completion.getOpcode() == WorkCompletion.Opcode.IBV_WC_RECV) {
                    require(completion.getByteLength() == MESSAGE, completion);
                    received++;
                } else {
                    other = completion.getOpcode();
                }
            }
            if (other != null || poll.getPolls() > 0) {
                return other == null ? WorkCompletion.Opcode.IBV_WC_RECV : other;
            }
            if (channel.getCQEvent(PATIENCE_MS)) {
                channel.ackCQEvents(queue, 1);
                require(notify.execute().isSuccess(), notify);
            } else {
                throw new IOException("nothing for " + PATIENCE_MS + " ms");
            }
        }
    }

    static void require(boolean good, Object what) throws IOException {
        if (!good) {
            throw new IOException("failed: " + what);
        }
    }

    void destroy() throws IOException {
        notify.free();
        poll.free();
        receive.free();
        send.free();
        require(pd.deregisterMemoryRegion(region).execute().free().isSuccess(), "deregistration");
        id.destroyQueuePair();
        id.destroy();
        context.destroyCompletionQueue(queue);
        context.destroyCompletionChannel(channel);
        context.deallocProtectionDomain(pd);
        events.destroyEventChannel();
    }
}
