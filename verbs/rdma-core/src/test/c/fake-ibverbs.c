/*
 * A libibverbs for tests: one device, fake0, that needs no kernel. Everything happens in the process that loads it, when
 * a request is posted, so that the Java side's native calls run on any machine.
 *
 * What a test can do beside the verbs is at the end: make any function fail, count calls, raise asynchronous events, hold
 * requests back, and choose how the device presents itself.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <infiniband/verbs.h>

#undef ibv_get_device_list
#undef ibv_query_port
#undef ibv_reg_mr
#undef ibv_reg_mr_iova

enum { PAIRS_MAX = 4096, KEYS_MAX = 65536, INJECTIONS_MAX = 64, PORT = 1 };

/* ---------------------------------------------------------------- injection and counting */

struct injection {
    char name[48];
    int error;
    int left;
    long calls;
};

static struct injection injections[INJECTIONS_MAX];
static int injection_count;
static pthread_mutex_t injection_lock = PTHREAD_MUTEX_INITIALIZER;

static struct injection *injection_of(const char *name) {
    for (int i = 0; i < injection_count; i++) {
        if (strcmp(injections[i].name, name) == 0) {
            return &injections[i];
        }
    }
    if (injection_count == INJECTIONS_MAX) {
        abort();
    }
    snprintf(injections[injection_count].name, sizeof injections[0].name, "%s", name);
    return &injections[injection_count++];
}

/* The errno that this call has to fail with, or 0. */
static int called(const char *name) {
    pthread_mutex_lock(&injection_lock);
    struct injection *injection = injection_of(name);
    injection->calls++;
    int error = 0;
    if (injection->left > 0) {
        injection->left--;
        error = injection->error;
    }
    pthread_mutex_unlock(&injection_lock);
    return error;
}

#define FAIL_WITH_NULL(name)          \
    do {                              \
        int error_ = called(name);    \
        if (error_) {                 \
            errno = error_;           \
            return NULL;              \
        }                             \
    } while (0)

#define FAIL_WITH_MINUS_ONE(name)     \
    do {                              \
        int error_ = called(name);    \
        if (error_) {                 \
            errno = error_;           \
            return -1;                \
        }                             \
    } while (0)

#define FAIL_WITH_ERRNO(name)         \
    do {                              \
        int error_ = called(name);    \
        if (error_) {                 \
            return error_;            \
        }                             \
    } while (0)

/* ---------------------------------------------------------------- objects */

struct fake_context {
    int async_write;
    struct verbs_context verbs; /* its last member is the ibv_context */
};

struct fake_cq {
    struct ibv_cq base;
    struct ibv_wc *ring;
    int room, head, count;
    int armed, solicited_only;
    unsigned comp_reported, async_reported;
};

struct queue_entry {
    uint64_t id;
    int sge_count;
    struct ibv_sge *sges;
};

struct receive_queue {
    struct queue_entry *ring;
    int room, head, count, sge_max;
};

struct fake_srq {
    struct ibv_srq base;
    struct receive_queue receives;
    uint32_t limit;
    unsigned async_reported;
};

struct held_send {
    struct ibv_send_wr wr;
    struct ibv_sge *sges;
    struct held_send *next;
};

struct fake_qp {
    struct ibv_qp base;
    struct receive_queue receives;
    struct ibv_qp_attr attr;
    struct ibv_qp_cap cap;
    int signal_all;
    struct held_send *held, **held_end;
    uint32_t held_count;
    unsigned async_reported;
};

