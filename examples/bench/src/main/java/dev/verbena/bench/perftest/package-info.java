/** perftest's benchmarks, in perftest's own protocol. */
@NullMarked
package dev.verbena.bench.perftest;

import org.jspecify.annotations.NullMarked;
