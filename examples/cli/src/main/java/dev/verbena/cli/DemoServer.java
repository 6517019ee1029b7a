package dev.verbena.cli;

import dev.verbena.cli.CmServer.Incoming;
import dev.verbena.cli.DemoProtocol.Hello;
import dev.verbena.cli.DemoProtocol.Request;
import dev.verbena.cli.DemoSide.Received;
import dev.verbena.verbs.cm.ConnectionParameters;
import dev.verbena.verbs.spi.VerbsProvider;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The demo's server: checks what arrives and answers, for one client.
 *
 * <p>Threading: one thread, which also reads the connection manager's events while it waits.
 */
final class DemoServer {
    private static final Duration AT_ONCE = Duration.ofMillis(1);

    private final CmServer listener;
    private final Duration timeout;
    private int payloads;
    private int wrongPayloads;
    private int wrong;
    private boolean streaming;
    private long streamed;
    private int wrongInStream;

    DemoServer(CmServer listener, Duration timeout) {
        this.listener = listener;
        this.timeout = timeout;
    }

    /**
     * Serves a client until it says good-bye.
     *
     * @return how many times bytes were not those that were sent
     */
    int serve(VerbsProvider provider, Incoming client) throws InterruptedException {
        Hello hello;
        try {
            hello = Hello.decode(client.privateData());
        } catch (IllegalArgumentException e) {
            client.id().reject(String.valueOf(e.getMessage()).getBytes(StandardCharsets.UTF_8));
            throw new Failure(Failure.Code.FAILED, client.peer() + " was refused: " + e.getMessage(), "", e);
        }
        try (RcEndpoint link =
                new RcEndpoint(provider, client.deviceName(), DemoSide.SEND_SLOTS, DemoSide.RECEIVE_SLOTS)) {
            client.id().attach(link.qp());
            DemoSide side = new DemoSide(link, link.polled(() -> lost(client)), hello.bytes(), timeout);
            side.peer(hello);
            client.id()
                    .accept(ConnectionParameters.DEFAULT.withPrivateData(
                            side.hello().encode()));
            while (answer(side, side.receive("the client's next request"))) {
                // the next one
            }
            side.drain("the last answer");
            awaitEnd(client);
        }
        return wrong;
    }

    private @Nullable Failure lost(Incoming client) {
        try {
            Incoming other = listener.await(AT_ONCE);
            if (other != null) {
                other.id().reject("one client at a time".getBytes(StandardCharsets.UTF_8));
                other.close();
            }
        } catch (InterruptedException e) {
            return Failure.of(e);
        }
        return client.lost();
    }

    private void awaitEnd(Incoming client) {
        Deadline deadline = Deadline.in(timeout);
        while (lost(client) == null) {
            deadline.check("the end of the connection");
        }
    }

    private boolean answer(DemoSide side, Received received) throws InterruptedException {
        if (received.isWrite()) {
            count(received.immediate() == payloads && side.windowMismatch(payloads) < 0);
            side.postReceive(received.slot());
            side.drain("an answer");
            side.fillPayload(~payloads);
            side.writePayloadWithImmediate(~payloads);
            payloads++;
            return true;
        }
        if (!received.hasImmediate() && streaming) {
            wrongInStream += side.isSmall(received, streamed) ? 0 : 1;
            side.postReceive(received.slot());
            if (++streamed % DemoProtocol.CREDIT_MESSAGES == 0) {
                side.sendCredit();
            }
            return true;
        }
        if (!received.hasImmediate()) {
            count(side.receivedMismatch(received, payloads) < 0);
            side.postReceive(received.slot());
            side.drain("an answer");
            side.fillPayload(~payloads);
            side.sendPayload();
            payloads++;
            return true;
        }
        Request request = Request.of(received.immediate());
        if (request == null || received.lengthBytes() != DemoProtocol.CONTROL_BYTES) {
            throw new Failure(Failure.Code.FAILED, "the client asks for number " + received.immediate());
        }
        long argument = side.controlValue(received);
        side.postReceive(received.slot());
        side.sendControl(request.number(), serve(side, request, argument), 0);
        return request != Request.BYE;
    }

    private void count(boolean good) {
        if (!good) {
            wrongPayloads++;
            wrong++;
        }
    }

    private long serve(DemoSide side, Request request, long argument) {
        switch (request) {
            case FILL -> side.fillWindow((int) argument);
            case CHECK -> {
                long mismatch = side.windowMismatch((int) argument);
                wrong += mismatch < 0 ? 0 : 1;
                side.clearWindow();
                return mismatch;
            }
            case SET_WORD -> side.word(argument);
            case GET_WORD -> {
                return side.word();
            }
            case WRONG_PAYLOADS -> {
                int answer = wrongPayloads;
                wrongPayloads = 0;
                payloads = 0;
                return answer;
            }
            case FILL_BULK -> side.fillWindowBulk((int) argument);
            case CHECK_BULK -> {
                long mismatch = side.windowBulkMismatch((int) argument, argument >>> 32);
                wrong += mismatch < 0 ? 0 : 1;
                return mismatch;
            }
            case STREAM -> {
                streaming = true;
                streamed = 0;
                wrongInStream = 0;
            }
            case STREAM_END -> {
                streaming = false;
                wrongInStream += streamed == argument ? 0 : 1;
                wrong += wrongInStream;
                return wrongInStream;
            }
            case BYE -> {}
        }
        return 0;
    }
}
