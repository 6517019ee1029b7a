package dev.verbena.jverbs.samples;

/** {@code AllClients SOURCE ADDRESS PORT}: the clients of all samples one after the other, and the devices. */
public final class AllClients {
    private AllClients() {}

    public static void main(String[] args) throws Exception {
        int port = Integer.parseInt(args[2]);
        DeviceInfo.main(new String[0]);
        VerbsClient.main(new String[] {args[0], args[1], String.valueOf(port), "20"});
        EndpointClient.main(new String[] {args[0], args[1], String.valueOf(port + 1), "2"});
        ReadClient.main(new String[] {args[0], args[1], String.valueOf(port + 2), "3"});
    }
}
