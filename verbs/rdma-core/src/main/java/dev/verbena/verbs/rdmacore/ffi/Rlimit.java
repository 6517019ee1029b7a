package dev.verbena.verbs.rdmacore.ffi;

/**
 * A resource's soft and hard limit; -1 is no limit.
 *
 * <pre>{@code
 * struct rlimit {
 *        0  rlim_t rlim_cur;
 *        8  rlim_t rlim_max;
 * }  size 16
 * }</pre>
 */
@CStruct("struct rlimit")
public final class Rlimit {
    @CStruct.SizeOf
    public static final int SIZE = 16;

    @CStruct.Offset(value = "rlim_cur", bytes = 8)
    static final int RLIM_CUR = 0;

    @CStruct.Offset(value = "rlim_max", bytes = 8)
    static final int RLIM_MAX = 8;

    @CStruct.Value
    public static final int RLIMIT_MEMLOCK = 8;

    private Rlimit() {}

    public static long rlimCur(long rlimit) {
        return Memory.getLong(rlimit + RLIM_CUR);
    }

    public static long rlimMax(long rlimit) {
        return Memory.getLong(rlimit + RLIM_MAX);
    }
}
