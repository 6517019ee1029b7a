/** The rdma-core provider of the verbs API. It is found through ServiceLoader. */
module dev.verbena.verbs.rdmacore {
    requires static org.jspecify;
    requires dev.verbena.verbs;
    requires org.slf4j;
}
