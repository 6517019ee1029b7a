/** Tests. */
@NullMarked
package dev.verbena.messaging;

import org.jspecify.annotations.NullMarked;
