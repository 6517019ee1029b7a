/** What the packages of jVerbs share and IBM's documentation does not name. */
@NullMarked
package dev.verbena.jverbs;

import org.jspecify.annotations.NullMarked;
