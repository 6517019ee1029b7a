package dev.verbena.verbs.rdmacore;

import dev.verbena.verbs.AddressVector;
import dev.verbena.verbs.Gid;
import dev.verbena.verbs.Mtu;
import dev.verbena.verbs.QueuePairAttributes;
import dev.verbena.verbs.QueuePairState;
import dev.verbena.verbs.rdmacore.ffi.IbvAhAttr;
import dev.verbena.verbs.rdmacore.ffi.IbvGlobalRoute;
import dev.verbena.verbs.rdmacore.ffi.IbvQpAttr;
import dev.verbena.verbs.rdmacore.ffi.Memory;

/** Moves queue-pair attributes and addresses between the API's objects and C's structs. The mask bits are the same. */
final class Attributes {
    /** What {@link #read} can read: everything but the alternate path, its migration, and the sizes. */
    static final int READABLE = (QueuePairAttributes.DEST_QPN << 1) - 1
            & ~(QueuePairAttributes.ALT_PATH | QueuePairAttributes.PATH_MIG_STATE | QueuePairAttributes.CAP);

    private Attributes() {}

    /** Writes the attributes of the mask into a zeroed {@code struct ibv_qp_attr}. */
    static void write(long attr, QueuePairAttributes attributes) {
        IbvQpAttr.qpState(attr, attributes.state().code());
        IbvQpAttr.curQpState(attr, attributes.currentState().code());
        IbvQpAttr.pathMtu(attr, attributes.pathMtu().code());
        IbvQpAttr.qkey(attr, attributes.qkey());
        IbvQpAttr.rqPsn(attr, attributes.receivePsn());
        IbvQpAttr.sqPsn(attr, attributes.sendPsn());
        IbvQpAttr.destQpNum(attr, attributes.destinationNumber());
        IbvQpAttr.qpAccessFlags(attr, attributes.accessFlags());
        AddressVector vector = attributes.addressVector();
        if (vector != null) {
            writeAddressVector(IbvQpAttr.ahAttr(attr), vector);
        }
        IbvQpAttr.pkeyIndex(attr, attributes.pkeyIndex());
        IbvQpAttr.enSqdAsyncNotify(attr, attributes.drainedNotify() ? 1 : 0);
        IbvQpAttr.maxRdAtomic(attr, attributes.readDepth());
        IbvQpAttr.maxDestRdAtomic(attr, attributes.destinationReadDepth());
        IbvQpAttr.minRnrTimer(attr, attributes.minRnrTimer());
        IbvQpAttr.portNum(attr, attributes.port());
        IbvQpAttr.timeout(attr, attributes.timeout());
        IbvQpAttr.retryCnt(attr, attributes.retryCount());
        IbvQpAttr.rnrRetry(attr, attributes.rnrRetry());
    }

    /** Reads the attributes of a mask. */
    static QueuePairAttributes read(long attr, int mask) {
        return new QueuePairAttributes()
                .state(QueuePairState.of(IbvQpAttr.qpState(attr)))
                .currentState(QueuePairState.of(IbvQpAttr.curQpState(attr)))
                .pathMtu(Mtu.of(IbvQpAttr.pathMtu(attr)))
                .qkey(IbvQpAttr.qkey(attr))
                .receivePsn(IbvQpAttr.rqPsn(attr))
                .sendPsn(IbvQpAttr.sqPsn(attr))
                .destinationNumber(IbvQpAttr.destQpNum(attr))
                .accessFlags(IbvQpAttr.qpAccessFlags(attr))
                .addressVector(readAddressVector(IbvQpAttr.ahAttr(attr)))
                .pkeyIndex(IbvQpAttr.pkeyIndex(attr))
                .drainedNotify(IbvQpAttr.enSqdAsyncNotify(attr) != 0)
                .readDepth(IbvQpAttr.maxRdAtomic(attr))
                .destinationReadDepth(IbvQpAttr.maxDestRdAtomic(attr))
                .minRnrTimer(IbvQpAttr.minRnrTimer(attr))
                .port(IbvQpAttr.portNum(attr))
                .timeout(IbvQpAttr.timeout(attr))
                .retryCount(IbvQpAttr.retryCnt(attr))
                .rnrRetry(IbvQpAttr.rnrRetry(attr))
                .keeping(mask & READABLE);
    }

    static void writeAddressVector(long attr, AddressVector vector) {
        IbvGlobalRoute.set(
                IbvAhAttr.grh(attr),
                vector.destination().bytes(),
                vector.flowLabel(),
                vector.sourceGidIndex(),
                vector.hopLimit(),
                vector.trafficClass());
        IbvAhAttr.set(
                attr,
                vector.lid(),
                vector.serviceLevel(),
                vector.pathBits(),
                vector.staticRate(),
                vector.global(),
                vector.port());
    }

    static AddressVector readAddressVector(long attr) {
        long grh = IbvAhAttr.grh(attr);
        return new AddressVector(
                IbvAhAttr.portNum(attr),
                IbvAhAttr.isGlobal(attr) != 0,
                Gid.of(Memory.getBytes(IbvGlobalRoute.dgid(grh), 16)),
                IbvGlobalRoute.sgidIndex(grh),
                IbvGlobalRoute.hopLimit(grh),
                IbvGlobalRoute.trafficClass(grh),
                IbvGlobalRoute.flowLabel(grh),
                IbvAhAttr.dlid(attr),
                IbvAhAttr.sl(attr),
                IbvAhAttr.srcPathBits(attr),
                IbvAhAttr.staticRate(attr));
    }
}
