package dev.verbena.verbs.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.verbena.verbs.AddressHandle;
import dev.verbena.verbs.AddressVector;
import dev.verbena.verbs.Capability;
import dev.verbena.verbs.CompletionOpcode;
import dev.verbena.verbs.QueuePair;
import dev.verbena.verbs.QueuePairAttributes;
import dev.verbena.verbs.QueuePairState;
import dev.verbena.verbs.QueuePairType;
import dev.verbena.verbs.ScatterGatherList;
import dev.verbena.verbs.SendFlags;
import dev.verbena.verbs.WorkCompletions;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Datagrams: address handles, the 40 bytes of the global route header, queue keys, loss. */
final class DatagramContract extends Contract {
    private static final int HEADER = 40;

    private Pair datagrams() {
        return plan(QueuePairType.UD).connect();
    }

    private static AddressHandle handle(End from, End to) {
        return from.pd.createAddressHandle(AddressVector.to(to.gid.gid(), 1, from.gid.index())
                .withLid(to.endpoint().lid()));
    }

    private static void send(End from, AddressHandle handle, End to, long id, int length, int qkey) {
        assertThat(from.qp.postDatagram(
                        id, from.at(0), length, from.lkey(), handle, to.qp.number(), qkey, SendFlags.SIGNALED))
                .isZero();
    }

    @Test
    void aDatagramArrivesBehindFortyBytesAndTellsItsSender() {
        Pair pair = datagrams();
        AddressHandle handle = handle(pair.a(), pair.b());
        int mtu = contextA().queryPort(1).activeMtu().bytes();
        for (int length : new int[] {0, 1, 63, 64, 200, mtu - 1, mtu}) {
            byte[] message = Pattern.bytes(length, length);
            pair.a().fill(0, message);
            pair.b().receive(1, 0, HEADER + mtu);

            send(pair.a(), handle, pair.b(), 2, length, QueuePair.DEFAULT_QKEY);

            Completion received = pair.b().success(1);
            Completion sent = pair.a().success(2);
            assertThat(sent.opcode()).isEqualTo(CompletionOpcode.SEND);
            assertThat(received.opcode()).isEqualTo(CompletionOpcode.RECV);
            assertThat(received.lengthBytes()).isEqualTo(HEADER + length);
            assertThat(received.has(WorkCompletions.GLOBAL_ROUTE_HEADER)).isTrue();
            assertThat(received.sourceQueuePair()).isEqualTo(pair.a().qp.number());
            assertThat(received.queuePairNumber()).isEqualTo(pair.b().qp.number());
            assertThat(pair.b().bytes(HEADER, length)).isEqualTo(message);
        }
    }

    @Test
    void immediateDataArrivesWithADatagram() {
        Pair pair = datagrams();
        AddressHandle handle = handle(pair.a(), pair.b());
        pair.b().receive(1, 0, 256);

        assertThat(pair.a()
                        .qp
                        .postDatagramWithImmediate(
                                2,
                                pair.a().at(0),
                                16,
                                pair.a().lkey(),
                                0x7654_3210,
                                handle,
                                pair.b().qp.number(),
                                QueuePair.DEFAULT_QKEY,
                                SendFlags.SIGNALED))
                .isZero();

        Completion received = pair.b().success(1);
        assertThat(received.has(WorkCompletions.WITH_IMMEDIATE)).isTrue();
        assertThat(received.immediate()).isEqualTo(0x7654_3210);
    }

    @Test
    void aDatagramIsGatheredAndScattered() {
        Pair pair =
                plan(QueuePairType.UD).config(config -> config.entries(2, 2)).connect();
        AddressHandle handle = handle(pair.a(), pair.b());
        pair.a().fill(0, Pattern.bytes(1, 30));
        pair.a().fill(5000, Pattern.bytes(2, 20));
        End b = pair.b();
        assertThat(b.qp.postReceive(
                        1,
                        new ScatterGatherList(2).add(b.at(0), HEADER, b.lkey()).add(b.at(1000), 200, b.lkey())))
                .isZero();

        assertThat(pair.a()
                        .qp
                        .postDatagram(
                                2,
                                new ScatterGatherList(2)
                                        .add(pair.a().at(0), 30, pair.a().lkey())
                                        .add(pair.a().at(5000), 20, pair.a().lkey()),
                                handle,
                                b.qp.number(),
                                QueuePair.DEFAULT_QKEY,
                                SendFlags.SIGNALED))
                .isZero();

        assertThat(b.success(1).lengthBytes()).isEqualTo(HEADER + 50);
        assertThat(b.bytes(1000, 30)).isEqualTo(Pattern.bytes(1, 30));
        assertThat(b.bytes(1030, 20)).isEqualTo(Pattern.bytes(2, 20));
    }

