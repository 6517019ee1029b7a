package dev.verbena.verbs.embedded;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * The agent sends a request, and is held before it adds the completion; the answer is there already. A program counts its
 * free send slots by completions when an answer comes, as on a device, where a message is acknowledged before it is answered.
 */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
final class AnswerTest {
    private static List<String> polled(String how) throws IOException, InterruptedException {
        Process process = Jvm.start(
                AnswerMain.class, List.of("-D" + StopPoint.PROPERTY + "=" + StopPoint.PUBLISHED + ":0:1"), how);
        List<String> lines = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8)
                .lines()
                .toList();
        assertThat(process.waitFor()).as("exit code").isZero();
        return lines;
    }

    @Test
    void aRequestsCompletionIsPolledBeforeItsAnswer() throws Exception {
        assertThat(polled("polling")).containsExactly("request", "answer");
    }

    @Test
    void whoSleepsIsWokenByAnAnswerThatCameBeforeTheRequestWasDone() throws Exception {
        assertThat(polled("sleeping")).containsExactly("answer");
    }
}
