package dev.verbena.connection;

import java.net.InetSocketAddress;

/**
 * Takes connections at an address.
 *
 * <p>Threading: any thread.
 */
public final class Listener implements AutoCloseable {
    private final ConnectionManagerThread cm;
    private final ConnectionManagerThread.Listening listening;

    Listener(ConnectionManagerThread cm, ConnectionManagerThread.Listening listening) {
        this.cm = cm;
        this.listening = listening;
    }

    /** Where it listens, with the port that was picked. */
    public InetSocketAddress address() {
        return listening.address();
    }

    /** Takes no more connections; those that there are stay. Idempotent. */
    @Override
    public void close() {
        cm.stopListening(listening);
    }

    @Override
    public String toString() {
        return "listener at " + address();
    }
}
