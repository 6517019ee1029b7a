/** Messages, one-sided operations and registered memory over the verbs API. */
@SuppressWarnings({"requires-automatic", "requires-transitive-automatic"})
module dev.verbena.core {
    requires java.management;
    requires transitive jdk.jfr;
    requires static transitive micrometer.core;
    requires static transitive org.jspecify;
    requires transitive dev.verbena.verbs;
    requires transitive io.netty.buffer;
    requires io.netty.common;
    requires org.jctools.core.jdk11;
    requires org.slf4j;

    exports dev.verbena.connection;
    exports dev.verbena.memory;
    exports dev.verbena.messaging;
    exports dev.verbena.metrics;
    exports dev.verbena.netty;
    exports dev.verbena.onesided;
    exports dev.verbena.queuepair;
}
