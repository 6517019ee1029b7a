/** Connections by address: the RDMA connection manager. */
@NullMarked
package dev.verbena.verbs.cm;

import org.jspecify.annotations.NullMarked;
