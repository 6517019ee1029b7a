package dev.verbena.verbs.embedded;

import dev.verbena.verbs.Errno;
import dev.verbena.verbs.Gid;
import dev.verbena.verbs.VerbsException;
import java.lang.invoke.VarHandle;
import java.util.function.IntConsumer;

/**
 * Which queue pairs of a process have joined which multicast groups: a table in its control segment, which senders read.
 *
 * <p>Threading: any thread.
 */
final class MulticastGroups {
    private final long control;
    private int highWater;

    MulticastGroups(long control) {
        this.control = control;
    }

    /** Whether a GID names a group: ff00::/8, or 224.0.0.0/4 mapped. */
    static boolean isGroup(Gid gid) {
        return gid.isIpv4Mapped() ? (gid.low() >>> 28 & 0xf) == 0xe : gid.high() >>> 56 == 0xff;
    }

    /** Adds a member, which may be one already. */
    synchronized void attach(Gid group, int number, String device) {
        int free = -1;
        for (int index = 0; index < highWater; index++) {
            if (isMember(index, group, number)) {
                return;
            }
            if (free < 0 && Memory.getInt(entry(index) + Layout.MEMBER_NUMBER) == 0) {
                free = index;
            }
        }
        if (free < 0) {
            if (highWater == Layout.MEMBERS_MAX) {
                throw new VerbsException(
                        "ibv_attach_mcast",
                        device + " to " + group,
                        Errno.ENOMEM,
                        "a process has at most " + Layout.MEMBERS_MAX + " memberships");
            }
            free = highWater;
        }
        write(free, group, number);
        if (free == highWater) {
            highWater++;
            Memory.putIntRelease(control + Layout.MEMBER_HIGH_WATER, highWater);
        }
    }

    /** Refuses what a queue pair in its state cannot do, and what is no group. */
    static void require(boolean able, String verb, String device, Gid group) {
        if (!able || !isGroup(group)) {
            throw new VerbsException(
                    verb,
                    device + " with " + group,
                    Errno.EINVAL,
                    "the queue pair is not UD, is in RESET, or the GID is not a multicast address");
        }
    }

    /** Removes a member. */
    synchronized void detach(Gid group, int number, String device) {
        for (int index = 0; index < highWater; index++) {
            if (isMember(index, group, number)) {
                write(index, Gid.ZERO, 0);
                return;
            }
        }
        throw new VerbsException("ibv_detach_mcast", device + " from " + group, Errno.EINVAL, "it is no member");
    }

    /** Removes a queue pair from every group. */
    synchronized void detachAll(int number) {
        for (int index = 0; index < highWater; index++) {
            if (Memory.getInt(entry(index) + Layout.MEMBER_NUMBER) == number) {
                write(index, Gid.ZERO, 0);
            }
        }
    }

    /** Tells the members of a group in a process' control segment. Everything read there is checked. */
    static void members(long control, Gid group, IntConsumer member) {
        int count = Math.clamp(Memory.getIntAcquire(control + Layout.MEMBER_HIGH_WATER), 0, Layout.MEMBERS_MAX);
        for (int index = 0; index < count; index++) {
            long entry = Layout.member(control, index);
            int life = Memory.getIntAcquire(entry + Layout.MEMBER_LIFE);
            int number = Memory.getInt(entry + Layout.MEMBER_NUMBER);
            boolean same = Memory.getLong(entry + Layout.MEMBER_GROUP_HIGH) == group.high()
                    && Memory.getLong(entry + Layout.MEMBER_GROUP_LOW) == group.low();
            VarHandle.acquireFence();
            if (number != 0 && same && (life & 1) == 0 && Memory.getInt(entry + Layout.MEMBER_LIFE) == life) {
                member.accept(number);
            }
        }
    }

    private long entry(int index) {
        return Layout.member(control, index);
    }

    private boolean isMember(int index, Gid group, int number) {
        long entry = entry(index);
        return Memory.getInt(entry + Layout.MEMBER_NUMBER) == number
                && Memory.getLong(entry + Layout.MEMBER_GROUP_HIGH) == group.high()
                && Memory.getLong(entry + Layout.MEMBER_GROUP_LOW) == group.low();
    }

    private void write(int index, Gid group, int number) {
        long entry = entry(index);
        int life = Memory.getInt(entry + Layout.MEMBER_LIFE);
        Memory.putInt(entry + Layout.MEMBER_LIFE, life + 1);
        VarHandle.releaseFence();
        Memory.putInt(entry + Layout.MEMBER_NUMBER, number);
        Memory.putLong(entry + Layout.MEMBER_GROUP_HIGH, group.high());
        Memory.putLong(entry + Layout.MEMBER_GROUP_LOW, group.low());
        Memory.putIntRelease(entry + Layout.MEMBER_LIFE, life + 2);
    }
}
