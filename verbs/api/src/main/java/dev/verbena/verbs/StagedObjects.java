package dev.verbena.verbs;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The address handles, windows and regions that staged requests point to. Between staging and the doorbell another thread
 * may close one of them.
 *
 * <p>Threading: under the queue pair's gate. Hot path: allocates only while it grows to the largest batch.
 */
final class StagedObjects {
    private @Nullable Object[] objects = new @Nullable Object[4];
    private int size;

    /** Notes the object of a request unless it was refused; answers the same result. */
    @SuppressWarnings("ReferenceEquality") // the same handle again and again is the usual batch
    int add(int result, Object object) {
        if (result < 0 || (size > 0 && objects[size - 1] == object)) {
            return result;
        }
        if (size == objects.length) {
            objects = Arrays.copyOf(objects, 2 * size);
        }
        objects[size++] = object;
        return result;
    }

    void clear() {
        if (size > 0) {
            Arrays.fill(objects, 0, size, null);
            size = 0;
        }
    }

    /** The first that is closed, null when all are open. */
    @Nullable
    String closed() {
        for (int index = 0; index < size; index++) {
            Object object = objects[index];
            boolean open = switch (object) {
                case AddressHandle handle -> handle.isOpen();
                case MemoryWindow window -> window.isOpen();
                case MemoryRegion region -> region.isOpen();
                default -> true;
            };
            if (!open) {
                return object.toString();
            }
        }
        return null;
    }
}
