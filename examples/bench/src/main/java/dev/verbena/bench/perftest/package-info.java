/** perftest's benchmarks, which also speak with perftest's own programs. */
@NullMarked
package dev.verbena.bench.perftest;

import org.jspecify.annotations.NullMarked;
