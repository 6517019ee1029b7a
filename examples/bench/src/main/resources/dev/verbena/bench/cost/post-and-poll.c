/*
 * The loop of PostAndPoll.java in C, against the same libibverbs: posts WRITEs of 64 bytes in batches and polls until all of a
 * batch have completed, each checked. What does not change from request to request is set once.
 *
 * Reads `run BATCH REQUESTS` from standard input and answers each with a line of figures.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <infiniband/verbs.h>

enum { BYTES = 64, PLACES = 64, BATCH_MAX = 64, ENTRIES = 128 };

static struct ibv_qp *qp;
static struct ibv_cq *cq;
static uint64_t local, remote;
static uint32_t lkey, rkey;
static uint64_t next, awaited;

static void fail(const char *what) {
    fprintf(stderr, "post-and-poll: %s\n", what);
    exit(1);
}

static void *made(void *object, const char *what) {
    if (!object) {
        fail(what);
    }
    return object;
}

static void to(enum ibv_qp_state state) {
    struct ibv_qp_attr attr = {.qp_state = state, .port_num = 1, .dest_qp_num = qp->qp_num};
    int more = state == IBV_QPS_INIT ? IBV_QP_PORT : state == IBV_QPS_RTR ? IBV_QP_DEST_QPN : 0;
    if (ibv_modify_qp(qp, &attr, IBV_QP_STATE | more)) {
        fail("ibv_modify_qp");
    }
}

static void open_all(void) {
    struct ibv_device **devices = made(ibv_get_device_list(NULL), "ibv_get_device_list");
    struct ibv_context *context = made(ibv_open_device(made(devices[0], "a device")), "ibv_open_device");
    struct ibv_pd *pd = made(ibv_alloc_pd(context), "ibv_alloc_pd");
    void *memory = made(aligned_alloc(4096, 2 * PLACES * BYTES), "memory");
    struct ibv_mr *mr = made(ibv_reg_mr_iova2(pd, memory, 2 * PLACES * BYTES, (uintptr_t) memory,
            IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_REMOTE_WRITE), "ibv_reg_mr_iova2");
    local = (uintptr_t) memory;
    remote = local + PLACES * BYTES;
    lkey = mr->lkey;
    rkey = mr->rkey;
    cq = made(ibv_create_cq(context, ENTRIES, NULL, NULL, 0), "ibv_create_cq");
    struct ibv_qp_init_attr init = {.send_cq = cq, .recv_cq = cq, .qp_type = IBV_QPT_RC,
            .cap = {.max_send_wr = ENTRIES, .max_recv_wr = 1, .max_send_sge = 1, .max_recv_sge = 1}};
    qp = made(ibv_create_qp(pd, &init), "ibv_create_qp");
    to(IBV_QPS_INIT);
    to(IBV_QPS_RTR);
    to(IBV_QPS_RTS);
}

static void post_and_poll(int batch, long requests) {
    struct ibv_send_wr wrs[BATCH_MAX], *bad;
    struct ibv_sge sges[BATCH_MAX];
    struct ibv_wc wcs[BATCH_MAX];
    memset(wrs, 0, sizeof wrs);
    for (int i = 0; i < batch; i++) {
        wrs[i].next = i + 1 < batch ? &wrs[i + 1] : NULL;
        wrs[i].sg_list = &sges[i];
        wrs[i].num_sge = 1;
    }
    for (long done = 0; done < requests; done += batch) {
        for (int i = 0; i < batch; i++, next++) {
            uint64_t place = next % PLACES * BYTES;
            sges[i].addr = local + place;
            sges[i].length = BYTES;
            sges[i].lkey = lkey;
            wrs[i].wr_id = next;
            wrs[i].opcode = IBV_WR_RDMA_WRITE;
            wrs[i].send_flags = IBV_SEND_SIGNALED;
            wrs[i].wr.rdma.remote_addr = remote + place;
            wrs[i].wr.rdma.rkey = rkey;
        }
        if (ibv_post_send(qp, wrs, &bad)) {
            fail("ibv_post_send");
        }
        while (awaited != next) {
            int found = ibv_poll_cq(cq, BATCH_MAX, wcs);
            if (found < 0) {
                fail("ibv_poll_cq");
            }
            for (int i = 0; i < found; i++, awaited++) {
                if (wcs[i].status != IBV_WC_SUCCESS || wcs[i].wr_id != awaited) {
                    fail("a completion is not what was awaited");
                }
            }
        }
    }
}

int main(void) {
    char line[64];
    open_all();
    while (fgets(line, sizeof line, stdin)) {
        int batch;
        long requests;
        struct timespec begin, end;
        if (sscanf(line, "run %d %ld", &batch, &requests) != 2 || batch < 1 || batch > BATCH_MAX) {
            fail("what is asked?");
        }
        clock_gettime(CLOCK_MONOTONIC, &begin);
        post_and_poll(batch, requests);
        clock_gettime(CLOCK_MONOTONIC, &end);
        double ns = (end.tv_sec - begin.tv_sec) * 1e9 + (end.tv_nsec - begin.tv_nsec);
        printf("ns=%.4f\n", ns / requests);
        fflush(stdout);
    }
    return 0;
}
