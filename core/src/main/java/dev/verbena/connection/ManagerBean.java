package dev.verbena.connection;

import dev.verbena.metrics.ManagerMXBean;
import dev.verbena.queuepair.EventLoop;
import java.lang.management.ManagementFactory;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.ToLongFunction;
import javax.management.JMException;
import javax.management.MBeanServer;
import javax.management.ObjectName;
import javax.management.StandardMBean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A manager's counters in JMX.
 *
 * <p>Threading: any thread.
 */
final class ManagerBean implements ManagerMXBean {
    private static final Logger LOG = LoggerFactory.getLogger(ManagerBean.class);
    private static final AtomicInteger NUMBERS = new AtomicInteger();

    private final QueuePairManager manager;
    private final String name;

    ManagerBean(QueuePairManager manager) {
        this.manager = manager;
        this.name =
                "dev.verbena:type=Manager,device=" + manager.device().name() + ",number=" + NUMBERS.incrementAndGet();
    }

    /** Its name in JMX. */
    String name() {
        return name;
    }

    void register() {
        try {
            MBeanServer server = ManagementFactory.getPlatformMBeanServer();
            var _ = server.registerMBean(new StandardMBean(this, ManagerMXBean.class, true), new ObjectName(name));
        } catch (JMException e) {
            LOG.warn("{} is not in JMX: {}", name, e.toString());
        }
    }

    void unregister() {
        try {
            ManagementFactory.getPlatformMBeanServer().unregisterMBean(new ObjectName(name));
        } catch (JMException e) {
            LOG.debug("{}: {}", name, e.toString());
        }
    }

    @Override
    public String getDevice() {
        return manager.device().name();
    }

    @Override
    public String getProvider() {
        return manager.device().provider();
    }

    @Override
    public int getConnections() {
        return manager.connectionCount();
    }

    @Override
    public long getRegisteredBytes() {
        return manager.budget().usedBytes();
    }

    @Override
    public long getRegisteredBytesMax() {
        return manager.budget().limitBytes();
    }

    @Override
    public long getMemoryInUseBytes() {
        return manager.memoryInUseBytes();
    }

    @Override
    public long getMessagesSent() {
        return manager.counters().messagesSent;
    }

    @Override
    public long getMessagesReceived() {
        return manager.counters().messagesReceived;
    }

    @Override
    public long getBytesSent() {
        return manager.counters().bytesSent;
    }

    @Override
    public long getBytesReceived() {
        return manager.counters().bytesReceived;
    }

    @Override
    public long getSendStalls() {
        return manager.counters().sendStalls;
    }

    @Override
    public long getCreditFrames() {
        return manager.counters().creditFrames;
    }

    @Override
    public long getReposts() {
        return manager.counters().reposts;
    }

    @Override
    public long getCopies() {
        return manager.counters().copies;
    }

    @Override
    public long getTransfers() {
        return manager.counters().transfers;
    }

    @Override
    public long getRegistrationHits() {
        return manager.registrations().hits();
    }

    @Override
    public long getRegistrationMisses() {
        return manager.registrations().misses();
    }

    @Override
    public long getDoorbells() {
        return manager.counters().doorbells;
    }

    @Override
    public long getOneSidedOperations() {
        return manager.counters().oneSided;
    }

    @Override
    public long getFailures() {
        return manager.counters().failures;
    }

    private long sum(ToLongFunction<EventLoop> value) {
        return manager.loops().stream().mapToLong(value).sum();
    }

    @Override
    public long getPolls() {
        return sum(EventLoop::polls);
    }

    @Override
    public long getEmptyPolls() {
        return sum(EventLoop::emptyPolls);
    }
}
