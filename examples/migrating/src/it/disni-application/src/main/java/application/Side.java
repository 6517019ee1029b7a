package application;

import com.ibm.disni.RdmaActiveEndpoint;
import com.ibm.disni.RdmaActiveEndpointGroup;
import com.ibm.disni.verbs.IbvMr;
import com.ibm.disni.verbs.IbvRecvWR;
import com.ibm.disni.verbs.IbvSendWR;
import com.ibm.disni.verbs.IbvSge;
import com.ibm.disni.verbs.IbvWC;
import com.ibm.disni.verbs.RdmaCmId;
import com.ibm.disni.verbs.SVCPostRecv;
import com.ibm.disni.verbs.SVCPostSend;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.LinkedList;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;

/** One end of a connection of this application: a message of eight bytes each way. */
final class Side extends RdmaActiveEndpoint {
    private final ByteBuffer out = ByteBuffer.allocateDirect(8);
    private final ByteBuffer in = ByteBuffer.allocateDirect(8);
    private final BlockingQueue<Integer> statuses = new ArrayBlockingQueue<>(10);
    private SVCPostSend send;
    private SVCPostRecv receive;

    Side(RdmaActiveEndpointGroup<Side> group, RdmaCmId id, boolean serverSide) throws IOException {
        super(group, id, serverSide);
    }

    @Override
    public void init() throws IOException {
        super.init();
        IbvSendWR sending = new IbvSendWR();
        sending.setWr_id(1);
        sending.setOpcode(IbvSendWR.IBV_WR_SEND);
        sending.setSend_flags(IbvSendWR.IBV_SEND_SIGNALED);
        sending.setSg_list(piece(out));
        LinkedList<IbvSendWR> sends = new LinkedList<>();
        sends.add(sending);
        send = postSend(sends);
        IbvRecvWR receiving = new IbvRecvWR();
        receiving.setWr_id(2);
        receiving.setSg_list(piece(in));
        LinkedList<IbvRecvWR> receives = new LinkedList<>();
        receives.add(receiving);
        receive = postRecv(receives);
        receive.execute();
    }

    private LinkedList<IbvSge> piece(ByteBuffer buffer) throws IOException {
        IbvMr region = registerMemory(buffer).execute().free().getMr();
        IbvSge piece = new IbvSge();
        piece.setAddr(region.getAddr());
        piece.setLength(region.getLength());
        piece.setLkey(region.getLkey());
        LinkedList<IbvSge> list = new LinkedList<>();
        list.add(piece);
        return list;
    }

    @Override
    public void dispatchCqEvent(IbvWC completion) {
        statuses.add(completion.getStatus());
    }

    private void await() throws IOException, InterruptedException {
        Integer status = statuses.poll(20, TimeUnit.SECONDS);
        if (status == null || status != IbvWC.IbvWcStatus.IBV_WC_SUCCESS.ordinal()) {
            throw new IOException("a request ended with status " + status);
        }
    }

    void send(long value) throws IOException, InterruptedException {
        out.putLong(0, value);
        send.execute();
        await();
    }

    long receive() throws IOException, InterruptedException {
        await();
        return in.getLong(0);
    }
}
