package com.ibm.disni.verbs.impl;

import com.ibm.disni.verbs.RdmaCm;
import com.ibm.disni.verbs.RdmaProvider;
import com.ibm.disni.verbs.RdmaVerbs;
import dev.verbena.disni.VerbenaDisni;
import java.io.IOException;

/**
 * Stands in front of DiSNI's own class of this name, the one that {@link RdmaProvider#provider()} makes: no native library
 * is loaded, every call goes to Verbena.
 *
 * <p>Threading: any thread.
 */
public final class RdmaProviderNat extends RdmaProvider {
    private final RdmaProvider verbena = VerbenaDisni.provider();

    @Override
    public RdmaCm openCm() throws IOException {
        return verbena.openCm();
    }

    @Override
    public RdmaVerbs openVerbs() throws IOException {
        return verbena.openVerbs();
    }

    @Override
    public int getVersion() {
        return verbena.getVersion();
    }
}
