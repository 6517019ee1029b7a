package dev.verbena.disni;

import com.ibm.disni.verbs.RdmaCm;
import com.ibm.disni.verbs.RdmaProvider;
import com.ibm.disni.verbs.RdmaVerbs;
import dev.verbena.verbs.Verbs;
import dev.verbena.verbs.spi.VerbsProvider;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;

/**
 * The two halves of DiSNI's API, and the devices that are open. A device is opened once, as librdmacm does, and stays open:
 * DiSNI keeps protection domains of it for as long as the process lives.
 *
 * <p>Threading: any thread.
 */
final class DisniProvider extends RdmaProvider {
    /** What DiSNI 2.1 answers. */
    private static final int VERSION = 32;

    private record Key(String provider, String device) {}

    private static final Map<Key, DisniContext> CONTEXTS = new HashMap<>();

    /** It keeps nothing of DiSNI's: DiSNI's constructors ask for the provider while it is being made. */
    private static final class Cm {
        static final RdmaCm INSTANCE = new DisniCm();
    }

    private static final class VerbsHalf {
        static final RdmaVerbs INSTANCE = new DisniVerbs();
    }

    @Override
    public RdmaCm openCm() {
        return Cm.INSTANCE;
    }

    @Override
    public RdmaVerbs openVerbs() {
        return VerbsHalf.INSTANCE;
    }

    @Override
    public int getVersion() {
        return VERSION;
    }

    /** The provider that new event channels belong to. */
    static VerbsProvider verbsProvider() {
        String name = System.getProperty("verbena.disni.provider");
        return Verbs.provider(name == null ? Verbs.anyDevice().provider() : name);
    }

    /** The open device of a provider's and a name. */
    static synchronized DisniContext context(VerbsProvider provider, String name) throws IOException {
        Key key = new Key(provider.name(), name);
        DisniContext known = CONTEXTS.get(key);
        if (known != null) {
            return known;
        }
        // From 1: programs take 0 for a device that was never opened.
        DisniContext opened =
                new DisniContext(Failure.call(() -> Verbs.device(provider, name).open()), CONTEXTS.size() + 1);
        CONTEXTS.put(key, opened);
        return opened;
    }
}
