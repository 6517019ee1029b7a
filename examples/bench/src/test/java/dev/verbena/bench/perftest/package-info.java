/** perftest's texts and times. */
@NullMarked
package dev.verbena.bench.perftest;

import org.jspecify.annotations.NullMarked;
