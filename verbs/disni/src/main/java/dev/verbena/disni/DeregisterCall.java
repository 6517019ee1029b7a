package dev.verbena.disni;

import com.ibm.disni.verbs.SVCDeregMr;
import java.io.IOException;

/**
 * Deregisters memory, once.
 *
 * <p>Threading: one thread at a time.
 */
final class DeregisterCall extends SVCDeregMr {
    private final DisniMemoryRegion owner;
    private boolean valid = true;

    DeregisterCall(DisniMemoryRegion owner) {
        this.owner = owner;
    }

    @Override
    public SVCDeregMr execute() throws IOException {
        if (!valid) {
            throw new IOException("this call was freed: prepare another one");
        }
        Failure.requireOpen(owner.isOpen(), owner.region().toString());
        Failure.run(owner.region()::close);
        owner.close();
        return this;
    }

    @Override
    public boolean isValid() {
        return valid;
    }

    @Override
    public SVCDeregMr free() {
        valid = false;
        return this;
    }
}
