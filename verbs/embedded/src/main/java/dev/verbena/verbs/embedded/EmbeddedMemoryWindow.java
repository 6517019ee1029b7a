package dev.verbena.verbs.embedded;

import dev.verbena.verbs.AccessFlags;
import dev.verbena.verbs.spi.MemoryWindowDriver;
import org.jspecify.annotations.Nullable;

/**
 * A memory window: an index in the table of keys, which leads to a part of a region while it is bound.
 *
 * <p>Threading: binding under the guard of the queue pair that binds; guarded by this object's monitor.
 */
final class EmbeddedMemoryWindow implements MemoryWindowDriver {
    private final Node node;
    private final int domain;
    private final int type;
    private int key;
    private @Nullable EmbeddedMemoryRegion region;

    EmbeddedMemoryWindow(Node node, int domain, int type, String object) {
        this.node = node;
        this.domain = domain;
        this.type = type;
        this.key = node.keys().allocateForWindow("ibv_alloc_mw", object);
    }

    int type() {
        return type;
    }

    @Override
    public synchronized int rkey() {
        return key;
    }

    synchronized boolean isBound() {
        return node.keys().isValid(key);
    }

    /** The key of the next binding; 0 when the program's choice is not one of this window's, or is the present one. */
    synchronized int nextKey(int wanted) {
        if (type == 1) {
            return node.keys().renew(key);
        }
        boolean own = (wanted & ~0xff) == (key & ~0xff) && wanted != key;
        return own ? wanted : 0;
    }

    /** Binds it; false when it is a bound one of type 2, which has to be invalidated first. */
    synchronized boolean bind(
            int newKey,
            EmbeddedMemoryRegion to,
            long offset,
            long address,
            long lengthBytes,
            int access,
            int queuePair) {
        if (isBound()) {
            if (type == 2) {
                return false;
            }
            revoke();
        }
        long iova = (access & AccessFlags.ZERO_BASED) != 0 ? 0 : address;
        key = newKey;
        region = to;
        to.addWindow(this);
        node.keys()
                .publish(newKey, to.window(offset, iova, lengthBytes, access, domain, type == 2 ? queuePair : 0, type));
        return true;
    }

    /** Unbinds it; it has a new key then. */
    synchronized void unbind(int newKey) {
        revoke();
        key = newKey;
    }

    private void revoke() {
        node.keys().revoke(key);
        boolean _ = node.awaitOutside();
        if (region != null) {
            region.removeWindow(this);
            region = null;
        }
    }

    @Override
    public synchronized void close() {
        revoke();
        node.keys().release(key);
    }
}
