package dev.verbena.verbs.embedded;

import dev.verbena.verbs.Gid;
import dev.verbena.verbs.Opcode;
import dev.verbena.verbs.QueuePairState;
import dev.verbena.verbs.QueuePairType;
import dev.verbena.verbs.SendFlags;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Executes the requests of a datagram queue pair: the payload travels in the ring of the peer's completion queue. What
 * finds no queue pair, a wrong queue key or a full ring is lost, as datagrams are.
 *
 * <p>Threading: under the queue pair's guard. Hot path.
 */
final class DatagramSender {
    private final EmbeddedQueuePair qp;
    private final Node node;
    private final SendQueue sends;
    private final Places places = new Places();
    private final MemorySegment gathered = Arena.ofAuto().allocate(EmbeddedContext.MTU_BYTES, 64);
    private @Nullable Link link;

    DatagramSender(EmbeddedQueuePair qp, Node node, SendQueue sends) {
        this.qp = qp;
        this.node = node;
        this.sends = sends;
    }

    /** Executes the request at the head: a completion status, or why it has to wait. */
    int execute() {
        if (sends.totalBytes() > EmbeddedContext.MTU_BYTES) {
            // The specification has no completion status for it: it does not arrive.
            return WorkCompletionRecord.SUCCESS;
        }
        if (!(sends.object() instanceof EmbeddedAddressHandle handle)) {
            return WorkCompletionRecord.LOC_QP_OP_ERR;
        }
        if (handle.group()) {
            return executeToGroup(handle.vector().destination());
        }
        Link to = handle.reachable() ? link(Layout.slotOf(sends.remoteNumber())) : null;
        if (to != null && !to.isReady() && !to.isDead()) {
            return Requester.STALL_LINK;
        }
        int number = sends.remoteNumber();
        RingWriter ring = to == null || to.isDead() ? null : ring(to, number);
        long epoch = qp.enterAccess();
        try {
            int status = gather();
            if (status == 0 && to != null && ring != null && !to.isDead()) {
                publish(to, ring, number);
            }
            return status;
        } finally {
            qp.exitAccess(epoch);
        }
    }

    /** Every member gets it but the sender itself; a process that does not answer is passed over. */
    private int executeToGroup(Gid group) {
        Collection<Link> everyone = node.everyone();
        for (Link link : everyone) {
            if (link.isAwaited()) {
                return Requester.STALL_LINK;
            }
        }
        long epoch = qp.enterAccess();
        try {
            int status = gather();
            if (status != 0) {
                return status;
            }
        } finally {
            qp.exitAccess(epoch);
        }
        for (Link link : everyone) {
            if (link.isReady()) {
                toMembers(link, group);
            }
        }
        return WorkCompletionRecord.SUCCESS;
    }

    private void toMembers(Link to, Gid group) {
        List<Integer> members = new ArrayList<>();
        long epoch = qp.enterAccess();
        try {
            if (!to.isDead()) {
                MulticastGroups.members(to.control(), group, members::add);
            }
        } finally {
            qp.exitAccess(epoch);
        }
        for (int number : members) {
            if (number == qp.number() || Layout.slotOf(number) != to.slot()) {
                continue;
            }
            RingWriter ring = ring(to, number);
            epoch = qp.enterAccess();
            try {
                if (ring != null && !to.isDead()) {
                    publish(to, ring, number);
                }
            } finally {
                qp.exitAccess(epoch);
            }
        }
    }

    private @Nullable Link link(int slot) {
        Link known = link;
        if (known == null || known.slot() != slot || known.isDead()) {
            known = node.link(slot);
            link = known;
        }
        return known;
    }

    private @Nullable RingWriter ring(Link to, int number) {
        int queue = 0;
        long epoch = qp.enterAccess();
        try {
            long peer = peer(to, number);
            if (!to.isDead() && Memory.getIntAcquire(peer + Layout.QP_GENERATION) != 0) {
                queue = Memory.getInt(peer + Layout.QP_RECEIVE_QUEUE);
            }
        } finally {
            qp.exitAccess(epoch);
        }
        return queue == 0 ? null : to.ring(queue);
    }

    private static long peer(Link to, int number) {
        return Layout.queuePair(to.control(), Layout.indexOf(number));
    }

    private int gather() {
        places.clear();
        if ((sends.flags() & SendQueue.COPIED) != 0) {
            places.addLocalUnchecked(sends.address(0), sends.lengthBytes(0));
        } else {
            for (int i = 0; i < sends.entries(); i++) {
                boolean good = places.addLocal(
                        node.control(), qp.domain(), sends.address(i), sends.lengthBytes(i), sends.lkey(i), false);
                if (!good) {
                    return WorkCompletionRecord.LOC_PROT_ERR;
                }
            }
        }
        return places.gather(gathered.address(), sends.totalBytes());
    }

    private void publish(Link to, RingWriter ring, int number) {
        long peer = peer(to, number);
        int state = Layout.stateOf(Memory.getIntAcquire(peer + Layout.QP_STATUS));
        // A key with the highest bit is the privileged one: the queue pair's own is meant.
        int qkey = sends.rkeyOrQkey() < 0 ? qp.qkey() : sends.rkeyOrQkey();
        boolean listens = state >= QueuePairState.READY_TO_RECEIVE.code()
                && state <= QueuePairState.SEND_QUEUE_ERROR.code()
                && Memory.getInt(peer + Layout.QP_TYPE) == QueuePairType.UD.code()
                && Memory.getInt(peer + Layout.QP_QKEY) == qkey;
        if (!listens) {
            return;
        }
        int operation = Layout.KIND_DATAGRAM;
        operation |= sends.opcode() == Opcode.SEND_WITH_IMM ? Layout.FLAG_IMMEDIATE : 0;
        operation |= (sends.flags() & SendFlags.SOLICITED) != 0 ? Layout.FLAG_SOLICITED : 0;
        boolean taken = ring.publishDatagram(
                number,
                Memory.getInt(peer + Layout.QP_GENERATION),
                operation,
                sends.immediateOrKey(),
                (int) sends.totalBytes(),
                qp.number(),
                gathered.address());
        if (!taken) {
            // The ring is full: this one is lost, and the peer is told to look.
            to.kick();
        }
    }
}