struct key {
    int used;
    struct ibv_pd *pd;
    struct ibv_mr *mr; /* the region, or the one a window is bound to */
    uint64_t iova, length, address;
    int access;
    struct ibv_mw *mw;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t acknowledged = PTHREAD_COND_INITIALIZER;
static struct fake_qp *pairs[PAIRS_MAX];
static struct key keys[KEYS_MAX];
static struct fake_context *contexts[16];
static int holding;

static char node_path[256];
static char node_name[64] = "uverbs-fake0";
static char sysfs_path[256];
static int extended = 1;
static int device_count = 1;
static int transport = IBV_TRANSPORT_IB;

static struct fake_context *fake_of(struct ibv_context *context) {
    struct verbs_context *verbs =
            (struct verbs_context *) ((char *) context - offsetof(struct verbs_context, context));
    return (struct fake_context *) ((char *) verbs - offsetof(struct fake_context, verbs));
}

static void raise_event(struct ibv_context *context, const struct ibv_async_event *event) {
    if (write(fake_of(context)->async_write, event, sizeof *event) != sizeof *event) {
        abort();
    }
}

static void raise_for_cq(struct fake_cq *cq, enum ibv_event_type type) {
    struct ibv_async_event event = {.element.cq = &cq->base, .event_type = type};
    raise_event(cq->base.context, &event);
}

/* ---------------------------------------------------------------- devices */

struct ibv_device **ibv_get_device_list(int *count) {
    FAIL_WITH_NULL("ibv_get_device_list");
    struct ibv_device **list = calloc(device_count + 1, sizeof *list);
    for (int i = 0; i < device_count; i++) {
        struct ibv_device *device = calloc(1, sizeof *device);
        device->node_type = IBV_NODE_CA;
        device->transport_type = transport;
        snprintf(device->name, sizeof device->name, "fake%d", i);
        snprintf(device->dev_name, sizeof device->dev_name, "%s", node_name);
        snprintf(device->dev_path, sizeof device->dev_path, "%s", node_path);
        snprintf(device->ibdev_path, sizeof device->ibdev_path, "%s", sysfs_path);
        list[i] = device;
    }
    if (count) {
        *count = device_count;
    }
    return list;
}

/* Devices stay: contexts point at them, and a test makes few. */
void ibv_free_device_list(struct ibv_device **list) {
    called("ibv_free_device_list");
    free(list);
}

__be64 ibv_get_device_guid(struct ibv_device *device) {
    called("ibv_get_device_guid");
    return 0xefcdab8967452301ULL;
}

static int poll_cq(struct ibv_cq *cq, int max, struct ibv_wc *wc);
static int req_notify_cq(struct ibv_cq *cq, int solicited_only);
static int post_send(struct ibv_qp *qp, struct ibv_send_wr *wr, struct ibv_send_wr **bad);
static int post_recv(struct ibv_qp *qp, struct ibv_recv_wr *wr, struct ibv_recv_wr **bad);
static int post_srq_recv(struct ibv_srq *srq, struct ibv_recv_wr *wr, struct ibv_recv_wr **bad);
static struct ibv_mw *alloc_mw(struct ibv_pd *pd, enum ibv_mw_type type);
static int bind_mw(struct ibv_qp *qp, struct ibv_mw *mw, struct ibv_mw_bind *bind);
static int dealloc_mw(struct ibv_mw *mw);

#ifdef FAKE_DATA_PATH
/* What the benchmark of calls posts to and polls, instead of the functions here. */
void fake_data_path(struct ibv_context_ops *ops);
#endif

static void fill_port(struct ibv_port_attr *attr) {
    attr->state = IBV_PORT_ACTIVE;
    attr->max_mtu = IBV_MTU_4096;
    attr->active_mtu = IBV_MTU_1024;
    attr->gid_tbl_len = 8;
    attr->port_cap_flags = 0x10000;
    attr->max_msg_sz = 1u << 30;
    attr->pkey_tbl_len = 1;
    attr->lid = 0x1234;
    attr->sm_lid = 0x4321;
    attr->lmc = 3;
    attr->active_width = 2;
    attr->active_speed = 32;
    attr->phys_state = 5;
}

static int query_port_slot(struct ibv_context *context, uint8_t port, struct ibv_port_attr *attr, size_t size) {
    FAIL_WITH_ERRNO("query_port");
    if (port != PORT || size != sizeof *attr) {
        return EINVAL;
    }
    memset(attr, 0, size);
    fill_port(attr);
    attr->link_layer = IBV_LINK_LAYER_ETHERNET;
    return 0;
}

/* As the exported function of rdma-core: nothing behind link_layer's old neighbours is filled in. */
int ibv_query_port(struct ibv_context *context, uint8_t port, struct _compat_ibv_port_attr *attr) {
    FAIL_WITH_ERRNO("ibv_query_port");
    if (port != PORT) {
        return EINVAL;
    }
    fill_port((struct ibv_port_attr *) attr);
    return 0;
}

static int query_device_ex(
        struct ibv_context *context,
        const struct ibv_query_device_ex_input *input,
        struct ibv_device_attr_ex *attr,
        size_t size) {
    FAIL_WITH_ERRNO("query_device_ex");
    if (size < offsetof(struct ibv_device_attr_ex, completion_timestamp_mask)) {
        return EINVAL;
    }
    attr->odp_caps.general_caps = IBV_ODP_SUPPORT;
    return 0;
}

struct ibv_context *ibv_open_device(struct ibv_device *device) {
    FAIL_WITH_NULL("ibv_open_device");
    struct fake_context *fake = calloc(1, sizeof *fake);
    struct ibv_context *context = &fake->verbs.context;
    int fds[2];
    if (pipe(fds)) {
        free(fake);
        return NULL;
    }
    fake->async_write = fds[1];
    fake->verbs.sz = sizeof fake->verbs;
    fake->verbs.query_port = query_port_slot;
    fake->verbs.query_device_ex = query_device_ex;
    context->device = device;
    context->async_fd = fds[0];
    context->cmd_fd = -1;
    context->num_comp_vectors = 2;
    context->abi_compat = extended ? __VERBS_ABI_IS_EXTENDED : NULL;
    context->ops.alloc_mw = alloc_mw;
    context->ops.bind_mw = bind_mw;
    context->ops.dealloc_mw = dealloc_mw;
    context->ops.poll_cq = poll_cq;
    context->ops.req_notify_cq = req_notify_cq;
    context->ops.post_send = post_send;
    context->ops.post_recv = post_recv;
    context->ops.post_srq_recv = post_srq_recv;
#ifdef FAKE_DATA_PATH
    fake_data_path(&context->ops);
#endif
    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < sizeof contexts / sizeof contexts[0]; i++) {
        if (!contexts[i]) {
            contexts[i] = fake;
            break;
        }
    }
    pthread_mutex_unlock(&lock);
    return context;
}

int ibv_close_device(struct ibv_context *context) {
    FAIL_WITH_MINUS_ONE("ibv_close_device");
    struct fake_context *fake = fake_of(context);
    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < sizeof contexts / sizeof contexts[0]; i++) {
        if (contexts[i] == fake) {
            contexts[i] = NULL;
        }
    }
    pthread_mutex_unlock(&lock);
    close(context->async_fd);
    close(fake->async_write);
    free(fake);
    return 0;
}

int ibv_query_device(struct ibv_context *context, struct ibv_device_attr *attr) {
    FAIL_WITH_ERRNO("ibv_query_device");
    memset(attr, 0, sizeof *attr);
    snprintf(attr->fw_ver, sizeof attr->fw_ver, "1.2.3");
    attr->node_guid = 0xefcdab8967452301ULL;
    attr->sys_image_guid = 0x0102030405060708ULL;
    attr->max_mr_size = ~0ULL;
    attr->page_size_cap = 0xfffff000;
    attr->vendor_id = 0xfa4e;
    attr->vendor_part_id = 7;
    attr->hw_ver = 9;
    attr->max_qp = PAIRS_MAX - 1;
    attr->max_qp_wr = 16384;
    attr->device_cap_flags = IBV_DEVICE_MEM_WINDOW | IBV_DEVICE_MEM_WINDOW_TYPE_2B | IBV_DEVICE_SRQ_RESIZE;
    attr->max_sge = 16;
    attr->max_sge_rd = 15;
    attr->max_cq = 1000;
    attr->max_cqe = 65536;
    attr->max_mr = KEYS_MAX - 1;
    attr->max_pd = 100;
    attr->max_qp_rd_atom = 16;
    attr->max_res_rd_atom = 160;
    attr->max_qp_init_rd_atom = 17;
    attr->atomic_cap = IBV_ATOMIC_HCA;
    attr->max_mw = 1000;
    attr->max_mcast_grp = 10;
    attr->max_mcast_qp_attach = 11;
    attr->max_ah = 12;
    attr->max_srq = 13;
    attr->max_srq_wr = 4096;
    attr->max_srq_sge = 8;
    attr->max_pkeys = 1;
    attr->local_ca_ack_delay = 14;
    attr->phys_port_cnt = 1;
    return 0;
}

ssize_t _ibv_query_gid_table(
        struct ibv_context *context, struct ibv_gid_entry *entries, size_t max, uint32_t flags, size_t size) {
    int error = called("ibv_query_gid_table");
    if (error) {
        return -error;
    }
    static const uint8_t mapped[16] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 7, 0, 1};
    static const uint8_t link_local[16] = {0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
    if (max < 3 || size != sizeof *entries) {
        return -EINVAL;
    }
    memset(entries, 0, 3 * sizeof *entries);
    for (int i = 0; i < 3; i++) {
        memcpy(entries[i].gid.raw, i == 2 ? mapped : link_local, 16);
        entries[i].gid_index = i + (i == 2); /* index 2 is not in use */
        entries[i].port_num = PORT;
        entries[i].gid_type = i == 0 ? IBV_GID_TYPE_ROCE_V1 : IBV_GID_TYPE_ROCE_V2;
        entries[i].ndev_ifindex = 1;
    }
    return 3;
}

int ibv_query_pkey(struct ibv_context *context, uint8_t port, int index, __be16 *pkey) {
    FAIL_WITH_MINUS_ONE("ibv_query_pkey");
    if (port != PORT || index != 0) {
        errno = EINVAL;
        return -1;
    }
    *pkey = 0x34f2; /* 0xf234 */
    return 0;
}

