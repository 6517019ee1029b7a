package dev.verbena.disni;

import com.ibm.disni.verbs.IbvCompChannel;
import dev.verbena.verbs.CompletionChannel;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A completion channel as DiSNI sees it. Its descriptor is a number that is only good for telling channels apart.
 *
 * <p>Threading: any thread.
 */
final class DisniCompletionChannel extends IbvCompChannel {
    private static final AtomicInteger NUMBERS = new AtomicInteger();

    private final CompletionChannel channel;

    DisniCompletionChannel(DisniContext context, CompletionChannel channel) throws IOException {
        super(NUMBERS.incrementAndGet(), context);
        this.channel = channel;
        Abandoned.closeWith(this, channel);
    }

    CompletionChannel channel() {
        return channel;
    }

    static DisniCompletionChannel of(IbvCompChannel channel) throws IOException {
        DisniCompletionChannel own = Failure.cast(DisniCompletionChannel.class, channel, "completion channel");
        Failure.requireOpen(own.isOpen(), own.channel.toString());
        return own;
    }
}
