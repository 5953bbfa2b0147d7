/* SPDX-License-Identifier: MIT */
/**
 * @file
 * What the stress tests of the header-only core share: time, pinning, waiting with a deadline, numbered frames.
 *
 * Each test binary works for a few seconds in all, RONDO_STRESS_SECONDS says how many instead. Time only decides how
 * much work is done, never what is right: a loop that waits has a deadline far beyond any sound machine, and passing it
 * fails the test.
 *
 * Include it before all else.
 */
#ifndef RONDO_TESTS_SUPPORT_STRESS_H
#define RONDO_TESTS_SUPPORT_STRESS_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <time.h>

#include "support/core_test.h"

#include <rondo/atomic.h>
#include <rondo/cacheline.h>

#define STRESS_DEADLINE_NS INT64_C(60000000000)

static inline int64_t
stress_now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Nanoseconds that this binary is to work, @p default_seconds unless the environment says otherwise. */
static inline int64_t
stress_length_ns(double default_seconds)
{
    const char *const text = getenv("RONDO_STRESS_SECONDS");
    const double seconds = text != NULL ? strtod(text, NULL) : default_seconds;

    return (int64_t)((seconds > 0 ? seconds : default_seconds) * 1e9);
}

/* ---- where a thread runs ----------------------------------------------------------------------------------------- */

enum stress_placement {
    STRESS_SAME_CPU,
    STRESS_APART,
    STRESS_PLACEMENTS
};

/* Put the calling thread on the @p nth CPU of those that the process was given; with only one CPU all are the same. */
static inline void
stress_pin(enum stress_placement placement, unsigned nth)
{
    static cpu_set_t given;
    static bool known;
    cpu_set_t one;
    unsigned wanted;

    if (!known) { /* the first call is the main thread's, before there are others */
        sched_getaffinity(0, sizeof given, &given);
        known = true;
    }
    wanted = placement == STRESS_SAME_CPU ? 0 : nth % (unsigned)CPU_COUNT(&given);
    for (size_t cpu = 0; cpu < CPU_SETSIZE; cpu++)
        if (CPU_ISSET(cpu, &given) && wanted-- == 0) {
            CPU_ZERO(&one);
            CPU_SET(cpu, &one);
            sched_setaffinity(0, sizeof one, &one);
            return;
        }
}

/* ---- waiting ----------------------------------------------------------------------------------------------------- */

struct stress_wait {
    int64_t deadline_ns;
    uint64_t turns;
    enum stress_placement placement;
};

/* Begin to wait anew: call it after progress. */
static inline void
stress_wait_reset(struct stress_wait *wait)
{
    wait->deadline_ns = 0;
    wait->turns = 0;
}

/* One turn of a spin loop. Returns whether there is time left. */
static inline bool
stress_wait_turn(struct stress_wait *wait)
{
    rondo_spin_pause();
    wait->turns++;
    /* Apart, the other side may still have been preempted: give way now and then. */
    if (wait->placement == STRESS_SAME_CPU || wait->turns % 256 == 0)
        sched_yield();
    if (wait->turns % 1024 != 1)
        return true;
    if (wait->deadline_ns == 0)
        wait->deadline_ns = stress_now_ns() + STRESS_DEADLINE_NS;
    return stress_now_ns() < wait->deadline_ns;
}

/* ---- numbered frames --------------------------------------------------------------------------------------------- */

#define STRESS_WORDS_MAX 5

/* Word @p word of the frame at position @p pos; word 0 is the position itself. */
static inline uint64_t
stress_word(uint64_t pos, uint32_t word)
{
    return pos ^ (word * UINT64_C(0x9e3779b97f4a7c15));
}

static inline void
stress_generate(void *data, uint32_t words, uint64_t pos, uint32_t frames)
{
    uint64_t *at = (uint64_t *)data;

    for (uint32_t frame = 0; frame < frames; frame++)
        for (uint32_t word = 0; word < words; word++)
            *at++ = stress_word(pos + frame, word);
}

/* Returns how many frames are right, up to the first that is not. */
static inline uint32_t
stress_verify(const void *data, uint32_t words, uint64_t pos, uint32_t frames)
{
    const uint64_t *at = (const uint64_t *)data;

    for (uint32_t frame = 0; frame < frames; frame++)
        for (uint32_t word = 0; word < words; word++)
            if (*at++ != stress_word(pos + frame, word))
                return frame;
    return frames;
}

/* The same where reads and writes race by design: word by word, each whole. */
static inline void
stress_generate_racing(void *data, uint32_t words, uint64_t pos, uint32_t frames)
{
    uint64_t *at = (uint64_t *)data;

    for (uint32_t frame = 0; frame < frames; frame++)
        for (uint32_t word = 0; word < words; word++)
            rondo_store_relaxed(at++, stress_word(pos + frame, word));
}

static inline void
stress_copy_racing(uint64_t *copy, const void *data, uint32_t words, uint32_t frames)
{
    const uint64_t *at = (const uint64_t *)data;

    for (size_t word = 0; word < (size_t)words * frames; word++)
        copy[word] = rondo_load_relaxed(at++);
}

/* ---- failures ---------------------------------------------------------------------------------------------------- */

/* What went wrong on one side. cmocka's own assertions are for the main thread alone. */
struct stress_failure {
    const char *what; /* NULL: nothing */
    uint64_t pos;
};

/* Note a failure, and tell the other sides by @p stop. Returns false. */
static inline bool
stress_fail(struct stress_failure *failure, uint64_t *stop, const char *what, uint64_t pos)
{
    if (failure->what == NULL) {
        failure->what = what;
        failure->pos = pos;
    }
    rondo_store_release(stop, 1);
    return false;
}

static inline void
stress_assert_none(const struct stress_failure *failure, const char *context)
{
    if (failure->what != NULL)
        fail_msg("%s: %s at position %#llx", context, failure->what,
                 (unsigned long long)failure->pos);
}

#endif
