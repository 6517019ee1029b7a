/** Tests of DiSNI on Verbena. */
@NullMarked
package dev.verbena.disni;

import org.jspecify.annotations.NullMarked;
