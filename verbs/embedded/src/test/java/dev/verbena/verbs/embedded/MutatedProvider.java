package dev.verbena.verbs.embedded;

import dev.verbena.verbs.spi.AddressHandleDriver;
import dev.verbena.verbs.spi.CompletionQueueDriver;
import dev.verbena.verbs.spi.ContextDriver;
import dev.verbena.verbs.spi.DeviceDriver;
import dev.verbena.verbs.spi.EventChannelDriver;
import dev.verbena.verbs.spi.MemoryRegionDriver;
import dev.verbena.verbs.spi.MemoryWindowDriver;
import dev.verbena.verbs.spi.ProtectionDomainDriver;
import dev.verbena.verbs.spi.QueuePairDriver;
import dev.verbena.verbs.spi.SharedReceiveQueueDriver;
import dev.verbena.verbs.spi.VerbsProvider;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The embedded provider with a mistake: every call to a driver passes a mutation, which may change it or its result. */
final class MutatedProvider implements VerbsProvider {
    private static final List<Class<?>> DRIVERS = List.of(
            ContextDriver.class,
            ProtectionDomainDriver.class,
            MemoryRegionDriver.class,
            MemoryWindowDriver.class,
            AddressHandleDriver.class,
            CompletionQueueDriver.class,
            SharedReceiveQueueDriver.class,
            QueuePairDriver.class);

    private final int nodes;
    private final Mutation mutation;
    /** First address and length of regions, by key. */
    final Map<Integer, long[]> regions = new HashMap<>();
    /** Queue pairs that were told to hold back what they send. */
    final Set<Object> drained = new HashSet<>();
    /** Requests that were taken and forgotten, by queue pair. */
    final Map<Object, Integer> forgotten = new HashMap<>();
    /** What the API knows a driver by. */
    private final Map<Object, Object> proxies = new HashMap<>();
    /** Calls held back, by queue pair. */
    final Map<Object, List<Call>> held = new HashMap<>();

    private int count;

    MutatedProvider(int nodes, Mutation mutation) {
        this.nodes = nodes;
        this.mutation = mutation;
    }

    /** A call on its way to a driver. */
    @SuppressWarnings("ArrayRecordComponent") // changed by mutations, never compared
    record Call(
            MutatedProvider provider,
            Object driver,
            Method method,
            @Nullable Object[] arguments) {
        boolean is(String name) {
            return method.getName().equals(name);
        }

        @Nullable
        Object proceed() throws Throwable {
            try {
                return method.invoke(driver, arguments);
            } catch (InvocationTargetException e) {
                throw e.getTargetException();
            }
        }

        /** An argument that is a number. */
        int number(int index) {
            return arguments[index] instanceof Integer value ? value : 0;
        }

        void set(int index, Object value) {
            arguments[index] = value;
        }

        /** The index of the first argument of a type. */
        int indexOf(Class<?> type) {
            for (int index = 0; index < arguments.length; index++) {
                if (type.isInstance(arguments[index])) {
                    return index;
                }
            }
            throw new IllegalArgumentException(method + " has no " + type);
        }
    }

    /** Whether it is a call's turn: every so many. */
    boolean turn(int every) {
        return ++count % every == 0;
    }

    @Override
    public List<DeviceDriver> devices() {
        List<DeviceDriver> devices = new ArrayList<>();
        for (int node = 0; node < nodes; node++) {
            EmbeddedDevice device = new EmbeddedDevice(node);
            devices.add(new DeviceDriver() {
                @Override
                public String name() {
                    return device.name();
                }

                @Override
                public long nodeGuid() {
                    return device.nodeGuid();
                }

                @Override
                public ContextDriver open() {
                    ContextDriver real = device.open();
                    return mutation == Mutation.NONE ? real : (ContextDriver) wrap(real, ContextDriver.class);
                }
            });
        }
        return devices;
    }

    private Object wrap(Object real, Class<?> type) {
        Object proxy = Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, new Handler(this, real));
        proxies.put(real, proxy);
        return proxy;
    }

    /** What is behind a proxy. */
    private record Handler(MutatedProvider provider, Object real) implements InvocationHandler {
        @Override
        public @Nullable Object invoke(Object proxy, Method method, @Nullable Object @Nullable [] given)
                throws Throwable {
            @Nullable Object[] arguments = given == null ? new Object[0] : given.clone();
            for (int index = 0; index < arguments.length; index++) {
                Object argument = arguments[index];
                if (argument != null && Proxy.isProxyClass(argument.getClass())) {
                    arguments[index] = ((Handler) Proxy.getInvocationHandler(argument)).real;
                }
            }
            Call call = new Call(provider, real, method, arguments);
            if (method.getDeclaringClass() == Object.class) {
                return call.proceed();
            }
            Object result = provider.mutation.apply(call);
            if (result instanceof ProtectionDomainDriver.AllocatedRegion allocated) {
                return new ProtectionDomainDriver.AllocatedRegion(
                        allocated.memory(),
                        (MemoryRegionDriver) provider.wrap(allocated.region(), MemoryRegionDriver.class),
                        allocated.pages());
            }
            if (result instanceof ContextDriver.AsyncRecord event) {
                return new ContextDriver.AsyncRecord(event.type(), provider.proxies.get(event.element()), event.port());
            }
            boolean driver = DRIVERS.contains(method.getReturnType());
            return result != null && driver ? provider.wrap(result, method.getReturnType()) : result;
        }
    }

    @Override
    public String name() {
        return "embedded, " + mutation;
    }

    @Override
    public int priority() {
        return 0;
    }

    @Override
    public Availability availability() {
        return new Availability(true, "for a test");
    }

    @Override
    public EventChannelDriver openEventChannel() {
        throw new UnsupportedOperationException("programs make no connections by cm");
    }
}
