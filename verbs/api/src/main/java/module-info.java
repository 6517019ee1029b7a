/** The verbs API and its provider SPI. */
module dev.verbena.verbs {
    requires static transitive org.jspecify;
    requires org.slf4j;
}
