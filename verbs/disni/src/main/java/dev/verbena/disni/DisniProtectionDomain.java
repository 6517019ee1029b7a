package dev.verbena.disni;

import com.ibm.disni.verbs.IbvPd;
import dev.verbena.verbs.AddressHandle;
import dev.verbena.verbs.AddressVector;
import dev.verbena.verbs.MemoryRegion;
import dev.verbena.verbs.ProtectionDomain;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A protection domain as DiSNI sees it.
 *
 * <p>Threading: any thread.
 */
final class DisniProtectionDomain extends IbvPd {
    private static final AtomicInteger NUMBERS = new AtomicInteger();

    private final ProtectionDomain pd;
    private final List<AddressHandle> handles = new ArrayList<>();
    /** Who connects again needs no other handle. */
    private final Map<AddressVector, Integer> numbers = new HashMap<>();

    DisniProtectionDomain(DisniContext context, ProtectionDomain pd) throws IOException {
        super(context);
        this.pd = pd;
        this.handle = NUMBERS.incrementAndGet();
    }

    ProtectionDomain pd() {
        return pd;
    }

    RegisteredBuffer allocate(int lengthBytes, int access) throws IOException {
        MemoryRegion region = Failure.call(() -> pd.allocate(lengthBytes, access));
        return new RegisteredBuffer(region.memory().asByteBuffer(), new DisniMemoryRegion(getContext(), region));
    }

    synchronized DatagramDestination destination(DisniEvent event) throws IOException {
        AddressVector way = event.addressVector();
        if (way == null) {
            throw new IOException(event + " names no way to a peer: that is an ESTABLISHED event of port space UDP");
        }
        Integer known = numbers.get(way);
        if (known == null) {
            handles.add(Failure.call(() -> pd.createAddressHandle(way)));
            // From 1: 0 is what an IbvSendWR has that nobody filled.
            known = handles.size();
            numbers.put(way, known);
        }
        return new DatagramDestination(known, event.queuePairNumber(), event.queueKey());
    }

    synchronized AddressHandle addressHandle(int number) throws IOException {
        if (number < 1 || number > handles.size()) {
            throw new IOException("there is no address handle " + number + ": get one by VerbenaDisni.destination");
        }
        return handles.get(number - 1);
    }

    static DisniProtectionDomain of(IbvPd pd) throws IOException {
        DisniProtectionDomain own = Failure.cast(DisniProtectionDomain.class, pd, "protection domain");
        Failure.requireOpen(own.isOpen(), own.pd.toString());
        return own;
    }
}
