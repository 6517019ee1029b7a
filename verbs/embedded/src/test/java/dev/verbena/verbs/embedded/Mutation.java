package dev.verbena.verbs.embedded;

import dev.verbena.verbs.AccessFlags;
import dev.verbena.verbs.AsyncEventType;
import dev.verbena.verbs.Opcode;
import dev.verbena.verbs.QueuePair;
import dev.verbena.verbs.QueuePairAttributes;
import dev.verbena.verbs.QueuePairConfig;
import dev.verbena.verbs.QueuePairState;
import dev.verbena.verbs.ScatterGatherList;
import dev.verbena.verbs.SendFlags;
import dev.verbena.verbs.WorkCompletions;
import dev.verbena.verbs.embedded.MutatedProvider.Call;
import dev.verbena.verbs.spi.ContextDriver;
import dev.verbena.verbs.spi.ProtectionDomainDriver;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Mistakes that a provider could make, each small. */
enum Mutation {
    NONE {
        @Override
        @Nullable
        Object apply(Call call) throws Throwable {
            return call.proceed();
        }
    },
    DROPS_A_COMPLETION {
        @Override
        @Nullable
        Object apply(Call call) throws Throwable {
            Object result = call.proceed();
            boolean drop = call.is("poll") && result instanceof Integer polled && polled > 0;
            return drop && call.provider().turn(20) ? Integer.valueOf(polled(result) - 1) : result;
        }
    },
    GIVES_ANOTHER_STATUS {
        @Override
        @Nullable
        Object apply(Call call) throws Throwable {
            Object result = call.proceed();
            forEach(call, result, (words, at) -> {
                if (WorkCompletionRecord.status(words, at) == WorkCompletionRecord.REM_ACCESS_ERR) {
                    words[at + 1] =
                            WorkCompletionRecord.pair(WorkCompletionRecord.REM_OP_ERR, (int) (words[at + 1] >>> 32));
                }
            });
            return result;
        }
    },
    SAYS_A_BYTE_TOO_MUCH {
        @Override
        @Nullable
        Object apply(Call call) throws Throwable {
            Object result = call.proceed();
            forEach(call, result, (words, at) -> {
                if ((int) (words[at + 1] >>> 32) == WorkCompletionRecord.RECV) {
                    words[at + 2] += 1L << 32;
                }
            });
            return result;
        }
    },
    SWAPS_TWO_COMPLETIONS {
        @Override
        @Nullable
        Object apply(Call call) throws Throwable {
            Object result = call.proceed();
            if (call.is("poll") && polled(result) > 1 && call.provider().turn(5)) {
                long[] words = completions(call).words();
                for (int first = 0; first < WorkCompletions.RECORD_WORDS; first++) {
                    int second = WorkCompletions.RECORD_WORDS + first;
                    long word = words[first];
                    words[first] = words[second];
                    words[second] = word;
                }
            }
            return result;
        }
    },
    MISSES_A_FLUSH {
        @Override
        @Nullable
        Object apply(Call call) throws Throwable {
            Object result = call.proceed();
            if (!call.is("poll") || polled(result) == 0) {
                return result;
            }
            int last = (polled(result) - 1) * WorkCompletions.RECORD_WORDS;
            boolean flushed =
                    WorkCompletionRecord.status(completions(call).words(), last) == WorkCompletionRecord.WR_FLUSH_ERR;
            return flushed && call.provider().turn(10) ? Integer.valueOf(polled(result) - 1) : result;
        }
    },
    IGNORES_BOUNDS {
        @Override
        @Nullable
        Object apply(Call call) throws Throwable {
            if (call.is("rdma")) {
                int list = call.indexOf(ScatterGatherList.class);
                long[] region = call.provider().regions.get(call.number(list + 2));
                long total = ((ScatterGatherList) argument(call, list)).totalBytes();
                long address = (long) argument(call, list + 1);
                if (region != null && address + total > region[0] + region[1]) {
                    call.set(list + 1, region[0] + region[1] - total);
                }
            }
            Object result = call.proceed();
            if (result instanceof ProtectionDomainDriver.AllocatedRegion allocated) {
                long[] place = {allocated.memory().address(), allocated.memory().byteSize()};
                call.provider().regions.put(allocated.region().rkey(), place);
            }
            return result;
        }
    },
    ACCEPTS_A_REVOKED_KEY {
        @Override
        @Nullable
        Object apply(Call call) throws Throwable {
            boolean deregisters = call.driver() instanceof EmbeddedMemoryRegion && call.is("close");
            return deregisters ? null : call.proceed();
        }
    },
    GIVES_A_RIGHT_THAT_NOBODY_GAVE {
        @Override
        @Nullable
        Object apply(Call call) throws Throwable {
            if (call.is("allocate")) {
                call.set(1, call.number(1) | AccessFlags.LOCAL_WRITE | AccessFlags.REMOTE_WRITE);
            }
            return call.proceed();
        }
    },
    WIDENS_A_WINDOW {
        @Override
        @Nullable
        Object apply(Call call) throws Throwable {
            if (call.is("bind")) {
                call.set(6, (long) argument(call, 6) + 64);
            }
            return call.proceed();
        }
    },
    FORGETS_TO_INVALIDATE {
        @Override
        @Nullable
        Object apply(Call call) throws Throwable {
            if (call.is("send") && call.number(0) == Opcode.SEND_WITH_INV) {
                call.set(0, Opcode.SEND);
            }
            return call.proceed();
        }
    },
    SWAPS_TWO_REQUESTS {
        @Override
        @Nullable
        Object apply(Call call) throws Throwable {
            if (call.is("send") || call.is("rdma") || call.is("atomic")) {
                call.provider()
                        .held
                        .computeIfAbsent(call.driver(), driver -> new ArrayList<>())
                        .add(call);
                return 0;
            }
            if (call.is("flushSends")) {
                List<Call> held = call.provider().held.remove(call.driver());
                for (Call stage : held == null ? List.<Call>of() : held.reversed()) {
                    Object _ = stage.proceed();
                }
            }
            return call.proceed();
        }
    },
    ADDS_ONE_MORE {
        @Override
        @Nullable
        Object apply(Call call) throws Throwable {
            if (call.is("atomic") && call.number(0) == Opcode.ATOMIC_FETCH_AND_ADD) {
                call.set(7, (long) argument(call, 7) + 1);
            }
            return call.proceed();
        }
    },
    SWAPS_WHAT_IS_NOT_EQUAL {
        @Override
        @Nullable
        Object apply(Call call) throws Throwable {
            if (call.is("atomic") && call.number(0) == Opcode.ATOMIC_CMP_AND_SWP) {
                call.set(7, (long) argument(call, 7) & -2);
            }
            return call.proceed();
        }
    },
    RETRIES_FOR_EVER {
        @Override
        @Nullable
        Object apply(Call call) throws Throwable {
            if (modifies(call, QueuePairAttributes.RNR_RETRY)) {
                attributes(call).rnrRetry(7);
            }
            return call.proceed();
        }
    },
    TURNS_THE_IMMEDIATE_AROUND {
        @Override
        @Nullable
        Object apply(Call call) throws Throwable {
            if (call.is("send") && call.number(0) == Opcode.SEND_WITH_IMM) {
                int immediate = call.arguments().length - 1;
                call.set(immediate, Integer.reverseBytes(call.number(immediate)));
            }
            return call.proceed();
        }
    },
    LEAVES_THE_LAST_BYTE {
        @Override
        @Nullable
        Object apply(Call call) throws Throwable {
            if (call.is("rdma")) {
                int at = call.indexOf(ScatterGatherList.class);
                ScatterGatherList list = (ScatterGatherList) argument(call, at);
                ScatterGatherList shorter = new ScatterGatherList(Math.max(1, list.size()));
                for (int index = 0; index < list.size(); index++) {
                    int less = index == list.size() - 1 && list.lengthBytes(index) > 1000 ? 1 : 0;
                    shorter.add(list.address(index), list.lengthBytes(index) - less, list.lkey(index));
                }
                call.set(at, shorter);
            }
            return call.proceed();
        }
    },
    SIGNALS_EVERYTHING {
        @Override
        @Nullable
        Object apply(Call call) throws Throwable {
            if (call.is("rdma")) {
                call.set(2, call.number(2) | SendFlags.SIGNALED);
            }
            return call.proceed();
        }
    },
    HAS_A_SLOT_TOO_MANY {
        @Override
        @Nullable
        Object apply(Call call) throws Throwable {
            if (call.is("createQueuePair")) {
                QueuePairConfig config = (QueuePairConfig) argument(call, 0);
                call.set(0, config.sendSlots(config.sendSlots() + 1));
            }
            return call.proceed();
        }
    },
    TAKES_ANY_QUEUE_KEY {
        @Override
        @Nullable
        Object apply(Call call) throws Throwable {
            if (call.is("sendDatagram")) {
                call.set(call.arguments().length - 1, QueuePair.DEFAULT_QKEY);
            }
            return call.proceed();
        }
    },
    SAYS_IT_IS_READY_WHEN_IT_FAILED {
        @Override
        @Nullable
        Object apply(Call call) throws Throwable {
            Object result = call.proceed();
            return result instanceof QueuePairAttributes attributes && attributes.state() == QueuePairState.ERROR
                    ? attributes.state(QueuePairState.READY_TO_SEND)
                    : result;
        }
    },
    SENDS_WHILE_IT_IS_DRAINED {
        @Override
        @Nullable
        Object apply(Call call) throws Throwable {
            Object result = call.proceed();
            if (modifies(call, QueuePairAttributes.STATE)) {
                boolean drained = attributes(call).state() == QueuePairState.SEND_QUEUE_DRAINED;
                if (drained && call.provider().drained.add(call.driver())) {
                    call.set(0, new QueuePairAttributes().state(QueuePairState.READY_TO_SEND));
                    Object _ = call.proceed();
                } else if (!drained) {
                    call.provider().drained.remove(call.driver());
                }
            }
            return result instanceof QueuePairAttributes attributes
                            && call.provider().drained.contains(call.driver())
                    ? attributes.state(QueuePairState.SEND_QUEUE_DRAINED)
                    : result;
        }
    },
    FORGETS_WHAT_IT_HELD_BACK {
        @Override
        @Nullable
        Object apply(Call call) throws Throwable {
            if (modifies(call, QueuePairAttributes.STATE)) {
                QueuePairState to = attributes(call).state();
                if (to == QueuePairState.SEND_QUEUE_DRAINED) {
                    call.provider().drained.add(call.driver());
                } else {
                    call.provider().drained.remove(call.driver());
                }
            }
            // Handed over, counted as taken, and gone.
            boolean gone = call.provider().drained.contains(call.driver());
            if (gone && (call.is("send") || call.is("rdma") || call.is("atomic"))) {
                call.provider().forgotten.merge(call.driver(), 1, Integer::sum);
                return 0;
            }
            return gone && call.is("flushSends")
                    ? Objects.requireNonNullElse(call.provider().forgotten.remove(call.driver()), 0)
                    : call.proceed();
        }
    },
    STAYS_STOPPED_AFTER_A_FAILED_SEND {
        @Override
        @Nullable
        Object apply(Call call) throws Throwable {
            boolean again = modifies(call, QueuePairAttributes.STATE)
                    && attributes(call).state() == QueuePairState.READY_TO_SEND
                    && ((EmbeddedQueuePair) call.driver()).query().state() == QueuePairState.SEND_QUEUE_ERROR;
            return again ? Integer.valueOf(0) : call.proceed();
        }
    },
    WAITS_FOR_EVER_FOR_A_SILENT_PEER {
        @Override
        @Nullable
        Object apply(Call call) throws Throwable {
            if (modifies(call, QueuePairAttributes.TIMEOUT)) {
                attributes(call).timeout(0);
            }
            return call.proceed();
        }
    },
    SAYS_THAT_A_SILENT_PEER_WAS_NOT_READY {
        @Override
        @Nullable
        Object apply(Call call) throws Throwable {
            Object result = call.proceed();
            forEach(call, result, (words, at) -> {
                if (WorkCompletionRecord.status(words, at) == WorkCompletionRecord.RETRY_EXC_ERR) {
                    words[at + 1] = WorkCompletionRecord.pair(
                            WorkCompletionRecord.RNR_RETRY_EXC_ERR, (int) (words[at + 1] >>> 32));
                }
            });
            return result;
        }
    },
    KEEPS_AN_EVENT_TO_ITSELF {
        @Override
        @Nullable
        Object apply(Call call) throws Throwable {
            Object result = call.proceed();
            return result instanceof ContextDriver.AsyncRecord event
                            && AsyncEventType.of(event.type()) == AsyncEventType.SRQ_LIMIT_REACHED
                    ? null
                    : result;
        }
    },
    TELLS_WHAT_NOBODY_ASKED_FOR {
        @Override
        @Nullable
        Object apply(Call call) throws Throwable {
            boolean drains = modifies(call, QueuePairAttributes.STATE)
                    && attributes(call).state() == QueuePairState.SEND_QUEUE_DRAINED;
            if (drains) {
                attributes(call).drainedNotify(true);
            }
            return call.proceed();
        }
    },
    HEARS_A_GROUP_THAT_IT_HAS_LEFT {
        @Override
        @Nullable
        Object apply(Call call) throws Throwable {
            return call.is("detachMulticast") ? null : call.proceed();
        }
    },
    HEARS_NO_GROUP {
        @Override
        @Nullable
        Object apply(Call call) throws Throwable {
            return call.is("attachMulticast") || call.is("detachMulticast") ? null : call.proceed();
        }
    };

    private interface OnRecord {
        void change(long[] words, int at);
    }

    /** Does the call, with the mistake. */
    abstract @Nullable Object apply(Call call) throws Throwable;

    private static int polled(@Nullable Object result) {
        return result instanceof Integer polled ? polled : 0;
    }

    private static Object argument(Call call, int index) {
        return Objects.requireNonNull(call.arguments()[index]);
    }

    private static WorkCompletions completions(Call call) {
        return (WorkCompletions) argument(call, 0);
    }

    private static QueuePairAttributes attributes(Call call) {
        return (QueuePairAttributes) argument(call, 0);
    }

    /** Whether a queue pair's attribute is set. */
    private static boolean modifies(Call call, int attribute) {
        return call.is("modify")
                && call.driver() instanceof EmbeddedQueuePair
                && attributes(call).has(attribute);
    }

    /** Every completion that a poll brought. */
    private static void forEach(Call call, @Nullable Object result, OnRecord change) {
        for (int index = 0; call.is("poll") && index < polled(result); index++) {
            change.change(completions(call).words(), index * WorkCompletions.RECORD_WORDS);
        }
    }
}
