/** Tests. */
@NullMarked
package dev.verbena.netty;

import org.jspecify.annotations.NullMarked;
