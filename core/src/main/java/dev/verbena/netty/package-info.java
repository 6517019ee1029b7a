/** Netty's buffers over registered memory. */
@NullMarked
package dev.verbena.netty;

import org.jspecify.annotations.NullMarked;
