/*
 * TCP over loopback without the sender's copy, in C because Java has no names for these calls: MSG_ZEROCOPY (the kernel takes
 * the sender's pages and says later when it is done with them) and vmsplice + splice (pages go through a pipe into the socket).
 * The receiver copies, as every receiver of these does. Speaks the protocol of PeerMain: one line of figures per command.
 *
 *   zero-copy client|server PORT zerocopy|splice
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/errqueue.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define SMALL 64
#define LARGE (1 << 20)
#define BATCH 32
#define RECEIVE_BYTES (16L * LARGE)
#define MASK_PENDING 256
#define TIMEOUT_S 60

static int is_client, splices, whole;
static int control = -1, data = -1, pipes[2];
static unsigned char *out, *in;
static long out_bytes, out_at, in_at, in_filled, window_end;
static uint64_t sent, received;
/* Of MSG_ZEROCOPY: calls, calls that are over, and how many of those the kernel has copied after all. */
static uint32_t calls, over;
static long copied;

static void fail(const char *what) {
    fprintf(stderr, "zero-copy: %s: %s\n", what, strerror(errno));
    exit(1);
}

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1e9 + t.tv_nsec;
}

static double cpu(void) {
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return u.ru_utime.tv_sec + u.ru_stime.tv_sec + (u.ru_utime.tv_usec + u.ru_stime.tv_usec) * 1e-6;
}

/* ---------------------------------------------------------------- what a message holds, as in Messages.java */

static uint64_t word(uint64_t number, int at) {
    return (number + at) * 0x9E3779B97F4A7C15ull;
}

static void fill(unsigned char *message, int bytes, uint64_t number) {
    for (int at = 8; whole && at < bytes - 8; at += 8) {
        uint64_t value = word(number, at);
        memcpy(message + at, &value, 8);
    }
    memcpy(message, &number, 8);
    memcpy(message + bytes - 8, &number, 8);
}

static void check(const unsigned char *message, int bytes, uint64_t number) {
    int wrong = memcmp(message, &number, 8) || memcmp(message + bytes - 8, &number, 8);
    for (int at = 8; whole && !wrong && at < bytes - 8; at += 8) {
        uint64_t value = word(number, at);
        wrong = memcmp(message + at, &value, 8);
    }
    if (wrong) {
        fprintf(stderr, "zero-copy: message %llu is not what was sent\n", (unsigned long long) number);
        exit(1);
    }
}

/* ---------------------------------------------------------------- sending and receiving */

/* The kernel says on the error queue which calls are over, by ranges. */
static void reap(int wait) {
    char space[128];
    struct msghdr message = {.msg_control = space, .msg_controllen = sizeof space};
    if (recvmsg(data, &message, MSG_ERRQUEUE) < 0) {
        if (errno != EAGAIN && errno != EWOULDBLOCK) {
            fail("MSG_ERRQUEUE");
        }
        if (wait) {
            struct pollfd p = {.fd = data};
            if (poll(&p, 1, TIMEOUT_S * 1000) == 0) {
                fail("no word about MSG_ZEROCOPY");
            }
        }
        return;
    }
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    struct sock_extended_err *e = header ? (struct sock_extended_err *) CMSG_DATA(header) : NULL;
    if (e && e->ee_origin == SO_EE_ORIGIN_ZEROCOPY) {
        uint32_t count = e->ee_data - e->ee_info + 1;
        over += count;
        copied += e->ee_code & SO_EE_CODE_ZEROCOPY_COPIED ? count : 0;
    }
}

/* Until the pages of all calls are this side's again. */
static void drain(void) {
    while (!splices && calls != over) {
        reap(1);
    }
}

