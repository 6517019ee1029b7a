package dev.verbena.messaging;

import dev.verbena.memory.OwnedMemory;
import dev.verbena.queuepair.ConnectionException;
import dev.verbena.queuepair.SendRing;
import io.netty.buffer.ByteBuf;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * A long message that the peer offers: read in pieces, from windows that the peer opens into windows of our own.
 *
 * <pre>
 * OFFERED --its turn--> READING --all pieces are there--> COMPLETE
 *     either of them --refused, cancelled, no memory--> ENDING --no piece is under way--> ENDED
 * </pre>
 *
 * <p>Threading: the loop's thread, but for {@link #askCancel} and {@link #fetchedBytes}.
 */
final class IncomingTransfer implements SendRing.Outstanding {
    enum State {
        OFFERED,
        READING,
        COMPLETE,
        ENDING,
        ENDED
    }

    /** Memory of the peer that can be read; where in the message it begins and ends. */
    private record RemoteWindow(long first, long end, long address, int rkey) {}

    private final IncomingTransfers transfers;
    private final int number;
    private final int type;
    private final long lengthBytes;
    private final ArrayDeque<RemoteWindow> windows = new ArrayDeque<>();
    private final LongMessage message = new LongMessage(this);

    /** Lengths of the pieces under way, in order, those that end a window negative; they come back in that order. */
    private final int[] pieces;

    private int pieceFirst;
    private int piecesUnderWay;

    private State state = State.OFFERED;
    private boolean deciding;
    private @Nullable LongDestination destination;
    private @Nullable LongMessageCallback told;
    private long offered;
    private long requested;
    private volatile long fetched;
    private long reported;
    private int status;
    private @Nullable ConnectionException failure;
    private volatile boolean cancelAsked;

    IncomingTransfer(IncomingTransfers transfers, int number, int type, long lengthBytes, int depth) {
        this.transfers = transfers;
        this.number = number;
        this.type = type;
        this.lengthBytes = lengthBytes;
        this.pieces = new int[depth];
    }

    int number() {
        return number;
    }

    int type() {
        return type;
    }

    long lengthBytes() {
        return lengthBytes;
    }

    long fetchedBytes() {
        return fetched;
    }

    State state() {
        return state;
    }

    LongMessage message() {
        return message;
    }

    int status() {
        return status;
    }

    // ---------------------------------------------------------------- from the peer

    /** The peer lets more be read; false when it makes no sense. */
    boolean addWindow(long address, int rkey, long bytes) {
        if (bytes <= 0
                || bytes > lengthBytes - offered
                || windows.size() >= IncomingTransfers.REMOTE_WINDOWS_MAX
                || Long.compareUnsigned(address + bytes, address) < 0) {
            return false;
        }
        windows.add(new RemoteWindow(offered, offered + bytes, address, rkey));
        offered += bytes;
        return true;
    }

    // ---------------------------------------------------------------- the program's decision

    /** Asks the program where it shall go. */
    void ask(LongMessageHandler handler) {
        deciding = true;
        try {
            handler.onLongMessage(message);
        } finally {
            deciding = false;
        }
    }

    private void requireUndecided() {
        if (!deciding || destination != null || state != State.OFFERED) {
            throw new IllegalStateException("where a long message goes is decided once, in the call of its handler");
        }
    }

    void decide(OwnedMemory memory, LongMessageCallback callback) {
        requireUndecided();
        destination = new LongDestination.Supplied(memory, transfers.cache());
        told = callback;
    }

    void decideToRefuse() {
        requireUndecided();
        end(Frame.REFUSED, null);
    }

    /** Begins to read: to where the program said, else into memory of our own. */
    void start() {
        if (state == State.OFFERED) {
            state = State.READING;
            if (destination == null) {
                destination = new LongDestination.Own(transfers.allocator(), lengthBytes);
            }
        }
    }

    /** Whether the program supplied the memory. */
    boolean isSupplied() {
        return told != null;
    }

    @Nullable
    LongMessageCallback told() {
        return told;
    }

    void askCancel() {
        cancelAsked = true;
        transfers.schedule();
    }

    boolean isCancelAsked() {
        return cancelAsked;
    }

    // ---------------------------------------------------------------- reading

    private LongDestination destination() {
        LongDestination to = destination;
        if (to == null) {
            throw new AssertionError("not started");
        }
        return to;
    }

    /**
     * Requests the next piece; false when that has to wait.
     *
     * @throws RuntimeException when there is no memory for it, and none is on the way back
     */
    boolean tryRequest(SendRing ring, int pieceMax) {
        RemoteWindow window = windows.peek();
        if (state != State.READING || window == null) {
            return false;
        }
        LongDestination to = destination();
        if (requested == to.end() && !tryOpen(to)) {
            return false;
        }
        if (!to.isAlive()) {
            throw new IllegalStateException("the memory for the message was closed");
        }
        int bytes = (int) Math.min(pieceMax, Math.min(window.end, to.end()) - requested);
        long from = window.address + (requested - window.first);
        long into = to.address(requested);
        requested += bytes;
        boolean ends = requested == window.end;
        if (ends) {
            windows.remove();
        }
        pieces[(pieceFirst + piecesUnderWay) % pieces.length] = ends ? -bytes : bytes;
        piecesUnderWay++;
        ring.postRead(into, bytes, to.lkey(), from, window.rkey, this);
        return true;
    }

    private boolean tryOpen(LongDestination to) {
        if (!to.hasRoom()) {
            return false;
        }
        try {
            to.open();
            return true;
        } catch (RuntimeException e) {
            if (piecesUnderWay > 0 && isSupplied()) {
                // Those pieces give their windows back, then there may be room.
                return false;
            }
            throw e;
        }
    }

    @Override
    public void onDone(@Nullable ConnectionException cause) {
        int piece = pieces[pieceFirst];
        pieceFirst = (pieceFirst + 1) % pieces.length;
        piecesUnderWay--;
        boolean well = cause == null;
        if (well) {
            long bytes = fetched + Math.abs(piece);
            fetched = bytes;
            if (state == State.READING && bytes == lengthBytes) {
                state = State.COMPLETE;
            }
            destination().passed(bytes);
        }
        transfers.onPiece(this, well, well && piece < 0);
    }

    /** Whether the peer should be told how far the reading is: a window of its memory was passed, or there was much. */
    boolean takeReport(boolean windowPassed) {
        if (state != State.READING || (!windowPassed && fetched - reported < IncomingTransfers.REPORT_BYTES)) {
            return false;
        }
        reported = fetched;
        return true;
    }

    // ---------------------------------------------------------------- the end

    /** Reads no more; it has ended when no piece is under way. */
    void end(int newStatus, @Nullable ConnectionException why) {
        if (state == State.OFFERED || state == State.READING) {
            state = State.ENDING;
            status = newStatus;
            failure = why;
            windows.clear();
        }
    }

    /** Whether it is to be ended now. */
    boolean hasStopped() {
        return state == State.ENDING && piecesUnderWay == 0;
    }

    /** The device has let go of the memory; the callback that is to be told, with the failure if there was one. */
    @Nullable
    LongMessageCallback close() {
        state = State.ENDED;
        LongDestination had = destination;
        if (had != null) {
            destination = null;
            had.close();
        }
        LongMessageCallback callback = told;
        told = null;
        return callback;
    }

    @Nullable
    ConnectionException failure() {
        return failure;
    }

    /** Gives away a message that was read into memory of our own. */
    ByteBuf take() {
        if (!(destination() instanceof LongDestination.Own own)) {
            throw new AssertionError("the program has it");
        }
        destination = null;
        return own.take();
    }
}
