package dev.verbena.softroce;

import dev.verbena.softroce.SoftRoceSearch.Absent;
import dev.verbena.softroce.SoftRoceSearch.Found;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * Two Soft-RoCE devices with a link between them, and a docker that runs containers with them.
 *
 * <p>It is found, never made: {@code soft-roce/lab up} makes one, and leaves a file that says where everything is
 * ({@code state.properties} under {@code VERBENA_CACHE}, by default {@code ~/.cache/verbena/lab}). Without that file a
 * machine counts as a lab when it has two rxe devices of its own and a docker socket.
 *
 * <p>Threading: immutable; {@link #link()} disturbs the link for everybody.
 */
public final class SoftRoceLab {
    /** Where the devices are. */
    public enum Kind {
        /** In a guest that {@code soft-roce/lab} booted. */
        QEMU,
        /** On this machine, made by {@code soft-roce/lab}. */
        HOST,
        /** On this machine, made by somebody else. */
        MACHINE
    }

    private final Kind kind;
    private final URI dockerHost;
    private final String image;
    private final String kernel;
    private final List<RxeDevice> devices;
    private final Path directory;
    private final Optional<Path> script;

    SoftRoceLab(
            Kind kind,
            URI dockerHost,
            String image,
            String kernel,
            List<RxeDevice> devices,
            Path directory,
            Optional<Path> script) {
        this.kind = kind;
        this.dockerHost = dockerHost;
        this.image = image;
        this.kernel = kernel;
        this.devices = List.copyOf(devices);
        this.directory = directory;
        this.script = script;
    }

    /** Looks for it anew. Cheap: reads a few files and connects once to the docker port. */
    public static SoftRoceSearch search() {
        return LabFinder.ofThisProcess().search();
    }

    /**
     * The lab, or an exception with the reason why there is none.
     *
     * @throws IllegalStateException when there is none
     */
    public static SoftRoceLab find() {
        return switch (search()) {
            case Found(SoftRoceLab lab) -> lab;
            case Absent(String reason) -> throw new IllegalStateException("no Soft-RoCE: " + reason);
        };
    }

    public Kind kind() {
        return kind;
    }

    /** Where its dockerd listens. */
    public URI dockerHost() {
        return dockerHost;
    }

    /** The peer image: a JRE 25, rdma-core's libraries and programs. It is there already and is never pulled. */
    public String image() {
        return image;
    }

    /** The release of the kernel that the devices live in, as {@code uname -r} says it. */
    public String kernel() {
        return kernel;
    }

    /** The two devices, on the two ends of the link. */
    public List<RxeDevice> devices() {
        return devices;
    }

    /** The device on end 0 or 1. */
    public RxeDevice device(int end) {
        return devices.get(end);
    }

    /** Disturbs the link. */
    public LabLink link() {
        return new LabLink(script, directory);
    }

    /** Where the lab keeps its files; what concerns all who use this lab at once is kept there. */
    Path directory() {
        return directory;
    }

    @Override
    public String toString() {
        return "Soft-RoCE lab (" + kind + ", kernel " + kernel + ", docker " + dockerHost + ", "
                + devices.get(0).name() + " " + devices.get(0).address() + ", "
                + devices.get(1).name() + " " + devices.get(1).address() + ")";
    }
}
