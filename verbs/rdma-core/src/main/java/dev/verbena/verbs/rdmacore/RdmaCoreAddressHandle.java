package dev.verbena.verbs.rdmacore;

import dev.verbena.verbs.rdmacore.ffi.Ibverbs;
import dev.verbena.verbs.spi.AddressHandleDriver;

/** An address handle. */
final class RdmaCoreAddressHandle implements AddressHandleDriver {
    private final String device;
    private final long ah;

    RdmaCoreAddressHandle(String device, long ah) {
        this.device = device;
        this.ah = ah;
    }

    long address() {
        return ah;
    }

    @Override
    public void close() {
        Failure.check("ibv_destroy_ah", "address handle of " + device, Ibverbs.ibv_destroy_ah(ah), "");
    }
}