/* ---------------------------------------------------------------- events */

int ibv_get_async_event(struct ibv_context *context, struct ibv_async_event *event) {
    FAIL_WITH_MINUS_ONE("ibv_get_async_event");
    if (read(context->async_fd, event, sizeof *event) != sizeof *event) {
        return -1;
    }
    pthread_mutex_lock(&lock);
    switch (event->event_type) {
    case IBV_EVENT_CQ_ERR:
        ((struct fake_cq *) event->element.cq)->async_reported++;
        break;
    case IBV_EVENT_QP_FATAL:
    case IBV_EVENT_QP_REQ_ERR:
    case IBV_EVENT_QP_ACCESS_ERR:
    case IBV_EVENT_COMM_EST:
    case IBV_EVENT_SQ_DRAINED:
    case IBV_EVENT_PATH_MIG:
    case IBV_EVENT_PATH_MIG_ERR:
    case IBV_EVENT_QP_LAST_WQE_REACHED:
        ((struct fake_qp *) event->element.qp)->async_reported++;
        break;
    case IBV_EVENT_SRQ_ERR:
    case IBV_EVENT_SRQ_LIMIT_REACHED:
        ((struct fake_srq *) event->element.srq)->async_reported++;
        break;
    default:
        break;
    }
    pthread_mutex_unlock(&lock);
    return 0;
}

void ibv_ack_async_event(struct ibv_async_event *event) {
    called("ibv_ack_async_event");
    pthread_mutex_lock(&lock);
    switch (event->event_type) {
    case IBV_EVENT_CQ_ERR:
        event->element.cq->async_events_completed++;
        break;
    case IBV_EVENT_QP_FATAL:
    case IBV_EVENT_QP_REQ_ERR:
    case IBV_EVENT_QP_ACCESS_ERR:
    case IBV_EVENT_COMM_EST:
    case IBV_EVENT_SQ_DRAINED:
    case IBV_EVENT_PATH_MIG:
    case IBV_EVENT_PATH_MIG_ERR:
    case IBV_EVENT_QP_LAST_WQE_REACHED:
        event->element.qp->events_completed++;
        break;
    case IBV_EVENT_SRQ_ERR:
    case IBV_EVENT_SRQ_LIMIT_REACHED:
        event->element.srq->events_completed++;
        break;
    default:
        break;
    }
    pthread_cond_broadcast(&acknowledged);
    pthread_mutex_unlock(&lock);
}

struct fake_channel {
    struct ibv_comp_channel base;
    int write;
};

struct ibv_comp_channel *ibv_create_comp_channel(struct ibv_context *context) {
    FAIL_WITH_NULL("ibv_create_comp_channel");
    struct fake_channel *channel = calloc(1, sizeof *channel);
    int fds[2];
    if (pipe(fds)) {
        free(channel);
        return NULL;
    }
    channel->base.context = context;
    channel->base.fd = fds[0];
    channel->write = fds[1];
    return &channel->base;
}

int ibv_destroy_comp_channel(struct ibv_comp_channel *base) {
    FAIL_WITH_ERRNO("ibv_destroy_comp_channel");
    if (base->refcnt) {
        return EBUSY;
    }
    close(base->fd);
    close(((struct fake_channel *) base)->write);
    free(base);
    return 0;
}

int ibv_get_cq_event(struct ibv_comp_channel *channel, struct ibv_cq **cq, void **cq_context) {
    FAIL_WITH_MINUS_ONE("ibv_get_cq_event");
    if (read(channel->fd, cq, sizeof *cq) != sizeof *cq) {
        return -1;
    }
    pthread_mutex_lock(&lock);
    ((struct fake_cq *) *cq)->comp_reported++;
    pthread_mutex_unlock(&lock);
    *cq_context = (*cq)->cq_context;
    return 0;
}

void ibv_ack_cq_events(struct ibv_cq *cq, unsigned int count) {
    called("ibv_ack_cq_events");
    pthread_mutex_lock(&lock);
    cq->comp_events_completed += count;
    pthread_cond_broadcast(&acknowledged);
    pthread_mutex_unlock(&lock);
}

/* ---------------------------------------------------------------- completion queues */

struct ibv_cq *ibv_create_cq(
        struct ibv_context *context, int cqe, void *cq_context, struct ibv_comp_channel *channel, int vector) {
    FAIL_WITH_NULL("ibv_create_cq");
    if (cqe < 1 || cqe > 65536 || vector < 0 || vector >= context->num_comp_vectors) {
        errno = EINVAL;
        return NULL;
    }
    struct fake_cq *cq = calloc(1, sizeof *cq);
    cq->base.context = context;
    cq->base.channel = channel;
    cq->base.cq_context = cq_context;
    cq->base.cqe = cqe;
    cq->room = cqe;
    cq->ring = calloc(cqe, sizeof *cq->ring);
    if (channel) {
        channel->refcnt++;
    }
    return &cq->base;
}

int ibv_resize_cq(struct ibv_cq *base, int cqe) {
    FAIL_WITH_ERRNO("ibv_resize_cq");
    struct fake_cq *cq = (struct fake_cq *) base;
    pthread_mutex_lock(&lock);
    if (cqe < cq->count || cqe < 1 || cqe > 65536) {
        pthread_mutex_unlock(&lock);
        return EINVAL;
    }
    struct ibv_wc *ring = calloc(cqe, sizeof *ring);
    for (int i = 0; i < cq->count; i++) {
        ring[i] = cq->ring[(cq->head + i) % cq->room];
    }
    free(cq->ring);
    cq->ring = ring;
    cq->head = 0;
    cq->room = cqe;
    cq->base.cqe = cqe;
    pthread_mutex_unlock(&lock);
    return 0;
}

/* Like rdma-core, waits until every event that was read has been acknowledged. */
int ibv_destroy_cq(struct ibv_cq *base) {
    FAIL_WITH_ERRNO("ibv_destroy_cq");
    struct fake_cq *cq = (struct fake_cq *) base;
    pthread_mutex_lock(&lock);
    for (int i = 0; i < PAIRS_MAX; i++) {
        if (pairs[i] && (pairs[i]->base.send_cq == base || pairs[i]->base.recv_cq == base)) {
            pthread_mutex_unlock(&lock);
            return EBUSY;
        }
    }
    while (base->comp_events_completed != cq->comp_reported || base->async_events_completed != cq->async_reported) {
        pthread_cond_wait(&acknowledged, &lock);
    }
    if (base->channel) {
        base->channel->refcnt--;
    }
    pthread_mutex_unlock(&lock);
    free(cq->ring);
    free(cq);
    return 0;
}

