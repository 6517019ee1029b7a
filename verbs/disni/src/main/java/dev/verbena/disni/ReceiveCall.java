package dev.verbena.disni;

import com.ibm.disni.verbs.IbvRecvWR;
import com.ibm.disni.verbs.SVCPostRecv;
import dev.verbena.verbs.QueuePair;
import dev.verbena.verbs.ScatterGatherList;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Posts a list of receives, as often as it is executed, by the rules of {@link PreparedPosts}.
 *
 * <p>Threading: one thread at a time; other calls of the same queue pair may run on others. Hot path: {@link #execute}.
 */
final class ReceiveCall extends SVCPostRecv {
    private static final class Receive implements RecvWRMod, PreparedPosts.Prepared {
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

        @Override
        public int post() {
            return list == null ? qp.postReceive(turnedId, address, length, lkey) : qp.postReceive(turnedId, list);
        }

        @Override
        public long getWr_id() {
            return id;
        }
    }

    private final Receive[] prepared;
    private final PreparedPosts<IbvRecvWR> posts;

    ReceiveCall(DisniQueuePair owner, List<IbvRecvWR> requests, @Nullable List<IbvRecvWR> bad) throws IOException {
        List<IbvRecvWR> all = Failure.elements(requests, "receives");
        prepared = new Receive[all.size()];
        int index = 0;
        for (IbvRecvWR request : all) {
            prepared[index++] = new Receive(owner.qp(), request);
        }
        posts = new PreparedPosts<>(owner, false, all, bad, prepared);
    }

    @Override
    public SVCPostRecv execute() throws IOException {
        posts.execute();
        return this;
    }

    @Override
    public RecvWRMod getWrMod(int index) throws IOException {
        return prepared[posts.checked(index)];
    }

    @Override
    public boolean isValid() {
        return posts.isValid();
    }

    @Override
    public SVCPostRecv free() {
        posts.free();
        return this;
    }
}
