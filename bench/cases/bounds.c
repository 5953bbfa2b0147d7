/* SPDX-License-Identifier: MIT */
/*
 * What the machine allows: bare atomics, bare cache lines, memcpy, no synchronisation at all.
 */
#include <string.h>

#include "bench/cases/ring_ops.h"
#include "bench/cases/trip.h"

/* ---- there and back: two bare atomics ---- */

struct atomics_trip {
    struct trip trip;
    uint64_t *there;
    uint64_t *back;
};

static void
atomics_near(struct pair_side *side, void *context_)
{
    const struct atomics_trip context = *(struct atomics_trip *)context_;

    for (uint64_t i = 0; i < context.trip.rounds; i++) {
        context.trip.stamps[i] = bench_ticks();
        __atomic_store_n(context.there, i + 1, __ATOMIC_RELEASE);
        while (__atomic_load_n(context.back, __ATOMIC_ACQUIRE) != i + 1) {
            if (pair_wait(side))
                return;
        }
    }
    context.trip.stamps[context.trip.rounds] = bench_ticks();
}

static void
atomics_far(struct pair_side *side, void *context_)
{
    const struct atomics_trip context = *(struct atomics_trip *)context_;

    for (uint64_t i = 0; i < context.trip.rounds; i++) {
        while (__atomic_load_n(context.there, __ATOMIC_ACQUIRE) != i + 1) {
            if (pair_wait(side))
                return;
        }
        __atomic_store_n(context.back, i + 1, __ATOMIC_RELEASE);
    }
}

static const char *
one_line_run(const struct bench_candidate *self, uint64_t operations, struct bench_measure *measure)
{
    uint64_t *const line = bench_memory(128);
    struct atomics_trip context = {.there = line, .back = line + 1};

    (void)self;
    return trip_run(&context.trip, atomics_near, atomics_far, operations, measure);
}

static const char *
two_lines_run(const struct bench_candidate *self, uint64_t operations,
              struct bench_measure *measure)
{
    struct atomics_trip context = {.there = bench_memory(128), .back = bench_memory(128)};

    (void)self;
    return trip_run(&context.trip, atomics_near, atomics_far, operations, measure);
}

/* ---- lending and giving back without synchronisation ---- */

struct cursor {
    unsigned char *memory;
    uint32_t write;
    uint32_t read;
    uint32_t mask;
};

static const char *
cursor_run(const struct bench_candidate *self, uint64_t operations, struct bench_measure *measure)
{
    struct cursor *const cursor = bench_memory(sizeof *cursor);
    const uint32_t bytes = bench_opaque(1024);
    uint64_t start;

    (void)self;
    cursor->memory = bench_memory(BENCH_RING_BYTES);
    cursor->mask = BENCH_RING_BYTES - 1;
    start = bench_ticks_fenced();
    for (uint64_t i = 0; i < operations; i++) {
        bench_keep(cursor->memory + (cursor->write & cursor->mask));
        cursor->write += bytes;
        bench_keep(cursor->memory + (cursor->read & cursor->mask));
        cursor->read += bytes;
    }
    measure->ns = bench_ticks_to_ns(bench_ticks_fenced() - start);
    measure->operations = operations;
    return cursor->write == cursor->read ? NULL : "the cursors parted";
}

#define TRIP(case_name)                                                                            \
    {case_name,                                                                                    \
     "two bare atomics, one line",                                                                 \
     BENCH_BOUND,                                                                                  \
     BENCH_LATENCY,                                                                                \
     10000,                                                                                        \
     one_line_run,                                                                                 \
     NULL,                                                                                         \
     0,                                                                                            \
     1},                                                                                           \
    {                                                                                              \
        case_name, "two bare atomics, two lines", BENCH_BOUND, BENCH_LATENCY, 10000,               \
            two_lines_run, NULL, 0, 1                                                              \
    }

static const struct bench_candidate candidates[] = {
    TRIP("rtt_8"),
    TRIP("rtt_double_handoff"),
    TRIP("rtt_double_8"),
    TRIP("rtt_double_1k"),
    {"pair_1k", "unsynchronised", BENCH_BOUND, BENCH_NS_PER_OPERATION, 1000000, cursor_run, NULL, 0,
     1},
};

__attribute__((constructor)) static void
offer(void)
{
    for (size_t i = 0; i < sizeof candidates / sizeof candidates[0]; i++)
        bench_add(&candidates[i]);
}
