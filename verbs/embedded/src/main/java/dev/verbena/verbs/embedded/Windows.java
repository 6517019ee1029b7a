package dev.verbena.verbs.embedded;

import dev.verbena.verbs.AccessFlags;
import dev.verbena.verbs.Opcode;

/**
 * Executes what a queue pair does to memory windows of its own side: BIND_MW and LOCAL_INV. A key that was taken back is
 * used by nobody any more when the request completes.
 *
 * <p>Threading: under the queue pair's guard, outside any access.
 */
final class Windows {
    private Windows() {}

    static int execute(EmbeddedQueuePair qp, Node node, SendQueue sends) {
        return sends.opcode() == Opcode.LOCAL_INV ? invalidate(qp, node, sends.rkeyOrQkey()) : bind(qp, sends);
    }

    private static int invalidate(EmbeddedQueuePair qp, Node node, int key) {
        long entry = Layout.region(node.control(), key);
        boolean mine = node.keys().isValid(key)
                && Memory.getInt(entry + Layout.REGION_WINDOW) == 2
                && Memory.getInt(entry + Layout.REGION_QUEUE_PAIR) == qp.number()
                && Memory.compareAndSetInt(entry + Layout.REGION_KEY, key, 0);
        if (!mine) {
            return WorkCompletionRecord.LOC_QP_OP_ERR;
        }
        boolean _ = node.awaitOutside();
        return WorkCompletionRecord.SUCCESS;
    }

    private static int bind(EmbeddedQueuePair qp, SendQueue sends) {
        if (!(sends.object() instanceof EmbeddedMemoryWindow window)) {
            return WorkCompletionRecord.MW_BIND_ERR;
        }
        EmbeddedMemoryRegion region = sends.region() instanceof EmbeddedMemoryRegion bound ? bound : null;
        int access = (int) sends.swap();
        long lengthBytes = sends.compareOrAdd();
        int key = window.nextKey(sends.immediateOrKey());
        boolean zero = lengthBytes == 0;
        if (zero && window.type() == 1) {
            window.unbind(key);
            return WorkCompletionRecord.SUCCESS;
        }
        if (zero || key == 0 || region == null || !allowed(region, access) || !region.isValid()) {
            return WorkCompletionRecord.MW_BIND_ERR;
        }
        long offset = sends.remoteAddress() - region.iova();
        if (offset < 0 || lengthBytes > region.lengthBytes() || offset > region.lengthBytes() - lengthBytes) {
            return WorkCompletionRecord.MW_BIND_ERR;
        }
        if (!window.bind(key, region, offset, sends.remoteAddress(), lengthBytes, access, qp.number())) {
            return WorkCompletionRecord.MW_BIND_ERR;
        }
        return WorkCompletionRecord.SUCCESS;
    }

    private static boolean allowed(EmbeddedMemoryRegion region, int window) {
        boolean atomics = (window & AccessFlags.REMOTE_ATOMIC) != 0;
        boolean writes = atomics || (window & AccessFlags.REMOTE_WRITE) != 0;
        return (region.access() & AccessFlags.MEMORY_WINDOW_BIND) != 0
                && (!writes || (region.access() & AccessFlags.LOCAL_WRITE) != 0)
                && (!atomics || region.isShared());
    }
}