static int req_notify_cq(struct ibv_cq *base, int solicited_only) {
    FAIL_WITH_ERRNO("req_notify_cq");
    struct fake_cq *cq = (struct fake_cq *) base;
    pthread_mutex_lock(&lock);
    cq->armed = 1;
    cq->solicited_only = solicited_only;
    pthread_mutex_unlock(&lock);
    return 0;
}

static int poll_cq(struct ibv_cq *base, int max, struct ibv_wc *wc) {
    if (called("poll_cq")) {
        return -2;
    }
    struct fake_cq *cq = (struct fake_cq *) base;
    pthread_mutex_lock(&lock);
    int count = 0;
    while (count < max && cq->count) {
        wc[count++] = cq->ring[cq->head];
        cq->head = (cq->head + 1) % cq->room;
        cq->count--;
    }
    pthread_mutex_unlock(&lock);
    return count;
}

static void complete(struct ibv_cq *base, const struct ibv_wc *wc, int solicited) {
    struct fake_cq *cq = (struct fake_cq *) base;
    if (cq->count == cq->room) {
        raise_for_cq(cq, IBV_EVENT_CQ_ERR);
        return;
    }
    cq->ring[(cq->head + cq->count++) % cq->room] = *wc;
    if (cq->armed && base->channel && (!cq->solicited_only || solicited || wc->status != IBV_WC_SUCCESS)) {
        cq->armed = 0;
        if (write(((struct fake_channel *) base->channel)->write, &base, sizeof base) != sizeof base) {
            abort();
        }
    }
}

/* ---------------------------------------------------------------- memory */

struct ibv_pd *ibv_alloc_pd(struct ibv_context *context) {
    FAIL_WITH_NULL("ibv_alloc_pd");
    struct ibv_pd *pd = calloc(1, sizeof *pd);
    pd->context = context;
    return pd;
}

int ibv_dealloc_pd(struct ibv_pd *pd) {
    FAIL_WITH_ERRNO("ibv_dealloc_pd");
    int busy = 0;
    pthread_mutex_lock(&lock);
    for (int i = 1; i < KEYS_MAX; i++) {
        busy |= keys[i].used && keys[i].pd == pd;
    }
    pthread_mutex_unlock(&lock);
    if (busy) {
        return EBUSY;
    }
    free(pd);
    return 0;
}

static uint32_t new_key(void) {
    for (uint32_t i = 1; i < KEYS_MAX; i++) {
        if (!keys[i].used) {
            memset(&keys[i], 0, sizeof keys[i]);
            keys[i].used = 1;
            return i << 8;
        }
    }
    return 0;
}

struct ibv_mr *ibv_reg_mr_iova2(struct ibv_pd *pd, void *addr, size_t length, uint64_t iova, unsigned int access) {
    FAIL_WITH_NULL("ibv_reg_mr_iova2");
    pthread_mutex_lock(&lock);
    uint32_t key = new_key();
    struct ibv_mr *mr = NULL;
    if (!key) {
        errno = ENOMEM;
    } else {
        mr = calloc(1, sizeof *mr);
        mr->context = pd->context;
        mr->pd = pd;
        mr->addr = addr;
        mr->length = length;
        mr->lkey = mr->rkey = key;
        keys[key >> 8] = (struct key) {.used = 1, .pd = pd, .mr = mr, .iova = iova, .length = length,
                .address = (uintptr_t) addr, .access = access};
    }
    pthread_mutex_unlock(&lock);
    return mr;
}

int ibv_dereg_mr(struct ibv_mr *mr) {
    FAIL_WITH_ERRNO("ibv_dereg_mr");
    pthread_mutex_lock(&lock);
    for (int i = 1; i < KEYS_MAX; i++) {
        if (keys[i].used && keys[i].mw && keys[i].mr == mr) {
            pthread_mutex_unlock(&lock);
            return EBUSY;
        }
    }
    keys[mr->lkey >> 8].used = 0;
    pthread_mutex_unlock(&lock);
    free(mr);
    return 0;
}

static struct ibv_mw *alloc_mw(struct ibv_pd *pd, enum ibv_mw_type type) {
    FAIL_WITH_NULL("alloc_mw");
    struct ibv_mw *mw = calloc(1, sizeof *mw);
    mw->context = pd->context;
    mw->pd = pd;
    mw->type = type;
    pthread_mutex_lock(&lock);
    mw->rkey = new_key();
    keys[mw->rkey >> 8].pd = pd;
    keys[mw->rkey >> 8].mw = mw;
    pthread_mutex_unlock(&lock);
    return mw;
}

static int dealloc_mw(struct ibv_mw *mw) {
    FAIL_WITH_ERRNO("dealloc_mw");
    pthread_mutex_lock(&lock);
    keys[mw->rkey >> 8].used = 0;
    pthread_mutex_unlock(&lock);
    free(mw);
    return 0;
}

/* Where a range of a key's memory lies, or NULL. */
static void *find(uint32_t key, uint64_t address, uint64_t length, int access) {
    struct key *k = key >> 8 < KEYS_MAX ? &keys[key >> 8] : NULL;
    if (!k || !k->used || !k->mr || (k->mw && k->mw->rkey != key) || (k->access & access) != access
            || address < k->iova || address - k->iova > k->length || length > k->length - (address - k->iova)) {
        return NULL;
    }
    return (void *) (uintptr_t) (k->address + (address - k->iova));
}

static int bind_window(struct ibv_mw *mw, uint32_t rkey, const struct ibv_mw_bind_info *info) {
    struct key *k = &keys[mw->rkey >> 8];
    if (info->mr && !find(info->mr->rkey, info->addr, info->length, IBV_ACCESS_MW_BIND)) {
        return IBV_WC_MW_BIND_ERR;
    }
    struct key *region = info->mr ? &keys[info->mr->rkey >> 8] : NULL;
    k->mr = info->mr;
    k->iova = info->addr;
    k->length = info->length;
    k->address = region ? region->address + (info->addr - region->iova) : 0;
    k->access = info->mw_access_flags;
    mw->rkey = rkey;
    return IBV_WC_SUCCESS;
}

/* ---------------------------------------------------------------- receive queues */

static void receive_queue_init(struct receive_queue *queue, int room, int sge_max) {
    memset(queue, 0, sizeof *queue);
    queue->room = room;
    queue->sge_max = sge_max;
    queue->ring = calloc(room ? room : 1, sizeof *queue->ring);
    for (int i = 0; i < room; i++) {
        queue->ring[i].sges = calloc(sge_max ? sge_max : 1, sizeof(struct ibv_sge));
    }
}

static void receive_queue_free(struct receive_queue *queue) {
    for (int i = 0; i < queue->room; i++) {
        free(queue->ring[i].sges);
    }
    free(queue->ring);
}

