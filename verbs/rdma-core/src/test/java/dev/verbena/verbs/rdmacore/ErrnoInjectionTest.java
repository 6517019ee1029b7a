package dev.verbena.verbs.rdmacore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.verbena.verbs.AccessFlags;
import dev.verbena.verbs.AddressHandle;
import dev.verbena.verbs.AddressVector;
import dev.verbena.verbs.CompletionQueue;
import dev.verbena.verbs.Errno;
import dev.verbena.verbs.Gid;
import dev.verbena.verbs.MemoryRegion;
import dev.verbena.verbs.MemoryWindow;
import dev.verbena.verbs.QueuePairAttributes;
import dev.verbena.verbs.QueuePairConfig;
import dev.verbena.verbs.QueuePairType;
import dev.verbena.verbs.Refusal;
import dev.verbena.verbs.SendFlags;
import dev.verbena.verbs.SharedReceiveQueueConfig;
import dev.verbena.verbs.Verbs;
import dev.verbena.verbs.VerbsException;
import dev.verbena.verbs.rdmacore.ffi.FakeIbverbs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Every function of the control path fails with an errno, which arrives as an exception that names verb and errno. */
class ErrnoInjectionTest {
    private static final Gid GROUP = Gid.parse("ff0e::1");

    @SuppressWarnings("ImmutableEnumChecker") // the lambdas hold no state
    enum Call {
        QUERY_DEVICE("ibv_query_device", loop -> loop.context.queryDevice()),
        QUERY_PORT("query_port", "ibv_query_port", loop -> loop.context.queryPort(1)),
        QUERY_GIDS("ibv_query_gid_table", loop -> loop.context.queryGids(1)),
        QUERY_PKEY("ibv_query_pkey", loop -> loop.context.queryPkey(1, 0)),
        ALLOC_PD("ibv_alloc_pd", loop -> loop.context.allocateProtectionDomain()),
        CREATE_COMP_CHANNEL("ibv_create_comp_channel", loop -> loop.context.createCompletionChannel()),
        CREATE_CQ("ibv_create_cq", loop -> loop.context.createCompletionQueue(16)),
        RESIZE_CQ("ibv_resize_cq", loop -> loop.sendQueue.resize(2000)),
        REQ_NOTIFY_CQ("req_notify_cq", "ibv_req_notify_cq", loop -> loop.receiveQueue.requestNotify(false)),
        GET_CQ_EVENT("ibv_get_cq_event", loop -> loop.channel.poll()),
        GET_ASYNC_EVENT("ibv_get_async_event", loop -> loop.context.pollAsyncEvent()),
        REG_MR("ibv_reg_mr_iova2", "ibv_reg_mr", loop -> loop.pd.allocate(4096, AccessFlags.LOCAL_WRITE)),
        ALLOC_MW("alloc_mw", "ibv_alloc_mw", loop -> loop.pd.allocateMemoryWindow(MemoryWindow.Type.TYPE_2)),
        CREATE_AH("ibv_create_ah", loop -> loop.pd.createAddressHandle(AddressVector.to(GROUP, 1, 1))),
        CREATE_SRQ("ibv_create_srq", loop -> loop.pd.createSharedReceiveQueue(SharedReceiveQueueConfig.of(8))),
        MODIFY_SRQ("ibv_modify_srq", loop -> loop.sharedReceiveQueue().armLimit(2)),
        QUERY_SRQ("ibv_query_srq", loop -> loop.sharedReceiveQueue().limit()),
        CREATE_QP("ibv_create_qp", loop -> loop.pd.createQueuePair(QueuePairConfig.reliable(loop.sendQueue))),
        MODIFY_QP("ibv_modify_qp", loop -> loop.near.modify(new QueuePairAttributes().minRnrTimer(13))),
        QUERY_QP("ibv_query_qp", loop -> loop.near.query()),
        ATTACH_MCAST("ibv_attach_mcast", loop -> loop.near.attachMulticast(GROUP, 0)),
        DETACH_MCAST("ibv_detach_mcast", loop -> loop.near.detachMulticast(GROUP, 0));

        private final String function;
        private final String verb;
        private final Consumer<Loopback> call;

        Call(String function, Consumer<Loopback> call) {
            this(function, function, call);
        }

        Call(String function, String verb, Consumer<Loopback> call) {
            this.function = function;
            this.verb = verb;
            this.call = call;
        }
    }

