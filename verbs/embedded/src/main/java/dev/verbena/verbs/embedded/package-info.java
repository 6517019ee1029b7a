/** Verbs over shared memory: every process of one host and user, no RDMA device needed. */
@NullMarked
package dev.verbena.verbs.embedded;

import org.jspecify.annotations.NullMarked;
