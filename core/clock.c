/* SPDX-License-Identifier: MIT */
#include "core/clock_private.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include <rondo/atomic.h>

struct rondo_clock {
    enum rondo_clock_kind kind;
    /* virtual: */
    RONDO_ATOMIC(uint64_t) now_ns;
    pthread_mutex_t lock;
    pthread_cond_t changed; /* time, or any waiter */
    struct rondo__waiter *waiters;
};

static struct rondo_clock real_clock = {.kind = RONDO_CLOCK_REAL};
static struct rondo_clock offline_clock = {.kind = RONDO_CLOCK_OFFLINE};

struct rondo_clock *
rondo_clock_real(void)
{
    return &real_clock;
}

struct rondo_clock *
rondo_clock_offline(void)
{
    return &offline_clock;
}

int
rondo_clock_virtual_create(struct rondo_clock **out)
{
    struct rondo_clock *clock;

    if (out == NULL)
        return -EINVAL;
    *out = NULL;
    clock = (struct rondo_clock *)calloc(1, sizeof *clock);
    if (clock == NULL)
        return -ENOMEM;
    clock->kind = RONDO_CLOCK_VIRTUAL;
    pthread_mutex_init(&clock->lock, NULL);
    pthread_cond_init(&clock->changed, NULL);
    *out = clock;
    return 0;
}

int
rondo_clock_destroy(struct rondo_clock *clock)
{
    bool is_used;

    if (clock == NULL || clock->kind != RONDO_CLOCK_VIRTUAL)
        return 0;
    pthread_mutex_lock(&clock->lock);
    is_used = clock->waiters != NULL;
    pthread_mutex_unlock(&clock->lock);
    if (is_used)
        return -EBUSY;
    pthread_cond_destroy(&clock->changed);
    pthread_mutex_destroy(&clock->lock);
    free(clock);
    return 0;
}

enum rondo_clock_kind
rondo_clock_kind(const struct rondo_clock *clock)
{
    return clock == NULL ? RONDO_CLOCK_REAL : clock->kind;
}

uint64_t
rondo_clock_now_ns(const struct rondo_clock *clock)
{
    struct timespec now;

    switch (rondo_clock_kind(clock)) {
    case RONDO_CLOCK_REAL:
        clock_gettime(CLOCK_MONOTONIC, &now);
        return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
    case RONDO_CLOCK_VIRTUAL:
        return rondo_load_relaxed(&clock->now_ns); /* relaxed: a number, it orders nothing */
    case RONDO_CLOCK_OFFLINE:
        break;
    }
    return 0;
}

/* Whether a waiter has done all that is due; under the lock. */
static bool
is_settled(const struct rondo__waiter *waiter, uint64_t now_ns)
{
    return waiter->idle && !waiter->woken && waiter->deadline_ns > now_ns;
}

int
rondo_clock_advance(struct rondo_clock *clock, uint64_t ns)
{
    uint64_t now_ns;
    uint64_t end_ns;

    if (rondo_clock_kind(clock) != RONDO_CLOCK_VIRTUAL)
        return -EINVAL;
    pthread_mutex_lock(&clock->lock);
    now_ns = rondo_load_relaxed(&clock->now_ns); /* relaxed: written under the lock only */
    end_ns = ns > UINT64_MAX - 1 - now_ns ? UINT64_MAX - 1 : now_ns + ns;
    for (;;) {
        uint64_t next_ns = end_ns;
        bool settled = true;

        for (const struct rondo__waiter *waiter = clock->waiters; waiter != NULL;
             waiter = waiter->next) {
            settled = settled && is_settled(waiter, now_ns);
            if (waiter->deadline_ns < next_ns)
                next_ns = waiter->deadline_ns;
        }
        if (!settled) {
            pthread_cond_wait(&clock->changed, &clock->lock);
            continue;
        }
        if (now_ns == end_ns)
            break;
        now_ns = next_ns;
        rondo_store_relaxed(&clock->now_ns, now_ns); /* relaxed: the lock hands it to the waiters */
        pthread_cond_broadcast(&clock->changed);
    }
    pthread_mutex_unlock(&clock->lock);
    return 0;
}

