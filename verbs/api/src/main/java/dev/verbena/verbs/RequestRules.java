package dev.verbena.verbs;

import org.jspecify.annotations.Nullable;

/**
 * What is checked of a request before it reaches a provider: everything that a device's library would follow blindly.
 * Refusals are exceptions, since only a mistake of the program leads to them.
 *
 * <p>Threading: under the queue pair's gate. Hot path.
 */
final class RequestRules {
    private final ProtectionDomain pd;
    private final QueuePairType type;
    private final int opcodes;
    private final int entriesMax;
    private final int inlineMax;
    private @Nullable MemoryRegion lastInline;

    RequestRules(ProtectionDomain pd, QueuePairType type, int entriesMax, int inlineMax) {
        this.pd = pd;
        this.type = type;
        this.entriesMax = entriesMax;
        this.inlineMax = inlineMax;
        int allowed = 0;
        for (int opcode = 0; opcode < Integer.SIZE; opcode++) {
            allowed |= type.allows(opcode) ? 1 << opcode : 0;
        }
        this.opcodes = allowed;
    }

    /** The operation fits the type, the flags are known and fit the operation. */
    void checkRequest(int opcode, int flags) {
        if ((opcodes & (1 << opcode)) == 0) {
            throw new IllegalArgumentException(
                    Opcode.name(opcode) + " is not an operation of a " + type + " queue pair");
        }
        if ((flags & ~SendFlags.KNOWN) != 0) {
            throw new IllegalArgumentException("unknown send flags 0x" + Integer.toHexString(flags));
        }
        if ((flags & SendFlags.INLINE) != 0 && opcode > Opcode.SEND_WITH_IMM && opcode != Opcode.SEND_WITH_INV) {
            throw new IllegalArgumentException(Opcode.name(opcode) + " carries no payload that could be inline");
        }
    }

    /** The queue pair has a peer, so that no address handle is needed. */
    void checkConnected(int opcode) {
        if (type == QueuePairType.UD) {
            throw new IllegalArgumentException(
                    Opcode.name(opcode) + " on a UD queue pair needs an address handle: use postDatagram");
        }
    }

    /** The queue pair sends datagrams, and the way is open and its own. */
    void checkDatagram(AddressHandle handle) {
        if (type != QueuePairType.UD) {
            throw new IllegalArgumentException("datagrams need a UD queue pair, this one is " + type);
        }
        if (!handle.isOpen()) {
            throw new IllegalStateException(handle + " is closed");
        }
        if (handle.protectionDomain() != pd) {
            throw new IllegalArgumentException(handle + " belongs to another protection domain");
        }
    }

    /** Window and region are open and of one domain, and the range lies in the region. */
    void checkBind(MemoryWindow window, MemoryRegion region, long address, long lengthBytes) {
        if (!window.isOpen() || !region.isOpen()) {
            throw new IllegalStateException((window.isOpen() ? region : window) + " is closed");
        }
        if (window.protectionDomain() != pd || region.protectionDomain() != pd) {
            throw new IllegalArgumentException("window and region must be of the queue pair's protection domain");
        }
        if (lengthBytes < 0 || !region.covers(address, lengthBytes)) {
            throw new IllegalArgumentException(
                    String.format("%,d bytes at 0x%x do not lie in %s", lengthBytes, address, region));
        }
    }

    /** One buffer: its length, and when inline its place. */
    void checkBuffer(long address, int lengthBytes, int flags) {
        checkLength(lengthBytes);
        if (entriesMax == 0) {
            throw new IllegalArgumentException("the queue was made for requests without payload");
        }
        if ((flags & SendFlags.INLINE) != 0) {
            checkInlineLength(lengthBytes);
            checkInline(address, lengthBytes);
        }
    }

    /** Several buffers: their number, and when inline their sum and places. */
    void checkList(ScatterGatherList list, int flags) {
        checkEntries(list, entriesMax);
        if ((flags & SendFlags.INLINE) != 0) {
            checkInlineLength(list.totalBytes());
            for (int index = 0; index < list.size(); index++) {
                checkInline(list.address(index), list.lengthBytes(index));
            }
        }
    }

    static void checkLength(int lengthBytes) {
        if (lengthBytes < 0) {
            throw new IllegalArgumentException("length " + lengthBytes);
        }
    }

    static void checkEntries(ScatterGatherList list, int max) {
        if (list.size() > max) {
            throw new IllegalArgumentException(
                    list.size() + " entries, the queue was made for " + max + ": see QueuePairConfig.entries");
        }
    }

    private void checkInlineLength(long bytes) {
        if (bytes > inlineMax) {
            throw new IllegalArgumentException(bytes + " inline bytes, the queue pair takes " + inlineMax
                    + ": see QueuePairConfig.inlineBytes, or post without INLINE");
        }
    }

    /** The library copies inline payloads from the raw address; outside an open region that could end the JVM. */
    private void checkInline(long address, int lengthBytes) {
        MemoryRegion last = lastInline;
        if (lengthBytes == 0 || (last != null && last.isOpen() && last.covers(address, lengthBytes))) {
            return;
        }
        MemoryRegion found = pd.regions().find(address, lengthBytes);
        if (found == null) {
            throw new IllegalArgumentException(String.format(
                    "%,d inline bytes at 0x%x do not lie in an open memory region of this protection domain",
                    lengthBytes, address));
        }
        lastInline = found;
    }
}
