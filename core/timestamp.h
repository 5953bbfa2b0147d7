/* SPDX-License-Identifier: MIT */
/**
 * @file
 * A (position, time) pair that one thread publishes once a period and any number of threads read.
 *
 * Two pairs that take turns: the newest stands still while the next one is written into the other.
 * The writer never waits. A reader does not wait for a writer that was interrupted, however much more
 * urgent it is; it looks again only if a whole pair was published while it looked, at most once a
 * period.
 *
 * Synchronization, without fences:
 *   PAIR-STAMP  release of count, after its pair  ->  acquire of count, before the pair is read
 *   PAIR-STAMP-OVER  release of each word, after the count that made the other pair the newest  ->
 *               acquire of each word, before count is compared: who reads a word of the pair after
 *               next sees that the count has moved
 */
#ifndef RONDO_CORE_TIMESTAMP_H
#define RONDO_CORE_TIMESTAMP_H

#include <stdint.h>

#include <rondo/atomic.h>
#include <rondo/cacheline.h>

/** Zero-initialised it holds position 0 at time 0. */
struct rondo__timestamp {
    RONDO_ATOMIC(uint64_t) count; /* pairs published; the newest is pair[count % 2] */
    struct {
        RONDO_ATOMIC(uint64_t) position;
        RONDO_ATOMIC(uint64_t) time_ns;
    } pair[2];
} RONDO_CACHE_ALIGNED;

static inline void
rondo__timestamp_write(struct rondo__timestamp *stamp, uint64_t position, uint64_t time_ns)
{
    /* relaxed: count is written by this thread only. */
    const uint64_t next = rondo_load_relaxed(&stamp->count) + 1;

    /* PAIR-STAMP-OVER release: the pair that is overwritten was no longer the newest. */
    rondo_store_release(&stamp->pair[next % 2].position, position);
    rondo_store_release(&stamp->pair[next % 2].time_ns, time_ns); /* PAIR-STAMP-OVER release */
    rondo_store_release(&stamp->count, next); /* PAIR-STAMP release: the pair is whole */
}

static inline uint64_t
rondo__timestamp_read(const struct rondo__timestamp *stamp, uint64_t *time_ns)
{
    for (;;) {
        const uint64_t count = rondo_load_acquire(&stamp->count); /* PAIR-STAMP acquire */
        /* PAIR-STAMP-OVER acquire, both */
        const uint64_t position = rondo_load_acquire(&stamp->pair[count % 2].position);
        const uint64_t time = rondo_load_acquire(&stamp->pair[count % 2].time_ns);

        /* relaxed: the acquires above order it. */
        if (rondo_load_relaxed(&stamp->count) == count) {
            *time_ns = time;
            return position;
        }
    }
}

#endif
