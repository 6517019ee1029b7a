package dev.verbena.verbs.rdmacore.ffi;

/** The errno values (asm-generic, the same on amd64 and aarch64) that this provider reacts to. */
public final class Errno {
    @CStruct.Value
    public static final int EPERM = 1;

    @CStruct.Value
    public static final int ENOENT = 2;

    @CStruct.Value
    public static final int EINTR = 4;

    @CStruct.Value
    public static final int EIO = 5;

    @CStruct.Value
    public static final int EAGAIN = 11;

    @CStruct.Value
    public static final int ENOMEM = 12;

    @CStruct.Value
    public static final int EACCES = 13;

    @CStruct.Value
    public static final int EFAULT = 14;

    @CStruct.Value
    public static final int EBUSY = 16;

    @CStruct.Value
    public static final int ENODEV = 19;

    @CStruct.Value
    public static final int EINVAL = 22;

    @CStruct.Value
    public static final int EMFILE = 24;

    @CStruct.Value
    public static final int ENOSPC = 28;

    @CStruct.Value
    public static final int ENOSYS = 38;

    @CStruct.Value
    public static final int ENODATA = 61;

    @CStruct.Value
    public static final int EOPNOTSUPP = 95;

    @CStruct.Value
    public static final int EADDRINUSE = 98;

    @CStruct.Value
    public static final int EADDRNOTAVAIL = 99;

    @CStruct.Value
    public static final int ETIMEDOUT = 110;

    private Errno() {}
}
