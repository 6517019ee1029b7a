/** Benchmarks of the verbs, each beside something measured in the same run. */
@NullMarked
package dev.verbena.bench;

import org.jspecify.annotations.NullMarked;
