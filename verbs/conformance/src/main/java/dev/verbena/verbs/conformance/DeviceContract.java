package dev.verbena.verbs.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.verbena.verbs.Capability;
import dev.verbena.verbs.Context;
import dev.verbena.verbs.Device;
import dev.verbena.verbs.DeviceAttributes;
import dev.verbena.verbs.Gid;
import dev.verbena.verbs.GidEntry;
import dev.verbena.verbs.Mtu;
import dev.verbena.verbs.PortAttributes;
import dev.verbena.verbs.ProtectionDomain;
import dev.verbena.verbs.Verbs;
import dev.verbena.verbs.VerbsException;
import dev.verbena.verbs.conformance.ConformanceTarget.Part;
import java.net.InetAddress;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/** Devices: the list, opening, ports, GIDs, partition keys. */
final class DeviceContract extends Contract {
    @Test
    void theListNamesBothDevices() {
        List<String> names =
                Verbs.devices(target().provider()).stream().map(Device::name).toList();

        assertThat(names)
                .contains(
                        target().device(Part.A).name(), target().device(Part.B).name())
                .doesNotHaveDuplicates();
    }

    @Test
    void theProviderTellsThatItIsUsableAndWhatItFound() {
        assertThat(target().provider().availability().usable()).isTrue();
        assertThat(target().provider().availability().reason()).isNotBlank();
    }

    @Test
    void openingAnUnknownDeviceNamesTheOnesThereAre() {
        assertThatThrownBy(() -> Verbs.open("no-such-device"))
                .isInstanceOf(VerbsException.class)
                .hasMessageContaining("no-such-device")
                .hasMessageContaining(target().device(Part.A).name());
    }

    @Test
    void aDeviceCanBeOpenManyTimesAtOnce() {
        Context first = open(Part.A);
        Context second = open(Part.A);

        first.close();

        assertThat(second.queryDevice().portCount()).isPositive();
    }

    @Test
    void closingIsIdempotentAndEndsEveryUse() {
        Context context = open(Part.A);

        context.close();
        context.close();

        assertThatThrownBy(context::queryDevice).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> context.queryPort(1)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(context::allocateProtectionDomain).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(context::pollAsyncEvent).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void closingClosesWhatWasMadeFromIt() {
        Context context = open(Part.A);
        ProtectionDomain pd = context.allocateProtectionDomain();

        context.close();

        assertThatThrownBy(() -> pd.allocate(64, 0))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("closed");
    }

    @Test
    void theLimitsOfADeviceLeaveRoomForWork() {
        DeviceAttributes attributes = contextA().queryDevice();

        assertThat(attributes.portCount()).isPositive();
        assertThat(attributes.maxQueuePairs()).isPositive();
        assertThat(attributes.maxWorkRequests()).isPositive();
        assertThat(attributes.maxScatterGather()).isPositive();
        assertThat(attributes.maxCompletionQueues()).isPositive();
        assertThat(attributes.maxCompletionQueueEntries()).isPositive();
        assertThat(attributes.maxMemoryRegions()).isPositive();
        assertThat(attributes.maxProtectionDomains()).isPositive();
        assertThat(attributes.maxRegionBytes()).isNotZero();
        assertThat(attributes.pageSizes()).isNotZero();
        assertThat(attributes.maxPkeys()).isPositive();
        assertThat(contextA().completionVectors()).isPositive();
    }

    @Test
    void theDeviceAndItsContextAgreeOnTheGuid() {
        Device device = target().device(Part.A);

        assertThat(contextA().queryDevice().nodeGuid()).isEqualTo(device.nodeGuid());
        assertThat(contextA().device().name()).isEqualTo(device.name());
    }

    @Test
    void everyPortCanBeQueriedAndTheFirstIsActive() {
        for (int number = 1; number <= contextA().queryDevice().portCount(); number++) {
            PortAttributes port = contextA().queryPort(number);
            assertThat(port.port()).isEqualTo(number);
            assertThat(port.maxMtu()).isNotEqualTo(Mtu.UNKNOWN);
            assertThat(port.activeMtu()).isNotEqualTo(Mtu.UNKNOWN);
            assertThat(port.activeMtu().bytes())
                    .isLessThanOrEqualTo(port.maxMtu().bytes());
            assertThat(port.maxMessageBytes()).isPositive();
            assertThat(port.gidTableLength()).isPositive();
            assertThat(port.pkeyTableLength()).isPositive();
        }
        assertThat(contextA().queryPort(1).state()).isEqualTo(PortAttributes.State.ACTIVE);
    }

    @Test
    void aPortThatIsNotThereIsRefused() {
        int beyond = contextA().queryDevice().portCount() + 1;

        assertThatThrownBy(() -> contextA().queryPort(0)).isInstanceOf(VerbsException.class);
        assertThatThrownBy(() -> contextA().queryPort(beyond)).isInstanceOf(VerbsException.class);
        assertThatThrownBy(() -> contextA().queryGids(beyond)).isInstanceOf(VerbsException.class);
    }

    @Test
    void theGidTableHoldsEachIndexOnceAndTheChosenGid() {
        List<GidEntry> gids = contextA().queryGids(1);

        Set<Integer> indexes = new HashSet<>();
        for (GidEntry entry : gids) {
            assertThat(entry.port()).isEqualTo(1);
            assertThat(entry.index()).isBetween(0, contextA().queryPort(1).gidTableLength() - 1);
            assertThat(entry.gid().isZero()).isFalse();
            assertThat(indexes.add(entry.index())).isTrue();
        }
        assertThat(gids).contains(gidA());
    }

    @Test
    void theGidsOfTheTwoDevicesDiffer() {
        Assumptions.assumeFalse(target().oneDevice(), "one device plays both parts");

        assertThat(gidA().gid()).isNotEqualTo(gidB().gid());
    }

    @Test
    void aGidIsChosenByItsAddressAndAForeignOneIsExplained() throws Exception {
        InetAddress own = gidA().gid().address();

        assertThat(contextA().chooseGid(1, own).gid()).isEqualTo(Gid.of(own));
        assertThatThrownBy(() -> contextA().chooseGid(1, InetAddress.getByName("192.0.2.1")))
                .isInstanceOf(VerbsException.class)
                .hasMessageContaining("192.0.2.1");
    }

    @Test
    void theFirstPartitionKeyIsTheDefaultOneAndIndexesAreChecked() {
        assertThat(contextA().queryPkey(1, 0)).isEqualTo(0xffff);

        int beyond = contextA().queryPort(1).pkeyTableLength();
        assertThatThrownBy(() -> contextA().queryPkey(1, beyond)).isInstanceOf(VerbsException.class);
        assertThatThrownBy(() -> contextA().queryPkey(1, -1)).isInstanceOf(RuntimeException.class);
    }

    @Test
    void theCapabilitiesAgreeWithTheLimits() {
        DeviceAttributes attributes = contextA().queryDevice();

        assertThat(contextA().has(Capability.REMOTE_ATOMICS))
                .isEqualTo(attributes.atomicCapability() != DeviceAttributes.AtomicCapability.NONE);
        assertThat(contextA().has(Capability.SHARED_RECEIVE_QUEUE)).isEqualTo(attributes.maxSharedReceiveQueues() > 0);
        assertThat(contextA().has(Capability.MULTICAST)).isEqualTo(attributes.maxMulticastGroups() > 0);
    }
}
