package dev.verbena.disni;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The two ways in, and what a program hears that took neither. */
class ClassPathTest {
    private static final String CHECK = VerbenaDisni.class.getName();
    private static final String EXAMPLE = "com.ibm.disni.examples.Read";

    /** With DiSNI before everything else. */
    private static List<String> wrongOrder() {
        List<String> disniFirst = new ArrayList<>(Program.classPath());
        String disni = disniFirst.stream()
                .filter(entry -> entry.endsWith("disni-2.1.jar"))
                .findFirst()
                .orElseThrow();
        disniFirst.remove(disni);
        disniFirst.addFirst(disni);
        return disniFirst;
    }

    @Test
    void theRightOrderIsConfirmedWithTheProvider() throws Exception {
        try (Program check = Program.start(CHECK)) {
            assertThat(check.awaitSuccess()).contains("DiSNI runs on Verbena, provider embedded");
        }
    }

    @Test
    void theWrongOrderIsNamedWithBothJarsAndWhatToDo() throws Exception {
        try (Program check = Program.start(wrongOrder(), List.of(), CHECK)) {
            assertThat(check.awaitEnd()).isEqualTo(1);
            assertThat(check.output())
                    .contains("disni-2.1.jar) stands before Verbena (")
                    .contains("declare verbena-disni before disni")
                    .contains("or call VerbenaDisni.install() first of all")
                    .doesNotContain("at dev.verbena");
        }
    }

    /** That no code of ours runs then, so that no message of ours can come: docs/migrating.md tells what comes instead. */
    @Test
    void inTheWrongOrderNothingOfOursIsLoadedBeforeDisniLooksForItsOwnLibrary() throws Exception {
        List<String> flags = List.of("-Xlog:class+load");
        try (Program server = Program.start(wrongOrder(), flags, EXAMPLE + "Server", "-a", "127.0.0.1")) {
            assertThat(server.awaitEnd()).isNotZero();
            assertThat(server.output())
                    .contains("UnsatisfiedLinkError: no disni in java.library.path")
                    .contains(" com.ibm.disni.verbs.impl.RdmaProviderNat source: ")
                    .doesNotContain(" dev.verbena.");
        }
    }

    @Test
    void installingMakesTheWrongOrderRight() throws Exception {
        String port = String.valueOf(TestDevices.fresh().getPort());
        String main = InstallMain.class.getName();
        try (Program server = Program.start(
                                wrongOrder(), List.of(), main, EXAMPLE + "Server", "-a", "127.0.0.1", "-p", port)
                        .await("listening at");
                Program client = Program.start(
                        wrongOrder(), List.of(), main, EXAMPLE + "Client", "-a", "127.0.0.1", "-p", port)) {
            assertThat(client.awaitSuccess()).contains("closing endpoint, done");
            assertThat(server.awaitSuccess()).contains("ReadServer::final message");
        }
    }

    @Test
    void installingTooLateIsNamed() throws Exception {
        try (Program late = Program.start(wrongOrder(), List.of(), InstallMain.class.getName(), InstallMain.LATE)) {
            assertThat(late.awaitEnd()).isNotZero();
            assertThat(late.output())
                    .contains("DiSNI has been used before VerbenaDisni.install(): com.ibm.disni.util.MemoryUtils")
                    .contains("call install() before anything else of DiSNI, first in main");
        }
    }
}
