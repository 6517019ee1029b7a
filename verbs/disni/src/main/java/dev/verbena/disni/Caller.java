package dev.verbena.disni;

import com.ibm.disni.RdmaCqProcessor;
import com.ibm.disni.RdmaEndpoint;

/**
 * Who calls: the program, or a class of DiSNI that stands between. Endpoints wait for the next step of a connection without
 * a bound and never hear of a failure, so for them the step itself waits; a program that reads the events keeps them.
 *
 * <p>Threading: pure functions; not for the hot path.
 */
final class Caller {
    private static final StackWalker STACK = StackWalker.getInstance(StackWalker.Option.RETAIN_CLASS_REFERENCE);
    private static final String OWN = Caller.class.getPackageName();
    private static final String VERBS = "com.ibm.disni.verbs";

    private Caller() {}

    /** Whether an endpoint of DiSNI's takes a step of its connection. */
    static boolean isEndpoint() {
        return first() == RdmaEndpoint.class;
    }

    /** Whether the thread that serves a group of active endpoints is being made. */
    static boolean isCompletionQueueProcessor() {
        return first() == RdmaCqProcessor.class;
    }

    private static Class<?> first() {
        return STACK.walk(frames -> frames.<Class<?>>map(StackWalker.StackFrame::getDeclaringClass)
                .filter(type -> !type.getPackageName().equals(OWN)
                        && !type.getPackageName().equals(VERBS))
                .findFirst()
                .orElse(Object.class));
    }
}
