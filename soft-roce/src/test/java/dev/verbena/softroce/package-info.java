@NullMarked
package dev.verbena.softroce;

import org.jspecify.annotations.NullMarked;
