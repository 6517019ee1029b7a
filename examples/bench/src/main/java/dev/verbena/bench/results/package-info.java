/** What a measurement found, for people and as the JSON that docs/json/bench.schema.json describes. */
@NullMarked
package dev.verbena.bench.results;

import org.jspecify.annotations.NullMarked;
