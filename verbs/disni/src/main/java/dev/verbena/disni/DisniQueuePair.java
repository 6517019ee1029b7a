package dev.verbena.disni;

import com.ibm.disni.verbs.IbvQP;
import com.ibm.disni.verbs.IbvQPInitAttr;
import dev.verbena.verbs.PostingTurns;
import dev.verbena.verbs.QueuePair;
import dev.verbena.verbs.QueuePairConfig;
import dev.verbena.verbs.QueuePairType;
import java.io.IOException;

/**
 * A queue pair as DiSNI sees it.
 *
 * <p>Threading: any thread, as verbs themselves.
 */
final class DisniQueuePair extends IbvQP {
    /** DiSNI grants so many entries whatever is asked for, and programs have come to rely on it. */
    private static final int ENTRIES_LEAST = 4;

    private final QueuePair qp;
    private final DisniProtectionDomain domain;

    private final PostingTurns sendTurns;
    private final PostingTurns receiveTurns;

    private DisniQueuePair(
            QueuePair qp, DisniProtectionDomain domain, DisniCompletionQueue send, DisniCompletionQueue receive)
            throws IOException {
        super(qp.number());
        this.qp = qp;
        this.sendTurns = new PostingTurns(qp);
        this.receiveTurns = new PostingTurns(qp);
        this.domain = domain;
        this.context = domain.getContext();
        this.pd = domain;
        this.send_cq = send;
        this.recv_cq = receive;
        this.handle = qp.number();
        this.qp_type = typeCode(qp.type());
    }

    static DisniQueuePair create(DisniProtectionDomain pd, IbvQPInitAttr attributes) throws IOException {
        if (attributes == null) {
            throw new IOException("the attributes of the queue pair are null");
        }
        if (attributes.getSrq() != 0) {
            throw new IOException("DiSNI has no shared receive queues, and attributes name one: " + attributes.getSrq()
                    + "; leave it 0");
        }
        DisniCompletionQueue send = DisniCompletionQueue.of(attributes.getSend_cq(), "send completion queue");
        DisniCompletionQueue receive = DisniCompletionQueue.of(attributes.getRecv_cq(), "receive completion queue");
        QueuePairType type = type(attributes.getQp_type());
        var device = DisniContext.of(pd.getContext()).attributes();
        int least = Math.min(ENTRIES_LEAST, device.maxScatterGather());
        var cap = attributes.cap();
        QueuePair made = Failure.call(() -> Abandoned.make(() -> pd.pd()
                .createQueuePair(QueuePairConfig.of(type, send.queue())
                        .receiveQueue(receive.queue())
                        .sendSlots(cap.getMax_send_wr())
                        .receiveSlots(cap.getMax_recv_wr())
                        .entries(Math.max(least, cap.getMax_send_sge()), Math.max(least, cap.getMax_recv_sge()))
                        .inlineBytes(cap.getMax_inline_data())
                        .signalAll(attributes.getSq_sig_all() != 0))));
        return new DisniQueuePair(made, pd, send, receive);
    }

    private static QueuePairType type(byte code) throws IOException {
        return switch (code) {
            case IBV_QPT_RC -> QueuePairType.RC;
            case IBV_QPT_UC -> QueuePairType.UC;
            case IBV_QPT_UD -> QueuePairType.UD;
            default -> throw new IOException("queue pair type " + code + " is none of IBV_QPT_RC, UC and UD");
        };
    }

    private static int typeCode(QueuePairType type) {
        return switch (type) {
            case RC -> IBV_QPT_RC;
            case UC -> IBV_QPT_UC;
            case UD -> IBV_QPT_UD;
        };
    }

    QueuePair qp() {
        return qp;
    }

    DisniProtectionDomain domain() {
        return domain;
    }

    /** By which threads post to the send queue, or the receive queue, one after the other. */
    PostingTurns turns(boolean sends) {
        return sends ? sendTurns : receiveTurns;
    }

    @Override
    public int getState() {
        return qp.state().code();
    }

    static DisniQueuePair of(IbvQP qp) throws IOException {
        DisniQueuePair own = Failure.cast(DisniQueuePair.class, qp, "queue pair");
        Failure.requireOpen(own.isOpen(), own.qp.toString());
        return own;
    }

    /** Closes it, once. */
    void destroy() throws IOException {
        close();
        Failure.run(qp::close);
    }
}
