package dev.verbena.bench;

import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/**
 * What the tables of two measured processes have in common.
 *
 * <p>Threading: one thread.
 */
final class TableOptions {
    @Option(
            names = {"-d", "--ib-dev"},
            paramLabel = "NAME",
            description = "Device. Default: ${DEFAULT-VALUE}.",
            defaultValue = "embedded0")
    private String device = "embedded0";

    @Option(names = "--out_json_file", paramLabel = "FILE", description = "A JSON document of all samples goes there.")
    private @Nullable Path json;

    String device() {
        return device;
    }

    /** Prints the results, and writes them where that is wanted. */
    void end(Results results, String command, int lengthBytes) throws IOException {
        results.print();
        if (json != null) {
            results.write(command, device, lengthBytes, json);
        }
    }
}
