/** Small programs that show one thing each. */
@NullMarked
package dev.verbena.tour;

import org.jspecify.annotations.NullMarked;
