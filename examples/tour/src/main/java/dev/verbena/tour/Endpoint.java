package dev.verbena.tour;

import dev.verbena.connection.QueuePairManager;
import dev.verbena.connection.QueuePairManagerConfig;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;

/** What the programs of the tour have in common: {@code serve ADDRESS} or {@code ADDRESS ...}, and a choice of device. */
final class Endpoint {
    private Endpoint() {}

    /** {@code host:port}. */
    static InetSocketAddress address(String text) {
        int colon = text.lastIndexOf(':');
        if (colon < 1) {
            throw new IllegalArgumentException(text + " is no address: give HOST:PORT");
        }
        return new InetSocketAddress(text.substring(0, colon), Integer.parseInt(text.substring(colon + 1)));
    }

    /** On what {@code -Dprovider=}, {@code -Ddevice=} and {@code -Dsource=ADDRESS} say, else on an RDMA device if there is one. */
    static QueuePairManager open() throws UnknownHostException {
        QueuePairManagerConfig config = new QueuePairManagerConfig();
        String provider = System.getProperty("provider");
        if (provider != null) {
            config = config.provider(provider);
        }
        String device = System.getProperty("device");
        if (device != null) {
            config = config.device(device);
        }
        String source = System.getProperty("source");
        if (source != null) {
            config = config.sourceAddress(InetAddress.getByName(source));
        }
        return QueuePairManager.open(config);
    }
}
