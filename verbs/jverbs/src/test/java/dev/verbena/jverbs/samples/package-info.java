/** Programs in the style of IBM's documentation: they use its names only, and know nothing of what is below. */
@NullMarked
package dev.verbena.jverbs.samples;

import org.jspecify.annotations.NullMarked;
