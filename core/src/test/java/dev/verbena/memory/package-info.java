/** Tests. */
@NullMarked
package dev.verbena.memory;

import org.jspecify.annotations.NullMarked;
