package dev.verbena.connection;

import dev.verbena.queuepair.ConnectionException;
import dev.verbena.queuepair.ConnectionException.Reason;
import java.nio.ByteBuffer;

/**
 * What the sides tell each other in the connection manager's private data: version, and what they have posted for the
 * other; see docs/wire/messaging.md.
 *
 * <p>Threading: immutable.
 *
 * @param dataCredits receives posted for data
 * @param controlCredits receives posted for control frames
 * @param frameMaxBytes length of each receive
 */
record Handshake(int dataCredits, int controlCredits, int frameMaxBytes) {
    static final int VERSION = 1;
    static final int BYTES = 16;
    /** So few would let the last credits do no work; see the proof in the wire format. */
    static final int CONTROL_CREDITS_MIN = 4;

    static final int FRAME_MIN_BYTES = 256;
    static final int FRAME_MAX_BYTES = 1 << 20;
    private static final int MAGIC = 0x56524231;

    byte[] encode() {
        return ByteBuffer.allocate(BYTES)
                .putInt(MAGIC)
                .put((byte) VERSION)
                .put((byte) VERSION)
                .putShort((short) dataCredits)
                .put((byte) controlCredits)
                .put((byte) 0)
                .putShort((short) 0)
                .putInt(frameMaxBytes)
                .array();
    }

    /**
     * What the peer said.
     *
     * @throws ConnectionException when it is no peer of ours, speaks another version, or makes no sense
     */
    static Handshake decode(byte[] data) {
        if (data.length < BYTES || ByteBuffer.wrap(data).getInt() != MAGIC) {
            throw new ConnectionException(
                    Reason.PROTOCOL, "the peer does not speak Verbena's messaging: no handshake in its private data");
        }
        ByteBuffer in = ByteBuffer.wrap(data).position(4);
        int version = in.get() & 0xff;
        int versionMin = in.get() & 0xff;
        if (versionMin > VERSION || version < VERSION) {
            throw new ConnectionException(
                    Reason.PROTOCOL,
                    "the peer speaks versions " + versionMin + " to " + version + ", this side version " + VERSION);
        }
        int data16 = in.getShort() & 0xffff;
        int control = in.get() & 0xff;
        int zero = in.get() | in.getShort();
        int frame = in.getInt();
        if (data16 < 1
                || control < CONTROL_CREDITS_MIN
                || zero != 0
                || frame < FRAME_MIN_BYTES
                || frame > FRAME_MAX_BYTES) {
            throw new ConnectionException(
                    Reason.PROTOCOL,
                    "the peer's handshake makes no sense: " + data16 + " data credits, " + control
                            + " control credits, frames of " + frame + " bytes");
        }
        return new Handshake(data16, control, frame);
    }
}
