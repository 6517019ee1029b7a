package dev.verbena.jverbs.samples;

import com.ibm.net.rdma.jverbs.verbs.Device;
import com.ibm.net.rdma.jverbs.verbs.DeviceAttribute;
import com.ibm.net.rdma.jverbs.verbs.PortAttribute;
import com.ibm.net.rdma.jverbs.verbs.VerbsContext;
import java.io.IOException;

/** {@code DeviceInfo}: a line for each device and port, as ibv_devinfo does. */
public final class DeviceInfo {
    private DeviceInfo() {}

    public static void main(String[] args) throws IOException {
        for (Device device : Device.getDeviceList()) {
            VerbsContext context = device.open();
            DeviceAttribute attribute = context.queryDevice();
            System.out.println("device " + device.getName() + " max_qp " + attribute.getMaxQp() + " max_sge "
                    + attribute.getMaxSge() + " max_mr_size " + attribute.getMaxMrSize() + " max_qp_rd_atom "
                    + attribute.getMaxQpRdAtom());
            for (int number = 1; number <= attribute.getPhysicalPortCount(); number++) {
                PortAttribute port = context.queryPort(number);
                System.out.println("port " + number + " " + port.getState() + " active_mtu " + port.getActiveMtu()
                        + " link_layer " + port.getLinkLayer());
            }
        }
    }
}
