/**
 * The same echo and the same bulk transfer through what one would use instead of Verbena: sockets, Netty, Aeron, UCX.
 *
 * <p>A {@link dev.verbena.bench.compare.Side} is one end of a connection, in a process of its own. A
 * {@link dev.verbena.bench.compare.Peer} starts two of them; {@link dev.verbena.bench.compare.CompareRun} asks all peers in
 * turn, and the report says what they answered.
 */
@NullMarked
package dev.verbena.bench.compare;

import org.jspecify.annotations.NullMarked;
