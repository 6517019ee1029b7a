/** The snippets of docs/migrating.md. */
@NullMarked
package dev.verbena.migrating;

import org.jspecify.annotations.NullMarked;
