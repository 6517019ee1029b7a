package dev.verbena.disni;

import com.ibm.disni.verbs.RdmaCmEvent;
import com.ibm.disni.verbs.RdmaConnParam;
import dev.verbena.verbs.AddressVector;
import dev.verbena.verbs.cm.ConnectionEvent;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/**
 * A connection event as DiSNI sees it, with the status and the parameters that DiSNI's own leaves empty.
 *
 * <p>Threading: immutable.
 *
 * <p>Ownership: the private data of {@link #getConn()} lives as long as what that method answers.
 */
final class DisniEvent extends RdmaCmEvent {
    private static final class Parameters extends RdmaConnParam {
        /** Holds the memory that private_data_addr names. */
        @SuppressWarnings("unused")
        private final MemorySegment memory;

        Parameters(ConnectionEvent event) {
            byte[] data = event.privateData();
            memory = Arena.ofAuto().allocate(Math.max(1, data.length));
            MemorySegment.copy(data, 0, memory, ValueLayout.JAVA_BYTE, 0, data.length);
            private_data_addr = data.length == 0 ? 0 : memory.address();
            private_data_len = (byte) data.length;
            responder_resources = (byte) event.responderResources();
            initiator_depth = (byte) event.initiatorDepth();
            retry_count = (byte) event.retryCount();
            rnr_retry_count = (byte) event.rnrRetryCount();
            srq = (byte) (event.sharedReceiveQueue() ? 1 : 0);
            qp_num = event.queuePairNumber();
        }
    }

    private final ConnectionEvent told;

    @SuppressWarnings("EnumOrdinal") // both orders are that of the C enum
    DisniEvent(ConnectionEvent told, @Nullable DisniConnectionId listener, DisniConnectionId id) throws IOException {
        super(told.type().ordinal(), listener, id);
        this.told = told;
        this.status = told.status();
        this.conn = new Parameters(told);
    }

    @Nullable
    AddressVector addressVector() {
        return told.addressVector();
    }

    int queuePairNumber() {
        return told.queuePairNumber();
    }

    int queueKey() {
        return told.qkey();
    }

    @Override
    public String toString() {
        return told.toString();
    }
}
