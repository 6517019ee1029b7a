package dev.verbena.disni;

import com.ibm.disni.verbs.IbvSge;
import com.ibm.disni.verbs.SVCPostSend;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A local buffer of a prepared request, patched in place.
 *
 * <p>Threading: one thread at a time.
 */
final class PreparedEntry implements SVCPostSend.SgeMod {
    private static final PreparedEntry[] NONE = {};

    private long address;
    private int length;
    private int lkey;

    private PreparedEntry(IbvSge sge) {
        address = sge.getAddr();
        length = sge.getLength();
        lkey = sge.getLkey();
    }

    /** The entries of a request: as many of the list as it says. */
    static PreparedEntry[] of(@Nullable List<IbvSge> list, int count) throws IOException {
        int there = list == null ? 0 : list.size();
        if (count < 0 || count > there) {
            throw new IOException("num_sge is " + count + ", the list has " + there + " entries");
        }
        if (list == null || count == 0) {
            return NONE;
        }
        PreparedEntry[] entries = new PreparedEntry[count];
        int index = 0;
        for (IbvSge sge : list) {
            if (index == count) {
                break;
            }
            if (sge == null) {
                throw new IOException("entry " + index + " of the request is null");
            }
            entries[index++] = new PreparedEntry(sge);
        }
        return entries;
    }

    @Override
    public void setAddr(long addr) {
        address = addr;
    }

    @Override
    public long getAddr() {
        return address;
    }

    @Override
    public void setLength(int bytes) {
        length = bytes;
    }

    @Override
    public int getLength() {
        return length;
    }

    @Override
    public void setLkey(int key) {
        lkey = key;
    }

    @Override
    public int getLkey() {
        return lkey;
    }
}