int
rondo__waiter_init(struct rondo__waiter *waiter, struct rondo_clock *clock)
{
    waiter->clock = clock;
    waiter->fd = -1;
    waiter->idle = false;
    waiter->woken = false;
    waiter->deadline_ns = RONDO__NEVER;
    if (clock->kind == RONDO_CLOCK_VIRTUAL) {
        pthread_mutex_lock(&clock->lock);
        waiter->next = clock->waiters;
        clock->waiters = waiter;
        pthread_mutex_unlock(&clock->lock);
        return 0;
    }
    waiter->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return waiter->fd < 0 ? -errno : 0;
}

void
rondo__waiter_finish(struct rondo__waiter *waiter)
{
    struct rondo_clock *const clock = waiter->clock;

    if (clock == NULL)
        return;
    if (clock->kind == RONDO_CLOCK_VIRTUAL) {
        pthread_mutex_lock(&clock->lock);
        for (struct rondo__waiter **link = &clock->waiters; *link != NULL; link = &(*link)->next) {
            if (*link == waiter) {
                *link = waiter->next;
                break;
            }
        }
        pthread_cond_broadcast(&clock->changed);
        pthread_mutex_unlock(&clock->lock);
    } else if (waiter->fd >= 0) {
        close(waiter->fd);
    }
    waiter->clock = NULL;
}

static void
wait_virtual(struct rondo__waiter *waiter, uint64_t deadline_ns)
{
    struct rondo_clock *const clock = waiter->clock;

    pthread_mutex_lock(&clock->lock);
    waiter->deadline_ns = deadline_ns;
    waiter->idle = true;
    pthread_cond_broadcast(&clock->changed);
    /* relaxed: now_ns is written under the lock. */
    while (!waiter->woken && rondo_load_relaxed(&clock->now_ns) < deadline_ns)
        pthread_cond_wait(&clock->changed, &clock->lock);
    waiter->idle = false;
    waiter->woken = false;
    pthread_mutex_unlock(&clock->lock);
}

void
rondo__waiter_wait(struct rondo__waiter *waiter, uint64_t deadline_ns)
{
    struct pollfd fd = {.fd = waiter->fd, .events = POLLIN};
    struct timespec timeout = {0, 0};
    uint64_t count;
    uint64_t now_ns;

    if (waiter->clock->kind == RONDO_CLOCK_VIRTUAL) {
        wait_virtual(waiter, deadline_ns);
        return;
    }
    if (deadline_ns != RONDO__NEVER) {
        now_ns = rondo_clock_now_ns(waiter->clock);
        if (deadline_ns > now_ns) {
            timeout.tv_sec = (time_t)((deadline_ns - now_ns) / 1000000000u);
            timeout.tv_nsec = (long)((deadline_ns - now_ns) % 1000000000u);
        }
    }
    if (ppoll(&fd, 1, deadline_ns == RONDO__NEVER ? NULL : &timeout, NULL) > 0 &&
        read(waiter->fd, &count, sizeof count) < 0) {
        /* Somebody else's wake cannot be read twice: nothing to do. */
        return;
    }
}

void
rondo__waiter_wake(struct rondo__waiter *waiter)
{
    const uint64_t one = 1;

    if (waiter->clock->kind == RONDO_CLOCK_VIRTUAL) {
        pthread_mutex_lock(&waiter->clock->lock);
        waiter->woken = true;
        pthread_cond_broadcast(&waiter->clock->changed);
        pthread_mutex_unlock(&waiter->clock->lock);
        return;
    }
    /* The only error is a counter at its limit, which wakes just as well. */
    if (write(waiter->fd, &one, sizeof one) < 0)
        return;
}
