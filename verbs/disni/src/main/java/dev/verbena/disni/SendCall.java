package dev.verbena.disni;

import com.ibm.disni.verbs.IbvSendWR;
import com.ibm.disni.verbs.SVCPostSend;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Posts a list of send requests, as often as it is executed, by the rules of {@link PreparedPosts}.
 *
 * <p>Threading: one thread at a time; other calls of the same queue pair may run on others. Hot path: {@link #execute}.
 */
final class SendCall extends SVCPostSend {
    private final PreparedSend[] prepared;
    private final PreparedPosts<IbvSendWR> posts;

    SendCall(DisniQueuePair owner, List<IbvSendWR> requests, @Nullable List<IbvSendWR> bad) throws IOException {
        List<IbvSendWR> all = Failure.elements(requests, "send requests");
        prepared = new PreparedSend[all.size()];
        int index = 0;
        for (IbvSendWR request : all) {
            prepared[index++] = new PreparedSend(owner, request);
        }
        posts = new PreparedPosts<>(owner, true, all, bad, prepared);
    }

    @Override
    public SVCPostSend execute() throws IOException {
        posts.execute();
        return this;
    }

    @Override
    public SendWRMod getWrMod(int index) throws IOException {
        return prepared[posts.checked(index)];
    }

    @Override
    public boolean isValid() {
        return posts.isValid();
    }

    @Override
    public SVCPostSend free() {
        posts.free();
        return this;
    }
}
