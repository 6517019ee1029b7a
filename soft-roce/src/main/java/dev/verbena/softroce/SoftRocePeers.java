package dev.verbena.softroce;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Containers on the two ends of the link, started when first asked for.
 *
 * <p>Threading: any thread.
 */
public final class SoftRocePeers implements AutoCloseable {
    private final SoftRoceLab lab;
    private @Nullable SoftRoceContainer a;
    private @Nullable SoftRoceContainer b;
    private @Nullable SoftRoceContainer both;

    SoftRocePeers(SoftRoceLab lab) {
        this.lab = lab;
    }

    public SoftRoceLab lab() {
        return lab;
    }

    /** The container that has the device on end 0, and no other. */
    public synchronized SoftRoceContainer a() {
        SoftRoceContainer container = a;
        if (container == null) {
            container = started(lab.device(0));
            a = container;
        }
        return container;
    }

    /** The container that has the device on end 1, and no other. */
    public synchronized SoftRoceContainer b() {
        SoftRoceContainer container = b;
        if (container == null) {
            container = started(lab.device(1));
            b = container;
        }
        return container;
    }

    /** A third container, which has both devices. */
    public synchronized SoftRoceContainer both() {
        SoftRoceContainer container = both;
        if (container == null) {
            container = started(lab.device(0), lab.device(1));
            both = container;
        }
        return container;
    }

    /** The commands that run in them. */
    Set<ContainerProcess> processes() {
        Set<ContainerProcess> processes = new HashSet<>();
        running().forEach(container -> processes.addAll(container.processes()));
        return processes;
    }

    @Override
    public void close() {
        running().forEach(SoftRoceContainer::stop);
    }

    private SoftRoceContainer started(RxeDevice... devices) {
        SoftRoceContainer container = new SoftRoceContainer(lab, devices);
        container.start();
        return container;
    }

    private synchronized List<SoftRoceContainer> running() {
        List<SoftRoceContainer> running = new ArrayList<>();
        if (a != null) {
            running.add(a);
        }
        if (b != null) {
            running.add(b);
        }
        if (both != null) {
            running.add(both);
        }
        return running;
    }
}
