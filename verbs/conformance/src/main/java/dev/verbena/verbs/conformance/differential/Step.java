package dev.verbena.verbs.conformance.differential;

import dev.verbena.verbs.Opcode;
import dev.verbena.verbs.QueuePairState;
import dev.verbena.verbs.SendFlags;
import java.util.List;

/** One call of a program. What stands before the posts of a round is done while everything is quiet. */
sealed interface Step {
    /** Posts a receive. */
    record Receive(Side side, int id, List<Buffer> into) implements Step {
        long totalBytes() {
            return into.stream().mapToLong(Buffer::length).sum();
        }
    }

    /** Posts one send request, or several behind one doorbell. */
    record Post(Side side, List<Request> requests) implements Step {}

    /** Deregisters {@link Key#SPARE}. */
    record Revoke(Side side) implements Step {}

    /** Moves a queue pair to ERROR. */
    record Fail(Side side) implements Step {}

    /** Asks for a move. */
    record Move(Side side, QueuePairState to) implements Step {}

    /**
     * Moves a queue pair to SEND_QUEUE_DRAINED: what it sends from then on is held back.
     *
     * @param told whether it asks for the event
     */
    record Drain(Side side, boolean told) implements Step {}

    /** Moves a queue pair from SEND_QUEUE_DRAINED or SEND_QUEUE_ERROR back to READY_TO_SEND. */
    record Resume(Side side) implements Step {}

    /**
     * Makes a queue pair that answers nothing.
     *
     * @param closes whether it is closed, and not only reset
     */
    record Silence(Side side, boolean closes) implements Step {}

    /** Attaches a datagram queue pair to the multicast group. */
    record Join(Side side) implements Step {}

    /** Detaches it. */
    record Leave(Side side) implements Step {}

    /** Arms the limit of a shared receive queue. */
    record Limit(Side side, int receives) implements Step {}

    /**
     * Takes both queue pairs from whatever state through RESET back to READY_TO_SEND, with windows of type 2 that were never
     * bound, and in no multicast group.
     */
    record Revive() implements Step {}

    /**
     * A send request.
     *
     * @param local what it sends, or where its result goes; of BIND_MW the part of the region
     * @param key the remote key, the key to invalidate, the window to bind; of a datagram {@link Key#WRONG} for a wrong
     *     queue key, {@link Key#GROUP} when it goes to the multicast group
     * @param immediate immediate data; of BIND_MW the rights
     */
    record Request(
            int id,
            int opcode,
            int flags,
            List<Buffer> local,
            Key key,
            int remoteOffset,
            int immediate,
            long operand,
            long swap) {
        int totalBytes() {
            return local.stream().mapToInt(Buffer::length).sum();
        }

        boolean has(int flag) {
            return (flags & flag) != 0;
        }

        boolean isSend() {
            return opcode == Opcode.SEND || opcode == Opcode.SEND_WITH_IMM || opcode == Opcode.SEND_WITH_INV;
        }

        boolean isWrite() {
            return opcode == Opcode.RDMA_WRITE || opcode == Opcode.RDMA_WRITE_WITH_IMM;
        }

        boolean isAtomic() {
            return opcode == Opcode.ATOMIC_CMP_AND_SWP || opcode == Opcode.ATOMIC_FETCH_AND_ADD;
        }

        /** Whether its result is written to local memory. */
        boolean pulls() {
            return opcode == Opcode.RDMA_READ || isAtomic();
        }

        /** Whether it takes a receive of the peer. */
        boolean takesReceive() {
            return isSend() || opcode == Opcode.RDMA_WRITE_WITH_IMM;
        }

        boolean isOnWindow() {
            return opcode == Opcode.BIND_MW || opcode == Opcode.LOCAL_INV;
        }

        /** Whether it names a window, by its present or a former key. */
        boolean usesWindow() {
            return isOnWindow() || key.isWindow() || key == Key.OLD_WINDOW_1 || key == Key.OLD_WINDOW_2;
        }

        Request withFlags(int changed) {
            return new Request(id, opcode, changed, local, key, remoteOffset, immediate, operand, swap);
        }

        Request withLocal(List<Buffer> changed) {
            return new Request(id, opcode, flags, changed, key, remoteOffset, immediate, operand, swap);
        }

        Request withRemote(Key changed, int offset) {
            return new Request(id, opcode, flags, local, changed, offset, immediate, operand, swap);
        }

        @Override
        public String toString() {
            StringBuilder text = new StringBuilder("#" + id + " " + Opcode.name(opcode));
            text.append(has(SendFlags.SIGNALED) ? " signaled" : "").append(has(SendFlags.FENCE) ? " fence" : "");
            text.append(has(SendFlags.INLINE) ? " inline" : "").append(has(SendFlags.SOLICITED) ? " solicited" : "");
            text.append(' ').append(local).append(" key ").append(key);
            if (isWrite() || pulls()) {
                text.append('+').append(remoteOffset);
            }
            if (immediate != 0) {
                text.append(" imm 0x").append(Integer.toHexString(immediate));
            }
            if (isAtomic()) {
                text.append(" operand ").append(operand).append(" swap ").append(swap);
            }
            return text.toString();
        }
    }
}
