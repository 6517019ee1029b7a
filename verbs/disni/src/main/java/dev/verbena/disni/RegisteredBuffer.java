package dev.verbena.disni;

import com.ibm.disni.verbs.IbvMr;
import java.nio.ByteBuffer;

/**
 * Memory of {@link VerbenaDisni#allocate}.
 *
 * <p>Threading: immutable; the buffer has its own rules.
 *
 * @param buffer the memory
 * @param region its registration; {@code region.deregMr()} frees the memory
 */
public record RegisteredBuffer(ByteBuffer buffer, IbvMr region) {}
