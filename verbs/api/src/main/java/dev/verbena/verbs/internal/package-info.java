/** Lifetimes and the data path's gate. Not exported. */
@NullMarked
package dev.verbena.verbs.internal;

import org.jspecify.annotations.NullMarked;
