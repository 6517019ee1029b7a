/** Benchmarks as commands, with real processes on the embedded provider. */
@NullMarked
package dev.verbena.bench;

import org.jspecify.annotations.NullMarked;
