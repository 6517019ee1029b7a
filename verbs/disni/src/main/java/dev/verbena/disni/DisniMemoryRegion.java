package dev.verbena.disni;

import com.ibm.disni.verbs.IbvContext;
import com.ibm.disni.verbs.IbvMr;
import dev.verbena.verbs.MemoryRegion;
import java.io.IOException;

/**
 * A memory region as DiSNI sees it. The region holds its buffer, so the memory lives until it is deregistered, whatever the
 * program forgets.
 *
 * <p>Threading: any thread.
 */
final class DisniMemoryRegion extends IbvMr {
    private final MemoryRegion region;

    DisniMemoryRegion(IbvContext context, MemoryRegion region) throws IOException {
        super(
                context,
                region.address(),
                (int) region.lengthBytes(),
                region.access(),
                region.lkey(),
                region.rkey(),
                region.lkey());
        this.region = region;
    }

    MemoryRegion region() {
        return region;
    }

    static DisniMemoryRegion of(IbvMr mr) throws IOException {
        return Failure.cast(DisniMemoryRegion.class, mr, "memory region");
    }
}
