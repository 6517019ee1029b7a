package dev.verbena.verbs.embedded;

import dev.verbena.verbs.cm.ConnectionParameters;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * A message between two ids of a connection.
 *
 * @param type what it says
 * @param space the number of the port space
 * @param address where the sender is
 * @param parameters what the sender wants, with its private data
 * @param queuePair the sender's queue pair
 * @param qkey its queue key, for datagrams
 * @param sharedReceiveQueue whether the queue pair has one
 */
record CmMessage(
        int type,
        int space,
        InetSocketAddress address,
        ConnectionParameters parameters,
        int queuePair,
        int qkey,
        boolean sharedReceiveQueue) {
    static final int REQUEST = 1;
    static final int REPLY = 2;
    static final int READY = 3;
    static final int REJECT = 4;
    static final int DISCONNECT = 5;

    private static final int VERSION = 1;
    private static final int BYTES_MAX = 512;
    private static final int ADDRESS_BYTES = 16;

    byte[] encode() {
        ByteBuffer buffer = ByteBuffer.allocate(BYTES_MAX).order(ByteOrder.LITTLE_ENDIAN);
        byte[] ip = address.getAddress().getAddress();
        byte[] data = parameters.privateData();
        buffer.putInt(type)
                .putInt(VERSION)
                .putInt(space)
                .putInt(queuePair)
                .putInt(qkey)
                .put((byte) (sharedReceiveQueue ? 1 : 0))
                .put((byte) parameters.responderResources())
                .put((byte) parameters.initiatorDepth())
                .put((byte) (parameters.flowControl() ? 1 : 0))
                .put((byte) parameters.retryCount())
                .put((byte) parameters.rnrRetryCount())
                .putShort((short) address.getPort())
                .put((byte) ip.length)
                .put(Arrays.copyOf(ip, ADDRESS_BYTES))
                .put((byte) data.length)
                .put(data);
        return Arrays.copyOf(buffer.array(), buffer.position());
    }

    /**
     * Reads a message.
     *
     * @throws IllegalStateException when it is none
     */
    static CmMessage decode(byte[] bytes) {
        try {
            ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
            int type = buffer.getInt();
            if (buffer.getInt() != VERSION) {
                throw new IllegalStateException("a message of another version");
            }
            int space = buffer.getInt();
            int queuePair = buffer.getInt();
            int qkey = buffer.getInt();
            boolean shared = buffer.get() != 0;
            int responder = buffer.get() & 0xff;
            int initiator = buffer.get() & 0xff;
            boolean flow = buffer.get() != 0;
            int retry = buffer.get() & 7;
            int rnr = buffer.get() & 7;
            int port = buffer.getShort() & 0xffff;
            byte[] ip = new byte[buffer.get() == 4 ? 4 : ADDRESS_BYTES];
            buffer.get(buffer.position(), ip).position(buffer.position() + ADDRESS_BYTES);
            byte[] data = new byte[buffer.get() & 0xff];
            buffer.get(data);
            return new CmMessage(
                    type,
                    space,
                    new InetSocketAddress(InetAddress.getByAddress(ip), port),
                    new ConnectionParameters(data, responder, initiator, flow, retry, rnr),
                    queuePair,
                    qkey,
                    shared);
        } catch (RuntimeException | UnknownHostException e) {
            throw new IllegalStateException("not a message of a connection: " + e.getMessage(), e);
        }
    }
}
