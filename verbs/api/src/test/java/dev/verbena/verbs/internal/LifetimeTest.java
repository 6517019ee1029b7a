package dev.verbena.verbs.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class LifetimeTest {
    private final List<String> closed = new ArrayList<>();

    private final class Thing implements AutoCloseable {
        private final String name;
        private final Lifetime lifetime;

        Thing(String name, Lifetime... parents) {
            this.name = name;
            this.lifetime = new Lifetime(name, this, parents);
        }

        @Override
        public void close() {
            lifetime.close(() -> {}, () -> closed.add(name));
        }
    }

    @Test
    void closingAParentClosesItsChildrenNewestFirstAndOnce() {
        Thing context = new Thing("context", Lifetime.ROOT);
        Thing pd = new Thing("pd", context.lifetime);
        Thing cq = new Thing("cq", context.lifetime);
        new Thing("qp", pd.lifetime, cq.lifetime);

        context.close();
        context.close();
        pd.close();

        assertThat(closed).containsExactly("qp", "cq", "pd", "context");
    }

    @Test
    void aClosedObjectRefusesCallsByName() {
        Thing thing = new Thing("qp 0x11", Lifetime.ROOT);
        thing.close();

        assertThatIllegalStateException().isThrownBy(thing.lifetime::enter).withMessage("qp 0x11 is closed");
    }

    @Test
    void destroyingWaitsForTheCallUnderWay() throws Exception {
        Thing thing = new Thing("mr", Lifetime.ROOT);
        thing.lifetime.enter();
        CountDownLatch woken = new CountDownLatch(1);
        Thread closer = Thread.ofPlatform().start(() -> thing.lifetime.close(woken::countDown, () -> closed.add("mr")));

        assertThat(woken.await(10, TimeUnit.SECONDS)).isTrue();
        assertThat(closed).isEmpty();
        thing.lifetime.exit();
        closer.join();

        assertThat(closed).containsExactly("mr");
    }

    @Test
    void whatRefusesToBeDestroyedStaysOpen() {
        Lifetime lifetime = new Lifetime("mr", () -> {}, Lifetime.ROOT);

        assertThatThrownBy(() -> lifetime.closeOrThrow(() -> {}, () -> {
                    throw new IllegalArgumentException("busy");
                }))
                .hasMessage("busy");

        assertThat(lifetime.isOpen()).isTrue();
        lifetime.close(() -> {}, () -> closed.add("mr"));
        assertThat(closed).containsExactly("mr");
    }
}
