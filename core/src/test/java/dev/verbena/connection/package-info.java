/** Tests. */
@NullMarked
package dev.verbena.connection;

import org.jspecify.annotations.NullMarked;
