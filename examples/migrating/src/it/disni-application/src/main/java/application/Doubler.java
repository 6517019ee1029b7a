package application;

import com.ibm.disni.RdmaActiveEndpointGroup;
import com.ibm.disni.RdmaServerEndpoint;
import java.net.InetAddress;
import java.net.InetSocketAddress;

/** {@code Doubler server PORT} answers a number with its double; {@code Doubler client PORT NUMBER} asks. */
public final class Doubler {
    private Doubler() {}

    public static void main(String[] args) throws Exception {
        RdmaActiveEndpointGroup<Side> group = new RdmaActiveEndpointGroup<>(10_000, false, 16, 4, 32);
        group.init((id, serverSide) -> new Side(group, id, serverSide));
        InetSocketAddress address =
                new InetSocketAddress(InetAddress.getByName("127.0.0.1"), Integer.parseInt(args[1]));
        if (args[0].equals("server")) {
            RdmaServerEndpoint<Side> server = group.createServerEndpoint();
            server.bind(address, 10);
            System.out.println("listening");
            Side side = server.accept();
            side.send(2 * side.receive());
            side.close();
            server.close();
        } else {
            Side side = group.createEndpoint();
            side.connect(address, 10_000);
            side.send(Long.parseLong(args[2]));
            System.out.println("the double is " + side.receive());
            side.close();
        }
        group.close();
    }
}
