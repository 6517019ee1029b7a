/** Tests. */
@NullMarked
package dev.verbena.onesided;

import org.jspecify.annotations.NullMarked;
