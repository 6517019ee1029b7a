package com.ibm.net.rdma.jverbs.verbs;

import dev.verbena.jverbs.Failures;
import dev.verbena.verbs.ScatterGatherList;
import java.util.List;

/**
 * The memory of a prepared request: one piece as three numbers, which is the fast way, any other number as a list.
 *
 * <p>Threading: immutable.
 */
final class Pieces {
    final boolean single;
    final long address;
    final int length;
    final int localKey;
    final ScatterGatherList list;

    /**
     * A copy of what the elements say now.
     *
     * @throws IllegalArgumentException on a null, and on a negative length
     */
    Pieces(List<ScatterGatherElement> elements) {
        list = new ScatterGatherList(
                Math.max(1, Failures.present(elements, "list of elements").size()));
        for (ScatterGatherElement element : elements) {
            Failures.present(element, "element");
            list.add(element.getAddress(), element.getLength(), element.getLocalKey());
        }
        single = list.size() == 1;
        address = single ? list.address(0) : 0;
        length = single ? list.lengthBytes(0) : 0;
        localKey = single ? list.lkey(0) : 0;
    }
}
