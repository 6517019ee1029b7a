/** Devices, queue pairs and their requests, as jVerbs names them. Our own code, written to what IBM's documentation says of the names. */
@NullMarked
package com.ibm.net.rdma.jverbs.verbs;

import org.jspecify.annotations.NullMarked;
