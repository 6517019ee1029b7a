/** Tests of jVerbs' names. */
@NullMarked
package dev.verbena.jverbs;

import org.jspecify.annotations.NullMarked;
