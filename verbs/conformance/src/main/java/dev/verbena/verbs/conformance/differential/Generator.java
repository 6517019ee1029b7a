package dev.verbena.verbs.conformance.differential;

import dev.verbena.verbs.AccessFlags;
import dev.verbena.verbs.QueuePairState;
import dev.verbena.verbs.QueuePairType;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Makes programs out of seeds. It draws rounds without much care, and keeps those that the model can judge; so what is decidable
 * is written down in one place only.
 */
final class Generator {
    private static final int ROUNDS_MAX = 6;
    private static final int TRIES = 30;
    /** Each time nobody answers costs the time until a request is given up. */
    private static final int IMPATIENT_PERCENT = 8;

    private final long seed;
    private final SplittableRandom random;
    private final Program.Setup setup;
    private final List<Program.Round> rounds = new ArrayList<>();
    private Model model;
    /** Some devices cannot do it otherwise. */
    private final boolean windowsFirst;

    private int lastId;

    private Generator(long seed) {
        this.seed = seed;
        this.random = new SplittableRandom(seed);
        this.setup = setup();
        this.windowsFirst = chance(60);
        this.model = new Model(new Program(seed, setup, List.of()), Rules.STRICT);
    }

    /** The program of a seed, the same each time. */
    static Program program(long seed) {
        return new Generator(seed).draw();
    }

    /** Receives have even ids, so that a failed completion, of which nothing else is valid, tells its queue. */
    static boolean isReceive(long id) {
        return id % 2 == 0;
    }

    private Program draw() {
        int wanted = 1 + random.nextInt(ROUNDS_MAX);
        while (rounds.size() < wanted) {
            if (!addRound()) {
                break;
            }
        }
        return new Program(seed, setup, List.copyOf(rounds));
    }

    private boolean chance(int percent) {
        return random.nextInt(100) < percent;
    }

    private Program.Setup setup() {
        int kind = random.nextInt(100);
        QueuePairType type = kind < 70 ? QueuePairType.RC : kind < 85 ? QueuePairType.UC : QueuePairType.UD;
        boolean small = type == QueuePairType.RC && chance(15);
        return new Program.Setup(
                type,
                small ? 2 + random.nextInt(3) : Program.Setup.SLOTS_ENOUGH,
                1 + random.nextInt(4),
                chance(50) ? 0 : 16 << random.nextInt(4),
                chance(20),
                type != QueuePairType.UC && chance(25),
                chance(50),
                chance(50) ? Model.ENDLESS : random.nextInt(3),
                type == QueuePairType.RC && chance(IMPATIENT_PERCENT),
                access(type),
                access(type));
    }

    private int access(QueuePairType type) {
        int all = type == QueuePairType.RC ? AccessFlags.REMOTE_ALL : AccessFlags.REMOTE_WRITE;
        int lacking = chance(15) ? 1 << (1 + random.nextInt(3)) : 0;
        return all & ~lacking;
    }

    private boolean addRound() {
        int idBefore = lastId;
        for (int tries = 0; tries < TRIES; tries++) {
            lastId = idBefore;
            Program.Round round = new Program.Round(List.copyOf(steps(model)));
            Model next = model.fork();
            try {
                next.play(round, false);
            } catch (Model.Undecided e) {
                continue;
            }
            model = next;
            rounds.add(round);
            return true;
        }
        return false;
    }

    private int nextId(boolean receive) {
        lastId += (lastId % 2 == 0) == receive ? 2 : 1;
        return lastId;
    }

    // ---------------------------------------------------------------- one round

    private List<Step> steps(Model before) {
        List<Step> steps = new ArrayList<>();
        control(steps, before);
        int first = steps.size();
        boolean nobodyAtA = silences(steps, Side.A);
        boolean nobodyAtB = silences(steps, Side.B);
        int who = random.nextInt(100);
        if ((who < 65 || nobodyAtB) && !nobodyAtA) {
            steps.addAll(direction(before, Side.A));
        }
        if ((who >= 35 || nobodyAtA) && !nobodyAtB) {
            steps.addAll(direction(before, Side.B));
        }
        if (chance(30)) {
            addReceive(steps, side(), -1);
        }
        for (Side side : Side.values()) {
            boolean drained = steps.stream().anyMatch(step -> step instanceof Step.Drain drain && drain.side() == side);
            boolean held = before.end(side).holdsBack() && steps.stream().noneMatch(Step.Revive.class::isInstance);
            if ((drained || held) && chance(70)) {
                steps.add(first + random.nextInt(steps.size() - first + 1), new Step.Resume(side));
            }
        }
        return steps;
    }

    private static boolean silences(List<Step> steps, Side side) {
        return steps.stream().anyMatch(step -> step instanceof Step.Silence silence && silence.side() == side);
    }

    private Side side() {
        return random.nextBoolean() ? Side.A : Side.B;
    }

