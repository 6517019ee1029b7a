package dev.verbena.verbs.conformance.differential;

import dev.verbena.verbs.AccessFlags;
import dev.verbena.verbs.CompletionOpcode;
import dev.verbena.verbs.CompletionStatus;
import dev.verbena.verbs.Opcode;
import dev.verbena.verbs.QueuePairType;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The model's rules for what takes a receive: every SEND, and WRITE with immediate data. */
final class ModelMessages {
    /** Bytes of the global route header in front of every datagram; IBTA 11.4.1.2. */
    static final int HEADER_BYTES = 40;
    /** What fits one packet of any path is placed as a whole or not at all. */
    private static final int PACKET_BYTES = 1024;

    private final Model model;
    private final Program.Setup setup;
    private final boolean reliable;
    private final Set<Integer> delivered = new HashSet<>();
    private boolean mayWait = true;

    ModelMessages(Model model, Program.Setup setup) {
        this.model = model;
        this.setup = setup;
        this.reliable = setup.type() == QueuePairType.RC;
    }

    /** Whether a device survives that messages of the next direction wait for a receive. */
    void mayWait(boolean may) {
        mayWait = may;
    }

    /** Whether a message took a receive, so that its receiver's completion tells of it. */
    boolean wasDelivered(int id) {
        return delivered.contains(id);
    }

    void execute(ModelEnd from, ModelEnd to, ModelEnd.Posted<Step.Request> next, boolean goodLocally) {
        Step.Request request = next.what();
        ModelEnd.Posted<Step.Receive> receive = to.receives.peek();
        boolean toGroup = request.key() == Key.GROUP;
        Model.require(!toGroup || (model.rules().multicast() && model.rules().sound()), "the device has no groups");
        Model.require(!toGroup || !from.attached, "whether a member hears itself is left open");
        boolean late = receive != null && receive.step() > next.step();
        Model.require(reliable || receive != null, "nobody can see when an unreliable message was lost");
        Model.require(!late || (reliable && setup.rnrRetry() == Model.ENDLESS), "the receive may be too late");
        Model.require(!late || mayWait, "the device may never go on");
        if (!goodLocally) {
            failLocally(from, to, request, receive);
        } else if (isLost(to, request)) {
            model.succeed(from, request);
        } else if (request.isWrite()) {
            writeWithImmediate(from, to, request, receive);
        } else if (receive == null) {
            notReady(from, request);
        } else {
            send(from, to, request, receive.what());
        }
    }

    private boolean isLost(ModelEnd to, Step.Request request) {
        // IBTA 9.6.1.3: a datagram with a wrong queue key is dropped in silence. 10.5: a group's goes to its members
        // only.
        return setup.type() == QueuePairType.UD
                && (request.key() == Key.WRONG || (request.key() == Key.GROUP && !to.attached));
    }

    private void failLocally(
            ModelEnd from, ModelEnd to, Step.Request request, ModelEnd.@Nullable Posted<Step.Receive> receive) {
        Model.require(receive != null && !isLost(to, request), "a second mistake");
        if (receive != null && request.isSend()) {
            Model.require(
                    !setup.shared() || request.totalBytes() <= PACKET_BYTES,
                    "the receive may be taken, and never told");
            Model.require(isGood(to, receive.what(), messageBytes(request)), "a second mistake");
            Model.require(messageBytes(request) <= receive.what().totalBytes(), "a second mistake");
            to.forget(receive.what().into());
        }
        model.failLocally(from, to, request);
    }

    private long messageBytes(Step.Request request) {
        return request.totalBytes() + (setup.type() == QueuePairType.UD ? HEADER_BYTES : 0L);
    }

    /** IBTA 9.7.5.2.8: the requester tries as often as rnr_retry says, then it fails; the responder has seen nothing. */
    private void notReady(ModelEnd from, Step.Request request) {
        Model.require(setup.rnrRetry() != Model.ENDLESS, "it waits for ever");
        Model.require(mayWait, "the device may never go on");
        model.failSend(from, request, EnumSet.of(CompletionStatus.RNR_RETRY_EXC_ERR));
    }

    // ---------------------------------------------------------------- WRITE with immediate data

    /** IBTA 9.4.3 and 9.7.5.1.4: the receive is taken for its completion only; its buffers are not looked at. */
    private void writeWithImmediate(
            ModelEnd from, ModelEnd to, Step.Request request, ModelEnd.@Nullable Posted<Step.Receive> receive) {
        int length = request.totalBytes();
        boolean permitted = (to.access & AccessFlags.REMOTE_WRITE) != 0;
        boolean reached = length == 0 || model.reaches(from, to, request, length, AccessFlags.REMOTE_WRITE);
        List<Buffer> remote = List.of(new Buffer(request.key(), request.remoteOffset(), length));
        if (!permitted || !reached) {
            Model.require(receive != null && permitted != reached, "a second mistake");
            Model.require(!reliable || model.rules().sound(), "the receive may fail, and should be flushed");
            Set<CompletionStatus> statuses = permitted
                    ? model.rules().allowed(CompletionStatus.REM_ACCESS_ERR)
                    : EnumSet.of(CompletionStatus.REM_INV_REQ_ERR, CompletionStatus.REM_ACCESS_ERR);
            model.refuse(from, to, request, statuses);
        } else if (receive == null) {
            to.forget(remote);
            notReady(from, request);
        } else {
            to.scatter(from.gather(request.local()), remote);
            to.receives.remove();
            delivered.add(request.id());
            String detail = CompletionOpcode.name(CompletionOpcode.RECV_RDMA_WITH_IMM) + " " + length + " B imm "
                    + request.immediate();
            model.complete(to, true, receive.what().id(), EnumSet.of(CompletionStatus.SUCCESS), detail);
            model.succeed(from, request);
        }
    }

