/** Soft-RoCE for tests: finds the lab or the machine's own device, and runs containers on it. */
@NullMarked
package dev.verbena.softroce;

import org.jspecify.annotations.NullMarked;