    @Test
    void anInlineDatagramArrives() {
        Pair pair =
                plan(QueuePairType.UD).config(config -> config.inlineBytes(64)).connect();
        AddressHandle handle = handle(pair.a(), pair.b());
        pair.a().fill(0, Pattern.bytes(1, 64));
        pair.b().receive(1, 0, 256);

        assertThat(pair.a()
                        .qp
                        .postDatagram(
                                2,
                                pair.a().at(0),
                                64,
                                pair.a().lkey(),
                                handle,
                                pair.b().qp.number(),
                                QueuePair.DEFAULT_QKEY,
                                SendFlags.SIGNALED | SendFlags.INLINE))
                .isZero();
        pair.a().fill(0, new byte[64]);

        pair.b().success(1);
        assertThat(pair.b().bytes(HEADER, 64)).isEqualTo(Pattern.bytes(1, 64));
    }

    @Test
    void oneQueuePairSendsToManyAndReceivesFromMany() {
        PairPlan plan = plan(QueuePairType.UD);
        Pair first = plan.connect();
        List<End> receivers = new ArrayList<>(List.of(first.b()));
        for (int count = 0; count < 3; count++) {
            End other = plan.beside(first.b());
            plan.initialize(other);
            plan.ready(other, first.a().endpoint());
            receivers.add(other);
        }
        AddressHandle there = handle(first.a(), first.b());
        AddressHandle back = handle(first.b(), first.a());
        for (int index = 0; index < receivers.size(); index++) {
            receivers.get(index).receive(index, index * 512L, 256);
            first.a().receive(100 + index, 4096 + index * 512L, 256);
        }
        for (int index = 0; index < receivers.size(); index++) {
            first.a().fill(0, Pattern.bytes(index, 32));
            send(first.a(), there, receivers.get(index), 50 + index, 32, QueuePair.DEFAULT_QKEY);
            first.a().success(50 + index);
        }
        for (Completion received : first.b().next(receivers.size())) {
            int index = (int) received.id();
            assertThat(received.queuePairNumber())
                    .isEqualTo(receivers.get(index).qp.number());
            assertThat(first.b().bytes(index * 512L + HEADER, 32)).isEqualTo(Pattern.bytes(index, 32));
        }
        for (End receiver : receivers) {
            send(receiver, back, first.a(), 70, 8, QueuePair.DEFAULT_QKEY);
        }
        List<Integer> sources = new ArrayList<>();
        for (int count = 0; count < receivers.size(); count++) {
            sources.add(first.a().success().sourceQueuePair());
        }
        assertThat(sources)
                .containsExactlyInAnyOrderElementsOf(
                        receivers.stream().map(end -> end.qp.number()).toList());
    }

    @Test
    void aDatagramWithAWrongQueueKeyIsDroppedInSilence() {
        Pair pair = datagrams();
        AddressHandle handle = handle(pair.a(), pair.b());
        pair.b().receive(1, 0, 256);
        pair.b().receive(2, 512, 256);

        send(pair.a(), handle, pair.b(), 3, 16, 0x22222222);
        pair.a().success(3);
        send(pair.a(), handle, pair.b(), 4, 17, QueuePair.DEFAULT_QKEY);
        pair.a().success(4);

        assertThat(pair.b().success(1).lengthBytes()).isEqualTo(HEADER + 17);
        pair.b().nothing();
    }

    @Test
    void aQueueKeyWithItsHighestBitMeansTheSendersOwn() {
        needs(Capability.OWN_QUEUE_KEY);
        Pair pair = datagrams();
        AddressHandle handle = handle(pair.a(), pair.b());
        pair.b().receive(1, 0, 256);

        send(pair.a(), handle, pair.b(), 2, 16, 0x8000_0000);

        pair.b().success(1);
    }

    @Test
    void aDatagramForNobodyIsDroppedInSilence() {
        Pair pair = datagrams();
        AddressHandle handle = handle(pair.a(), pair.b());
        End gone = plan(QueuePairType.UD).open().b();
        gone.qp.close();

        assertThat(pair.a()
                        .qp
                        .postDatagram(
                                1,
                                pair.a().at(0),
                                16,
                                pair.a().lkey(),
                                handle,
                                gone.qp.number(),
                                QueuePair.DEFAULT_QKEY,
                                SendFlags.SIGNALED))
                .isZero();

        pair.a().success(1);
        assertThat(pair.a().qp.query().state()).isEqualTo(QueuePairState.READY_TO_SEND);
    }

