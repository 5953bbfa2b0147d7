/* SPDX-License-Identifier: MIT */
/**
 * @file
 * Round trips: one side sends, the other answers, and every round is a latency.
 *
 * A round is from one time stamp to the next, taken once a round by the near side, without a fence:
 * the rounds add up to the whole time.
 */
#ifndef RONDO_BENCH_TRIP_H
#define RONDO_BENCH_TRIP_H

#include "bench/arena.h"
#include "bench/bench.h"
#include "bench/pair.h"
#include "bench/timing.h"

/** What all round trips have; first member of their contexts. */
struct trip {
    uint64_t rounds;
    uint64_t *stamps; /* rounds + 1 */
};

/** Run @p rounds round trips and count their latencies. @p trip is the first member of the context
 * that the two functions get. */
static inline const char *
trip_run(struct trip *trip, pair_function *near_side, pair_function *far_side, uint64_t rounds,
         struct bench_measure *measure)
{
    const char *error;

    trip->rounds = rounds;
    trip->stamps = (uint64_t *)bench_memory((size_t)(rounds + 1) * sizeof(uint64_t));
    error = pair_run(near_side, far_side, trip, NULL);
    for (uint64_t i = 0; error == NULL && i < rounds; i++)
        bench_latency_add(measure->latency,
                          bench_ticks_to_ns(trip->stamps[i + 1] - trip->stamps[i]));
    measure->operations = rounds;
    return error;
}

#endif