    // ---------------------------------------------------------------- SEND

    private void send(ModelEnd from, ModelEnd to, Step.Request request, Step.Receive receive) {
        long length = messageBytes(request);
        boolean invalidates = request.opcode() == Opcode.SEND_WITH_INV;
        boolean invalid = invalidates && !mayInvalidate(from, to, request.key());
        Model.require(!invalid || model.rules().sound(), "the device may not survive it");
        boolean fits = length <= receive.totalBytes();
        boolean good = isGood(to, receive, length);
        Model.require((fits ? 0 : 1) + (good ? 0 : 1) + (invalid ? 1 : 0) < 2, "a second mistake");
        if (!fits) {
            tooLong(from, to, request, receive);
        } else if (!good) {
            badReceive(from, to, request, receive);
        } else if (invalid) {
            to.forget(receive.into());
            model.refuse(from, to, request, model.rules().allowed(CompletionStatus.REM_ACCESS_ERR));
        } else {
            deliver(from, to, request, receive, (int) length);
        }
    }

    /** The buffers that the message reaches must be good; whether the others are looked at is left open. */
    private static boolean isGood(ModelEnd to, Step.Receive receive, long length) {
        long left = length;
        boolean good = true;
        for (Buffer buffer : receive.into()) {
            int reached = (int) Math.min(left, buffer.length());
            boolean ok = to.isGoodLocally(new Buffer(buffer.key(), buffer.offset(), reached), true);
            Model.require(ok == to.isGoodLocally(buffer, true), "a bad buffer behind the message");
            good &= ok;
            left -= reached;
        }
        return good;
    }

    /** IBTA 9.4.1.1.3: only a bound type 2 window of the receiving queue pair can be invalidated. */
    private boolean mayInvalidate(ModelEnd from, ModelEnd to, Key key) {
        if (key != Key.WINDOW_2) {
            return false;
        }
        model.touch(from.side, key);
        return to.window(key).bound;
    }

    /** IBTA 9.7.4.1.6 and 9.9.3: RC, the receive ends with LOC_LEN_ERR and the sender with REM_INV_REQ_ERR. UC and UD: lost. */
    private void tooLong(ModelEnd from, ModelEnd to, Step.Request request, Step.Receive receive) {
        to.forget(receive.into());
        if (!reliable) {
            Model.require(!setup.shared(), "whether a shared receive is used up is left open");
            Model.require(model.rules().sound(), "the receiver may fail, and should not");
            model.succeed(from, request);
            return;
        }
        endReceive(to, receive, CompletionStatus.LOC_LEN_ERR);
        model.refuse(from, to, request, model.rules().allowed(CompletionStatus.REM_INV_REQ_ERR));
    }

    /** IBTA 9.9.3: a receiver whose own buffer is no good fails, and tells a reliable sender so. */
    private void badReceive(ModelEnd from, ModelEnd to, Step.Request request, Step.Receive receive) {
        to.forget(receive.into());
        endReceive(to, receive, CompletionStatus.LOC_PROT_ERR);
        model.toError(to);
        if (reliable) {
            model.refuse(from, to, request, model.rules().allowed(CompletionStatus.REM_OP_ERR));
        } else {
            model.succeed(from, request);
        }
    }

    private void endReceive(ModelEnd to, Step.Receive receive, CompletionStatus status) {
        to.receives.remove();
        model.complete(to, true, receive.id(), model.rules().allowed(status), "");
    }

    private void deliver(ModelEnd from, ModelEnd to, Step.Request request, Step.Receive receive, int length) {
        ModelEnd.Payload payload = from.gather(request.local());
        to.scatter(setup.type() == QueuePairType.UD ? withHeader(payload) : payload, receive.into());
        to.receives.remove();
        delivered.add(request.id());
        List<String> detail = new ArrayList<>(List.of(CompletionOpcode.name(CompletionOpcode.RECV), length + " B"));
        if (request.opcode() == Opcode.SEND_WITH_IMM) {
            detail.add("imm " + request.immediate());
        }
        if (request.opcode() == Opcode.SEND_WITH_INV) {
            to.window(request.key()).bound = false;
            detail.add("invalidates " + request.key());
        }
        model.complete(to, true, receive.id(), EnumSet.of(CompletionStatus.SUCCESS), String.join(" ", detail));
        model.succeed(from, request);
    }

    /** What the header says is the network's business. */
    private static ModelEnd.Payload withHeader(ModelEnd.Payload payload) {
        byte[] bytes = new byte[HEADER_BYTES + payload.bytes().length];
        System.arraycopy(payload.bytes(), 0, bytes, HEADER_BYTES, payload.bytes().length);
        BitSet unknown = new BitSet();
        unknown.set(0, HEADER_BYTES);
        payload.unknown().stream().forEach(at -> unknown.set(HEADER_BYTES + at));
        return new ModelEnd.Payload(bytes, unknown);
    }
}
