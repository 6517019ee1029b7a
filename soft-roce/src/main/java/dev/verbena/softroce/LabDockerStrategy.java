package dev.verbena.softroce;

import dev.verbena.softroce.SoftRoceLab.Kind;
import dev.verbena.softroce.SoftRoceSearch.Found;
import java.util.Optional;
import org.testcontainers.dockerclient.DockerClientProviderStrategy;
import org.testcontainers.dockerclient.TransportConfig;

/**
 * Points Testcontainers to the lab's docker while a lab is up, however the test was started.
 *
 * <p>Found through {@code META-INF/services}. Testcontainers asks a {@code DOCKER_HOST} of the environment and a strategy
 * remembered in {@code ~/.testcontainers.properties} before this one; {@link SoftRoceContainer} says so where that
 * leads elsewhere.
 */
public final class LabDockerStrategy extends DockerClientProviderStrategy {
    private static final int PRIORITY = 1_000;

    private final Optional<SoftRoceLab> lab = switch (SoftRoceLab.search()) {
        case Found(SoftRoceLab found) when found.kind() != Kind.MACHINE -> Optional.of(found);
        default -> Optional.empty();
    };

    @Override
    public String getDescription() {
        return lab.map(found -> "the Soft-RoCE lab's docker at " + found.dockerHost())
                .orElse("the Soft-RoCE lab, which is not up");
    }

    @Override
    protected boolean isApplicable() {
        return lab.isPresent();
    }

    @Override
    protected boolean isPersistable() {
        return false;
    }

    @Override
    protected int getPriority() {
        return PRIORITY;
    }

    @Override
    public TransportConfig getTransportConfig() {
        SoftRoceLab found = lab.orElseThrow(() -> new IllegalStateException("the Soft-RoCE lab is not up"));
        if (found.kind() == Kind.QEMU) {
            // The lab's docker has no registry to fetch ryuk from.
            RyukSwitch.turnOff();
        }
        return TransportConfig.builder().dockerHost(found.dockerHost()).build();
    }
}
