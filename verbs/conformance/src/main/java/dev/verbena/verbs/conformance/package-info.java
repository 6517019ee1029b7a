/** The contract of the verbs API as JUnit classes; every provider passes them. */
@NullMarked
package dev.verbena.verbs.conformance;

import org.jspecify.annotations.NullMarked;