    /** What is done at the quiet moment before the posts. */
    private void control(List<Step> steps, Model before) {
        boolean over = before.end(Side.A).isOver() || before.end(Side.B).isOver();
        boolean revives = chance(over ? 85 : 3);
        if (revives) {
            steps.add(new Step.Revive());
        }
        if (chance(5)) {
            steps.add(new Step.Revoke(side()));
        }
        if (!over && chance(4)) {
            steps.add(new Step.Fail(side()));
        }
        if (chance(6)) {
            List<QueuePairState> wrong =
                    List.of(QueuePairState.INIT, QueuePairState.READY_TO_RECEIVE, QueuePairState.READY_TO_SEND);
            steps.add(new Step.Move(side(), wrong.get(random.nextInt(wrong.size()))));
        }
        for (Side side : Side.values()) {
            moves(steps, before.end(side), revives);
        }
        if (!over && chance(setup.type() != QueuePairType.RC ? 3 : setup.impatient() ? 35 : 0)) {
            steps.add(new Step.Silence(side(), random.nextBoolean()));
        }
    }

    private void moves(List<Step> steps, ModelEnd end, boolean revives) {
        if (end.state == QueuePairState.SEND_QUEUE_ERROR && !revives && chance(70)) {
            steps.add(new Step.Resume(end.side));
        } else if (end.isReady() && chance(6)) {
            steps.add(new Step.Drain(end.side, random.nextBoolean()));
        }
        if (setup.type() == QueuePairType.UD && chance(20)) {
            steps.add(end.attached && !revives ? new Step.Leave(end.side) : new Step.Join(end.side));
        }
        if (setup.shared() && !end.receives.isEmpty() && chance(30)) {
            steps.add(new Step.Limit(end.side, 1 + random.nextInt(end.receives.size())));
        }
    }

    /** What one side sends, and the receives that the other posts for it. */
    private List<Step> direction(Model before, Side from) {
        RequestMaker maker = new RequestMaker(random, setup, before.end(from), before.end(from.peer()));
        List<Long> rooms = new ArrayList<>();
        before.end(from.peer()).receives.stream()
                // Those are for what is held back.
                .skip(before.end(from).sends.stream()
                        .filter(held -> held.what().takesReceive())
                        .count())
                .forEach(posted -> rooms.add(posted.what().totalBytes()));
        List<Step> receives = new ArrayList<>();
        List<Step.Request> requests = new ArrayList<>();
        int count = 1 + random.nextInt(setup.small() ? 6 : 8);
        int spoiled = chance(25) ? random.nextInt(count) : -1;
        for (int index = 0; index < count; index++) {
            int id = nextId(false);
            int opcode = maker.opcode(index == count - 1);
            long room = 0;
            if (maker.takesReceive(opcode)) {
                boolean none = index == spoiled && setup.type() == QueuePairType.RC && chance(50);
                if (rooms.isEmpty() && !none) {
                    rooms.add(addReceive(receives, from.peer(), index == spoiled && chance(40) ? 1 : 0));
                }
                room = rooms.isEmpty() ? 0 : rooms.removeFirst();
            }
            Step.Request request = maker.request(id, opcode, room, index == count - 1);
            requests.add(index == spoiled ? maker.spoil(request, room) : request);
        }
        if (windowsFirst) {
            requests.sort(Comparator.comparing(request -> !request.isOnWindow()));
        }
        return merge(posts(from, requests), receives);
    }

    /** @param spoil 1 to make it a bad one, 0 for a good one, -1 for either */
    private long addReceive(List<Step> steps, Side side, int spoil) {
        boolean bad = spoil < 0 ? chance(5) : spoil > 0;
        Step.Receive receive = RequestMaker.receive(random, setup, side, nextId(true), bad);
        steps.add(receive);
        return receive.totalBytes();
    }

    private List<Step> posts(Side from, List<Step.Request> requests) {
        List<Step> posts = new ArrayList<>();
        int at = 0;
        while (at < requests.size()) {
            int together = chance(25) ? 1 + random.nextInt(4) : 1;
            int end = Math.min(requests.size(), at + together);
            posts.add(new Step.Post(from, List.copyOf(requests.subList(at, end))));
            at = end;
        }
        return posts;
    }

    /** Receives first, or mixed in where a sender waits for them. */
    private List<Step> merge(List<Step> posts, List<Step> receives) {
        List<Step> merged = new ArrayList<>();
        boolean mix = setup.type() == QueuePairType.RC && setup.rnrRetry() == Model.ENDLESS && chance(50);
        int post = 0;
        int receive = 0;
        while (post < posts.size() || receive < receives.size()) {
            boolean next = receive < receives.size() && (!mix || post == posts.size() || random.nextBoolean());
            merged.add(next ? receives.get(receive++) : posts.get(post++));
        }
        return merged;
    }
}
