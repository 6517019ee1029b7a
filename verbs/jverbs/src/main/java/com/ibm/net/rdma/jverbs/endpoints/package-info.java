/** Connections that look after their own resources, as jVerbs names them. Our own code, written to what IBM's documentation says of the names. */
@NullMarked
package com.ibm.net.rdma.jverbs.endpoints;

import org.jspecify.annotations.NullMarked;
