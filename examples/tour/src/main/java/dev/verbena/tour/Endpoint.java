package dev.verbena.tour;

import dev.verbena.connection.QueuePairManager;
import dev.verbena.connection.QueuePairManagerConfig;
import java.net.InetSocketAddress;

/** What the programs of the tour have in common: {@code serve ADDRESS} or {@code ADDRESS ...}, and a choice of provider. */
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

    /** On the provider that {@code -Dprovider=} names, else on an RDMA device if there is one. */
    static QueuePairManager open() {
        String provider = System.getProperty("provider");
        QueuePairManagerConfig config = new QueuePairManagerConfig();
        return QueuePairManager.open(provider == null ? config : config.provider(provider));
    }
}
