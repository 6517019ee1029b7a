/** The embedded provider of the verbs API. It is found through ServiceLoader. */
module dev.verbena.verbs.embedded {
    requires static org.jspecify;
    requires transitive dev.verbena.verbs;
    requires org.slf4j;

    exports dev.verbena.verbs.embedded;

    provides dev.verbena.verbs.spi.VerbsProvider with
            dev.verbena.verbs.embedded.EmbeddedProvider;
}
