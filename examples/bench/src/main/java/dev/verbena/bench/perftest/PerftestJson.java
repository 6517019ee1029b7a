package dev.verbena.bench.perftest;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.verbena.cli.Failure;
import dev.verbena.verbs.Mtu;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * The document of {@code --out_json}, with perftest's names. As perftest does, the last size of a run over all replaces the
 * ones before. (perftest 6.06 leaves the quotation marks out; here it is JSON.)
 *
 * <p>Threading: one thread.
 */
final class PerftestJson {
    private static final ObjectMapper MAPPER =
            JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

    private final @Nullable Path file;
    private final ObjectNode document = MAPPER.createObjectNode();

    /** A document for a file, or for nobody. */
    PerftestJson(@Nullable Path file) {
        this.file = file;
    }

    void test(String title, String device, Settings settings, Mtu mtu) {
        ObjectNode info = document.putObject("test_info");
        info.put("test", title.replace(' ', '_'))
                .put("Dual_port", "OFF")
                .put("Device", device)
                .put("Number_of_qps", settings.queuePairs())
                .put("Transport_type", "IB")
                .put("Connection_type", settings.type().name())
                .put("Using_SRQ", "OFF");
        if (settings.client() || settings.bothWays()) {
            info.put("TX_depth", settings.sendSlots());
        }
        if (settings.postList() > 1) {
            info.put("Post_List", settings.postList());
        }
        if (!settings.test().isLatency()) {
            info.put("CQ_Moderation", settings.moderation());
        }
        info.put("Mtu", mtu.bytes()).put("Data_ex_method", "Ethernet");
    }

    void latency(LatencyResult result) {
        document.putObject("results")
                .put("MsgSize", result.bytes())
                .put("n_iterations", result.iterations())
                .put("t_min", result.min())
                .put("t_max", result.max())
                .put("t_typical", result.typical())
                .put("t_avg", result.average())
                .put("t_stdev", result.deviation())
                .put("percentile_99", result.percentile99())
                .put("percentile_99.9", result.percentile999());
        write();
    }

    void duration(int bytes, long iterations, double averageUs, double perSecond) {
        document.putObject("results")
                .put("MsgSize", bytes)
                .put("n_iterations", iterations)
                .put("t_avg", averageUs)
                .put("tps_average", perSecond);
        write();
    }

    void bandwidth(BandwidthResult result) {
        document.putObject("results")
                .put("MsgSize", result.bytes())
                .put("n_iterations", result.messages())
                .put("BW_peak", result.peak())
                .put("BW_average", result.average())
                .put("MsgRate", result.millionPerSecond());
        write();
    }

    private void write() {
        if (file != null) {
            try {
                MAPPER.writeValue(file.toFile(), document);
            } catch (IOException e) {
                throw new Failure(Failure.Code.FAILED, "cannot write " + file + ": " + e.getMessage(), "", e);
            }
        }
    }
}
