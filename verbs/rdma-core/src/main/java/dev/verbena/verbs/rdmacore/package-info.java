/** Verbs over rdma-core: real NICs and kernel Soft-RoCE, through libibverbs and librdmacm. */
@NullMarked
package dev.verbena.verbs.rdmacore;

import org.jspecify.annotations.NullMarked;
