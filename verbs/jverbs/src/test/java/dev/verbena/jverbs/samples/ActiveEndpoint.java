package dev.verbena.jverbs.samples;

import com.ibm.net.rdma.jverbs.cm.ConnectionId;
import com.ibm.net.rdma.jverbs.endpoints.RdmaActiveEndpoint;
import com.ibm.net.rdma.jverbs.endpoints.RdmaActiveEndpointGroup;
import com.ibm.net.rdma.jverbs.verbs.MemoryRegion;
import com.ibm.net.rdma.jverbs.verbs.PostReceiveMethod;
import com.ibm.net.rdma.jverbs.verbs.PostSendMethod;
import com.ibm.net.rdma.jverbs.verbs.ReceiveWorkRequest;
import com.ibm.net.rdma.jverbs.verbs.ScatterGatherElement;
import com.ibm.net.rdma.jverbs.verbs.SendWorkRequest;
import com.ibm.net.rdma.jverbs.verbs.WorkCompletion;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Collections;
import java.util.LinkedList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;

/** An endpoint that hands its completions to the program's own thread, through a queue. */
public final class ActiveEndpoint extends RdmaActiveEndpoint {
    static final int BYTES = 128;

    private final BlockingQueue<WorkCompletion> completions = new ArrayBlockingQueue<>(100);
    final ByteBuffer out = ByteBuffer.allocateDirect(BYTES);
    final ByteBuffer in = ByteBuffer.allocateDirect(BYTES);

    @SuppressWarnings("NullAway.Init") // init sets them, before the connection
    private MemoryRegion outRegion;

    @SuppressWarnings("NullAway.Init")
    private MemoryRegion inRegion;

    @SuppressWarnings("NullAway.Init")
    private PostSendMethod send;

    @SuppressWarnings("NullAway.Init")
    private PostReceiveMethod receive;

    ActiveEndpoint(RdmaActiveEndpointGroup<ActiveEndpoint> group, ConnectionId id, boolean serverSide)
            throws IOException {
        super(group, id, serverSide);
    }

    @Override
    protected void init() throws IOException {
        outRegion = registerMemory(out);
        inRegion = registerMemory(in);
        SendWorkRequest sending = new SendWorkRequest();
        sending.setWorkRequestId(1);
        sending.setOpcode(SendWorkRequest.Opcode.IBV_WR_SEND);
        sending.setSendFlags(SendWorkRequest.IBV_SEND_SIGNALED);
        sending.setSgeList(element(outRegion));
        send = preparePostSend(Collections.singletonList(sending));
        ReceiveWorkRequest receiving = new ReceiveWorkRequest();
        receiving.setWorkRequestId(2);
        receiving.setSgeList(element(inRegion));
        receive = preparePostRecv(Collections.singletonList(receiving));
        postReceive();
    }

    @SuppressWarnings({"JdkObsolete", "NonApiType"}) // jVerbs wants a LinkedList
    static LinkedList<ScatterGatherElement> element(MemoryRegion region) {
        ScatterGatherElement element = new ScatterGatherElement();
        element.setAddress(region.getAddress());
        element.setLength(region.getLength());
        element.setLocalKey(region.getLocalKey());
        return new LinkedList<>(List.of(element));
    }

    @Override
    public void dispatchCqEvent(WorkCompletion workCompletion) throws IOException {
        if (!completions.offer(workCompletion)) {
            throw new IOException("the program does not look after its completions");
        }
    }

    void postReceive() throws IOException {
        VerbsSide.require(receive.execute().isSuccess(), receive);
    }

    void postSend() throws IOException {
        VerbsSide.require(send.execute().isSuccess(), send);
    }

    /** The next completion, of any kind and status. */
    WorkCompletion next() throws IOException, InterruptedException {
        WorkCompletion completion = completions.poll(30, TimeUnit.SECONDS);
        if (completion == null) {
            throw new IOException("no completion for 30 s");
        }
        return completion;
    }

    void await(WorkCompletion.Opcode opcode) throws IOException, InterruptedException {
        WorkCompletion completion = next();
        VerbsSide.require(
                completion.getStatus() == WorkCompletion.Status.IBV_WC_SUCCESS && completion.getOpcode() == opcode,
                completion);
    }

    void free() throws IOException {
        send.free();
        receive.free();
        deregisterMemory(outRegion);
        deregisterMemory(inRegion);
    }
}
