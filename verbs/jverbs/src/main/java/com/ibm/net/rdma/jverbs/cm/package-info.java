/** Connections by address, as jVerbs names them. Our own code, written to what IBM's documentation says of the names. */
@NullMarked
package com.ibm.net.rdma.jverbs.cm;

import org.jspecify.annotations.NullMarked;