static int post_receives(struct receive_queue *queue, struct ibv_recv_wr *wr, struct ibv_recv_wr **bad) {
    for (; wr; wr = wr->next) {
        int error = queue->count == queue->room ? ENOMEM : wr->num_sge > queue->sge_max ? EINVAL : 0;
        if (error) {
            *bad = wr;
            return error;
        }
        struct queue_entry *entry = &queue->ring[(queue->head + queue->count++) % queue->room];
        entry->id = wr->wr_id;
        entry->sge_count = wr->num_sge;
        memcpy(entry->sges, wr->sg_list, wr->num_sge * sizeof *entry->sges);
    }
    return 0;
}

static struct queue_entry *take_receive(struct receive_queue *queue) {
    if (!queue->count) {
        return NULL;
    }
    struct queue_entry *entry = &queue->ring[queue->head];
    queue->head = (queue->head + 1) % queue->room;
    queue->count--;
    return entry;
}

/* ---------------------------------------------------------------- shared receive queues */

struct ibv_srq *ibv_create_srq(struct ibv_pd *pd, struct ibv_srq_init_attr *init) {
    FAIL_WITH_NULL("ibv_create_srq");
    struct fake_srq *srq = calloc(1, sizeof *srq);
    srq->base.context = pd->context;
    srq->base.pd = pd;
    receive_queue_init(&srq->receives, init->attr.max_wr, init->attr.max_sge);
    return &srq->base;
}

int ibv_modify_srq(struct ibv_srq *base, struct ibv_srq_attr *attr, int mask) {
    FAIL_WITH_ERRNO("ibv_modify_srq");
    struct fake_srq *srq = (struct fake_srq *) base;
    if ((mask & IBV_SRQ_LIMIT) && attr->srq_limit > (uint32_t) srq->receives.room) {
        return EINVAL;
    }
    pthread_mutex_lock(&lock);
    if (mask & IBV_SRQ_MAX_WR) {
        struct receive_queue larger;
        receive_queue_init(&larger, attr->max_wr, srq->receives.sge_max);
        struct queue_entry *entry;
        while ((entry = take_receive(&srq->receives))) {
            struct ibv_recv_wr wr = {.wr_id = entry->id, .sg_list = entry->sges, .num_sge = entry->sge_count}, *bad;
            post_receives(&larger, &wr, &bad);
        }
        receive_queue_free(&srq->receives);
        srq->receives = larger;
    }
    if (mask & IBV_SRQ_LIMIT) {
        srq->limit = attr->srq_limit;
    }
    pthread_mutex_unlock(&lock);
    return 0;
}

int ibv_query_srq(struct ibv_srq *base, struct ibv_srq_attr *attr) {
    FAIL_WITH_ERRNO("ibv_query_srq");
    struct fake_srq *srq = (struct fake_srq *) base;
    attr->max_wr = srq->receives.room;
    attr->max_sge = srq->receives.sge_max;
    attr->srq_limit = srq->limit;
    return 0;
}

int ibv_destroy_srq(struct ibv_srq *base) {
    FAIL_WITH_ERRNO("ibv_destroy_srq");
    struct fake_srq *srq = (struct fake_srq *) base;
    pthread_mutex_lock(&lock);
    while (base->events_completed != srq->async_reported) {
        pthread_cond_wait(&acknowledged, &lock);
    }
    pthread_mutex_unlock(&lock);
    receive_queue_free(&srq->receives);
    free(srq);
    return 0;
}

static int post_srq_recv(struct ibv_srq *base, struct ibv_recv_wr *wr, struct ibv_recv_wr **bad) {
    int error = called("post_srq_recv");
    if (error) {
        *bad = wr;
        return error;
    }
    pthread_mutex_lock(&lock);
    error = post_receives(&((struct fake_srq *) base)->receives, wr, bad);
    pthread_mutex_unlock(&lock);
    return error;
}

/* ---------------------------------------------------------------- queue pairs */

struct ibv_qp *ibv_create_qp(struct ibv_pd *pd, struct ibv_qp_init_attr *init) {
    FAIL_WITH_NULL("ibv_create_qp");
    if (init->cap.max_send_wr > 16384 || init->cap.max_send_sge > 16 || init->cap.max_inline_data > 512) {
        errno = EINVAL;
        return NULL;
    }
    pthread_mutex_lock(&lock);
    int number = 0;
    for (int i = 1; i < PAIRS_MAX && !number; i++) {
        number = pairs[i] ? 0 : i;
    }
    if (!number) {
        pthread_mutex_unlock(&lock);
        errno = ENOMEM;
        return NULL;
    }
    struct fake_qp *qp = calloc(1, sizeof *qp);
    qp->base.context = pd->context;
    qp->base.pd = pd;
    qp->base.send_cq = init->send_cq;
    qp->base.recv_cq = init->recv_cq;
    qp->base.srq = init->srq;
    qp->base.qp_num = number;
    qp->base.qp_type = init->qp_type;
    qp->base.state = IBV_QPS_RESET;
    qp->signal_all = init->sq_sig_all;
    qp->held_end = &qp->held;
    qp->cap = init->cap;
    receive_queue_init(&qp->receives, init->cap.max_recv_wr, init->cap.max_recv_sge);
    pairs[number] = qp;
    pthread_mutex_unlock(&lock);
    return &qp->base;
}

static void complete_send(struct fake_qp *qp, const struct ibv_send_wr *wr, int status, uint32_t length) {
    static const enum ibv_wc_opcode opcodes[] = {
        [IBV_WR_RDMA_WRITE] = IBV_WC_RDMA_WRITE,
        [IBV_WR_RDMA_WRITE_WITH_IMM] = IBV_WC_RDMA_WRITE,
        [IBV_WR_SEND] = IBV_WC_SEND,
        [IBV_WR_SEND_WITH_IMM] = IBV_WC_SEND,
        [IBV_WR_RDMA_READ] = IBV_WC_RDMA_READ,
        [IBV_WR_ATOMIC_CMP_AND_SWP] = IBV_WC_COMP_SWAP,
        [IBV_WR_ATOMIC_FETCH_AND_ADD] = IBV_WC_FETCH_ADD,
        [IBV_WR_LOCAL_INV] = IBV_WC_LOCAL_INV,
        [IBV_WR_BIND_MW] = IBV_WC_BIND_MW,
        [IBV_WR_SEND_WITH_INV] = IBV_WC_SEND,
    };
    if (status == IBV_WC_SUCCESS && !qp->signal_all && !(wr->send_flags & IBV_SEND_SIGNALED)) {
        return;
    }
    struct ibv_wc wc = {.wr_id = wr->wr_id, .status = status, .opcode = opcodes[wr->opcode], .byte_len = length,
            .qp_num = qp->base.qp_num, .vendor_err = status ? 0x77 : 0};
    complete(qp->base.send_cq, &wc, 0);
}

