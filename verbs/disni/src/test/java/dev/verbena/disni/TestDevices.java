package dev.verbena.disni;

import java.net.InetSocketAddress;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Where the two sides of a test are: on the embedded provider, or, given as DEVICE,ADDRESS by {@code verbena.test.client} and
 * {@code verbena.test.server}, on two devices of {@code verbena.test.provider}.
 */
final class TestDevices {
    private static final AtomicInteger NEXT_PORT =
            new AtomicInteger(22_000 + (int) (ProcessHandle.current().pid() % 1_000) * 30);

    static {
        // DiSNI tells every step of every connection.
        System.setProperty("org.slf4j.simpleLogger.log.com.ibm.disni", "warn");
        System.setProperty("verbena.disni.provider", provider());
        if (System.getProperty("verbena.test.client") != null) {
            System.setProperty("verbena.disni.source", address("client"));
        }
        VerbenaDisni.install();
    }

    private TestDevices() {}

    static String provider() {
        return System.getProperty("verbena.test.provider", "embedded");
    }

    static String server() {
        return address("server");
    }

    private static String address(String side) {
        String value = System.getProperty("verbena.test." + side, "embedded0,127.0.0.1");
        return value.substring(value.indexOf(',') + 1);
    }

    /** The server's address with a port that no other test has. */
    static InetSocketAddress fresh() {
        return new InetSocketAddress(server(), NEXT_PORT.getAndIncrement());
    }
}
