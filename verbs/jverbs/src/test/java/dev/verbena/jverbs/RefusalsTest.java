package dev.verbena.jverbs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.ibm.net.rdma.jverbs.cm.ConnectionEvent;
import com.ibm.net.rdma.jverbs.cm.ConnectionEvent.EventType;
import com.ibm.net.rdma.jverbs.cm.ConnectionId;
import com.ibm.net.rdma.jverbs.cm.ConnectionParameter;
import com.ibm.net.rdma.jverbs.cm.EventChannel;
import com.ibm.net.rdma.jverbs.cm.PortSpace;
import com.ibm.net.rdma.jverbs.endpoints.RdmaEndpoint;
import com.ibm.net.rdma.jverbs.endpoints.RdmaPassiveEndpointGroup;
import com.ibm.net.rdma.jverbs.endpoints.RdmaServerEndpoint;
import com.ibm.net.rdma.jverbs.verbs.CompletionChannel;
import com.ibm.net.rdma.jverbs.verbs.MemoryRegion;
import com.ibm.net.rdma.jverbs.verbs.PollCQMethod;
import com.ibm.net.rdma.jverbs.verbs.PostSendMethod;
import com.ibm.net.rdma.jverbs.verbs.QueuePairInitAttribute;
import com.ibm.net.rdma.jverbs.verbs.RegisterMemoryRegionMethod;
import com.ibm.net.rdma.jverbs.verbs.SendWorkRequest;
import com.ibm.net.rdma.jverbs.verbs.VerbsContext;
import com.ibm.net.rdma.jverbs.verbs.WorkCompletion;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.assertj.core.api.ThrowableAssertAlternative;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What cannot be done is said in words and within a bounded time. */
@Timeout(30)
final class RefusalsTest {
    /** Nobody listens there: ports that are picked are high ones, so that no other process is given it meanwhile. */
    private static final int DEAD_PORT = 1;

    private static final String WAITS_FOR_EVER = "a thread of this test";

    @BeforeAll
    static void onEmbedded() {
        System.setProperty(Providers.PROPERTY, "embedded");
    }

    private static ThrowableAssertAlternative<IOException> refused(ThrowingCallable call) {
        return assertThatExceptionOfType(IOException.class).isThrownBy(call);
    }

    @Test
    void aPortThatNobodyListensAtRejectsAndTheEventSaysWhy() throws Exception {
        EventChannel events = EventChannel.createEventChannel();
        ConnectionId id = InProcess.resolve(events, DEAD_PORT);
        InProcess side = new InProcess(events, id);

        id.connect(new ConnectionParameter());

        ConnectionEvent event = InProcess.expect(events, EventType.RDMA_CM_EVENT_REJECTED);
        assertThat(event.toString()).contains("nobody listens");
        side.close();
    }

    @Test
    void aServerThatDestroysTheRequestRejectsIt() throws Exception {
        EventChannel serverEvents = EventChannel.createEventChannel();
        ConnectionId listener = InProcess.listen(serverEvents);
        EventChannel events = EventChannel.createEventChannel();
        InProcess side = new InProcess(events, InProcess.resolve(events, listener.getSourcePort()));
        side.id.connect(new ConnectionParameter());

        ConnectionEvent request = InProcess.expect(serverEvents, EventType.RDMA_CM_EVENT_CONNECT_REQUEST);
        assertThat(request.getListenId()).isSameAs(listener);
        request.getConnectionId().destroy();

        InProcess.expect(events, EventType.RDMA_CM_EVENT_REJECTED);
        side.close();
        listener.destroy();
        serverEvents.destroyEventChannel();
    }

