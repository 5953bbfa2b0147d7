/* SPDX-License-Identifier: MIT */
/**
 * @file
 * A (position, time) pair that one thread publishes once a period and any number of threads read.
 *
 * A sequence lock over two words: odd while the pair is being written. The writer never waits; a
 * reader looks again only if a write fell into its look, at most once a period.
 *
 * Synchronization, without fences:
 *   PAIR-STAMP  release of each word, after sequence became odd  ->  acquire of each word, before
 * sequence is compared: who reads a new word sees that the sequence has moved
 */
#ifndef RONDO_CORE_TIMESTAMP_H
#define RONDO_CORE_TIMESTAMP_H

#include <stdint.h>

#include <rondo/atomic.h>
#include <rondo/cacheline.h>

/** Zero-initialised it holds position 0 at time 0. */
struct rondo__timestamp {
    RONDO_ATOMIC(uint64_t) sequence;
    RONDO_ATOMIC(uint64_t) position;
    RONDO_ATOMIC(uint64_t) time_ns;
} RONDO_CACHE_ALIGNED;

static inline void
rondo__timestamp_write(struct rondo__timestamp *stamp, uint64_t position, uint64_t time_ns)
{
    /* relaxed: sequence is written by this thread only; the releases below order the store. */
    const uint64_t sequence = rondo_load_relaxed(&stamp->sequence);

    rondo_store_relaxed(&stamp->sequence, sequence + 1);
    rondo_store_release(&stamp->position, position);     /* PAIR-STAMP release */
    rondo_store_release(&stamp->time_ns, time_ns);       /* PAIR-STAMP release */
    rondo_store_release(&stamp->sequence, sequence + 2); /* PAIR-STAMP release: the pair is whole */
}

static inline uint64_t
rondo__timestamp_read(const struct rondo__timestamp *stamp, uint64_t *time_ns)
{
    for (;;) {
        const uint64_t before = rondo_load_acquire(&stamp->sequence);   /* PAIR-STAMP acquire */
        const uint64_t position = rondo_load_acquire(&stamp->position); /* PAIR-STAMP acquire */
        const uint64_t time = rondo_load_acquire(&stamp->time_ns);      /* PAIR-STAMP acquire */

        /* relaxed: the acquires above order it. */
        if (before % 2 == 0 && rondo_load_relaxed(&stamp->sequence) == before) {
            *time_ns = time;
            return position;
        }
        rondo_spin_pause();
    }
}

#endif
