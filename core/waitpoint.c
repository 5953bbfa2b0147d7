/* SPDX-License-Identifier: MIT */
#include "core/waitpoint.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <rondo/clock.h>

void
rondo__waitpoint_wake(struct rondo__waitpoint *point)
{
    /* PAIR-WAKE release: what we did before; acquire: sleepers who announced themselves before. */
    rondo_fetch_add_acq_rel_u32(&point->turn, 1);
    /* relaxed: ordered by the addition. */
    if (rondo_load_relaxed_u32(&point->sleepers) != 0)
        syscall(SYS_futex, &point->turn, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
}

uint32_t
rondo__waitpoint_prepare(struct rondo__waitpoint *point)
{
    rondo_fetch_add_acq_rel_u32(&point->sleepers, 1);
    /* PAIR-WAKE release: our announcement; acquire: what wakers did before. */
    return rondo_fetch_add_acq_rel_u32(&point->turn, 0);
}

bool
rondo__waitpoint_sleep(struct rondo__waitpoint *point, uint32_t ticket, uint64_t deadline_ns)
{
    const struct timespec deadline = {(time_t)(deadline_ns / 1000000000u),
                                      (long)(deadline_ns % 1000000000u)};

    /* FUTEX_WAIT_BITSET takes an absolute CLOCK_MONOTONIC time. Interruptions and spurious wakes
     * return true: the caller looks at its condition again. */
    return syscall(SYS_futex, &point->turn, FUTEX_WAIT_BITSET_PRIVATE, ticket,
                   deadline_ns == UINT64_MAX ? NULL : &deadline, NULL,
                   FUTEX_BITSET_MATCH_ANY) == 0 ||
           errno != ETIMEDOUT;
}

void
rondo__waitpoint_leave(struct rondo__waitpoint *point)
{
    rondo_fetch_add_acq_rel_u32(&point->sleepers, (uint32_t)-1);
}

uint64_t
rondo__deadline_ns(int64_t timeout_ns)
{
    const uint64_t now_ns = rondo_clock_now_ns(rondo_clock_real());

    if (timeout_ns < 0 || (uint64_t)timeout_ns >= INT64_MAX - now_ns)
        return UINT64_MAX;
    return now_ns + (uint64_t)timeout_ns;
}
