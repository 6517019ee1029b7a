package dev.verbena.disni;

import com.ibm.disni.util.MemoryAllocation;
import java.util.Arrays;

/** Installs Verbena, then runs the main method of the class that is its first argument. */
final class InstallMain {
    static final String LATE = "late";

    private InstallMain() {}

    public static void main(String[] arguments) throws Exception {
        if (arguments[0].equals(LATE)) {
            useDisni();
        }
        VerbenaDisni.install();
        VerbenaDisni.install();
        VerbenaDisni.requireInPlace();
        Class.forName(arguments[0]).getMethod("main", String[].class).invoke(null, (Object)
                Arrays.copyOfRange(arguments, 1, arguments.length));
    }

    /** Touches DiSNI's own class, which no JVM since 16 lets do its work. */
    private static void useDisni() {
        try {
            MemoryAllocation.getInstance().allocate(64);
        } catch (IllegalAccessError expected) {
            System.out.println(expected.getMessage());
        }
    }
}
