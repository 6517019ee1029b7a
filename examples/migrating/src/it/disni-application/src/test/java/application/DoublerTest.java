package application;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.DatagramSocket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** The application as a user runs it: two processes of plain Java 25 with the class path that Maven made. */
class DoublerTest {
    private static Process start(String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                "application.Doubler"));
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
    }

    @Test
    void twoProcessesExchangeNumbers() throws Exception {
        String port;
        try (DatagramSocket free = new DatagramSocket()) {
            port = String.valueOf(free.getLocalPort());
        }
        Process server = start("server", port);
        try {
            BufferedReader serverSays = server.inputReader();
            assertEquals("listening", serverSays.readLine());
            Process client = start("client", port, "21");
            try {
                assertEquals("the double is 42", client.inputReader().readLine());
                assertTrue(client.waitFor(30, TimeUnit.SECONDS));
                assertTrue(server.waitFor(30, TimeUnit.SECONDS));
                assertEquals(0, client.exitValue());
                assertEquals(0, server.exitValue());
            } finally {
                client.destroyForcibly();
            }
        } finally {
            server.destroyForcibly();
        }
    }
}
