package dev.verbena.disni;

import com.ibm.disni.verbs.IbvMr;
import com.ibm.disni.verbs.SVCRegMr;
import dev.verbena.verbs.MemoryRegion;
import dev.verbena.verbs.ProtectionDomain;
import java.io.IOException;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Registers memory; every execution makes a region of its own.
 *
 * <p>Threading: one thread at a time.
 */
final class RegisterCall extends SVCRegMr {
    private final DisniProtectionDomain owner;
    private final Function<ProtectionDomain, MemoryRegion> register;
    private @Nullable IbvMr region;
    private boolean valid = true;

    RegisterCall(DisniProtectionDomain owner, Function<ProtectionDomain, MemoryRegion> register) {
        this.owner = owner;
        this.register = register;
    }

    @Override
    public SVCRegMr execute() throws IOException {
        if (!valid || !owner.isOpen()) {
            throw new IOException(valid ? owner.pd() + " is closed" : "this call was freed: prepare another one");
        }
        region = new DisniMemoryRegion(
                owner.getContext(), Failure.call(() -> Abandoned.make(() -> register.apply(owner.pd()))));
        return this;
    }

    /** The region of the last execution; null before the first, as in DiSNI. */
    @Override
    public @Nullable IbvMr getMr() {
        return region;
    }

    @Override
    public boolean isValid() {
        return valid;
    }

    @Override
    public SVCRegMr free() {
        valid = false;
        return this;
    }
}
