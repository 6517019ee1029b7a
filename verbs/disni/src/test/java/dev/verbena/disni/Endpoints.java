package dev.verbena.disni;

import com.ibm.disni.RdmaActiveEndpoint;
import com.ibm.disni.RdmaActiveEndpointGroup;
import com.ibm.disni.RdmaEndpoint;
import com.ibm.disni.RdmaPassiveEndpointGroup;
import com.ibm.disni.verbs.IbvWC;
import com.ibm.disni.verbs.RdmaCmId;
import com.ibm.disni.verbs.RdmaConnParam;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;

/** Groups of DiSNI's endpoints for tests. */
final class Endpoints {
    private static final int TIMEOUT_MS = 50;
    private static final int CQ_ENTRIES = 64;
    private static final int ENTRIES = 4;

    private Endpoints() {}

    /** An endpoint whose program polls. */
    static final class Passive extends RdmaEndpoint {
        Passive(PassiveGroup group, RdmaCmId id, boolean serverSide) throws IOException {
            super(group, id, serverSide);
        }
    }

    /** Endpoints whose programs poll. */
    static final class PassiveGroup extends RdmaPassiveEndpointGroup<Passive> {
        private PassiveGroup() throws IOException {
            super(TIMEOUT_MS, End.SLOTS, ENTRIES, CQ_ENTRIES);
        }

        static PassiveGroup open() throws IOException {
            TestDevices.server();
            PassiveGroup group = new PassiveGroup();
            group.init((id, serverSide) -> new Passive(group, id, serverSide));
            return group;
        }

        @Override
        public RdmaConnParam getConnParam() {
            return parameters();
        }
    }

    /** An endpoint that is told of its completions, and keeps them. */
    static final class Active extends RdmaActiveEndpoint {
        final BlockingQueue<IbvWC> completions = new LinkedBlockingQueue<>();

        Active(ActiveGroup group, RdmaCmId id, boolean serverSide) throws IOException {
            super(group, id, serverSide);
        }

        @Override
        public void dispatchCqEvent(IbvWC completion) {
            completions.add(completion);
        }
    }

    /** Endpoints that are told of their completions. */
    static final class ActiveGroup extends RdmaActiveEndpointGroup<Active> {
        private ActiveGroup() throws IOException {
            super(TIMEOUT_MS, false, End.SLOTS, ENTRIES, CQ_ENTRIES);
        }

        static ActiveGroup open() throws IOException {
            TestDevices.server();
            ActiveGroup group = new ActiveGroup();
            group.init((id, serverSide) -> new Active(group, id, serverSide));
            return group;
        }

        @Override
        public RdmaConnParam getConnParam() {
            return parameters();
        }
    }

    private static RdmaConnParam parameters() {
        try {
            return Wire.parameters();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
