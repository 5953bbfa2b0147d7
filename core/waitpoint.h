/* SPDX-License-Identifier: MIT */
/**
 * @file
 * A place where threads sleep until another has done something; waking costs no system call while
 * nobody sleeps.
 *
 * Synchronization, without seq_cst: both sides do a read-modify-write on `turn` between their own
 * store and their look at the other's. The two are ordered one way or the other, so either the
 * waker sees the sleeper, or the sleeper sees what the waker did. PAIR-WAKE   acquire and release
 * of the additions to turn in rondo__waitpoint_wake() and rondo__waitpoint_prepare()
 */
#ifndef RONDO_CORE_WAITPOINT_H
#define RONDO_CORE_WAITPOINT_H

#include <stdbool.h>
#include <stdint.h>

#include <rondo/atomic.h>

/** Zero-initialised it is ready. */
struct rondo__waitpoint {
    RONDO_ATOMIC(uint32_t) turn;
    RONDO_ATOMIC(uint32_t) sleepers;
};

/** Wake all who sleep. What the caller did before is visible to them. @rt wait-free while nobody
 * sleeps */
void rondo__waitpoint_wake(struct rondo__waitpoint *point);

/** Announce oneself; afterwards look at the condition, then sleep or leave. @return a ticket for
 * sleep */
uint32_t rondo__waitpoint_prepare(struct rondo__waitpoint *point);

/**
 * Sleep until somebody wakes, unless that has happened since the ticket was taken.
 *
 * @param deadline_ns  CLOCK_MONOTONIC; UINT64_MAX: none
 * @return false: the deadline has passed
 */
bool rondo__waitpoint_sleep(struct rondo__waitpoint *point, uint32_t ticket, uint64_t deadline_ns);

/** Undo prepare. */
void rondo__waitpoint_leave(struct rondo__waitpoint *point);

/** Deadline of a timeout from now: CLOCK_MONOTONIC ns; UINT64_MAX for a timeout below 0. */
uint64_t rondo__deadline_ns(int64_t timeout_ns);

#endif
