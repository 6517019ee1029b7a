/** What a provider of the verbs API implements; found through ServiceLoader. */
@NullMarked
package dev.verbena.verbs.spi;

import org.jspecify.annotations.NullMarked;