static void flush(struct fake_qp *qp) {
    qp->base.state = IBV_QPS_ERR;
    while (qp->held) {
        struct held_send *held = qp->held;
        qp->held = held->next;
        complete_send(qp, &held->wr, IBV_WC_WR_FLUSH_ERR, 0);
        free(held->sges);
        free(held);
    }
    qp->held_end = &qp->held;
    qp->held_count = 0;
    struct queue_entry *entry;
    while ((entry = take_receive(&qp->receives))) {
        struct ibv_wc wc = {.wr_id = entry->id, .status = IBV_WC_WR_FLUSH_ERR, .opcode = IBV_WC_RECV,
                .qp_num = qp->base.qp_num};
        complete(qp->base.recv_cq, &wc, 0);
    }
}

static void run(struct fake_qp *qp, const struct ibv_send_wr *wr);

static void run_held(struct fake_qp *qp) {
    while (qp->held) {
        struct held_send *held = qp->held;
        qp->held = held->next;
        qp->held_count--;
        if (!qp->held) {
            qp->held_end = &qp->held;
        }
        run(qp, &held->wr);
        free(held->sges);
        free(held);
    }
}

static int legal(enum ibv_qp_state from, enum ibv_qp_state to) {
    switch (to) {
    case IBV_QPS_RESET:
    case IBV_QPS_ERR:
        return 1;
    case IBV_QPS_INIT:
        return from == IBV_QPS_RESET || from == IBV_QPS_INIT;
    case IBV_QPS_RTR:
        return from == IBV_QPS_INIT;
    case IBV_QPS_RTS:
        return from == IBV_QPS_RTR || from == IBV_QPS_RTS || from == IBV_QPS_SQD || from == IBV_QPS_SQE;
    case IBV_QPS_SQD:
        return from == IBV_QPS_RTS || from == IBV_QPS_SQD;
    default:
        return 0;
    }
}

int ibv_modify_qp(struct ibv_qp *base, struct ibv_qp_attr *attr, int mask) {
    FAIL_WITH_ERRNO("ibv_modify_qp");
    struct fake_qp *qp = (struct fake_qp *) base;
    pthread_mutex_lock(&lock);
    if ((mask & IBV_QP_STATE) && !legal(base->state, attr->qp_state)) {
        pthread_mutex_unlock(&lock);
        return EINVAL;
    }
#define TAKE(bit, field) if (mask & (bit)) qp->attr.field = attr->field
    TAKE(IBV_QP_ACCESS_FLAGS, qp_access_flags);
    TAKE(IBV_QP_PKEY_INDEX, pkey_index);
    TAKE(IBV_QP_PORT, port_num);
    TAKE(IBV_QP_QKEY, qkey);
    TAKE(IBV_QP_AV, ah_attr);
    TAKE(IBV_QP_PATH_MTU, path_mtu);
    TAKE(IBV_QP_TIMEOUT, timeout);
    TAKE(IBV_QP_RETRY_CNT, retry_cnt);
    TAKE(IBV_QP_RNR_RETRY, rnr_retry);
    TAKE(IBV_QP_RQ_PSN, rq_psn);
    TAKE(IBV_QP_SQ_PSN, sq_psn);
    TAKE(IBV_QP_MAX_QP_RD_ATOMIC, max_rd_atomic);
    TAKE(IBV_QP_MAX_DEST_RD_ATOMIC, max_dest_rd_atomic);
    TAKE(IBV_QP_MIN_RNR_TIMER, min_rnr_timer);
    TAKE(IBV_QP_DEST_QPN, dest_qp_num);
    TAKE(IBV_QP_EN_SQD_ASYNC_NOTIFY, en_sqd_async_notify);
    if (mask & IBV_QP_STATE) {
        base->state = attr->qp_state;
        if (attr->qp_state == IBV_QPS_ERR) {
            flush(qp);
        } else if (attr->qp_state == IBV_QPS_RTS) {
            run_held(qp);
        }
        if (attr->qp_state == IBV_QPS_SQD && (mask & IBV_QP_EN_SQD_ASYNC_NOTIFY) && attr->en_sqd_async_notify) {
            struct ibv_async_event event = {.element.qp = base, .event_type = IBV_EVENT_SQ_DRAINED};
            raise_event(base->context, &event);
        }
    }
    pthread_mutex_unlock(&lock);
    return 0;
}

int ibv_query_qp(struct ibv_qp *base, struct ibv_qp_attr *attr, int mask, struct ibv_qp_init_attr *init) {
    FAIL_WITH_ERRNO("ibv_query_qp");
    struct fake_qp *qp = (struct fake_qp *) base;
    *attr = qp->attr;
    attr->qp_state = base->state;
    attr->cur_qp_state = base->state;
    attr->cap = qp->cap;
    memset(init, 0, sizeof *init);
    init->cap = qp->cap;
    return 0;
}

int ibv_destroy_qp(struct ibv_qp *base) {
    FAIL_WITH_ERRNO("ibv_destroy_qp");
    struct fake_qp *qp = (struct fake_qp *) base;
    pthread_mutex_lock(&lock);
    while (base->events_completed != qp->async_reported) {
        pthread_cond_wait(&acknowledged, &lock);
    }
    pairs[base->qp_num] = NULL;
    pthread_mutex_unlock(&lock);
    while (qp->held) {
        struct held_send *held = qp->held;
        qp->held = held->next;
        free(held->sges);
        free(held);
    }
    receive_queue_free(&qp->receives);
    free(qp);
    return 0;
}

static int post_recv(struct ibv_qp *base, struct ibv_recv_wr *wr, struct ibv_recv_wr **bad) {
    int error = called("post_recv");
    struct fake_qp *qp = (struct fake_qp *) base;
    if (!error && base->state == IBV_QPS_RESET) {
        error = EINVAL;
    }
    if (error) {
        *bad = wr;
        return error;
    }
    pthread_mutex_lock(&lock);
    error = post_receives(&qp->receives, wr, bad);
    if (base->state == IBV_QPS_ERR) {
        flush(qp);
    }
    pthread_mutex_unlock(&lock);
    return error;
}

struct gather {
    const struct ibv_sge *sges;
    int count, raw;
};

/* Copies between two lists; answers a status. */
static int copy_out(struct gather from, uint8_t *to, uint32_t *length) {
    for (int i = 0; i < from.count; i++) {
        const struct ibv_sge *sge = &from.sges[i];
        void *source = from.raw ? (void *) (uintptr_t) sge->addr : find(sge->lkey, sge->addr, sge->length, 0);
        if (!source) {
            return IBV_WC_LOC_PROT_ERR;
        }
        memcpy(to + *length, source, sge->length);
        *length += sge->length;
    }
    return IBV_WC_SUCCESS;
}

static int copy_in(const uint8_t *from, uint32_t length, const struct ibv_sge *sges, int count) {
    for (int i = 0; i < count && length; i++) {
        uint32_t part = length < sges[i].length ? length : sges[i].length;
        void *target = find(sges[i].lkey, sges[i].addr, part, IBV_ACCESS_LOCAL_WRITE);
        if (!target) {
            return IBV_WC_LOC_PROT_ERR;
        }
        memcpy(target, from, part);
        from += part;
        length -= part;
    }
    return length ? IBV_WC_LOC_LEN_ERR : IBV_WC_SUCCESS;
}

