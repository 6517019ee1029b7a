package dev.verbena.verbs.conformance;

import dev.verbena.verbs.AccessFlags;
import dev.verbena.verbs.AddressVector;
import dev.verbena.verbs.Capability;
import dev.verbena.verbs.CompletionChannel;
import dev.verbena.verbs.CompletionQueue;
import dev.verbena.verbs.Context;
import dev.verbena.verbs.GidEntry;
import dev.verbena.verbs.MemoryRegion;
import dev.verbena.verbs.ProtectionDomain;
import dev.verbena.verbs.QueuePair;
import dev.verbena.verbs.QueuePairAttributes;
import dev.verbena.verbs.QueuePairConfig;
import dev.verbena.verbs.QueuePairEndpoint;
import dev.verbena.verbs.QueuePairState;
import dev.verbena.verbs.QueuePairType;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** How a pair shall be made; a contract says what differs from the usual, then {@link #connect()}. */
final class PairPlan {
    static final int MEMORY_BYTES = 1 << 18;

    private final Contract contract;
    private final QueuePairType type;
    private UnaryOperator<QueuePairConfig> configA = config -> config;
    private UnaryOperator<QueuePairConfig> configB = config -> config;
    private Consumer<QueuePairAttributes> init = attributes -> {};
    private Consumer<QueuePairAttributes> toReceive = attributes -> {};
    private Consumer<QueuePairAttributes> toSend = attributes -> {};
    private int memoryBytes = MEMORY_BYTES;
    private int completions = 512;
    private boolean channels;

    PairPlan(Contract contract, QueuePairType type) {
        this.contract = contract;
        this.type = type;
    }

    /** Changes the configuration of both queue pairs. */
    PairPlan config(UnaryOperator<QueuePairConfig> change) {
        return configA(change).configB(change);
    }

    PairPlan configA(UnaryOperator<QueuePairConfig> change) {
        UnaryOperator<QueuePairConfig> before = configA;
        configA = config -> change.apply(before.apply(config));
        return this;
    }

    PairPlan configB(UnaryOperator<QueuePairConfig> change) {
        UnaryOperator<QueuePairConfig> before = configB;
        configB = config -> change.apply(before.apply(config));
        return this;
    }

    /** Changes the attributes of the move to INIT. */
    PairPlan init(Consumer<QueuePairAttributes> change) {
        init = change;
        return this;
    }

    /** Changes the attributes of the move to READY_TO_RECEIVE. */
    PairPlan toReceive(Consumer<QueuePairAttributes> change) {
        toReceive = change;
        return this;
    }

    /** Changes the attributes of the move to READY_TO_SEND. */
    PairPlan toSend(Consumer<QueuePairAttributes> change) {
        toSend = change;
        return this;
    }

    PairPlan memory(int bytes) {
        memoryBytes = bytes;
        return this;
    }

    PairPlan completions(int entries) {
        completions = entries;
        return this;
    }

    /** With a completion channel behind each completion queue. */
    PairPlan channels() {
        channels = true;
        return this;
    }

    /** Both ends in READY_TO_SEND. */
    Pair connect() {
        Pair pair = open();
        initialize(pair.a());
        initialize(pair.b());
        ready(pair.a(), pair.b().endpoint());
        ready(pair.b(), pair.a().endpoint());
        return pair;
    }

    /** Both ends in RESET. */
    Pair open() {
        return new Pair(
                end(contract.contextA(), contract.gidA(), configA), end(contract.contextB(), contract.gidB(), configB));
    }

    /** Another end with the same plan, in RESET, on an existing one's protection domain and completion queue. */
    End beside(End other) {
        UnaryOperator<QueuePairConfig> change = other.context.equals(contract.contextA()) ? configA : configB;
        QueuePair qp = other.pd.createQueuePair(change.apply(QueuePairConfig.of(type, other.cq)));
        return new End(other.pd, other.cq, qp, other.memory, other.gid);
    }

    private End end(Context context, GidEntry gid, UnaryOperator<QueuePairConfig> change) {
        ProtectionDomain pd = context.allocateProtectionDomain();
        CompletionChannel channel = channels ? context.createCompletionChannel() : null;
        CompletionQueue cq = context.createCompletionQueue(completions, channel, 0);
        QueuePair qp = pd.createQueuePair(change.apply(QueuePairConfig.of(type, cq)));
        MemoryRegion memory = pd.allocate(memoryBytes, everything(context));
        return new End(pd, cq, qp, memory, gid);
    }

    static int everything(Context context) {
        return AccessFlags.LOCAL_WRITE
                | AccessFlags.REMOTE_READ
                | AccessFlags.REMOTE_WRITE
                | (context.has(Capability.REMOTE_ATOMICS) ? AccessFlags.REMOTE_ATOMIC : 0)
                | (context.has(Capability.MEMORY_WINDOW_TYPE_1) || context.has(Capability.MEMORY_WINDOW_TYPE_2)
                        ? AccessFlags.MEMORY_WINDOW_BIND
                        : 0);
    }

    /** From RESET to INIT. */
    void initialize(End end) {
        QueuePairAttributes attributes = initAttributes(end.context);
        init.accept(attributes);
        end.qp.modify(attributes);
    }

    QueuePairAttributes initAttributes(Context context) {
        QueuePairAttributes attributes = new QueuePairAttributes()
                .state(QueuePairState.INIT)
                .pkeyIndex(0)
                .port(1);
        return switch (type) {
            case UD -> attributes.qkey(QueuePair.DEFAULT_QKEY);
            case UC -> attributes.accessFlags(AccessFlags.REMOTE_WRITE);
            case RC -> attributes.accessFlags(everything(context) & (AccessFlags.REMOTE_ALL | AccessFlags.LOCAL_WRITE));
        };
    }

    /** From INIT to READY_TO_SEND. */
    void ready(End end, QueuePairEndpoint remote) {
        QueuePairAttributes receive = receiveAttributes(end, remote);
        toReceive.accept(receive);
        end.qp.modify(receive);
        QueuePairAttributes send = sendAttributes(end);
        toSend.accept(send);
        end.qp.modify(send);
    }

    QueuePairAttributes receiveAttributes(End end, QueuePairEndpoint remote) {
        QueuePairAttributes attributes = new QueuePairAttributes().state(QueuePairState.READY_TO_RECEIVE);
        if (type != QueuePairType.UD) {
            attributes
                    .addressVector(
                            AddressVector.to(remote.gid(), 1, end.gid.index()).withLid(remote.lid()))
                    .pathMtu(end.context.queryPort(1).activeMtu())
                    .destinationNumber(remote.number())
                    .receivePsn(remote.psn());
        }
        if (type == QueuePairType.RC) {
            attributes.destinationReadDepth(readDepth(end.context)).minRnrTimer(12);
        }
        return attributes;
    }

    QueuePairAttributes sendAttributes(End end) {
        QueuePairAttributes attributes = new QueuePairAttributes()
                .state(QueuePairState.READY_TO_SEND)
                .sendPsn(end.endpoint().psn());
        if (type == QueuePairType.RC) {
            attributes.timeout(14).retryCount(6).rnrRetry(6).readDepth(readDepth(end.context));
        }
        return attributes;
    }

    static int readDepth(Context context) {
        return Math.clamp(context.queryDevice().maxReadAtomicPerQueuePair(), 1, 16);
    }

    /** The channel of an end that was planned with channels. */
    static CompletionChannel channel(End end) {
        @Nullable CompletionChannel channel = end.cq.channel();
        if (channel == null) {
            throw new AssertionError("planned without channels");
        }
        return channel;
    }
}
