package dev.verbena.verbs.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.verbena.verbs.AddressHandle;
import dev.verbena.verbs.AddressVector;
import dev.verbena.verbs.Capability;
import dev.verbena.verbs.Gid;
import dev.verbena.verbs.QueuePairType;
import dev.verbena.verbs.SendFlags;
import dev.verbena.verbs.VerbsException;
import dev.verbena.verbs.cm.ConnectionEvent;
import dev.verbena.verbs.cm.ConnectionEventType;
import dev.verbena.verbs.cm.ConnectionId;
import dev.verbena.verbs.cm.EventChannel;
import dev.verbena.verbs.cm.PortSpace;
import dev.verbena.verbs.conformance.ConformanceTarget.Part;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Multicast groups: joined by the connection manager, every member gets every datagram. */
final class MulticastContract extends Contract {
    private static final int TO_ALL = 0xffffff;

    private final List<CmSide> sides = new ArrayList<>();

    @BeforeEach
    void skipWithoutMulticast() {
        needs(Capability.MULTICAST);
    }

    @AfterEach
    void closeChannels() {
        sides.forEach(CmSide::close);
    }

    /** A member of a group. */
    private record Member(CmSide side, ConnectionId id, End end, ConnectionEvent joined) {
        AddressVector way() {
            @Nullable AddressVector vector = joined.addressVector();
            if (vector == null) {
                throw new AssertionError("joined without an address");
            }
            return vector;
        }
    }

    private InetSocketAddress group(int last) throws Exception {
        return new InetSocketAddress(InetAddress.getByName("239.77.1." + last), 0);
    }

    private Member join(Part part, InetSocketAddress group) {
        @Nullable InetAddress address = target().address(part, part == Part.A ? contextA() : contextB());
        Assumptions.assumeTrue(address != null, "the device has no IPv4 address");
        if (address == null) {
            throw new AssertionError("assumed to be there");
        }
        CmSide side = new CmSide(
                part == Part.A ? contextA() : contextB(),
                part == Part.A ? gidA() : gidB(),
                address,
                EventChannel.open(target().provider()));
        sides.add(side);
        ConnectionId id = side.channel.createId(PortSpace.UDP);
        id.bind(new InetSocketAddress(address, 0));
        End end = side.attach(id);
        id.joinMulticast(group);
        return new Member(side, id, end, side.next(ConnectionEventType.MULTICAST_JOIN));
    }

    private static void send(Member from, long id, int length) {
        AddressHandle handle = from.end.pd.createAddressHandle(from.way());
        assertThat(from.end.qp.postDatagram(
                        id,
                        from.end.at(0),
                        length,
                        from.end.lkey(),
                        handle,
                        TO_ALL,
                        from.joined.qkey(),
                        SendFlags.SIGNALED))
                .isZero();
        from.end.success(id);
    }

    @Test
    void joiningAnswersTheWayToTheGroup() throws Exception {
        Member member = join(Part.A, group(1));

        assertThat(member.joined.status()).isZero();
        assertThat(member.joined.queuePairNumber()).isEqualTo(TO_ALL);
        assertThat(member.joined.qkey()).isNotZero();
        assertThat(member.way().destination()).isNotEqualTo(Gid.ZERO);
        assertThat(member.id.deviceName()).isEqualTo(target().device(Part.A).name());
    }

    @Test
    void aMemberReceivesWhatAnotherSends() throws Exception {
        Member a = join(Part.A, group(2));
        Member b = join(Part.B, group(2));
        b.end.receive(1, 0, 1024);
        a.end.fill(0, Pattern.bytes(1, 200));

        send(a, 2, 200);

        assertThat(b.end.success(1).lengthBytes()).isEqualTo(240);
        assertThat(b.end.bytes(40, 200)).isEqualTo(Pattern.bytes(1, 200));
    }

    @Test
    void everyMemberReceivesADatagram() throws Exception {
        Member a = join(Part.A, group(3));
        Member b = join(Part.B, group(3));
        Member c = join(Part.B, group(3));
        b.end.receive(1, 0, 1024);
        c.end.receive(1, 0, 1024);
        a.end.fill(0, Pattern.bytes(1, 64));

        send(a, 2, 64);

        b.end.success(1);
        c.end.success(1);
        assertThat(b.end.bytes(40, 64)).isEqualTo(Pattern.bytes(1, 64));
        assertThat(c.end.bytes(40, 64)).isEqualTo(Pattern.bytes(1, 64));
    }

    @Test
    void whoHasLeftReceivesNothingMore() throws Exception {
        Member a = join(Part.A, group(4));
        Member stays = join(Part.B, group(4));
        Member leaves = join(Part.B, group(4));
        leaves.end.qp.detachMulticast(leaves.way().destination(), leaves.way().lid());
        leaves.id.leaveMulticast(group(4));
        stays.end.receive(1, 0, 1024);
        leaves.end.receive(1, 0, 1024);

        send(a, 2, 64);

        stays.end.success(1);
        leaves.end.nothing();
    }

    @Test
    void aGroupIsNotHeardByMembersOfAnother() throws Exception {
        Member a = join(Part.A, group(5));
        Member same = join(Part.B, group(5));
        Member other = join(Part.B, group(6));
        same.end.receive(1, 0, 1024);
        other.end.receive(1, 0, 1024);

        send(a, 2, 64);

        same.end.success(1);
        other.end.nothing();
    }

    @Test
    void onlyDatagramQueuePairsAndMulticastAddressesAreAttached() throws Exception {
        Pair reliable = pair();
        Pair datagram = plan(QueuePairType.UD).connect();
        Gid group = Gid.of(InetAddress.getByName("ff1e::7"));

        assertThatThrownBy(() -> reliable.a().qp.attachMulticast(group, 0)).isInstanceOf(VerbsException.class);
        assertThatThrownBy(() -> datagram.a().qp.attachMulticast(Gid.of(InetAddress.getByName("10.0.0.1")), 0))
                .isInstanceOf(VerbsException.class);
    }
}
