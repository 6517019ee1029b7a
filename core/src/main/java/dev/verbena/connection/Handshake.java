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
 * @param version that both sides speak; of one's own, the highest
 * @param dataCredits receives posted for data
 * @param controlCredits receives posted for control frames
 * @param frameMaxBytes length of each receive
 * @param dataCreditsMax data credits that the peer may ever have at a time
 */
record Handshake(int version, int dataCredits, int controlCredits, int frameMaxBytes, int dataCreditsMax) {
    static final int VERSION = 2;
    static final int VERSION_MIN = 1;
    /** From this version on data credits grow beyond those of the handshake, and are taken back. */
    static final int DYNAMIC_CREDITS = 2;

    static final int BYTES = 20;
    private static final int BYTES_OF_VERSION_1 = 16;
    /** So few would let the last credits do no work; see the proof in the wire format. */
    static final int CONTROL_CREDITS_MIN = 4;

    static final int FRAME_MIN_BYTES = 256;
    static final int FRAME_MAX_BYTES = 1 << 20;
    private static final int MAGIC = 0x56524231;

    /** A window that never changes. */
    Handshake(int dataCredits, int controlCredits, int frameMaxBytes) {
        this(VERSION, dataCredits, controlCredits, frameMaxBytes, dataCredits);
    }

    byte[] encode() {
        return ByteBuffer.allocate(BYTES)
                .putInt(MAGIC)
                .put((byte) VERSION)
                .put((byte) VERSION_MIN)
                .putShort((short) dataCredits)
                .put((byte) controlCredits)
                .put((byte) 0)
                .putShort((short) 0)
                .putInt(frameMaxBytes)
                .putShort((short) dataCreditsMax)
                .array();
    }

    /**
     * What the peer said.
     *
     * @throws ConnectionException when it is no peer of ours, speaks another version, or makes no sense
     */
    static Handshake decode(byte[] data) {
        if (data.length < BYTES_OF_VERSION_1 || ByteBuffer.wrap(data).getInt() != MAGIC) {
            throw new ConnectionException(
                    Reason.PROTOCOL, "the peer does not speak Verbena's messaging: no handshake in its private data");
        }
        ByteBuffer in = ByteBuffer.wrap(data).position(4);
        int version = in.get() & 0xff;
        int versionMin = in.get() & 0xff;
        if (versionMin > VERSION || version < VERSION_MIN || versionMin > version) {
            throw new ConnectionException(
                    Reason.PROTOCOL,
                    "the peer speaks versions " + versionMin + " to " + version + ", this side " + VERSION_MIN + " to "
                            + VERSION);
        }
        version = Math.min(version, VERSION);
        int data16 = in.getShort() & 0xffff;
        int control = in.get() & 0xff;
        int zero = in.get() | in.getShort();
        int frame = in.getInt();
        int most = data16;
        if (version >= DYNAMIC_CREDITS) {
            if (data.length < BYTES) {
                throw new ConnectionException(
                        Reason.PROTOCOL, "the peer's handshake ends after " + data.length + " of " + BYTES + " bytes");
            }
            most = in.getShort() & 0xffff;
        }
        if (data16 < 1
                || most < data16
                || control < CONTROL_CREDITS_MIN
                || zero != 0
                || frame < FRAME_MIN_BYTES
                || frame > FRAME_MAX_BYTES) {
            throw new ConnectionException(
                    Reason.PROTOCOL,
                    "the peer's handshake makes no sense: " + data16 + " data credits of " + most + ", " + control
                            + " control credits, frames of " + frame + " bytes");
        }
        return new Handshake(version, data16, control, frame, most);
    }
}
