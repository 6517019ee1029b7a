package dev.verbena.disni;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/**
 * Whether memory that a program names by its address is there: a number that is wrong must not end the JVM.
 *
 * <p>Threading: any thread.
 */
final class MappedMemory {
    private static final Path MAPS = Path.of("/proc/self/maps");

    private MappedMemory() {}

    /**
     * Throws unless every byte of a range is mapped.
     *
     * @param writable whether it has to be writable too
     */
    static void require(long address, long lengthBytes, boolean writable) throws IOException {
        long end = address + lengthBytes;
        if (address <= 0 || end < address) {
            throw unmapped(address, lengthBytes, writable);
        }
        long covered = address;
        try (Stream<String> maps = Files.lines(MAPS)) {
            for (String line : (Iterable<String>) maps::iterator) {
                // first-last rwxp ...; ordered by address
                int dash = line.indexOf('-');
                int blank = line.indexOf(' ');
                long first = Long.parseUnsignedLong(line, 0, dash, 16);
                long last = Long.parseUnsignedLong(line, dash + 1, blank, 16);
                boolean allowed = line.charAt(blank + 1) == 'r' && (!writable || line.charAt(blank + 2) == 'w');
                if (allowed && Long.compareUnsigned(first, covered) <= 0 && Long.compareUnsigned(last, covered) > 0) {
                    covered = last;
                }
            }
        }
        if (Long.compareUnsigned(covered, end) < 0) {
            throw unmapped(address, lengthBytes, writable);
        }
    }

    private static IOException unmapped(long address, long lengthBytes, boolean writable) {
        return new IOException(String.format(
                "%,d bytes at 0x%x are not %s memory of this process",
                lengthBytes, address, writable ? "writable" : "readable"));
    }
}
