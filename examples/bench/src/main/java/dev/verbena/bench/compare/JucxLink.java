package dev.verbena.bench.compare;

import dev.verbena.bench.Exchange;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.Base64;
import org.jspecify.annotations.Nullable;
import org.openucx.jucx.ucp.UcpContext;
import org.openucx.jucx.ucp.UcpEndpoint;
import org.openucx.jucx.ucp.UcpEndpointParams;
import org.openucx.jucx.ucp.UcpParams;
import org.openucx.jucx.ucp.UcpRequest;
import org.openucx.jucx.ucp.UcpWorker;
import org.openucx.jucx.ucp.UcpWorkerParams;

/**
 * UCX from Java, by its own JNI binding: tagged messages into posted receives. Which way UCX takes is up to the environment;
 * the comparison sets {@code UCX_TLS=shm,self}.
 *
 * <p>Threading: one thread.
 */
final class JucxLink implements Link {
    private static final int SMALL_SLOTS = VerbsLink.SMALL_SLOTS;
    private static final int LARGE_SLOTS = Messages.BUFFER_BYTES / Messages.LARGE_BYTES;
    private static final long WHOLE_TAG = -1;

    private final UcpContext context;
    private final UcpWorker worker;
    private final UcpEndpoint endpoint;
    private final ByteBuffer outBuffer = ByteBuffer.allocateDirect(Messages.BUFFER_BYTES);
    private final ByteBuffer inBuffer = ByteBuffer.allocateDirect(Messages.BUFFER_BYTES);
    private final long out = MemorySegment.ofBuffer(outBuffer).address();
    private final long in = MemorySegment.ofBuffer(inBuffer).address();
    private @Nullable UcpRequest[] sends = new UcpRequest[0];
    private @Nullable UcpRequest[] receives = new UcpRequest[0];
    private int bytes;
    private int sendSlot;
    private int receiveSlot;
    private boolean handedOut;

    JucxLink(Exchange exchange) throws IOException {
        context = new UcpContext(new UcpParams().requestTagFeature());
        worker = context.newWorker(new UcpWorkerParams());
        ByteBuffer mine = worker.getAddress();
        byte[] name = new byte[mine.remaining()];
        mine.get(name);
        exchange.say(Base64.getEncoder().encodeToString(name));
        byte[] peer = Base64.getDecoder().decode(exchange.hear());
        ByteBuffer address = ByteBuffer.allocateDirect(peer.length).put(peer).flip();
        endpoint = worker.newEndpoint(new UcpEndpointParams().setUcpAddress(address));
    }

    @Override
    public void open(int messageBytes) throws IOException {
        // Receives of the size before stay posted under its tag, which nobody sends any more until it is opened again.
        for (UcpRequest request : receives) {
            if (request != null && !request.isCompleted()) {
                worker.cancelRequest(request);
            }
        }
        bytes = messageBytes;
        int slots = bytes == Messages.SMALL_BYTES ? SMALL_SLOTS : LARGE_SLOTS;
        sends = new UcpRequest[slots];
        receives = new UcpRequest[slots];
        sendSlot = 0;
        receiveSlot = 0;
        handedOut = false;
        for (int slot = 0; slot < slots; slot++) {
            post(slot);
        }
        progress();
    }

    private void post(int slot) {
        receives[slot] = worker.recvTaggedNonBlocking(in + (long) slot * bytes, bytes, bytes, WHOLE_TAG, null);
    }

    private void progress() throws IOException {
        try {
            worker.progress();
        } catch (Exception e) {
            throw new IOException("ucp_worker_progress failed", e);
        }
    }

    private void await(@Nullable UcpRequest request) throws IOException {
        while (request != null && !request.isCompleted()) {
            progress();
        }
    }

    @Override
    public long next() throws IOException {
        await(sends[sendSlot]);
        return out + (long) sendSlot * bytes;
    }

    @Override
    public void send(boolean more) {
        sends[sendSlot] = endpoint.sendTaggedNonBlocking(out + (long) sendSlot * bytes, bytes, bytes, null);
        sendSlot = sendSlot + 1 == sends.length ? 0 : sendSlot + 1;
    }

    @Override
    public void drain() throws IOException {
        for (UcpRequest request : sends) {
            await(request);
        }
    }

    @Override
    public long receive() throws IOException {
        if (handedOut) {
            post(receiveSlot);
            receiveSlot = receiveSlot + 1 == receives.length ? 0 : receiveSlot + 1;
        }
        handedOut = true;
        await(receives[receiveSlot]);
        return in + (long) receiveSlot * bytes;
    }

    @Override
    public void close() {
        endpoint.close();
        worker.close();
        context.close();
    }
}
