/** Processes that a benchmark starts and asks for figures, and the C programs among them. */
@NullMarked
package dev.verbena.bench.process;

import org.jspecify.annotations.NullMarked;
