/** Tests. */
@NullMarked
package dev.verbena.tour;

import org.jspecify.annotations.NullMarked;