    @Test
    void endpointsSayWhichStepFailedAndAreClosed() throws Exception {
        RdmaPassiveEndpointGroup<RdmaEndpoint> group = new RdmaPassiveEndpointGroup<>(2000);
        group.init((id, serverSide) -> new PlainEndpoint(group, id, serverSide));
        RdmaEndpoint refused = group.createEndpoint();
        RdmaEndpoint lost = group.createEndpoint();

        refused(() -> refused.connect(InProcess.address(DEAD_PORT), 2000))
                .withMessageContaining("connecting to ")
                .withMessageContaining("nobody listens");
        refused(() -> lost.connect(new InetSocketAddress("192.0.2.1", 7), 500)).withMessageContaining("192.0.2.1");

        assertThat(refused.isClosed()).isTrue();
        assertThat(lost.isClosed()).isTrue();
        refused(() -> refused.connect(InProcess.address(1), 100)).withMessageContaining("is closed");
        refused(() -> refused.registerMemory(ByteBuffer.allocateDirect(1))).withMessageContaining("is closed");
        group.close();
        refused(() -> group.createEndpoint().connect(InProcess.address(1), 100));
    }

    /** Nothing of its own. */
    private static final class PlainEndpoint extends RdmaEndpoint {
        PlainEndpoint(RdmaPassiveEndpointGroup<RdmaEndpoint> group, ConnectionId id, boolean serverSide)
                throws IOException {
            super(group, id, serverSide);
        }
    }

    @Test
    void anAcceptEndsWhenTheListenerIsClosed() throws Exception {
        RdmaPassiveEndpointGroup<RdmaEndpoint> group = new RdmaPassiveEndpointGroup<>(2000);
        group.init((id, serverSide) -> new PlainEndpoint(group, id, serverSide));
        RdmaServerEndpoint<RdmaEndpoint> server = group.createServerEndpoint();
        server.bind(InProcess.address(0), 1);

        refused(() -> endedBy(server::accept, server::close)).withMessageContaining("is closed");
        group.close();
    }

    @Test
    void waitsEndWithTheirTimeWithAnInterruptAndWithTheirObject() throws Exception {
        EventChannel events = EventChannel.createEventChannel();
        ConnectionId listener = InProcess.listen(events);
        VerbsContext context = listener.getVerbsContext();
        assertThat(context).isNotNull();
        CompletionChannel channel = context.createCompletionChannel();

        assertThat(events.getConnectionEvent(0)).isNull();
        assertThat(events.getConnectionEvent(20)).isNull();
        assertThat(channel.getCQEvent(20)).isFalse();
        assertThatExceptionOfType(InterruptedIOException.class)
                .isThrownBy(() -> endedBy(() -> events.getConnectionEvent(-1), RefusalsTest::interruptWaiter));
        refused(() -> endedBy(() -> channel.getCQEvent(-1), () -> context.destroyCompletionChannel(channel)));
        refused(() -> endedBy(() -> events.getConnectionEvent(-1), events::destroyEventChannel))
                .withMessageContaining("destroyed");
        refused(() -> ConnectionId.create(events, PortSpace.RDMA_PS_TCP)).withMessageContaining("destroyed");
        listener.destroy();
    }

    private interface Deed {
        void run() throws Exception;
    }

