/** The rdma-core provider of the verbs API. It is found through ServiceLoader. */
module dev.verbena.verbs.rdmacore {
    requires static org.jspecify;
    requires transitive dev.verbena.verbs;
    requires org.slf4j;

    exports dev.verbena.verbs.rdmacore;

    provides dev.verbena.verbs.spi.VerbsProvider with
            dev.verbena.verbs.rdmacore.RdmaCoreProvider;
}
