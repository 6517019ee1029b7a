/** Tests. */
@NullMarked
package dev.verbena.verbs.embedded;

import org.jspecify.annotations.NullMarked;
