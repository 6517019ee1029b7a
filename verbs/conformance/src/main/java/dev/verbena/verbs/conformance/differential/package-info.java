/** The differential test: random programs, run on providers, judged by a model of the rules. */
@NullMarked
package dev.verbena.verbs.conformance.differential;

import org.jspecify.annotations.NullMarked;
