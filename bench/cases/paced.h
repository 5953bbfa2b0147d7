/* SPDX-License-Identifier: MIT */
/**
 * @file
 * A producer that keeps time, as a device does, and how late its blocks arrive.
 *
 * The producer writes a block every 2 us (every 4 us from 4 KB on), the consumer spins, without a
 * pause. Two times are taken of each block: inside the producer's write, and end to end, from just
 * before the write until the consumer has copied the block out.
 *
 * The stamps: before and after the write plain ones, which may overlap with the instructions beside
 * them and wait for no store; when the block has been copied out one that waits for the loads
 * before it (rdtscp). "paced_fenced" takes all of them with fences on both sides, which adds their
 * own time.
 */
#ifndef RONDO_BENCH_PACED_H
#define RONDO_BENCH_PACED_H

#include "bench/arena.h"
#include "bench/bench.h"
#include "bench/pair.h"
#include "bench/timing.h"

struct paced_kind {
    int warm;   /* the producer warms the ring 1 us before it writes */
    int write;  /* report the time inside the write, not end to end */
    int fenced; /* fence the time stamps */
};

/** What all paced streams have; first member of their contexts. Ticks by block. */
struct paced {
    uint64_t blocks;
    uint64_t period_ticks;
    uint64_t lead_ticks; /* from the warming to the write */
    uint64_t *before;
    uint64_t *written;
    uint64_t *arrived;
    int warm;
    int fenced;
};

static inline uint64_t
paced_before(const struct paced *paced)
{
    return paced->fenced ? bench_ticks_fenced() : bench_ticks();
}

static inline uint64_t
paced_after(const struct paced *paced)
{
    return paced->fenced ? bench_ticks_fenced() : bench_ticks_after();
}

/** Spin until @p ticks. */
static inline void
paced_wait_until(uint64_t ticks)
{
    while ((int64_t)(bench_ticks() - ticks) < 0)
        ;
}

/** When the next block is due; a producer that was held up begins anew. */
static inline uint64_t
paced_next(const struct paced *paced, uint64_t due)
{
    const uint64_t next = due + paced->period_ticks;
    const uint64_t now = bench_ticks();

    return (int64_t)(now + paced->lead_ticks - next) < 0 ? next : now + paced->period_ticks;
}

/** Run a paced stream. @p paced is the first member of the context that the two functions get. */
static inline const char *
paced_run(struct paced *paced, const struct paced_kind *kind, uint32_t block_bytes,
          pair_function *producer, pair_function *consumer, uint64_t blocks,
          struct bench_measure *measure)
{
    const char *error;

    paced->blocks = blocks;
    paced->period_ticks = bench_ns_to_ticks(block_bytes >= 4096 ? 4000 : 2000);
    paced->lead_ticks = bench_ns_to_ticks(1000);
    paced->before = (uint64_t *)bench_memory((size_t)blocks * sizeof(uint64_t));
    paced->written = (uint64_t *)bench_memory((size_t)blocks * sizeof(uint64_t));
    paced->arrived = (uint64_t *)bench_memory((size_t)blocks * sizeof(uint64_t));
    paced->warm = kind->warm;
    paced->fenced = kind->fenced;
    error = pair_run(producer, consumer, paced, NULL);
    for (uint64_t i = 0; error == NULL && i < blocks; i++)
        bench_latency_add(measure->latency,
                          bench_ticks_to_ns((kind->write ? paced->written : paced->arrived)[i] -
                                            paced->before[i]));
    measure->operations = blocks;
    return error;
}

#endif
