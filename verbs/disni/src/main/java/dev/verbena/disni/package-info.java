/** Verbena under unmodified DiSNI 2.1 applications. */
@NullMarked
package dev.verbena.disni;

import org.jspecify.annotations.NullMarked;
