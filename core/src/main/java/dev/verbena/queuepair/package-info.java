/** Event loops, and the rings of send and receive requests of a queue pair. */
@NullMarked
package dev.verbena.queuepair;

import org.jspecify.annotations.NullMarked;