    @Test
    void aDatagramWithoutAReceiveIsDroppedAndTheNextArrives() {
        Pair pair = datagrams();
        AddressHandle handle = handle(pair.a(), pair.b());
        send(pair.a(), handle, pair.b(), 1, 16, QueuePair.DEFAULT_QKEY);
        pair.a().success(1);
        // One that goes the other way shows that the first has passed.
        AddressHandle back = handle(pair.b(), pair.a());
        pair.a().receive(5, 4096, 256);
        send(pair.b(), back, pair.a(), 6, 8, QueuePair.DEFAULT_QKEY);
        pair.b().success(6);
        pair.a().success(5);

        pair.b().receive(2, 0, 256);
        send(pair.a(), handle, pair.b(), 3, 17, QueuePair.DEFAULT_QKEY);

        assertThat(pair.b().success(2).lengthBytes()).isEqualTo(HEADER + 17);
    }

    @Test
    void aDatagramLongerThanTheMtuDoesNotArriveAndTheNextDoes() {
        Pair pair = datagrams();
        AddressHandle handle = handle(pair.a(), pair.b());
        int mtu = contextA().queryPort(1).activeMtu().bytes();
        pair.b().receive(1, 0, 20_000);

        send(pair.a(), handle, pair.b(), 2, mtu + 1, QueuePair.DEFAULT_QKEY);
        Completion tooLong = pair.a().next();
        if (!tooLong.succeeded()) {
            // The specification demands silence (C10-93.1.1); devices that say LOC_LEN_ERR and fail the queue pair are
            // told apart.
            assertThat(contextA().has(Capability.EXACT_ERROR_STATUS)).isFalse();
            return;
        }
        send(pair.a(), handle, pair.b(), 3, 17, QueuePair.DEFAULT_QKEY);
        pair.a().success(3);

        assertThat(pair.b().success(1).lengthBytes()).isEqualTo(HEADER + 17);
    }

    @Test
    void aHandleTellsItsVectorAndClosesOnce() {
        Pair pair = datagrams();
        AddressHandle handle = handle(pair.a(), pair.b());

        assertThat(handle.vector().destination()).isEqualTo(pair.b().gid.gid());
        assertThat(handle.protectionDomain()).isSameAs(pair.a().pd);

        handle.close();
        handle.close();

        assertThatThrownBy(() -> send(pair.a(), handle, pair.b(), 1, 8, QueuePair.DEFAULT_QKEY))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("closed");
    }

    @Test
    void aHandleWithASenselessPortOrGidIndexIsRefused() {
        Pair pair = datagrams();
        int beyondPort = contextA().queryDevice().portCount() + 1;
        int beyondGid = contextA().queryPort(1).gidTableLength();

        assertThatThrownBy(() -> pair.a()
                        .pd
                        .createAddressHandle(AddressVector.to(
                                pair.b().gid.gid(), beyondPort, pair.a().gid.index())))
                .isInstanceOf(RuntimeException.class);
        assertThatThrownBy(() -> pair.a()
                        .pd
                        .createAddressHandle(AddressVector.to(pair.b().gid.gid(), 1, beyondGid)))
                .isInstanceOf(RuntimeException.class);
    }

    @Test
    void manyHandlesCanBeOpenAtOnce() {
        Pair pair = datagrams();
        for (int count = 0; count < 50; count++) {
            AddressHandle handle = handle(pair.a(), pair.b());
            pair.b().receive(1, 0, 256);
            send(pair.a(), handle, pair.b(), 2, 8, QueuePair.DEFAULT_QKEY);
            pair.b().success(1);
            pair.a().success(2);
        }
    }

    @Test
    void theQueueKeyCanBeChanged() {
        Pair pair = datagrams();
        AddressHandle handle = handle(pair.a(), pair.b());
        pair.b()
                .qp
                .modify(new QueuePairAttributes()
                        .state(QueuePairState.READY_TO_SEND)
                        .qkey(0x1234));
        pair.b().receive(1, 0, 256);

        send(pair.a(), handle, pair.b(), 2, 8, QueuePair.DEFAULT_QKEY);
        pair.a().success(2);
        send(pair.a(), handle, pair.b(), 3, 9, 0x1234);
        pair.a().success(3);

        assertThat(pair.b().success(1).lengthBytes()).isEqualTo(HEADER + 9);
    }
}
