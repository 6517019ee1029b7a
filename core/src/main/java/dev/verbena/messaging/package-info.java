/** Messages of any size over a queue pair: frames, credits, rendezvous. */
@NullMarked
package dev.verbena.messaging;

import org.jspecify.annotations.NullMarked;
