/** The verbs API: InfiniBand's objects under their own names, with a data path of primitives. */
@NullMarked
package dev.verbena.verbs;

import org.jspecify.annotations.NullMarked;
