package dev.verbena.verbs.rdmacore;

import dev.verbena.verbs.Errno;
import dev.verbena.verbs.VerbsException;
import dev.verbena.verbs.rdmacore.ffi.Libc;
import dev.verbena.verbs.rdmacore.ffi.Rlimit;
import java.lang.foreign.Arena;
import java.util.Locale;

/** Turns negative errno values into exceptions that say what usually causes them. */
final class Failure {
    private static final long NO_LIMIT = -1;

    private Failure() {}

    /** Returns the value, or throws if it is a negative errno. */
    static int check(String verb, String object, int value, String explanation) {
        if (value < 0) {
            throw of(verb, object, value, explanation);
        }
        return value;
    }

    /** Returns the pointer, or throws if it is a negative errno. */
    static long checkPointer(String verb, String object, long value, String explanation) {
        if (value < 0) {
            throw of(verb, object, value, explanation);
        }
        return value;
    }

    /** The exception for a negative errno. */
    static VerbsException of(String verb, String object, long negativeErrno, String explanation) {
        return new VerbsException(verb, object, (int) -negativeErrno, explanation);
    }

    /** The cause of an object that could not be made. */
    static String ofCreation(long negativeErrno, String limits) {
        return switch ((int) -negativeErrno) {
            case Errno.EINVAL -> "a size is zero or more than the device allows: " + limits;
            case Errno.ENOMEM ->
                "the device has no more of them, or a size is more than it allows: " + limits + memlockHint();
            case Errno.ENOSYS, Errno.EOPNOTSUPP -> "the device's driver has no such verb";
            default -> "";
        };
    }

    /** The cause of a registration that failed. */
    static String ofRegistration(long negativeErrno) {
        return switch ((int) -negativeErrno) {
            case Errno.ENOMEM, Errno.EPERM -> memlockExplanation();
            case Errno.EFAULT -> "the range is not mapped, or it is mapped read-only and LOCAL_WRITE was asked for";
            case Errno.EINVAL ->
                "the access flags, the length or the chosen virtual address are not possible on this"
                        + " device (a chosen address needs the memory's own offset in its page)";
            case Errno.EOPNOTSUPP -> "the device does not support one of the access flags";
            default -> "";
        };
    }

    /** The cause of a close that failed. */
    static String ofClose(long negativeErrno) {
        return -negativeErrno == Errno.EBUSY ? "something made from it, or bound to it, is still open" : "";
    }

    private static String memlockHint() {
        long limit = memlockLimit();
        return limit == NO_LIMIT ? "" : "; the locked-memory limit is " + bytes(limit);
    }

    private static String memlockExplanation() {
        long limit = memlockLimit();
        if (limit == NO_LIMIT) {
            return "the machine has too little memory that can be locked";
        }
        return "the locked-memory limit is " + bytes(limit)
                + ", raise it with `ulimit -l unlimited` (in a container: --ulimit memlock=-1); `./verbena doctor`"
                + " checks the rest";
    }

    /** The limit of locked memory in bytes, or -1 for none. */
    static long memlockLimit() {
        try (Arena arena = Arena.ofConfined()) {
            long rlimit = arena.allocate(Rlimit.SIZE, Long.BYTES).address();
            return Libc.getrlimit(Rlimit.RLIMIT_MEMLOCK, rlimit) < 0 ? NO_LIMIT : Rlimit.rlimCur(rlimit);
        }
    }

    /** A size for a person. */
    static String bytes(long bytes) {
        if (bytes < 1024) {
            return bytes + " B";
        }
        String[] units = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
        double value = bytes / 1024.0;
        int unit = 0;
        while (value >= 1024 && unit < units.length - 1) {
            value /= 1024;
            unit++;
        }
        return String.format(Locale.ROOT, "%.1f %s", value, units[unit]);
    }
}
