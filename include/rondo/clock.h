/* SPDX-License-Identifier: MIT */
/**
 * @file
 * The clocks that pace software devices: real, offline, virtual.
 *
 * All time that a stream knows comes from its clock. Under the virtual clock a test turns time by
 * hand, so that every xrun that a user meets can become a test.
 */
#ifndef RONDO_CLOCK_H
#define RONDO_CLOCK_H

#include <stdint.h>

#include <rondo/cacheline.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What a clock does. */
enum rondo_clock_kind {
    RONDO_CLOCK_REAL = 0, /**< CLOCK_MONOTONIC */
    RONDO_CLOCK_OFFLINE =
        1, /**< no time passes but by frames: as fast as the application takes or gives them */
    RONDO_CLOCK_VIRTUAL = 2 /**< stands still until somebody turns it */
};

struct rondo_clock;

/** The real clock. One for all, never destroyed. @rt wait-free */
struct rondo_clock *rondo_clock_real(void) RONDO_RT;

/** The offline clock. One for all, never destroyed; each stream's time is its position. @rt
 * wait-free */
struct rondo_clock *rondo_clock_offline(void) RONDO_RT;

/**
 * Make a virtual clock; it shows 0.
 *
 * @return 0; -EINVAL: @p out is NULL; -ENOMEM
 * @rt     not-rt
 */
int rondo_clock_virtual_create(struct rondo_clock **out);

/**
 * Destroy a virtual clock. Allows NULL and the clocks that are never destroyed.
 *
 * @return 0; -EBUSY: a stream that is not closed uses it, nothing happened
 * @rt not-rt
 */
int rondo_clock_destroy(struct rondo_clock *clock);

/** What this clock does; NULL means the real clock. @rt wait-free */
enum rondo_clock_kind rondo_clock_kind(const struct rondo_clock *clock) RONDO_RT;

/** Now, in ns: real or virtual time; 0 for the offline clock. @rt rt-bounded: the vDSO's clock */
uint64_t rondo_clock_now_ns(const struct rondo_clock *clock) RONDO_RT;

/**
 * Turn a virtual clock forward.
 *
 * Time stops at every moment that a stream waits for, and goes on when all streams of this clock
 * have done what was due and wait again. When the call returns, everything due within @p ns has
 * been done: positions, callbacks and xruns are the same in every run.
 *
 * @return 0; -EINVAL: not a virtual clock
 * @thread any but a stream's callbacks; one at a time
 * @rt     not-rt
 */
int rondo_clock_advance(struct rondo_clock *clock, uint64_t ns);

#ifdef __cplusplus
}
#endif
#endif
