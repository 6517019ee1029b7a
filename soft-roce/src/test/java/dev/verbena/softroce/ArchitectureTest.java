package dev.verbena.softroce;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import org.junit.jupiter.api.Test;

/** The one-way dependencies of ARCHITECTURE.md. It stands in the last module of the build, which sees all the others. */
final class ArchitectureTest {
    private static final String VERBS = "dev.verbena.verbs";
    private static final String VERBS_CM = "dev.verbena.verbs.cm..";
    private static final String VERBS_SPI = "dev.verbena.verbs.spi..";
    private static final String VERBS_INTERNAL = "dev.verbena.verbs.internal..";
    private static final String RDMA_CORE = "dev.verbena.verbs.rdmacore..";
    private static final String EMBEDDED = "dev.verbena.verbs.embedded..";
    private static final String CONFORMANCE = "dev.verbena.verbs.conformance..";
    private static final String DISNI = "dev.verbena.disni..";
    private static final String JVERBS = "dev.verbena.jverbs..";
    private static final String JVERBS_NAMES = "com.ibm.net.rdma.jverbs";
    private static final String CLI = "dev.verbena.cli..";
    private static final String SOFT_ROCE = "dev.verbena.softroce..";

    private static final String[] CORE = {
        "dev.verbena.connection..",
        "dev.verbena.messaging..",
        "dev.verbena.onesided..",
        "dev.verbena.queuepair..",
        "dev.verbena.memory..",
        "dev.verbena.netty..",
        "dev.verbena.metrics.."
    };

    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .withImportOption(location -> !location.contains("-tests.jar"))
            .importPackages("dev.verbena", JVERBS_NAMES);

    @Test
    void everyModuleIsSeen() {
        assertThat(CLASSES)
                .extracting(type -> type.getPackageName())
                .contains(VERBS, "dev.verbena.cli", "dev.verbena.memory", JVERBS_NAMES + ".cm");
    }

    @Test
    void theVerbsApiKnowsNothingAboveItAndNoProvider() {
        check(noClasses()
                .that()
                .resideInAnyPackage(VERBS, VERBS_CM, VERBS_SPI, VERBS_INTERNAL)
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(RDMA_CORE, EMBEDDED, CONFORMANCE, CLI, SOFT_ROCE));
    }

    @Test
    void providersKnowTheVerbsApiAndNeverEachOther() {
        check(noClasses()
                .that()
                .resideInAPackage(RDMA_CORE)
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(EMBEDDED, CONFORMANCE, CLI, SOFT_ROCE));
        check(noClasses()
                .that()
                .resideInAPackage(EMBEDDED)
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(RDMA_CORE, CONFORMANCE, CLI, SOFT_ROCE));
    }

    @Test
    void theCoreKnowsTheVerbsApiAndNeitherItsInternalsNorWhatIsAboveTheCore() {
        check(noClasses()
                .that()
                .resideInAnyPackage(CORE)
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(VERBS_INTERNAL, CONFORMANCE, CLI, SOFT_ROCE));
    }

    @Test
    void whatIsBelowTheCoreDoesNotKnowIt() {
        check(noClasses()
                .that()
                .resideInAnyPackage("dev.verbena.verbs..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(CORE));
    }

    @Test
    void nobodySeesAProvidersClassesButTheProvider() {
        check(noClasses()
                .that()
                .resideOutsideOfPackages(RDMA_CORE, EMBEDDED)
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(RDMA_CORE, EMBEDDED));
    }

    @Test
    void onlyProvidersCallALinker() {
        check(noClasses()
                .that()
                .resideOutsideOfPackages(RDMA_CORE, EMBEDDED)
                .should()
                .dependOnClassesThat()
                .haveFullyQualifiedName("java.lang.foreign.Linker"));
    }

    @Test
    void onlyTheFfiPackageOfRdmaCoreCallsALinker() {
        check(noClasses()
                .that()
                .resideInAPackage("dev.verbena.verbs.rdmacore")
                .should()
                .dependOnClassesThat()
                .haveFullyQualifiedName("java.lang.foreign.Linker"));
    }

    @Test
    void theContractKnowsOnlyTheVerbsApi() {
        check(noClasses()
                .that()
                .resideInAPackage(CONFORMANCE)
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(CLI, SOFT_ROCE));
    }

    @Test
    void theBridgesUnderDisniAndJverbsKnowOnlyTheVerbsApi() {
        check(noClasses()
                .that()
                .resideInAnyPackage(DISNI, JVERBS, JVERBS_NAMES + "..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(VERBS_INTERNAL, CONFORMANCE, CLI, SOFT_ROCE)
                .orShould()
                .dependOnClassesThat()
                .resideInAnyPackage(CORE));
    }

    @Test
    void modulesHaveNoCycles() {
        check(slices().matching("dev.verbena.(*)..").should().beFreeOfCycles());
    }

    private static void check(ArchRule rule) {
        rule.allowEmptyShould(true).check(CLASSES);
    }
}
