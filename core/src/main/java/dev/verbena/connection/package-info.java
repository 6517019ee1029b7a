/** The way in: the queue-pair manager, connections and listeners. */
@NullMarked
package dev.verbena.connection;

import org.jspecify.annotations.NullMarked;
