/*
 * How a network card's user-space driver posts and polls, with nothing behind it: a request becomes 64 bytes in a ring, under
 * a lock that nobody else wants, and a doorbell is a store; the device's part, a completion in another ring, is done at once by
 * the post, without touching the payload. A real driver does more, so that Java's part of its time is smaller.
 *
 * One queue pair and one completion queue in a process, RDMA WRITE with one entry.
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>

#include <infiniband/verbs.h>

enum { SLOTS = 256, MASK = SLOTS - 1 };

struct request {
    uint32_t index, opcode, length, lkey, rkey, flags;
    uint64_t address, remote;
} __attribute__((aligned(64)));

struct completion {
    uint32_t index, number, length;
    uint8_t opcode, status;
} __attribute__((aligned(64)));

static struct request requests[SLOTS];
static struct completion completions[SLOTS];
static uint64_t ids[SLOTS];
static uint32_t posted, polled;
static _Atomic uint32_t doorbell, completed;
static pthread_spinlock_t send_lock, completion_lock;

static int post_send(struct ibv_qp *qp, struct ibv_send_wr *wr, struct ibv_send_wr **bad) {
    int error = 0;
    pthread_spin_lock(&send_lock);
    uint32_t first = posted;
    for (; wr; wr = wr->next) {
        if (posted - polled == SLOTS) {
            error = ENOMEM;
        } else if (wr->opcode != IBV_WR_RDMA_WRITE || wr->num_sge != 1) {
            error = EINVAL;
        }
        if (error) {
            *bad = wr;
            break;
        }
        uint32_t slot = posted & MASK;
        ids[slot] = wr->wr_id;
        requests[slot].index = posted;
        requests[slot].opcode = wr->opcode;
        requests[slot].flags = wr->send_flags;
        requests[slot].address = wr->sg_list->addr;
        requests[slot].length = wr->sg_list->length;
        requests[slot].lkey = wr->sg_list->lkey;
        requests[slot].remote = wr->wr.rdma.remote_addr;
        requests[slot].rkey = wr->wr.rdma.rkey;
        posted++;
    }
    atomic_store_explicit(&doorbell, posted, memory_order_release);
    for (uint32_t index = first; index != posted; index++) {
        struct completion *done = &completions[index & MASK];
        done->index = index;
        done->number = qp->qp_num;
        done->length = requests[index & MASK].length;
        done->opcode = IBV_WC_RDMA_WRITE;
        done->status = IBV_WC_SUCCESS;
    }
    atomic_store_explicit(&completed, posted, memory_order_release);
    pthread_spin_unlock(&send_lock);
    return error;
}

static int poll_cq(struct ibv_cq *cq, int max, struct ibv_wc *wc) {
    int found = 0;
    pthread_spin_lock(&completion_lock);
    uint32_t end = atomic_load_explicit(&completed, memory_order_acquire);
    for (; found < max && polled != end; found++, polled++) {
        const struct completion *done = &completions[polled & MASK];
        wc[found].wr_id = ids[done->index & MASK];
        wc[found].status = done->status;
        wc[found].opcode = done->opcode;
        wc[found].byte_len = done->length;
        wc[found].qp_num = done->number;
        wc[found].wc_flags = 0;
    }
    pthread_spin_unlock(&completion_lock);
    return found;
}

void fake_data_path(struct ibv_context_ops *ops) {
    ops->post_send = post_send;
    ops->poll_cq = poll_cq;
}

void fake_present_paths(const char *sysfs, const char *node_class, const char *node);

/* A device whose folder in /sys names a driver with doorbells is called without leaving Java's state. */
__attribute__((constructor)) static void present(void) {
    const char *sysfs = getenv("VERBENA_COST_SYSFS");
    pthread_spin_init(&send_lock, PTHREAD_PROCESS_PRIVATE);
    pthread_spin_init(&completion_lock, PTHREAD_PROCESS_PRIVATE);
    if (sysfs) {
        fake_present_paths(sysfs, "", "uverbs-fake0");
    }
}
