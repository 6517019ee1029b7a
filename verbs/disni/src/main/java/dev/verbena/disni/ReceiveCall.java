package dev.verbena.disni;

import com.ibm.disni.verbs.IbvRecvWR;
import com.ibm.disni.verbs.SVCPostRecv;
import dev.verbena.verbs.QueuePair;
import dev.verbena.verbs.ScatterGatherList;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Posts a list of receives, as often as it is executed; the rules are those of {@link SendCall}.
 *
 * <p>Threading: one thread at a time; other calls of the same queue pair may run on others. Hot path: {@link #execute}.
 */
final class ReceiveCall extends SVCPostRecv {
    private static final class Receive implements RecvWRMod {
        private final QueuePair qp;
        private final long id;
        private final long turnedId;
        /** For none or several entries; null for one. */
        private final @Nullable ScatterGatherList list;

        private final long address;
        private final int length;
        private final int lkey;

        Receive(QueuePair qp, IbvRecvWR wr) throws IOException {
            this.qp = qp;
            id = wr.getWr_id();
            turnedId = RequestId.ofReceive(id);
            PreparedEntry[] entries = PreparedEntry.of(wr.getSg_list(), wr.getNum_sge());
            boolean one = entries.length == 1;
            address = one ? entries[0].getAddr() : 0;
            length = one ? entries[0].getLength() : 0;
            lkey = one ? entries[0].getLkey() : 0;
            list = one ? null : new ScatterGatherList(Math.max(1, entries.length));
            if (list != null) {
                for (PreparedEntry entry : entries) {
                    list.add(entry.getAddr(), entry.getLength(), entry.getLkey());
                }
            }
        }

        int post() {
            return list == null ? qp.postReceive(turnedId, address, length, lkey) : qp.postReceive(turnedId, list);
        }

        @Override
        public long getWr_id() {
            return id;
        }
    }

    private final DisniQueuePair owner;
    private final QueuePair qp;
    private final List<IbvRecvWR> requests;
    private final @Nullable List<IbvRecvWR> bad;
    private final Receive[] prepared;
    private final Receive first;
    private final boolean single;
    private boolean valid = true;

    ReceiveCall(DisniQueuePair owner, List<IbvRecvWR> requests, @Nullable List<IbvRecvWR> bad) throws IOException {
        this.owner = owner;
        this.qp = owner.qp();
        this.requests = Failure.elements(requests, "receives");
        this.bad = bad;
        prepared = new Receive[requests.size()];
        int index = 0;
        for (IbvRecvWR request : this.requests) {
            prepared[index++] = new Receive(qp, request);
        }
        first = prepared[0];
        single = prepared.length == 1;
        if (!single) {
            owner.expectLists();
        }
    }

    @Override
    public SVCPostRecv execute() throws IOException {
        if (!valid || !owner.isOpen()) {
            throw new IOException(valid ? qp + " is closed" : "this call was freed: prepare another one");
        }
        if (!single || owner.expectsLists()) {
            executeList();
            return this;
        }
        int refusal;
        try {
            refusal = first.post();
        } catch (RuntimeException e) {
            throw refused(0, e);
        }
        if (refusal != 0) {
            throw refused(0, Refused.of(qp, refusal));
        }
        return this;
    }

    private void executeList() throws IOException {
        synchronized (owner) {
            int staged = 0;
            int refusal = 0;
            RuntimeException mistake = null;
            qp.startReceives();
            try {
                while (staged < prepared.length && refusal == 0) {
                    refusal = prepared[staged].post();
                    staged += refusal == 0 ? 1 : 0;
                }
            } catch (RuntimeException e) {
                mistake = e;
            }
            int taken;
            try {
                taken = qp.completeReceives();
            } catch (RuntimeException e) {
                throw refused(0, e);
            }
            if (taken < prepared.length) {
                throw refused(taken, mistake != null ? mistake : Refused.of(qp, refusal));
            }
        }
    }

    private IOException refused(int taken, RuntimeException cause) {
        if (bad != null) {
            bad.clear();
            bad.addAll(requests.subList(taken, requests.size()));
        }
        return new IOException(
                "ibv_post_recv on " + qp + " took " + taken + " of " + prepared.length + " receives: "
                        + cause.getMessage(),
                cause);
    }

    @Override
    public RecvWRMod getWrMod(int index) throws IOException {
        if (index < 0 || index >= prepared.length) {
            throw new IOException("there is no receive " + index + ", the list has " + prepared.length);
        }
        return prepared[index];
    }

    @Override
    public boolean isValid() {
        return valid;
    }

    @Override
    public SVCPostRecv free() {
        valid = false;
        return this;
    }
}
