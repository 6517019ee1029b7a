package dev.verbena.verbs;

/**
 * What a device can do beyond the rules that every device follows. A provider declares the set of a context once, when
 * the context is opened; asking for something outside the set throws a {@link VerbsException} that names the capability.
 *
 * <p>Threading: immutable.
 */
public enum Capability {
    /** Reliable connected queue pairs. */
    RELIABLE_CONNECTED("reliable connected (RC) queue pairs"),
    /** Unreliable connected queue pairs. */
    UNRELIABLE_CONNECTED("unreliable connected (UC) queue pairs"),
    /** Unreliable datagram queue pairs. */
    UNRELIABLE_DATAGRAM("unreliable datagram (UD) queue pairs"),
    /** Compare-and-swap and fetch-and-add on remote memory. */
    REMOTE_ATOMICS("remote atomics"),
    /** Remote atomics that are atomic against the target's own processor too. */
    ATOMICS_WITH_CPU("remote atomics that are atomic against the target's own processor"),
    /** Remote atomics on memory that was registered, not only on memory that the provider allocated. */
    ATOMICS_ON_REGISTERED_MEMORY("remote atomics on memory that it did not allocate"),
    /** Shared receive queues. */
    SHARED_RECEIVE_QUEUE("shared receive queues"),
    /** Type 1 memory windows. */
    MEMORY_WINDOW_TYPE_1("type 1 memory windows"),
    /** Type 2 memory windows: bound through a queue pair, invalidated by LOCAL_INV and SEND_WITH_INV. */
    MEMORY_WINDOW_TYPE_2("type 2 memory windows"),
    /** Memory-window bounds are enforced, not only those of the region behind the window. */
    MEMORY_WINDOW_BOUNDS("enforced memory-window bounds"),
    /** LOCAL_INV of a memory region's key, not only of a type 2 window's. */
    LOCAL_INVALIDATE_REGION("LOCAL_INV of memory regions"),
    /** Multicast groups. */
    MULTICAST("multicast groups"),
    /** Resizing of completion queues. */
    RESIZE_COMPLETION_QUEUE("resizing of completion queues"),
    /** Modification of a shared receive queue's size. */
    RESIZE_SHARED_RECEIVE_QUEUE("resizing of shared receive queues"),
    /** On-demand paging. */
    ON_DEMAND_PAGING("on-demand paging"),
    /** Relaxed ordering access flag (a hint; accepted and ignored by devices without it). */
    RELAXED_ORDERING("relaxed ordering"),
    /** Registration at a virtual address other than the memory's own (zero based or chosen IOVA). */
    CHOSEN_VIRTUAL_ADDRESS("registration at a chosen virtual address"),
    /** The send queue error state SQE is entered after a failed send on UC and UD. */
    SEND_QUEUE_ERROR_STATE("the send queue error state"),
    /** The last-WQE-reached event of a queue pair on a shared receive queue. */
    LAST_WQE_REACHED("the last-WQE-reached event"),
    /** The port's largest message size is enforced. */
    MAX_MESSAGE_ENFORCED("an enforced largest message size"),
    /** Requests held back while the send queue was drained go on by themselves in READY_TO_SEND, not with the next post. */
    RESUMES_AFTER_DRAINING("a send queue that goes on by itself after draining"),
    /** A queue key with its highest bit set, in a datagram's request, means that of the sending queue pair. */
    OWN_QUEUE_KEY("queue keys that mean the sender's own"),
    /** Every failure has the status that the specification names for it, not only some error status. */
    EXACT_ERROR_STATUS("the specification's exact status for every failure"),
    /** A send slot is freed only when its completion, or a later one, has been polled. */
    SEND_SLOTS_FREED_BY_POLLING("send slots freed by polling only");

    private final String text;

    Capability(String text) {
        this.text = text;
    }

    /** What it is in plain words, for an error or a list. */
    public String text() {
        return text;
    }
}
