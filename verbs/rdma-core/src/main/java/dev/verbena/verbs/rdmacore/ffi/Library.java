package dev.verbena.verbs.rdmacore.ffi;

import java.lang.foreign.Arena;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A shared library with the functions that are needed from it, probed once.
 *
 * <p>What is missing becomes one sentence: a library that is not installed, a symbol that an old one lacks, native access
 * that was not granted. Looking for it never throws, so no class initialiser that depends on it can fail.
 *
 * <p>Threading: immutable after construction.
 */
public final class Library {
    private final String name;
    private final @Nullable String problem;
    private final Map<String, MemorySegment> symbols;

    private Library(String name, @Nullable String problem, Map<String, MemorySegment> symbols) {
        this.name = name;
        this.problem = problem;
        this.symbols = symbols;
    }

    /**
     * Opens a library and looks up all its functions.
     *
     * @param soname the name with its ABI version, as the dynamic linker knows it
     * @param property the system property that overrides the name with a path
     * @param advice what to do if the library or one of its functions is missing
     */
    @SuppressWarnings("restricted")
    static Library open(String soname, String property, String advice, String... functions) {
        String platformProblem = Platform.problem();
        if (platformProblem != null) {
            return new Library(soname, platformProblem, Map.of());
        }
        String override = System.getProperty(property, "");
        String chosen = override.isEmpty() ? soname : override;
        if (chosen.contains("/") && !Files.exists(Path.of(chosen))) {
            return new Library(chosen, chosen + ", named by -D" + property + ", does not exist", Map.of());
        }
        SymbolLookup lookup;
        try {
            // A bare name goes to the dynamic linker; a path would be resolved against the file system by Path.
            lookup = chosen.contains("/")
                    ? SymbolLookup.libraryLookup(Path.of(chosen), Arena.global())
                    : SymbolLookup.libraryLookup(chosen, Arena.global());
        } catch (IllegalArgumentException absent) {
            return new Library(chosen, chosen + " cannot be loaded: " + advice, Map.of());
        } catch (IllegalCallerException denied) {
            return new Library(chosen, "native access is denied: " + denied.getMessage(), Map.of());
        }
        return probe(chosen, lookup, advice, functions);
    }

    /** The C library that the JVM itself is linked with. */
    static Library ofLinker(String... functions) {
        String platformProblem = Platform.problem();
        return platformProblem != null
                ? new Library("libc", platformProblem, Map.of())
                : probe("libc", Linker.nativeLinker().defaultLookup(), "a Linux C library is needed", functions);
    }

    private static Library probe(String name, SymbolLookup lookup, String advice, String... functions) {
        Map<String, MemorySegment> found = new HashMap<>();
        for (String function : functions) {
            MemorySegment address = lookup.find(function).orElse(null);
            if (address == null) {
                return new Library(name, name + " has no function " + function + ": " + advice, Map.of());
            }
            found.put(function, address);
        }
        return new Library(name, null, Map.copyOf(found));
    }

    /** The name or path it was opened by. */
    public String name() {
        return name;
    }

    /** The one sentence that says why the library cannot be used, or null if it can. */
    public @Nullable String problem() {
        return problem;
    }

    /** The address of one of the functions it was opened with. */
    MemorySegment symbol(String function) {
        MemorySegment address = symbols.get(function);
        if (address == null) {
            throw new IllegalArgumentException(function + " is not in the list of functions probed in " + name);
        }
        return address;
    }
}
