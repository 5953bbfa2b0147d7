/* SPDX-License-Identifier: MIT */
/**
 * @file
 * What the bench measures: cases, each with candidates that do the same work.
 *
 * A case is one piece of work ("pair_1k": lend a block of 1 KB and give it back, both sides). Its
 * candidates do it: rondo, its peers, and bounds that no ring can beat (two bare atomics, memcpy).
 * Candidates are plain C functions that measure themselves over a number of operations; only
 * bench_main.cpp knows who calls them (Google Benchmark) and how often.
 */
#ifndef RONDO_BENCH_H
#define RONDO_BENCH_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Who a candidate is. */
enum bench_role {
    BENCH_OURS = 0,  /**< rondo */
    BENCH_PEER = 1,  /**< another library, from Debian's packages */
    BENCH_BOUND = 2, /**< what the machine allows: no ring, or no synchronisation */
    BENCH_VARIANT =
        3 /**< rondo with one technique switched off, or another of its kinds: for the page */
};

/** What the numbers of a case say. */
enum bench_unit {
    BENCH_NS_PER_OPERATION = 0, /**< less is better */
    BENCH_OPERATIONS_PER_S = 1, /**< more is better */
    BENCH_BYTES_PER_S = 2,      /**< more is better */
    BENCH_LATENCY = 3,          /**< a distribution; less is better, the median is compared */
    BENCH_BYTES = 4             /**< of memory; less is better */
};

/** Latencies in nanoseconds. Counts exactly up to 4095 ns, then in steps of 1/64 of the value. */
struct bench_latency;

/** Count one latency. @rt wait-free */
void bench_latency_add(struct bench_latency *latency, uint64_t ns);

/** What one repetition measured. Zero before the candidate runs. */
struct bench_measure {
    uint64_t ns;                   /**< time of all operations together */
    uint64_t operations;           /**< done, as a rule those asked for */
    uint64_t bytes;                /**< moved (BENCH_BYTES_PER_S) or held (BENCH_BYTES) */
    struct bench_latency *latency; /**< to be filled (BENCH_LATENCY); ns is then not looked at */
};

struct bench_candidate {
    const char *case_name; /**< "pair_1k"; candidates of one name are compared */
    const char *name;      /**< "rondo", "spa_ringbuffer", "two bare atomics" */
    enum bench_role role;
    enum bench_unit unit;
    uint64_t operations; /**< of one call of run: enough for some milliseconds */
    /**
     * Do the work @p operations times, checking what comes out of it.
     *
     * @return NULL, or what went wrong (a static text): the bench then fails as a whole
     */
    const char *(*run)(const struct bench_candidate *self, uint64_t operations,
                       struct bench_measure *measure);
    const void *argument; /**< the candidate's own */
    /** The point on a plot's x axis: block bytes, capacity, streams; 0: none. */
    uint64_t parameter;
    /** Part of --quick, and of the table of targets. */
    int quick;
};

/** Offer a candidate; @p candidate stays alive. Called before anything runs. */
void bench_add(const struct bench_candidate *candidate);

#ifdef __cplusplus
}
#endif
#endif
