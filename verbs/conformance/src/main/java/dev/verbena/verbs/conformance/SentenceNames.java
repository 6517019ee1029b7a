package dev.verbena.verbs.conformance;

import java.lang.reflect.Method;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.DisplayNameGenerator;

/** Turns {@code aSendArrives} into "a send arrives", and {@code SendReceiveContract} into "SendReceive". */
final class SentenceNames extends DisplayNameGenerator.Standard {
    @Override
    public String generateDisplayNameForClass(Class<?> testClass) {
        return contract(testClass);
    }

    @Override
    public String generateDisplayNameForMethod(
            List<Class<?>> enclosingInstanceTypes, Class<?> testClass, Method testMethod) {
        return sentence(testMethod.getName());
    }

    /** The name of a contract. */
    static String contract(Class<?> testClass) {
        String name = testClass.getSimpleName();
        return name.endsWith("Contract") ? name.substring(0, name.length() - "Contract".length()) : name;
    }

    /** Splits a name in camel case into words. */
    static String sentence(String name) {
        StringBuilder text = new StringBuilder();
        for (int index = 0; index < name.length(); index++) {
            char c = name.charAt(index);
            boolean boundary = index > 0
                    && (Character.isUpperCase(c)
                            || (Character.isDigit(c) && !Character.isDigit(name.charAt(index - 1))));
            if (boundary) {
                text.append(' ');
            }
            text.append(c);
        }
        return text.toString().toLowerCase(Locale.ROOT);
    }
}
