package dev.verbena.disni;

import com.ibm.disni.verbs.IbvWC;
import com.ibm.disni.verbs.SVCPollCq;
import dev.verbena.verbs.CompletionOpcode;
import dev.verbena.verbs.CompletionQueue;
import dev.verbena.verbs.WorkCompletions;
import java.io.IOException;

/**
 * Polls a completion queue into the program's own objects, as often as it is executed. Of a failed completion the queue pair
 * is set too, so that the failure reaches the endpoint it belongs to.
 *
 * <p>Endpoints of active groups may keep what they are told of: for these every completion is an object of its own.
 *
 * <p>Threading: one thread at a time; other calls of the same queue may run on others. Hot path: {@link #execute}.
 */
final class PollCall extends SVCPollCq {
    private static final int MOST = 1 << 16;

    private final DisniCompletionQueue owner;
    private final CompletionQueue queue;
    private final IbvWC[] results;
    private final WorkCompletions completions;
    private final boolean kept;
    private int polls;
    private boolean valid = true;

    PollCall(DisniCompletionQueue owner, IbvWC[] results, int most) throws IOException {
        if (results == null || results.length == 0) {
            throw new IOException("the array for completions is " + (results == null ? "null" : "empty"));
        }
        if (most < 1 || most > results.length) {
            throw new IOException(most + " completions are to go into an array of " + results.length);
        }
        this.owner = owner;
        this.queue = owner.queue();
        this.results = results;
        this.completions = new WorkCompletions(Math.min(most, MOST));
        this.kept = Caller.isCompletionQueueProcessor();
    }

    @Override
    public SVCPollCq execute() throws IOException {
        polls = 0;
        if (!valid || !owner.isOpen()) {
            throw new IOException(valid ? queue + " is closed" : "this call was freed: prepare another one");
        }
        int polled;
        try {
            polled = queue.poll(completions);
        } catch (RuntimeException e) {
            throw Failure.of(e);
        }
        for (int index = 0; index < polled; index++) {
            IbvWC result = results[index];
            if (kept || result == null) {
                result = new IbvWC();
                results[index] = result;
            }
            fill(result, index);
        }
        polls = polled;
        return this;
    }

    private void fill(IbvWC result, int index) {
        int status = completions.status(index);
        int opcode = completions.opcode(index);
        long id = completions.id(index);
        boolean receive = RequestId.isReceive(opcode, status, id);
        result.setWr_id(receive ? RequestId.ofReceive(id) : id);
        result.setStatus(status);
        result.setOpcode(receive ? opcode | CompletionOpcode.RECV : opcode);
        result.setQp_num(completions.queuePairNumber(index));
        if (status != 0) {
            result.setVendor_err(completions.vendorError(index));
            return;
        }
        result.setVendor_err(0);
        result.setByte_len(completions.lengthBytes(index));
        result.setWc_flags(completions.flags(index));
        if (receive) {
            fillFromSender(result, index);
        } else {
            clearSender(result);
        }
    }

    private void fillFromSender(IbvWC result, int index) {
        // As it lies in memory, which is what DiSNI hands out.
        result.setImm_data(completions.invalidatedKey(index));
        result.setSrc_qp(completions.sourceQueuePair(index));
        result.setPkey_index((short) completions.pkeyIndex(index));
        result.setSlid((short) completions.sourceLid(index));
        result.setSl((short) completions.serviceLevel(index));
    }

    /** Only receives tell of a sender; nothing may stay of the completion that the object was filled with before. */
    private static void clearSender(IbvWC result) {
        result.setImm_data(0);
        result.setSrc_qp(0);
        result.setPkey_index((short) 0);
        result.setSlid((short) 0);
        result.setSl((short) 0);
    }

    @Override
    public int getPolls() {
        return polls;
    }

    @Override
    public boolean isValid() {
        return valid;
    }

    @Override
    public SVCPollCq free() {
        valid = false;
        return this;
    }
}
