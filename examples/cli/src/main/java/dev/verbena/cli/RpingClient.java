package dev.verbena.cli;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.verbena.verbs.MemoryRegion;
import dev.verbena.verbs.cm.ConnectionParameters;
import dev.verbena.verbs.spi.VerbsProvider;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.function.Consumer;

/**
 * The client of rping(1): shows its text to the server, which READs it and WRITEs it back.
 *
 * <p>Threading: one thread.
 */
final class RpingClient {
    private final int bytes;
    private final int count;
    private final boolean validate;
    private final Consumer<String> onData;
    private final RpingRounds rounds;

    /**
     * A client to be run.
     *
     * @param count rounds, 0 for no end
     * @param onData is told each text that came back
     */
    RpingClient(int bytes, int count, boolean validate, Consumer<String> onData, RpingRounds rounds) {
        this.bytes = bytes;
        this.count = count;
        this.validate = validate;
        this.onData = onData;
        this.rounds = rounds;
    }

    void run(VerbsProvider provider, CmClient connection, Duration timeout) throws InterruptedException {
        try (RpingLink link = new RpingLink(provider, connection.deviceName(), bytes, connection, timeout)) {
            MemoryRegion source = link.shared(bytes);
            connection.attach(link.endpoint().qp());
            link.postReceives();
            connection.connect(ConnectionParameters.DEFAULT);
            for (int round = 0; count == 0 || round < count; round++) {
                byte[] text = RpingText.of(round, bytes);
                MemorySegment.copy(text, 0, source.memory(), JAVA_BYTE, 0, bytes);
                link.data().fill((byte) 0);
                long start = System.nanoTime();
                link.send(RpingInfo.of(source), "the message about the source");
                link.receive("the server's READ in round " + round);
                link.send(RpingInfo.of(link.dataRegion()), "the message about the sink");
                link.receive("the server's WRITE in round " + round);
                rounds.done(bytes, System.nanoTime() - start);
                onData.accept(RpingText.show(link.data(), bytes));
                if (validate) {
                    compare(text, link.data(), round);
                }
            }
            connection.disconnect();
        }
    }

    private static void compare(byte[] text, MemorySegment data, int round) {
        long mismatch = MemorySegment.ofArray(text).mismatch(data.asSlice(0, text.length));
        if (mismatch >= 0) {
            throw new Failure(
                    Failure.Code.NOT_VERIFIED, "round " + round + ": byte " + mismatch + " is not what was sent");
        }
    }
}
