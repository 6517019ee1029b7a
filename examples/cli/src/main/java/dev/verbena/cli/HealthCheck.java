package dev.verbena.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.jspecify.annotations.Nullable;

/**
 * What the doctor found about one thing.
 *
 * <p>Threading: immutable.
 *
 * @param id names the check, the same everywhere
 * @param detail what was found
 * @param fix how to mend it, null when there is nothing to mend
 */
record HealthCheck(
        String id, Status status, String detail, @Nullable String fix) {
    enum Status {
        OK,
        /** It works, but not as well as it could. */
        WARN,
        /** It does not work. */
        FAIL
    }

    static HealthCheck ok(String id, String detail) {
        return new HealthCheck(id, Status.OK, detail, null);
    }

    static HealthCheck warn(String id, String detail, String fix) {
        return new HealthCheck(id, Status.WARN, detail, fix);
    }

    static HealthCheck fail(String id, String detail, String fix) {
        return new HealthCheck(id, Status.FAIL, detail, fix);
    }

    void write(ArrayNode checks) {
        ObjectNode node = checks.addObject();
        node.put("id", id);
        node.put("status", status.name());
        node.put("detail", detail);
        node.put("fix", fix);
    }
}
