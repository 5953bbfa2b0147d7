/* SPDX-License-Identifier: MIT */
/**
 * @file
 * How a thread waits for a moment of its clock, and how others wake it before.
 */
#ifndef RONDO_CORE_CLOCK_PRIVATE_H
#define RONDO_CORE_CLOCK_PRIVATE_H

#include <stdbool.h>
#include <stdint.h>

#include <rondo/clock.h>

/** A moment that never comes. */
#define RONDO__NEVER UINT64_MAX

/** One thread that waits on a clock. */
struct rondo__waiter {
    struct rondo_clock *clock;
    int fd; /* eventfd; -1 under a virtual clock */
    /* virtual clock, under its lock: */
    struct rondo__waiter *next;
    uint64_t deadline_ns;
    bool idle;  /* in rondo__waiter_wait() */
    bool woken; /* rondo__waiter_wake() since the last wait */
};

/** Join a clock. A virtual clock stands still from now on until the waiter waits. @return 0;
 * -EMFILE and the like */
int rondo__waiter_init(struct rondo__waiter *waiter, struct rondo_clock *clock);

/** Leave the clock. */
void rondo__waiter_finish(struct rondo__waiter *waiter);

/** Wait until the clock shows @p deadline_ns, or somebody wakes; at once if somebody did since the
 * last wait. */
void rondo__waiter_wait(struct rondo__waiter *waiter, uint64_t deadline_ns);

/** Wake the waiter. Any thread. One system call. */
void rondo__waiter_wake(struct rondo__waiter *waiter);

#endif