static void put(unsigned char *from, long bytes) {
    while (bytes > 0) {
        long gone;
        if (splices) {
            struct iovec vector = {from, bytes};
            gone = vmsplice(pipes[1], &vector, 1, 0);
            if (gone < 0) {
                fail("vmsplice");
            }
            for (long left = gone; left > 0;) {
                long moved = splice(pipes[0], NULL, data, NULL, left, SPLICE_F_MOVE);
                if (moved <= 0) {
                    fail("splice");
                }
                left -= moved;
            }
        } else {
            gone = send(data, from, bytes, MSG_ZEROCOPY);
            if (gone < 0 && errno == ENOBUFS) {
                reap(1);
                continue;
            }
            if (gone < 0) {
                fail("send with MSG_ZEROCOPY");
            }
            calls++;
            while (calls - over >= MASK_PENDING) {
                reap(1);
            }
        }
        from += gone;
        bytes -= gone;
    }
}

static unsigned char *take_one(int bytes) {
    if (in_at == window_end) {
        long window = bytes == SMALL ? 65536 : bytes;
        in_at = in_filled = window_end + window > RECEIVE_BYTES ? 0 : window_end;
        window_end = in_at + window;
    }
    while (in_filled - in_at < bytes) {
        long got = recv(data, in + in_filled, window_end - in_filled, 0);
        if (got <= 0) {
            fail(got == 0 ? "the other side is gone" : "recv");
        }
        in_filled += got;
    }
    in_at += bytes;
    return in + in_at - bytes;
}

static void begin(void) {
    out_at = in_at = in_filled = window_end = 0;
}

static void push(int bytes, int messages) {
    long from = out_at;
    for (int i = 1; i <= messages; i++) {
        fill(out + out_at, bytes, ++sent);
        out_at += bytes;
        int wraps = out_at + bytes > out_bytes;
        if (i == messages || wraps || out_at - from >= (bytes == SMALL ? BATCH * SMALL : bytes)) {
            put(out + from, out_at - from);
            if (wraps) {
                drain();
                out_at = 0;
            }
            from = out_at;
        }
    }
}

static void take(int bytes, int messages) {
    for (int i = 0; i < messages; i++) {
        check(take_one(bytes), bytes, ++received);
    }
}

/* ---------------------------------------------------------------- commands */

static void say(const char *line) {
    if (write(control, line, strlen(line)) < 0) {
        fail("the control connection");
    }
}

static void hear(char *line, int size) {
    int n = 0;
    while (n < size - 1) {
        long got = read(control, line + n, 1);
        if (got <= 0) {
            fail("the control connection");
        }
        if (line[n++] == '\n') {
            break;
        }
    }
    line[n] = 0;
}

static void meet(void) {
    char line[16];
    say("here\n");
    hear(line, sizeof line);
}

static int by_size(const void *a, const void *b) {
    double x = *(const double *) a, y = *(const double *) b;
    return x < y ? -1 : x > y;
}

static void echo(int rounds, char *figures) {
    begin();
    meet();
    if (!is_client) {
        for (int i = 0; i < 2 * rounds; i++) {
            take(SMALL, 1);
            push(SMALL, 1);
        }
        drain();
        return;
    }
    double start = now();
    for (int i = 0; i < rounds; i++) {
        push(SMALL, 1);
        take(SMALL, 1);
    }
    double mean = (now() - start) / rounds;
    double *each = malloc(rounds * sizeof *each), before = now();
    for (int i = 0; i < rounds; i++) {
        push(SMALL, 1);
        take(SMALL, 1);
        double after = now();
        each[i] = after - before;
        before = after;
    }
    drain();
    qsort(each, rounds, sizeof *each, by_size);
    sprintf(figures, " mean=%.2f min=%.0f p50=%.0f p90=%.0f p99=%.0f p99_9=%.0f max=%.0f", mean, each[0],
            each[rounds / 2], each[(long) rounds * 9 / 10], each[(long) rounds * 99 / 100],
            each[(long) rounds * 999 / 1000], each[rounds - 1]);
    free(each);
}

static void one_way(int bytes, int messages, char *figures) {
    begin();
    meet();
    if (!is_client) {
        take(bytes, messages);
        say("all\n");
        return;
    }
    char line[16];
    long calls_before = calls, copied_before = copied;
    double start = now();
    push(bytes, messages);
    drain();
    hear(line, sizeof line);
    int n = sprintf(figures, " per_s=%.3f", messages * 1e9 / (now() - start));
    if (!splices) {
        sprintf(figures + n, " copied_after_all=%.4f", (double) (copied - copied_before) / (calls - calls_before));
    }
}