    @BeforeEach
    void fake() {
        FakeIbverbs.require();
    }

    @ParameterizedTest
    @EnumSource
    void aFailureNamesItsVerbAndErrno(Call call) {
        try (Loopback loop = new Loopback(QueuePairType.RC, 16)) {
            FakeIbverbs.inject(call.function, Errno.ENOSPC, 1);

            assertThatThrownBy(() -> call.call.accept(loop)).isInstanceOfSatisfying(VerbsException.class, failure -> {
                assertThat(failure.errno()).isEqualTo(Errno.ENOSPC);
                assertThat(failure.verb()).isEqualTo(call.verb);
                assertThat(failure).hasMessageContaining(call.verb + " failed on ");
                assertThat(failure).hasMessageContaining("ENOSPC (28)");
                assertThat(failure.getMessage()).doesNotContain("\n");
            });
        }
    }

    @ParameterizedTest
    @EnumSource
    void afterAFailureTheSameCallWorks(Call call) {
        try (Loopback loop =
                call.name().endsWith("MCAST") ? new Loopback(QueuePairType.UD) : new Loopback(QueuePairType.RC, 16)) {
            FakeIbverbs.inject(call.function, Errno.ENOMEM, 1);
            assertThatThrownBy(() -> call.call.accept(loop)).isInstanceOf(VerbsException.class);

            call.call.accept(loop);
        }
    }

    @Test
    void theListHasEveryFunctionThatCanFailOnTheControlPath() {
        assertThat(Arrays.stream(Call.values()).map(call -> call.verb))
                .doesNotHaveDuplicates()
                .hasSize(22);
    }

    @Test
    void aDeviceThatCannotBeOpenedSaysWhatIsInTheWay() {
        FakeIbverbs.inject("ibv_open_device", Errno.EACCES, 1);

        assertThatThrownBy(() -> Verbs.open("fake0").close())
                .hasMessage("ibv_open_device failed on device fake0: EACCES (13); no permission to open"
                        + " /dev/infiniband/uverbs-fake0: make it readable and writable for this user; in a container give"
                        + " --device /dev/infiniband/uverbs-fake0");
    }

    @Test
    void aContextThatCannotBeQueriedIsClosedAgain() {
        long closed = FakeIbverbs.calls("ibv_close_device");
        FakeIbverbs.inject("ibv_query_device", Errno.EIO, 1);

        assertThatThrownBy(() -> Verbs.open("fake0").close()).isInstanceOf(VerbsException.class);

        assertThat(FakeIbverbs.calls("ibv_close_device")).isEqualTo(closed + 1);
    }

    @Test
    void aRegistrationRefusedForLockedMemorySaysTheLimitAndTheMending() {
        try (Loopback loop = new Loopback(QueuePairType.RC)) {
            FakeIbverbs.inject("ibv_reg_mr_iova2", Errno.ENOMEM, 1);

            assertThatThrownBy(() -> loop.pd.allocate(1 << 30, AccessFlags.LOCAL_WRITE))
                    .hasMessageStartingWith("ibv_reg_mr failed on device fake0, 1.0 GiB: ENOMEM (12); ")
                    .hasMessageMatching(
                            Failure.memlockLimit() == -1
                                    ? ".*too little memory that can be locked"
                                    : ".*the locked-memory limit is [0-9.]+ ([KMGT]i)?B, raise it with `ulimit -l unlimited`.*");
        }
    }

    @Test
    void memoryThatCouldNotBeRegisteredIsGivenBack() throws Exception {
        try (Loopback loop = new Loopback(QueuePairType.RC)) {
            long before = mappedKib();
            for (int i = 0; i < 100; i++) {
                FakeIbverbs.inject("ibv_reg_mr_iova2", Errno.ENOSPC, 1);

                assertThatThrownBy(() -> loop.pd.allocate(1L << 30, AccessFlags.LOCAL_WRITE))
                        .hasMessageContaining("ENOSPC");
            }

            assertThat(mappedKib() - before).isLessThan(10L << 20);
        }
    }