    private static void interruptWaiter() {
        Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().equals(WAITS_FOR_EVER))
                .forEach(Thread::interrupt);
    }

    /** What a call ends with that waits, after the deed; it has to wait before. */
    private static void endedBy(Callable<?> call, Deed deed) throws Throwable {
        FutureTask<Object> waiting = new FutureTask<>(call::call);
        Thread thread = Thread.ofPlatform().daemon().name(WAITS_FOR_EVER).start(waiting);
        Awaitility.await().atMost(Duration.ofSeconds(10)).until(() -> sleeps(thread));
        deed.run();
        try {
            waiting.get(10, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            throw e.getCause();
        }
    }

    private static boolean sleeps(Thread thread) {
        for (StackTraceElement frame : thread.getStackTrace()) {
            if (frame.getClassName().startsWith("com.ibm.net.rdma.jverbs")) {
                return true;
            }
        }
        return false;
    }

    @Test
    void buffersThatMoveAndNullsAndWrongValuesAreRefused() throws Exception {
        try (InProcess.Pair pair = InProcess.Pair.connect()) {
            InProcess side = pair.client();

            refused(() -> side.pd.registerMemoryRegion(ByteBuffer.allocate(100), 1))
                    .withMessageContaining("heap buffer");
            refused(() -> side.pd.registerMemoryRegion(
                            ByteBuffer.allocateDirect(9).asReadOnlyBuffer(), 1))
                    .withMessageContaining("read-only");
            refused(() -> ConnectionId.create(side.events, PortSpace.RDMA_PS_UDP))
                    .withMessageContaining("RDMA_PS_TCP");
            refused(() -> side.id.createQueuePair(side.pd, new QueuePairInitAttribute()))
                    .withMessageContaining("has a queue pair");
            wrong(() -> side.pd.registerMemoryRegion(nothing(), 1), "buffer is null");
            wrong(() -> side.qp.preparePostSend(List.of()), "empty");
            wrong(() -> side.qp.preparePostSend(List.of(new SendWorkRequest())), "opcode");
            wrong(() -> side.qp.preparePostSend(List.of(side.send(1, 0, -1))), "length -1");
            wrong(() -> side.queue.pollCQ(new WorkCompletion[1], 1), "work completion 0 is null");
            wrong(() -> side.queue.pollCQ(new WorkCompletion[1], 2), "2 is not within 1");
            wrong(() -> side.id.resolveRoute(0), "timeout 0");
            wrong(() -> side.id.connect(new ConnectionParameter(1, 1, 8, 1)), "retryCount 8");
        }
    }

    @SuppressWarnings("NullAway") // that is the test
    private static ByteBuffer nothing() {
        return null;
    }

    private static void wrong(ThrowingCallable call, String text) {
        assertThatExceptionOfType(IllegalArgumentException.class)
                .isThrownBy(call)
                .withMessageContaining(text);
    }

    @Test
    void whatWorksOnDestroyedObjectsSaysSoAndNeverMore() throws Exception {
        InProcess.Pair pair = InProcess.Pair.connect();
        InProcess side = pair.client();
        PostSendMethod send = side.qp.preparePostSend(List.of(side.send(1, 0, 10)));
        PollCQMethod poll = side.queue.pollCQ(new WorkCompletion[] {new WorkCompletion()}, 1);
        RegisterMemoryRegionMethod register =
                side.pd.registerMemoryRegion(ByteBuffer.allocateDirect(10), MemoryRegion.IBV_ACCESS_LOCAL_WRITE);
        assertThat(send.isValid() && poll.isValid() && register.isValid()).isTrue();

        pair.close();

        assertThat(send.isValid() || poll.isValid() || register.isValid()).isFalse();
        assertThat(send.execute().isSuccess()).isFalse();
        assertThat(send.toString()).contains("closed");
        assertThat(poll.execute().isSuccess()).isFalse();
        assertThat(poll.getPolls()).isZero();
        assertThat(register.execute().isSuccess()).isFalse();
        assertThat(register.getMemoryRegion()).isNull();
        assertThat(register.toString()).contains("closed");
        refused(() -> side.qp.preparePostSend(List.of(side.send(1, 0, 10)))).withMessageContaining("destroyed");
        refused(side.id::disconnect).withMessageContaining("closed");
        refused(() -> side.context.createCompletionQueue(null, 1 << 30, 0));
        pair.close();
    }

    @Test
    void theOrderInWhichThingsAreDestroyedDoesNotMatter() throws Exception {
        InProcess.Pair pair = InProcess.Pair.connect();
        InProcess side = pair.client();

        // Applications were seen to do it so: the channel first, the region and the id last.
        side.events.destroyEventChannel();
        side.context.destroyCompletionQueue(side.queue);
        side.id.destroyQueuePair();
        side.context.deallocProtectionDomain(side.pd);
        assertThat(side.pd.deregisterMemoryRegion(side.region).execute().free().isSuccess())
                .isTrue();
        side.id.destroy();

        InProcess.expect(pair.server().events, EventType.RDMA_CM_EVENT_DISCONNECTED);
        pair.server().close();
        pair.listener().destroy();
    }
}
