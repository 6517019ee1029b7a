package dev.verbena.connection;

import java.util.function.UnaryOperator;

/** The ways to receive that every behaviour has to hold for. */
enum Receiving implements UnaryOperator<QueuePairManagerConfig> {
    /** A connection has receives for 112 messages of its own. */
    OWN,
    /**
     * A loop has so many that one connection alone gets as many as in the other way: its base of 4, and half of what is left
     * when its 10 are spoken for. One message without a receive would end the connection.
     */
    SHARED;

    private static final int RECEIVES = 10 + 2 * (112 - 4);

    /** What a peer may send before it hears anything. */
    int firstCredits() {
        return this == OWN ? 112 : 4;
    }

    @Override
    public QueuePairManagerConfig apply(QueuePairManagerConfig config) {
        return this == OWN ? config : config.sharedReceives(RECEIVES).receiverNotReadyRetries(0);
    }
}
