/** Tests. */
@NullMarked
package dev.verbena.queuepair;

import org.jspecify.annotations.NullMarked;
