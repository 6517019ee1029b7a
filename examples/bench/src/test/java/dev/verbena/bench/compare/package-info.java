@NullMarked
package dev.verbena.bench.compare;

import org.jspecify.annotations.NullMarked;
