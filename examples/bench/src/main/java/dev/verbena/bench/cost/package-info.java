/** What Java's post and poll cost beside C's, against a driver that does next to nothing. */
@NullMarked
package dev.verbena.bench.cost;

import org.jspecify.annotations.NullMarked;
