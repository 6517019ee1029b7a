/**
 * The binding of libibverbs, librdmacm and a little of libc: one class per C struct, C's own names for the functions.
 *
 * <p>Nothing here is checked against misuse: addresses are plain {@code long}s. The package is therefore not exported; the
 * provider above it makes the checks.
 */
@NullMarked
package dev.verbena.verbs.rdmacore.ffi;

import org.jspecify.annotations.NullMarked;
