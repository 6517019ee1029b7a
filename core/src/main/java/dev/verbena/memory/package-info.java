/** Registered memory: pools of slabs, buffers, and the budget for memory that is locked. */
@NullMarked
package dev.verbena.memory;

import org.jspecify.annotations.NullMarked;
