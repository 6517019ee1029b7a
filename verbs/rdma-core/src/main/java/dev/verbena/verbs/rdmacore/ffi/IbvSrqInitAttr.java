package dev.verbena.verbs.rdmacore.ffi;

/**
 * How {@code ibv_create_srq} is told what to make.
 *
 * <pre>{@code
 * struct ibv_srq_init_attr {
 *        0  void *              srq_context;
 *        8  struct ibv_srq_attr attr;
 * }  size 24
 * }</pre>
 */
@CStruct("struct ibv_srq_init_attr")
public final class IbvSrqInitAttr {
    @CStruct.SizeOf
    public static final int SIZE = 24;

    @CStruct.Offset(value = "srq_context", bytes = 8)
    static final int SRQ_CONTEXT = 0;

    @CStruct.Offset(value = "attr", bytes = 12)
    static final int ATTR = 8;

    private IbvSrqInitAttr() {}

    /** The address of the nested {@code struct ibv_srq_attr}. */
    public static long attr(long attr) {
        return attr + ATTR;
    }
}
