package dev.verbena.disni;

import com.ibm.disni.verbs.IbvPd;
import com.ibm.disni.verbs.RdmaCmEvent;
import com.ibm.disni.verbs.RdmaProvider;
import java.io.IOException;
import java.io.InputStream;
import java.lang.invoke.MethodHandles;
import java.lang.reflect.Field;
import java.net.URI;
import java.net.URL;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Puts Verbena under DiSNI 2.1. There are two ways, and an application takes one:
 *
 * <ul>
 *   <li>this jar stands before DiSNI's on the class path, and nothing is called. Maven keeps the order in which dependencies
 *       are declared;
 *   <li>{@link #install()} is called before anything of DiSNI is touched, and the order does not matter.
 * </ul>
 *
 * <p>Which way is open here, {@link #requireInPlace()} and {@link #main} tell.
 *
 * <p>System properties: {@code verbena.disni.provider} names the provider (else the one of the first usable device),
 * {@code verbena.disni.source} the local address that connections leave from when the program names none, and
 * {@code verbena.disni.connectTimeoutMs} how long an endpoint waits for its peer's answer (60,000).
 *
 * <p>Threading: any thread.
 */
public final class VerbenaDisni {
    private static final String PROVIDER_CLASS = "com.ibm.disni.verbs.impl.RdmaProviderNat";

    /**
     * A class of DiSNI's that ours takes the place of.
     *
     * @param neighbour a class of its package
     * @param needed whether nothing works on DiSNI's own
     */
    private record Stand(String name, String neighbour, boolean needed) {}

    private static final List<Stand> STANDS = List.of(
            new Stand("com.ibm.disni.util.MemoryUtils", "com.ibm.disni.util.MemBuf", true),
            new Stand("com.ibm.disni.util.NativeAffinity", "com.ibm.disni.util.MemBuf", true),
            new Stand("com.ibm.disni.RdmaServerEndpoint", "com.ibm.disni.RdmaEndpointFactory", false));

    /** Classes that {@link #define} made: they have DiSNI's loader and jar, and our code. */
    private static final Set<Class<?>> DEFINED = ConcurrentHashMap.newKeySet();

    private static final class Holder {
        static final RdmaProvider PROVIDER = new DisniProvider();
    }

    private VerbenaDisni() {}

    /** The provider: every call of DiSNI's verbs, answered by Verbena. */
    public static RdmaProvider provider() {
        return Holder.PROVIDER;
    }

    /**
     * Puts Verbena under DiSNI, in whatever order the two stand on the class path. Calling it again changes nothing.
     *
     * @throws IllegalStateException when DiSNI has been used before, with what to change
     */
    public static synchronized void install() {
        try {
            for (Stand stand : STANDS) {
                define(stand);
            }
            Field field = RdmaProvider.class.getDeclaredField("provider");
            field.setAccessible(true);
            Object present = field.get(null);
            if (present != null && !isOwn(present.getClass())) {
                throw late(present.getClass(), null);
            }
            field.set(null, provider());
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(
                    "this DiSNI is not version 2.1: " + e.getMessage() + "; its jar is " + origin(RdmaProvider.class),
                    e);
        }
    }

    /**
     * Checks that DiSNI's next call reaches Verbena, by the order of the class path or because {@link #install()} was called.
     *
     * @throws IllegalStateException that says which jar stands before which, and the two ways to mend it
     */
    public static void requireInPlace() {
        try {
            Field field = RdmaProvider.class.getDeclaredField("provider");
            field.setAccessible(true);
            if (provider().equals(field.get(null))) {
                return;
            }
            Class<?> first = Class.forName(PROVIDER_CLASS, false, RdmaProvider.class.getClassLoader());
            if (!isOwn(first)) {
                throw new IllegalStateException(
                        "DiSNI (" + origin(first) + ") stands before Verbena ("
                                + origin(VerbenaDisni.class)
                                + ") on the class path, so it will look for its own native library: declare verbena-disni before"
                                + " disni, or before what brings disni, in the pom.xml; or call VerbenaDisni.install() first of all");
            }
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("this DiSNI is not version 2.1: " + e.getMessage(), e);
        }
    }

    /** Says whether DiSNI runs on Verbena with this class path, and on which provider; exit code 1 when it does not. */
    public static void main(String[] arguments) {
        try {
            requireInPlace();
            System.out.println("DiSNI runs on Verbena, provider "
                    + DisniProvider.verbsProvider().name());
        } catch (RuntimeException e) {
            System.err.println(e.getMessage());
            System.exit(1);
        }
    }

    /**
     * Memory that the device allocates and registers, for what a direct buffer cannot do: the embedded provider has remote
     * atomics, and its speed without a system call, only there.
     *
     * <p>Ownership: deregistering the region frees the memory; a buffer that is used afterwards throws.
     *
     * @throws IOException when the device has no room, with what to do about it
     */
    public static RegisteredBuffer allocate(IbvPd pd, int lengthBytes, int access) throws IOException {
        return DisniProtectionDomain.of(pd).allocate(lengthBytes, access);
    }

    /**
     * Where datagrams to a peer go, from the event that its connection request was answered with. DiSNI can send datagrams
     * and has no call that makes the address handle they need.
     *
     * <p>Ownership: the handle lives as long as the protection domain.
     *
     * @param established an ESTABLISHED event of an id in port space UDP
     */
    public static DatagramDestination destination(IbvPd pd, RdmaCmEvent established) throws IOException {
        return DisniProtectionDomain.of(pd).destination(Failure.cast(DisniEvent.class, established, "event"));
    }

    /** Makes one of our classes the class of its name, unless it is that already. */
    private static void define(Stand stand) throws ReflectiveOperationException {
        byte[] code = ownCode(stand.name());
        ClassLoader loader = RdmaProvider.class.getClassLoader();
        try {
            DEFINED.add(MethodHandles.privateLookupIn(
                            Class.forName(stand.neighbour(), false, loader), MethodHandles.lookup())
                    .defineClass(code));
        } catch (LinkageError e) {
            Class<?> present = Class.forName(stand.name(), false, loader);
            if (stand.needed() && !isOwn(present)) {
                throw late(present, e);
            }
        }
    }

    private static IllegalStateException late(Class<?> present, @Nullable LinkageError cause) {
        return new IllegalStateException(
                "DiSNI has been used before VerbenaDisni.install(): " + present.getName() + " of " + origin(present)
                        + " is loaded; call install() before anything else of DiSNI, first in main",
                cause);
    }

    /** Ours have no private members of DiSNI's native binding: they depend on this package. */
    private static boolean isOwn(Class<?> type) {
        return type == DisniProvider.class || origin(type).equals(origin(VerbenaDisni.class)) || DEFINED.contains(type);
    }

    private static byte[] ownCode(String name) {
        String path = name.replace('.', '/') + ".class";
        URL self = VerbenaDisni.class.getResource("VerbenaDisni.class");
        if (self == null) {
            throw new IllegalStateException("the class loader of Verbena gives no resources");
        }
        String root = self.toString().replace("dev/verbena/disni/VerbenaDisni.class", "");
        try (InputStream in = URI.create(root + path).toURL().openStream()) {
            return in.readAllBytes();
        } catch (IOException e) {
            throw new IllegalStateException("verbena-disni is not complete: no " + path + " in " + root, e);
        }
    }

    private static String origin(Class<?> type) {
        var source = type.getProtectionDomain().getCodeSource();
        return source == null || source.getLocation() == null
                ? "unknown place"
                : source.getLocation().toString();
    }
}
