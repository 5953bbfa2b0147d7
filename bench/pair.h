/* SPDX-License-Identifier: MIT */
/**
 * @file
 * Two threads on two CPUs that start together: a producer and a consumer.
 *
 * A side that finds something wrong says so by pair_fail(); the other side, wherever it waits,
 * learns it by pair_wait() and returns. A side that waits for longer than the deadline fails the
 * pair itself, so that nothing ever hangs.
 */
#ifndef RONDO_BENCH_PAIR_H
#define RONDO_BENCH_PAIR_H

#include <stdint.h>

#include "bench/timing.h"

#ifdef __cplusplus
extern "C" {
#endif

struct pair;

/** One of the two threads. */
struct pair_side {
    struct pair *pair;
    uint32_t spins;       /**< private to pair_wait() */
    uint64_t start_ticks; /**< when both were there */
    uint64_t end_ticks;   /**< when the side's function returned */
    uint64_t lost_ns;     /**< private: in between, without its CPU */
} __attribute__((aligned(128)));

typedef void pair_function(struct pair_side *side, void *context);

/**
 * The two CPUs: on cores of their own if possible.
 *
 * @return NULL, or why there are no two (a static text)
 */
const char *pair_cpus(int cpu[2]);

/** Choose the two CPUs. @return NULL, or what is wrong with them (a static text) */
const char *pair_set_cpus(int first, int second);

/** Pin the calling thread to the first CPU, where one-thread cases and producers run. */
const char *pair_pin_first(void);

/**
 * Run @p producer on the first CPU (in the calling thread) and @p consumer on the second.
 *
 * @param ns  receives the time from the start of both to the end of both; may be NULL
 * @return    NULL, or what went wrong (a static text)
 */
const char *pair_run(pair_function *producer, pair_function *consumer, void *context, uint64_t *ns);

/**
 * For how long other work had the CPU since the last call: that of a side of a pair at its work, or,
 * if no pair ran, the calling thread's. Interruptions for the kernel's own short work count, too.
 */
uint64_t pair_lost_ns(void);

/** End the pair with an error; the first one counts. @param what a static text */
void pair_fail(struct pair_side *side, const char *what);

/** The rare part of pair_wait(): whether to give up. */
int pair_look(struct pair_side *side);

/** One turn of a loop that waits for the other side. @return not 0: give up and return */
static inline int
pair_wait(struct pair_side *side)
{
    bench_pause();
    if (__builtin_expect(++side->spins % 4096 == 0, 0))
        return pair_look(side);
    return 0;
}

/** pair_wait() without telling the core that the thread spins. */
static inline int
pair_wait_hot(struct pair_side *side)
{
    if (__builtin_expect(++side->spins % 65536 == 0, 0))
        return pair_look(side);
    return 0;
}

#ifdef __cplusplus
}
#endif
#endif
