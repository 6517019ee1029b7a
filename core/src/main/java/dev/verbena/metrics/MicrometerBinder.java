package dev.verbena.metrics;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.util.function.ToDoubleFunction;

/**
 * Shows a manager's counters in Micrometer, which must be on the class path; names and tags are in docs/metrics.md. No
 * tag names a connection, so that their number does not grow with time.
 *
 * <p>Threading: any thread.
 */
public final class MicrometerBinder implements MeterBinder {
    private final ManagerMXBean manager;

    /** For one manager. */
    public MicrometerBinder(ManagerMXBean manager) {
        this.manager = manager;
    }

    @Override
    public void bindTo(MeterRegistry registry) {
        Tags tags = Tags.of("device", manager.getDevice(), "provider", manager.getProvider());
        gauge(registry, tags, "verbena.connections", "connections", ManagerMXBean::getConnections);
        gauge(registry, tags, "verbena.memory.registered", "bytes", ManagerMXBean::getRegisteredBytes);
        gauge(registry, tags, "verbena.memory.used", "bytes", ManagerMXBean::getMemoryInUseBytes);
        counter(
                registry,
                tags.and("direction", "sent"),
                "verbena.messages",
                "messages",
                ManagerMXBean::getMessagesSent);
        counter(
                registry,
                tags.and("direction", "received"),
                "verbena.messages",
                "messages",
                ManagerMXBean::getMessagesReceived);
        counter(registry, tags.and("direction", "sent"), "verbena.bytes", "bytes", ManagerMXBean::getBytesSent);
        counter(registry, tags.and("direction", "received"), "verbena.bytes", "bytes", ManagerMXBean::getBytesReceived);
        counter(registry, tags, "verbena.send.stalls", "stalls", ManagerMXBean::getSendStalls);
        counter(registry, tags, "verbena.credit.frames", "frames", ManagerMXBean::getCreditFrames);
        counter(registry, tags, "verbena.reposts", "receives", ManagerMXBean::getReposts);
        counter(registry, tags, "verbena.copies", "messages", ManagerMXBean::getCopies);
        counter(registry, tags, "verbena.transfers", "messages", ManagerMXBean::getTransfers);
        counter(registry, tags, "verbena.registrations.hits", "uses", ManagerMXBean::getRegistrationHits);
        counter(registry, tags, "verbena.registrations.misses", "uses", ManagerMXBean::getRegistrationMisses);
        counter(registry, tags, "verbena.doorbells", "doorbells", ManagerMXBean::getDoorbells);
        counter(registry, tags, "verbena.onesided", "operations", ManagerMXBean::getOneSidedOperations);
        counter(registry, tags, "verbena.failures", "connections", ManagerMXBean::getFailures);
        counter(registry, tags, "verbena.polls", "polls", ManagerMXBean::getPolls);
        counter(registry, tags, "verbena.polls.empty", "polls", ManagerMXBean::getEmptyPolls);
    }

    private void gauge(
            MeterRegistry registry, Tags tags, String name, String unit, ToDoubleFunction<ManagerMXBean> value) {
        Gauge _ = Gauge.builder(name, manager, value)
                .tags(tags)
                .baseUnit(unit)
                .strongReference(true)
                .register(registry);
    }

    private void counter(
            MeterRegistry registry, Tags tags, String name, String unit, ToDoubleFunction<ManagerMXBean> value) {
        FunctionCounter _ = FunctionCounter.builder(name, manager, value)
                .tags(tags)
                .baseUnit(unit)
                .register(registry);
    }
}
