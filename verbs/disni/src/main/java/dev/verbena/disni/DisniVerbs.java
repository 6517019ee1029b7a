package dev.verbena.disni;

import com.ibm.disni.verbs.IbvCQ;
import com.ibm.disni.verbs.IbvCompChannel;
import com.ibm.disni.verbs.IbvContext;
import com.ibm.disni.verbs.IbvMr;
import com.ibm.disni.verbs.IbvPd;
import com.ibm.disni.verbs.IbvQP;
import com.ibm.disni.verbs.IbvRecvWR;
import com.ibm.disni.verbs.IbvSendWR;
import com.ibm.disni.verbs.IbvWC;
import com.ibm.disni.verbs.RdmaVerbs;
import com.ibm.disni.verbs.SVCDeregMr;
import com.ibm.disni.verbs.SVCPollCq;
import com.ibm.disni.verbs.SVCPostRecv;
import com.ibm.disni.verbs.SVCPostSend;
import com.ibm.disni.verbs.SVCRegMr;
import com.ibm.disni.verbs.SVCReqNotify;
import dev.verbena.verbs.AccessFlags;
import dev.verbena.verbs.Capability;
import dev.verbena.verbs.CompletionChannel;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * DiSNI's verbs: everything but connections.
 *
 * <p>Threading: any thread.
 */
final class DisniVerbs extends RdmaVerbs {
    @Override
    public IbvPd allocPd(IbvContext context) throws IOException {
        DisniContext own = DisniContext.of(context);
        return new DisniProtectionDomain(own, Failure.call(own.context()::allocateProtectionDomain));
    }

    @Override
    public IbvCompChannel createCompChannel(IbvContext context) throws IOException {
        DisniContext own = DisniContext.of(context);
        return new DisniCompletionChannel(
                own, Failure.call(() -> Abandoned.make(own.context()::createCompletionChannel)));
    }

    @Override
    public IbvCQ createCQ(IbvContext context, @Nullable IbvCompChannel compChannel, int ncqe, int vector)
            throws IOException {
        DisniContext own = DisniContext.of(context);
        DisniCompletionChannel channel = compChannel == null ? null : DisniCompletionChannel.of(compChannel);
        CompletionChannel events = channel == null ? null : channel.channel();
        return new DisniCompletionQueue(
                own,
                channel,
                Failure.call(() -> Abandoned.make(() -> own.context().createCompletionQueue(ncqe, events, vector))));
    }

    /**
     * Waits for an event of any queue of the channel.
     *
     * @param timeout milliseconds, negative for ever
     * @return false when the time was over
     */
    @Override
    public boolean getCqEvent(IbvCompChannel compChannel, IbvCQ cq, int timeout) throws IOException {
        DisniCompletionChannel own = DisniCompletionChannel.of(compChannel);
        Patience patience = new Patience(timeout);
        try {
            do {
                if (own.channel().await(patience.left()) != null) {
                    return true;
                }
            } while (!patience.isOver() && own.isOpen());
            return false;
        } catch (InterruptedException e) {
            throw interrupted();
        } catch (RuntimeException e) {
            throw Failure.of(e);
        }
    }

    static InterruptedIOException interrupted() {
        Thread.currentThread().interrupt();
        return new InterruptedIOException("interrupted while waiting for an event");
    }

    @Override
    public SVCRegMr regMr(IbvPd pd, ByteBuffer buffer, int access) throws IOException {
        if (buffer == null) {
            throw new IOException("the buffer to register is null");
        }
        return new RegisterCall(DisniProtectionDomain.of(pd), domain -> domain.register(buffer, access));
    }

    @Override
    public SVCRegMr regMr(IbvPd pd, long address, int length, int access) throws IOException {
        DisniProtectionDomain own = DisniProtectionDomain.of(pd);
        if (length < 0) {
            throw new IOException("length " + length + " is negative");
        }
        MappedMemory.require(address, length, (access & AccessFlags.LOCAL_WRITE) != 0);
        return new RegisterCall(own, domain -> domain.registerUnmanaged(address, length, access));
    }

    @Override
    public int queryOdpSupport(IbvContext context) throws IOException {
        return DisniContext.of(context).context().has(Capability.ON_DEMAND_PAGING)
                ? IbvContext.IBV_ODP_SUPPORT_SEND | IbvContext.IBV_ODP_SUPPORT_RECV
                : 0;
    }

    /** A hint, which is not taken: -1, as DiSNI answers where its library was built without on-demand paging. */
    @Override
    public int expPrefetchMr(IbvMr region, long address, int length) throws IOException {
        DisniMemoryRegion own = DisniMemoryRegion.of(region);
        Failure.requireOpen(own.isOpen(), own.region().toString());
        return -1;
    }

    @Override
    public SVCDeregMr deregMr(IbvMr region) throws IOException {
        return new DeregisterCall(DisniMemoryRegion.of(region));
    }

    @Override
    public SVCPostSend postSend(IbvQP qp, List<IbvSendWR> requests, @Nullable List<IbvSendWR> bad) throws IOException {
        return new SendCall(DisniQueuePair.of(qp), requests, bad);
    }

    @Override
    public SVCPostRecv postRecv(IbvQP qp, List<IbvRecvWR> requests, @Nullable List<IbvRecvWR> bad) throws IOException {
        return new ReceiveCall(DisniQueuePair.of(qp), requests, bad);
    }

    @Override
    public SVCPollCq pollCQ(IbvCQ cq, IbvWC[] results, int most) throws IOException {
        return new PollCall(DisniCompletionQueue.of(cq, "completion queue"), results, most);
    }

    @Override
    public SVCReqNotify reqNotifyCQ(IbvCQ cq, boolean solicitedOnly) throws IOException {
        return new NotifyCall(DisniCompletionQueue.of(cq, "completion queue"), solicitedOnly);
    }

    /** Nothing is left to do: events are acknowledged as they are read, so no close waits, and any number is right. */
    @Override
    public int ackCqEvents(IbvCQ cq, int events) throws IOException {
        DisniCompletionQueue.of(cq, "completion queue");
        return 0;
    }

    @Override
    public int destroyCompChannel(IbvCompChannel compChannel) throws IOException {
        DisniCompletionChannel own = DisniCompletionChannel.of(compChannel);
        own.close();
        Failure.run(own.channel()::close);
        return 0;
    }

    @Override
    public int deallocPd(IbvPd pd) throws IOException {
        DisniProtectionDomain own = DisniProtectionDomain.of(pd);
        own.close();
        Failure.run(own.pd()::close);
        return 0;
    }

    @Override
    public int destroyCQ(IbvCQ cq) throws IOException {
        DisniCompletionQueue own = DisniCompletionQueue.of(cq, "completion queue");
        own.close();
        Failure.run(own.queue()::close);
        return 0;
    }
}
