/** Counters, events and what shows them. */
@NullMarked
package dev.verbena.metrics;

import org.jspecify.annotations.NullMarked;
