/** The verbs API and its provider SPI. */
module dev.verbena.verbs {
    requires static transitive org.jspecify;
    requires org.slf4j;

    exports dev.verbena.verbs;
    exports dev.verbena.verbs.cm;
    exports dev.verbena.verbs.spi;

    uses dev.verbena.verbs.spi.VerbsProvider;
}