static void run(const char *command, char *figures) {
    int a = 0, b = 0;
    figures[0] = 0;
    sscanf(command, "%*s %d %d", &a, &b);
    if (!strncmp(command, "check", 5)) {
        whole = 1;
        echo(150, figures);
        one_way(SMALL, 3000, figures);
        one_way(LARGE, 20, figures);
        whole = 0;
        strcpy(figures, " checked=3320");
    } else if (!strncmp(command, "echo", 4)) {
        echo(a, figures);
    } else if (!strncmp(command, "push", 4)) {
        one_way(a, b, figures);
    } else if (strncmp(command, "nothing", 7)) {
        fprintf(stderr, "zero-copy: what is %s", command);
        exit(1);
    }
}

/* The first connection carries commands, the second one data. */
static void connect_both(int port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int one = 1;
    if (is_client) {
        for (int *fd = &control; fd; fd = fd == &control ? &data : NULL) {
            for (int attempt = 0;; attempt++) {
                *fd = socket(AF_INET, SOCK_STREAM, 0);
                if (connect(*fd, (struct sockaddr *) &address, sizeof address) == 0) {
                    break;
                }
                close(*fd);
                if (attempt == 1000) {
                    fail("connect");
                }
                poll(NULL, 0, 10);
            }
        }
    } else {
        int listener = socket(AF_INET, SOCK_STREAM, 0);
        setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
        if (bind(listener, (struct sockaddr *) &address, sizeof address) || listen(listener, 2)) {
            fail("bind");
        }
        control = accept(listener, NULL, NULL);
        data = accept(listener, NULL, NULL);
        close(listener);
    }
    if (control < 0 || data < 0) {
        fail("connection");
    }
    setsockopt(data, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    setsockopt(control, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (!splices && setsockopt(data, SOL_SOCKET, SO_ZEROCOPY, &one, sizeof one)) {
        fail("SO_ZEROCOPY");
    }
}

/* Spliced pages are read from until the peer has them, and nothing says when: more memory than can be under way. */
static long under_way_max(const char *file) {
    long low, middle, high = 64L * LARGE;
    FILE *f = fopen(file, "r");
    if (f) {
        if (fscanf(f, "%ld %ld %ld", &low, &middle, &high) != 3) {
            high = 64L * LARGE;
        }
        fclose(f);
    }
    return high;
}

int main(int count, char **arguments) {
    char line[256], figures[512];
    if (count != 4) {
        fprintf(stderr, "zero-copy client|server PORT zerocopy|splice\n");
        return 2;
    }
    is_client = !strcmp(arguments[1], "client");
    splices = !strcmp(arguments[3], "splice");
    out_bytes = RECEIVE_BYTES;
    if (splices) {
        out_bytes += under_way_max("/proc/sys/net/ipv4/tcp_rmem") + under_way_max("/proc/sys/net/ipv4/tcp_wmem");
        out_bytes = out_bytes / LARGE * LARGE;
        if (pipe(pipes)) {
            fail("pipe");
        }
        fcntl(pipes[1], F_SETPIPE_SZ, LARGE);
    }
    out = mmap(NULL, out_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    in = mmap(NULL, RECEIVE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (out == MAP_FAILED || in == MAP_FAILED) {
        fail("mmap");
    }
    connect_both(atoi(arguments[2]));
    if (is_client) {
        while (fgets(line, sizeof line, stdin)) {
            char theirs[64];
            say(line);
            double before = cpu();
            run(line, figures);
            double mine = cpu() - before;
            hear(theirs, sizeof theirs);
            printf("cpu_s=%.6f%s\n", mine + atof(theirs), figures);
            fflush(stdout);
        }
        say("quit\n");
    } else {
        for (hear(line, sizeof line); strcmp(line, "quit\n"); hear(line, sizeof line)) {
            double before = cpu();
            run(line, figures);
            snprintf(figures, sizeof figures, "%.6f\n", cpu() - before);
            say(figures);
        }
    }
    return 0;
}
