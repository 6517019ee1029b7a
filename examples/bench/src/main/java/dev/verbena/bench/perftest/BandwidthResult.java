package dev.verbena.bench.perftest;

import java.util.Locale;

/**
 * A line of a bandwidth benchmark.
 *
 * <p>Threading: immutable.
 *
 * @param bytes of a message
 * @param messages how many
 * @param peak bandwidth of the best stretch, 0 where it was not looked for; MiB a second, or Gbit
 * @param average bandwidth in the same unit
 * @param millionPerSecond messages
 */
record BandwidthResult(long bytes, long messages, double peak, double average, double millionPerSecond) {
    private static final double MIB = 1 << 20;
    private static final double GIGABIT = 125_000_000;
    private static final double LITTLE_GIGABIT = 0.1;

    static BandwidthResult of(int bytes, Rates rates, boolean gigabits) {
        double unit = gigabits ? GIGABIT : MIB;
        return new BandwidthResult(
                bytes,
                rates.messages(),
                rates.peakPerSecond() * bytes / unit,
                rates.perSecond() * bytes / unit,
                rates.perSecond() / 1e6);
    }

    /** Both directions together. */
    BandwidthResult plus(BandwidthResult other) {
        return new BandwidthResult(
                bytes, messages, peak + other.peak, average + other.average, millionPerSecond + other.millionPerSecond);
    }

    static String heading(boolean gigabits) {
        String unit = gigabits ? "Gb" : "MB";
        return " #bytes     #iterations    BW peak[" + unit + "/sec]    BW average[" + unit + "/sec]   MsgRate[Mpps]";
    }

    /** perftest's line. */
    String line(boolean gigabits) {
        return gigabits && average < LITTLE_GIGABIT
                ? String.format(
                        Locale.ROOT,
                        " %-7d    %d           %-7.6f            %-7.6f            %-7.6f",
                        bytes,
                        messages,
                        peak,
                        average,
                        millionPerSecond)
                : String.format(
                        Locale.ROOT,
                        " %-7d    %-10d       %-7.2f            %-7.2f\t\t   %-7.6f",
                        bytes,
                        messages,
                        peak,
                        average,
                        millionPerSecond);
    }
}
