package dev.verbena.memory;

import dev.verbena.connection.TestDevices;
import dev.verbena.verbs.AccessFlags;
import dev.verbena.verbs.Context;
import dev.verbena.verbs.ProtectionDomain;

/** A device with pools, for tests. */
public final class RegisteredMemory implements AutoCloseable {
    private final Context context = TestDevices.SERVER.open();
    public final ProtectionDomain pd = context.allocateProtectionDomain();
    public final LockedMemoryBudget budget;
    public final RegisteredPool local;
    public final RegisteredPool readable;

    public RegisteredMemory(long budgetBytes) {
        budget = new LockedMemoryBudget(context.device().toString(), budgetBytes);
        local = new RegisteredPool(pd, budget, AccessFlags.LOCAL_WRITE);
        readable = new RegisteredPool(pd, budget, AccessFlags.LOCAL_WRITE | AccessFlags.REMOTE_READ);
    }

    @Override
    public void close() {
        local.close();
        readable.close();
        context.close();
    }
}
