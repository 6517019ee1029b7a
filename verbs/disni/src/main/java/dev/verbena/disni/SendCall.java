package dev.verbena.disni;

import com.ibm.disni.verbs.IbvSendWR;
import com.ibm.disni.verbs.SVCPostSend;
import dev.verbena.verbs.QueuePair;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Posts a list of send requests, as often as it is executed. Several go to the device behind one doorbell. A single one takes
 * no lock, unless lists are posted to the same queue pair.
 *
 * <p>What the device has no room for is refused with an exception, and put into the program's list of bad requests where it
 * gave one; those before it have been posted, as in ibv_post_send(3).
 *
 * <p>Threading: one thread at a time; other calls of the same queue pair may run on others. Hot path: {@link #execute}.
 */
final class SendCall extends SVCPostSend {
    private final DisniQueuePair owner;
    private final QueuePair qp;
    private final List<IbvSendWR> requests;
    private final @Nullable List<IbvSendWR> bad;
    private final PreparedSend[] prepared;
    private final PreparedSend first;
    private final boolean single;
    private boolean valid = true;

    SendCall(DisniQueuePair owner, List<IbvSendWR> requests, @Nullable List<IbvSendWR> bad) throws IOException {
        this.owner = owner;
        this.qp = owner.qp();
        this.requests = Failure.elements(requests, "send requests");
        this.bad = bad;
        prepared = new PreparedSend[requests.size()];
        int index = 0;
        for (IbvSendWR request : this.requests) {
            prepared[index++] = new PreparedSend(owner, request);
        }
        first = prepared[0];
        single = prepared.length == 1;
        if (!single) {
            owner.expectLists();
        }
    }

    @Override
    public SVCPostSend execute() throws IOException {
        if (!valid || !owner.isOpen()) {
            throw closed();
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
            qp.start();
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
                taken = qp.complete();
            } catch (RuntimeException e) {
                throw refused(0, e);
            }
            if (taken < prepared.length) {
                throw refused(taken, mistake != null ? mistake : Refused.of(qp, refusal));
            }
        }
    }

    private IOException closed() {
        return new IOException(valid ? qp + " is closed" : "this call was freed: prepare another one");
    }

    private IOException refused(int taken, RuntimeException cause) {
        if (bad != null) {
            bad.clear();
            bad.addAll(requests.subList(taken, requests.size()));
        }
        return new IOException(
                "ibv_post_send on " + qp + " took " + taken + " of " + prepared.length + " requests: "
                        + cause.getMessage(),
                cause);
    }

    @Override
    public SendWRMod getWrMod(int index) throws IOException {
        if (index < 0 || index >= prepared.length) {
            throw new IOException("there is no request " + index + ", the list has " + prepared.length);
        }
        return prepared[index];
    }

    @Override
    public boolean isValid() {
        return valid;
    }

    @Override
    public SVCPostSend free() {
        valid = false;
        return this;
    }
}
