package dev.verbena.connection;

import dev.verbena.verbs.Context;
import dev.verbena.verbs.Device;
import dev.verbena.verbs.Verbs;
import dev.verbena.verbs.cm.EventChannel;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.UnknownHostException;

/**
 * The devices that the tests run on: embedded ones, or those that properties name, for example
 * {@code -Dverbena.test.provider=rdma-core -Dverbena.test.client=rxe0,10.7.0.1 -Dverbena.test.server=rxe1,10.7.0.2}.
 *
 * <p>On two real devices each side has its own, so that everything crosses the wire between them.
 */
public enum TestDevices {
    CLIENT("verbena.test.client"),
    SERVER("verbena.test.server");

    private static final String PROVIDER = System.getProperty("verbena.test.provider", "embedded");

    private final String device;
    private final String ip;

    TestDevices(String property) {
        String text = System.getProperty(property, ",127.0.0.1");
        int comma = text.indexOf(',');
        device = text.substring(0, comma);
        ip = text.substring(comma + 1);
    }

    /** Whether there is no device under it, so that what only hardware refuses is refused by us. */
    public static boolean areEmbedded() {
        return PROVIDER.equals("embedded");
    }

    /** How often to do what is done many times: a tenth on real devices, since those of the lab are emulated. */
    public static int rounds(int onEmbedded) {
        return areEmbedded() ? onEmbedded : onEmbedded / 10;
    }

    /** A channel to the provider's connection manager. */
    public static EventChannel openChannel() {
        return EventChannel.open(Verbs.provider(PROVIDER));
    }

    /** A manager's configuration on this side. */
    public QueuePairManagerConfig config() {
        QueuePairManagerConfig config = new QueuePairManagerConfig().provider(PROVIDER);
        return device.isEmpty() ? config : config.device(device).sourceAddress(address());
    }

    /** Opens this side's device. */
    public Context open() {
        for (Device candidate : Verbs.devices(Verbs.provider(PROVIDER))) {
            if (device.isEmpty() || candidate.name().equals(device)) {
                return candidate.open();
            }
        }
        throw new IllegalStateException("provider " + PROVIDER + " has no device " + device);
    }

    /** This side's address. */
    public InetAddress address() {
        try {
            return InetAddress.getByName(ip);
        } catch (UnknownHostException e) {
            throw new UncheckedIOException(e);
        }
    }
}
