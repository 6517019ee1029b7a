package dev.verbena.disni;

import com.ibm.disni.verbs.IbvContext;
import dev.verbena.verbs.Context;
import dev.verbena.verbs.DeviceAttributes;
import java.io.IOException;

/**
 * An open device as DiSNI sees it. {@link #close()} marks it closed, as DiSNI's own does; the device stays open for its other
 * users.
 *
 * <p>Threading: any thread.
 */
final class DisniContext extends IbvContext {
    private final Context context;
    private final DeviceAttributes attributes;

    DisniContext(Context context, int number) throws IOException {
        super(number, context.completionVectors());
        this.context = context;
        this.attributes = Failure.call(context::queryDevice);
    }

    Context context() {
        return context;
    }

    DeviceAttributes attributes() {
        return attributes;
    }

    static DisniContext of(IbvContext context) throws IOException {
        DisniContext own = Failure.cast(DisniContext.class, context, "context");
        Failure.requireOpen(own.isOpen(), own.context.toString());
        return own;
    }
}