    private static long mappedKib() throws IOException {
        for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
            if (line.startsWith("VmSize:")) {
                return Long.parseLong(line.replaceAll("[^0-9]", ""));
            }
        }
        throw new AssertionError("no VmSize");
    }

    @Test
    void aRegionWhoseDeregistrationIsRefusedSaysSo() {
        try (Loopback loop = new Loopback(QueuePairType.RC)) {
            MemoryRegion region = loop.pd.allocate(4096, AccessFlags.LOCAL_WRITE);
            FakeIbverbs.inject("ibv_dereg_mr", Errno.EBUSY, 1);

            assertThatThrownBy(region::close)
                    .hasMessageContaining("EBUSY (16)")
                    .hasMessageContaining("a memory window is bound to it");
        }
    }

    @Test
    void aRefusedPostAnswersARefusalAndItsErrno() {
        try (Loopback loop = new Loopback(QueuePairType.RC, 16)) {
            FakeIbverbs.inject("post_send", Errno.EIO, 1);
            int send = loop.near.postSend(1, 0, 0, 0, 0);
            int sendErrno = loop.near.lastErrno();
            FakeIbverbs.inject("post_recv", Errno.EFAULT, 1);
            int receive = loop.near.postReceive(1, 0, 0, 0);
            int receiveErrno = loop.near.lastErrno();
            FakeIbverbs.inject("post_srq_recv", Errno.EIO, 1);
            int shared = loop.sharedReceiveQueue().postReceive(1, 0, 0, 0);

            assertThat(send).isEqualTo(Refusal.DEVICE_ERROR);
            assertThat(sendErrno).isEqualTo(Errno.EIO);
            assertThat(receive).isEqualTo(Refusal.DEVICE_ERROR);
            assertThat(receiveErrno).isEqualTo(Errno.EFAULT);
            assertThat(shared).isEqualTo(Refusal.DEVICE_ERROR);
            assertThat(loop.sharedReceiveQueue().lastErrno()).isEqualTo(Errno.EIO);
            assertThat(loop.near.postSend(2, 0, 0, 0, SendFlags.SIGNALED)).isZero();
        }
    }

    @Test
    void aBindOfType1ThatIsRefusedAnswersARefusal() {
        try (Loopback loop = new Loopback(QueuePairType.RC)) {
            MemoryWindow window = loop.pd.allocateMemoryWindow(MemoryWindow.Type.TYPE_1);
            FakeIbverbs.inject("bind_mw", Errno.EPERM, 1);

            int result = loop.near.postBind(1, window, 0, loop.local, loop.local.address(), 8, 0, 0);

            assertThat(result).isEqualTo(Refusal.DEVICE_ERROR);
            assertThat(loop.near.lastErrno()).isEqualTo(Errno.EPERM);
        }
    }

    @Test
    void aPollThatFailsIsAnException() {
        try (Loopback loop = new Loopback(QueuePairType.RC)) {
            FakeIbverbs.inject("poll_cq", 1, 1);

            assertThatThrownBy(() -> loop.sendQueue.poll(loop.completions))
                    .isInstanceOf(VerbsException.class)
                    .hasMessageContaining("ibv_poll_cq failed on ");
            assertThat(loop.sendQueue.poll(loop.completions)).isZero();
        }
    }

    /** What cannot be destroyed is logged, and the rest is still closed. */
    @ParameterizedTest
    @EnumSource(value = Destroy.class)
    void aCloseThatFailsThrowsNothing(Destroy destroy) {
        long calls = FakeIbverbs.calls(destroy.function);
        try (Loopback loop = new Loopback(QueuePairType.RC, 16)) {
            CompletionQueue queue = loop.context.createCompletionQueue(8);
            MemoryWindow window = loop.pd.allocateMemoryWindow(MemoryWindow.Type.TYPE_2);
            AddressHandle handle = loop.pd.createAddressHandle(AddressVector.to(GROUP, 1, 1));
            FakeIbverbs.inject(destroy.function, Errno.EBUSY, 1);

            loop.far.close();
            loop.near.close();
            queue.close();
            window.close();
            handle.close();
            loop.sharedReceiveQueue().close();
        }

        assertThat(FakeIbverbs.calls(destroy.function)).isGreaterThan(calls);
    }

    enum Destroy {
        QP("ibv_destroy_qp"),
        CQ("ibv_destroy_cq"),
        SRQ("ibv_destroy_srq"),
        MW("dealloc_mw"),
        AH("ibv_destroy_ah"),
        PD("ibv_dealloc_pd"),
        CHANNEL("ibv_destroy_comp_channel"),
        CONTEXT("ibv_close_device");

        private final String function;

        Destroy(String function) {
            this.function = function;
        }
    }
}
