package dev.verbena.softroce;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * A test class that needs Soft-RoCE. It uses the lab that is up, or the machine's own devices; where there is none it is
 * skipped with the reason, or fails when {@code -Dsoft-roce=required}.
 *
 * <p>Its methods and constructors may have parameters of type {@link SoftRoceLab} and {@link SoftRocePeers}. The peers'
 * containers are started once and shared by all such classes of a run. After each test, the commands
 * it left running in them are killed; after the class, those of {@code @BeforeAll}.
 */
@Documented
@Inherited
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@ExtendWith(SoftRoceExtension.class)
public @interface SoftRoceTest {
    /**
     * Whether the class disturbs the link by {@link LabLink}. Then it waits until no other run uses the lab, and others
     * wait for it; at its end the link is healed.
     */
    boolean disturbsLink() default false;
}
