package dev.verbena.verbs.rdmacore.ffi;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** Names the C struct a class lays out, so that a test can compare every number with the compiler's. */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.TYPE)
@interface CStruct {
    /** The type as C writes it, for example {@code struct ibv_sge}. */
    String value();

    /** The member that offsets are counted from, or nothing for the start of the struct. */
    String origin() default "";

    /** A constant holds {@code sizeof} of the struct. */
    @Documented
    @Retention(RetentionPolicy.RUNTIME)
    @Target(ElementType.FIELD)
    @interface SizeOf {}

    /** A constant holds {@code offsetof} of a member. */
    @Documented
    @Retention(RetentionPolicy.RUNTIME)
    @Target(ElementType.FIELD)
    @interface Offset {
        /** The member, with dots where it lies in a nested struct. */
        String value();

        /** The member's size in bytes, as the accessors read and write it. */
        int bytes();
    }

    /** A constant holds the value of an enumerator or macro. */
    @Documented
    @Retention(RetentionPolicy.RUNTIME)
    @Target(ElementType.FIELD)
    @interface Value {
        /** The C name; without one, the constant's own name is the C name. */
        String value() default "";
    }
}
