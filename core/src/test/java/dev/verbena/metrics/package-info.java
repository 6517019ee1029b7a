/** Tests. */
@NullMarked
package dev.verbena.metrics;

import org.jspecify.annotations.NullMarked;
