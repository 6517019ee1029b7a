/** Reads, writes and atomics on memory that a peer has shared; its program takes no part. */
@NullMarked
package dev.verbena.onesided;

import org.jspecify.annotations.NullMarked;