static uint8_t *scratch;
static uint32_t scratch_room;

static uint8_t *scratch_for(uint32_t length) {
    if (length > scratch_room) {
        scratch = realloc(scratch, length);
        scratch_room = length;
    }
    return scratch;
}

static int deliver(struct fake_qp *qp, struct fake_qp *peer, const struct ibv_send_wr *wr, uint8_t *data,
        uint32_t length, int with_payload) {
    struct fake_srq *srq = (struct fake_srq *) peer->base.srq;
    struct queue_entry *entry = take_receive(srq ? &srq->receives : &peer->receives);
    if (!entry) {
        return IBV_WC_RNR_RETRY_EXC_ERR;
    }
    if (srq && srq->limit && (uint32_t) srq->receives.count < srq->limit) {
        struct ibv_async_event event = {.element.srq = &srq->base, .event_type = IBV_EVENT_SRQ_LIMIT_REACHED};
        srq->limit = 0;
        raise_event(srq->base.context, &event);
    }
    struct ibv_wc wc = {.wr_id = entry->id, .byte_len = length, .qp_num = peer->base.qp_num,
            .src_qp = qp->base.qp_num, .opcode = with_payload ? IBV_WC_RECV : IBV_WC_RECV_RDMA_WITH_IMM};
    int status = IBV_WC_SUCCESS;
    if (with_payload) {
        if (qp->base.qp_type == IBV_QPT_UD) {
            uint8_t *framed = malloc(40 + length);
            memset(framed, 0, 40);
            memcpy(framed + 40, data, length);
            wc.byte_len += 40;
            wc.wc_flags |= IBV_WC_GRH;
            status = copy_in(framed, 40 + length, entry->sges, entry->sge_count);
            free(framed);
        } else {
            status = copy_in(data, length, entry->sges, entry->sge_count);
        }
    }
    wc.status = status;
    if (wr->opcode == IBV_WR_SEND_WITH_IMM || wr->opcode == IBV_WR_RDMA_WRITE_WITH_IMM) {
        wc.wc_flags |= IBV_WC_WITH_IMM;
        wc.imm_data = wr->imm_data;
    }
    if (wr->opcode == IBV_WR_SEND_WITH_INV) {
        wc.wc_flags |= IBV_WC_WITH_INV;
        wc.invalidated_rkey = wr->invalidate_rkey;
        keys[wr->invalidate_rkey >> 8].mr = NULL;
    }
    complete(peer->base.recv_cq, &wc, (wr->send_flags & IBV_SEND_SOLICITED) != 0);
    return status == IBV_WC_LOC_LEN_ERR ? IBV_WC_REM_INV_REQ_ERR : status ? IBV_WC_REM_OP_ERR : status;
}

static int execute(struct fake_qp *qp, const struct ibv_send_wr *wr, uint32_t *length) {
    struct gather local = {wr->sg_list, wr->num_sge, (wr->send_flags & IBV_SEND_INLINE) != 0};
    uint32_t total = 0;
    for (int i = 0; i < wr->num_sge; i++) {
        total += wr->sg_list[i].length;
    }
    uint32_t number = qp->base.qp_type == IBV_QPT_UD ? wr->wr.ud.remote_qpn : qp->attr.dest_qp_num;
    struct fake_qp *peer = number < PAIRS_MAX ? pairs[number] : NULL;
    uint8_t *data = scratch_for(total + 8);
    void *remote;
    int status = IBV_WC_SUCCESS;
    switch (wr->opcode) {
    case IBV_WR_LOCAL_INV:
        keys[wr->invalidate_rkey >> 8].mr = NULL;
        return status;
    case IBV_WR_BIND_MW:
        return bind_window(wr->bind_mw.mw, wr->bind_mw.rkey, &wr->bind_mw.bind_info);
    default:
        break;
    }
    if (!peer || peer->base.state < IBV_QPS_RTR || peer->base.state == IBV_QPS_ERR) {
        return qp->base.qp_type == IBV_QPT_RC ? IBV_WC_RETRY_EXC_ERR : IBV_WC_SUCCESS;
    }
    switch (wr->opcode) {
    case IBV_WR_SEND:
    case IBV_WR_SEND_WITH_IMM:
    case IBV_WR_SEND_WITH_INV:
        status = copy_out(local, data, length);
        if (!status && qp->base.qp_type == IBV_QPT_UD && wr->wr.ud.remote_qkey != peer->attr.qkey) {
            return status;
        }
        return status ? status : deliver(qp, peer, wr, data, *length, 1);
    case IBV_WR_RDMA_WRITE:
    case IBV_WR_RDMA_WRITE_WITH_IMM:
        status = copy_out(local, data, length);
        remote = find(wr->wr.rdma.rkey, wr->wr.rdma.remote_addr, *length, IBV_ACCESS_REMOTE_WRITE);
        if (status || !remote) {
            return status ? status : IBV_WC_REM_ACCESS_ERR;
        }
        memcpy(remote, data, *length);
        return wr->opcode == IBV_WR_RDMA_WRITE ? status : deliver(qp, peer, wr, data, *length, 0);
    case IBV_WR_RDMA_READ:
        remote = find(wr->wr.rdma.rkey, wr->wr.rdma.remote_addr, total, IBV_ACCESS_REMOTE_READ);
        *length = total;
        return remote ? copy_in(remote, total, wr->sg_list, wr->num_sge) : IBV_WC_REM_ACCESS_ERR;
    case IBV_WR_ATOMIC_CMP_AND_SWP:
    case IBV_WR_ATOMIC_FETCH_AND_ADD: {
        uint64_t *word = find(wr->wr.atomic.rkey, wr->wr.atomic.remote_addr, 8, IBV_ACCESS_REMOTE_ATOMIC);
        if (!word) {
            return IBV_WC_REM_ACCESS_ERR;
        }
        uint64_t before = *word;
        if (wr->opcode == IBV_WR_ATOMIC_FETCH_AND_ADD) {
            *word += wr->wr.atomic.compare_add;
        } else if (before == wr->wr.atomic.compare_add) {
            *word = wr->wr.atomic.swap;
        }
        *length = 8;
        return copy_in((uint8_t *) &before, 8, wr->sg_list, wr->num_sge);
    }
    default:
        return IBV_WC_LOC_QP_OP_ERR;
    }
}

static void run(struct fake_qp *qp, const struct ibv_send_wr *wr) {
    if (qp->base.state == IBV_QPS_ERR) {
        complete_send(qp, wr, IBV_WC_WR_FLUSH_ERR, 0);
        return;
    }
    uint32_t length = 0;
    int status = execute(qp, wr, &length);
    complete_send(qp, wr, status, length);
    if (status) {
        flush(qp);
    }
}

