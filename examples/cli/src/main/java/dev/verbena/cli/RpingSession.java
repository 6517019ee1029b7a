package dev.verbena.cli;

import dev.verbena.cli.CmServer.Incoming;
import dev.verbena.verbs.cm.ConnectionParameters;
import dev.verbena.verbs.spi.VerbsProvider;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One client of the rping(1) server: READs what it shows and WRITEs it back, until it leaves.
 *
 * <p>Threading: runs on a thread of its own.
 */
final class RpingSession implements Runnable {
    private final VerbsProvider provider;
    private final Incoming client;
    private final boolean validate;
    private final Duration timeout;
    private final Consumer<String> onData;
    private final RpingRounds rounds;
    private volatile @Nullable Failure failure;

    RpingSession(
            VerbsProvider provider,
            Incoming client,
            boolean validate,
            Duration timeout,
            Consumer<String> onData,
            RpingRounds rounds) {
        this.provider = provider;
        this.client = client;
        this.validate = validate;
        this.timeout = timeout;
        this.onData = onData;
        this.rounds = rounds;
    }

    String peer() {
        return client.peer();
    }

    /** Why it ended; null when the client left between two rounds. */
    @Nullable
    Failure failure() {
        return failure;
    }

    @Override
    public void run() {
        try (client;
                RpingLink link =
                        new RpingLink(provider, client.deviceName(), RpingText.BYTES_MAX + 1, client, timeout)) {
            client.id().attach(link.endpoint().qp());
            link.postReceives();
            client.id().accept(ConnectionParameters.DEFAULT);
            for (int round = 0; playRound(link, round); round++) {
                // the next one
            }
        } catch (InterruptedException | RuntimeException e) {
            failure = Failure.of(e);
        }
    }

    private boolean playRound(RpingLink link, int round) throws InterruptedException {
        RpingInfo source;
        try {
            source = link.receive("the client's source in round " + round);
        } catch (Failure e) {
            if (e.code() == Failure.Code.PEER_LOST && client.lost() != null) {
                return false;
            }
            throw e;
        }
        long start = System.nanoTime();
        int bytes = source.lengthBytes();
        if (bytes < 1 || bytes > RpingText.BYTES_MAX + 1) {
            throw new Failure(Failure.Code.FAILED, peer() + " shows " + Integer.toUnsignedString(bytes) + " bytes");
        }
        link.read(source);
        onData.accept(RpingText.show(link.data(), bytes));
        if (validate) {
            compare(link.data(), bytes, round);
        }
        link.send(new RpingInfo(0, 0, 0), "the word that the READ is done");
        RpingInfo sink = link.receive("the client's sink in round " + round);
        int answer = RpingText.length(link.data(), bytes);
        if (answer > sink.lengthBytes()) {
            throw new Failure(
                    Failure.Code.FAILED,
                    peer() + " has room for " + sink.lengthBytes() + " bytes, " + answer + " are to be written");
        }
        link.write(sink, answer);
        link.send(new RpingInfo(0, 0, 0), "the word that the WRITE is done");
        rounds.done(bytes, System.nanoTime() - start);
        return true;
    }

    private static void compare(MemorySegment data, int bytes, int round) {
        long mismatch = MemorySegment.ofArray(RpingText.of(round, bytes)).mismatch(data.asSlice(0, bytes));
        if (mismatch >= 0) {
            throw new Failure(
                    Failure.Code.NOT_VERIFIED, "round " + round + ": byte " + mismatch + " is not what rping sends");
        }
    }
}