static void hold(struct fake_qp *qp, const struct ibv_send_wr *wr) {
    struct held_send *held = calloc(1, sizeof *held);
    held->wr = *wr;
    held->sges = calloc(wr->num_sge + 1, sizeof *held->sges);
    memcpy(held->sges, wr->sg_list, wr->num_sge * sizeof *held->sges);
    held->wr.sg_list = held->sges;
    *qp->held_end = held;
    qp->held_end = &held->next;
    qp->held_count++;
}

static int post_send(struct ibv_qp *base, struct ibv_send_wr *wr, struct ibv_send_wr **bad) {
    int error = called("post_send");
    struct fake_qp *qp = (struct fake_qp *) base;
    if (error) {
        *bad = wr;
        return error;
    }
    if (base->state < IBV_QPS_RTS) {
        /* As rxe does it: the post is refused, but what was posted runs when the queue pair gets to RTS. */
        pthread_mutex_lock(&lock);
        for (; wr; wr = wr->next) {
            hold(qp, wr);
        }
        pthread_mutex_unlock(&lock);
        return EINVAL;
    }
    pthread_mutex_lock(&lock);
    for (; wr && !error; wr = wr->next) {
        if (qp->held_count == qp->cap.max_send_wr) {
            error = ENOMEM;
        } else if (wr->num_sge > (int) qp->cap.max_send_sge) {
            error = EINVAL;
        } else if (holding) {
            hold(qp, wr);
        } else {
            run(qp, wr);
        }
        if (error) {
            *bad = wr;
        }
    }
    pthread_mutex_unlock(&lock);
    return error;
}

static int bind_mw(struct ibv_qp *base, struct ibv_mw *mw, struct ibv_mw_bind *bind) {
    FAIL_WITH_ERRNO("bind_mw");
    struct fake_qp *qp = (struct fake_qp *) base;
    struct ibv_send_wr wr = {.wr_id = bind->wr_id, .opcode = IBV_WR_BIND_MW, .send_flags = bind->send_flags};
    pthread_mutex_lock(&lock);
    int status = bind_window(mw, (mw->rkey & ~0xffu) | ((mw->rkey + 1) & 0xff), &bind->bind_info);
    complete_send(qp, &wr, status, 0);
    pthread_mutex_unlock(&lock);
    return 0;
}

struct ibv_ah *ibv_create_ah(struct ibv_pd *pd, struct ibv_ah_attr *attr) {
    FAIL_WITH_NULL("ibv_create_ah");
    if (attr->port_num != PORT || (attr->is_global && attr->grh.sgid_index > 7)) {
        errno = EINVAL;
        return NULL;
    }
    struct ibv_ah *ah = calloc(1, sizeof *ah);
    ah->context = pd->context;
    ah->pd = pd;
    return ah;
}

int ibv_destroy_ah(struct ibv_ah *ah) {
    FAIL_WITH_ERRNO("ibv_destroy_ah");
    free(ah);
    return 0;
}

int ibv_attach_mcast(struct ibv_qp *qp, const union ibv_gid *gid, uint16_t lid) {
    FAIL_WITH_ERRNO("ibv_attach_mcast");
    return qp->qp_type == IBV_QPT_UD && gid->raw[0] == 0xff ? 0 : EINVAL;
}

int ibv_detach_mcast(struct ibv_qp *qp, const union ibv_gid *gid, uint16_t lid) {
    FAIL_WITH_ERRNO("ibv_detach_mcast");
    return qp->qp_type == IBV_QPT_UD && gid->raw[0] == 0xff ? 0 : EINVAL;
}

/* ---------------------------------------------------------------- for the tests */

/* Makes the next calls of a function fail with an errno. */
void fake_inject(const char *name, int error, int count) {
    pthread_mutex_lock(&injection_lock);
    struct injection *injection = injection_of(name);
    injection->error = error;
    injection->left = count;
    pthread_mutex_unlock(&injection_lock);
}

/* Forgets every failure that was asked for and has not happened. */
void fake_inject_nothing(void) {
    pthread_mutex_lock(&injection_lock);
    for (int i = 0; i < injection_count; i++) {
        injections[i].left = 0;
    }
    pthread_mutex_unlock(&injection_lock);
}

/* How often a function has been called. */
long fake_calls(const char *name) {
    pthread_mutex_lock(&injection_lock);
    long calls = injection_of(name)->calls;
    pthread_mutex_unlock(&injection_lock);
    return calls;
}

/* Raises an asynchronous event on every open context; element is a port or the number of a queue pair. */
void fake_raise(int type, uint64_t element) {
    pthread_mutex_lock(&lock);
    struct ibv_async_event event = {.event_type = type};
    struct fake_qp *qp = element < PAIRS_MAX ? pairs[element] : NULL;
    switch (type) {
    case IBV_EVENT_CQ_ERR:
        event.element.cq = qp ? qp->base.recv_cq : NULL;
        break;
    case IBV_EVENT_SRQ_ERR:
    case IBV_EVENT_SRQ_LIMIT_REACHED:
        event.element.srq = qp ? qp->base.srq : NULL;
        break;
    case IBV_EVENT_QP_FATAL:
    case IBV_EVENT_QP_REQ_ERR:
    case IBV_EVENT_QP_ACCESS_ERR:
    case IBV_EVENT_COMM_EST:
    case IBV_EVENT_SQ_DRAINED:
    case IBV_EVENT_PATH_MIG:
    case IBV_EVENT_PATH_MIG_ERR:
    case IBV_EVENT_QP_LAST_WQE_REACHED:
        event.element.qp = &qp->base;
        break;
    default:
        event.element.port_num = element;
        break;
    }
    for (size_t i = 0; i < sizeof contexts / sizeof contexts[0]; i++) {
        if (contexts[i]) {
            raise_event(&contexts[i]->verbs.context, &event);
        }
    }
    pthread_mutex_unlock(&lock);
}

/* Holds send requests back, so that a send queue can be full. */
void fake_hold(int on) {
    pthread_mutex_lock(&lock);
    holding = on;
    for (int i = 0; !on && i < PAIRS_MAX; i++) {
        if (pairs[i]) {
            run_held(pairs[i]);
        }
    }
    pthread_mutex_unlock(&lock);
}

/* How devices present themselves from the next list on. */
void fake_present(int devices, int transport_type, int with_extended_verbs) {
    device_count = devices;
    transport = transport_type;
    extended = with_extended_verbs;
}

void fake_present_paths(const char *sysfs, const char *node_class, const char *node) {
    snprintf(sysfs_path, sizeof sysfs_path, "%s", sysfs);
    snprintf(node_path, sizeof node_path, "%s", node_class);
    snprintf(node_name, sizeof node_name, "%s", node);
}
