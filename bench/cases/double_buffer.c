/* SPDX-License-Identifier: MIT */
/*
 * rondo's double buffer: there and back through two of them.
 */
#include <rondo/double_buffer.h>

#include <string.h>

#include "bench/cases/ring_ops.h"
#include "bench/cases/trip.h"

struct double_trip {
    struct trip trip;
    struct rondo_double_buffer *there;
    struct rondo_double_buffer *back;
    unsigned char *near_block;
    unsigned char *far_block;
    uint32_t bytes;
};

static inline struct rondo_span
wait_empty(struct rondo_double_buffer *buffer, struct pair_side *side)
{
    struct rondo_span span = rondo_double_buffer_get_empty(buffer);

    while (span.frames == 0) {
        if (pair_wait(side))
            break;
        span = rondo_double_buffer_get_empty(buffer);
    }
    return span;
}

static inline struct rondo_span
wait_full(struct rondo_double_buffer *buffer, struct pair_side *side)
{
    struct rondo_span span = rondo_double_buffer_get_full(buffer);

    while (span.frames == 0) {
        if (pair_wait(side))
            break;
        span = rondo_double_buffer_get_full(buffer);
    }
    return span;
}

/* The hand-off alone: no side touches the buffers' memory. */

static void
handoff_near(struct pair_side *side, void *context_)
{
    const struct double_trip context = *(struct double_trip *)context_;

    for (uint64_t i = 0; i < context.trip.rounds; i++) {
        context.trip.stamps[i] = bench_ticks();
        if (wait_empty(context.there, side).frames == 0)
            return;
        rondo_double_buffer_release_full(context.there);
        if (wait_full(context.back, side).frames == 0)
            return;
        rondo_double_buffer_release_empty(context.back);
    }
    context.trip.stamps[context.trip.rounds] = bench_ticks();
}

static void
handoff_far(struct pair_side *side, void *context_)
{
    const struct double_trip context = *(struct double_trip *)context_;

    for (uint64_t i = 0; i < context.trip.rounds; i++) {
        if (wait_full(context.there, side).frames == 0)
            return;
        rondo_double_buffer_release_empty(context.there);
        if (wait_empty(context.back, side).frames == 0)
            return;
        rondo_double_buffer_release_full(context.back);
    }
}

/* 8 bytes of payload. */

static void
word_near(struct pair_side *side, void *context_)
{
    const struct double_trip context = *(struct double_trip *)context_;

    for (uint64_t i = 0; i < context.trip.rounds; i++) {
        struct rondo_span span;
        uint64_t value;

        context.trip.stamps[i] = bench_ticks();
        span = wait_empty(context.there, side);
        if (span.frames == 0)
            return;
        memcpy(span.data, &i, sizeof i);
        rondo_double_buffer_release_full(context.there);
        span = wait_full(context.back, side);
        if (span.frames == 0)
            return;
        memcpy(&value, span.data, sizeof value);
        rondo_double_buffer_release_empty(context.back);
        if (__builtin_expect(value != i, 0)) {
            pair_fail(side, "another word came back");
            return;
        }
    }
    context.trip.stamps[context.trip.rounds] = bench_ticks();
}

static void
word_far(struct pair_side *side, void *context_)
{
    const struct double_trip context = *(struct double_trip *)context_;

    for (uint64_t i = 0; i < context.trip.rounds; i++) {
        struct rondo_span span = wait_full(context.there, side);
        uint64_t value;

        if (span.frames == 0)
            return;
        memcpy(&value, span.data, sizeof value);
        rondo_double_buffer_release_empty(context.there);
        span = wait_empty(context.back, side);
        if (span.frames == 0)
            return;
        memcpy(span.data, &value, sizeof value);
        rondo_double_buffer_release_full(context.back);
    }
}

/* A whole period, copied in and out on both ways. Each side warms its next buffer when it has sent
 * one: it has nothing else to do then. */

static int
put_period(struct rondo_double_buffer *buffer, const void *block, uint32_t bytes,
           struct pair_side *side)
{
    const struct rondo_span span = wait_empty(buffer, side);

    if (span.frames == 0)
        return 1;
    rondo_prefetch_write_range(span.data, bytes);
    memcpy(span.data, block, bytes);
    rondo_double_buffer_release_full(buffer);
    return 0;
}

static int
take_period(struct rondo_double_buffer *buffer, void *block, uint32_t bytes, struct pair_side *side)
{
    const struct rondo_span span = wait_full(buffer, side);

    if (span.frames == 0)
        return 1;
    memcpy(block, span.data, bytes);
    rondo_double_buffer_release_empty(buffer);
    return 0;
}

static void
period_near(struct pair_side *side, void *context_)
{
    const struct double_trip context = *(struct double_trip *)context_;

    for (uint64_t i = 0; i < context.trip.rounds; i++) {
        uint64_t first;
        uint64_t last;

        context.trip.stamps[i] = bench_ticks();
        memcpy(context.near_block, &i, sizeof i);
        memcpy(context.near_block + context.bytes - sizeof i, &i, sizeof i);
        if (put_period(context.there, context.near_block, context.bytes, side))
            return;
        rondo_double_buffer_warm(context.there);
        if (take_period(context.back, context.near_block, context.bytes, side))
            return;
        memcpy(&first, context.near_block, sizeof first);
        memcpy(&last, context.near_block + context.bytes - sizeof last, sizeof last);
        if (__builtin_expect(first != i || last != i, 0)) {
            pair_fail(side, "another period came back");
            return;
        }
    }
    context.trip.stamps[context.trip.rounds] = bench_ticks();
}

static void
period_far(struct pair_side *side, void *context_)
{
    const struct double_trip context = *(struct double_trip *)context_;

    for (uint64_t i = 0; i < context.trip.rounds; i++) {
        if (take_period(context.there, context.far_block, context.bytes, side) ||
            put_period(context.back, context.far_block, context.bytes, side))
            return;
        rondo_double_buffer_warm(context.back);
    }
}

struct double_case {
    pair_function *near_side;
    pair_function *far_side;
    uint32_t bytes;
};

static const char *
double_trip_run(const struct bench_candidate *self, uint64_t operations,
                struct bench_measure *measure)
{
    const struct double_case *const kind = self->argument;
    struct double_trip context = {
        .there = bench_memory(sizeof(struct rondo_double_buffer)),
        .back = bench_memory(sizeof(struct rondo_double_buffer)),
        .near_block = bench_memory(kind->bytes),
        .far_block = bench_memory(kind->bytes),
        .bytes = bench_opaque(kind->bytes),
    };

    if (rondo_double_buffer_init(context.there, bench_memory(2 * (size_t)kind->bytes),
                                 kind->bytes / 8, 8) != 0 ||
        rondo_double_buffer_init(context.back, bench_memory(2 * (size_t)kind->bytes),
                                 kind->bytes / 8, 8) != 0)
        return "the double buffer could not be made";
    return trip_run(&context.trip, kind->near_side, kind->far_side, operations, measure);
}

/* ---- one thread ---- */

static const char *
double_pair_run(const struct bench_candidate *self, uint64_t operations,
                struct bench_measure *measure)
{
    struct rondo_double_buffer *const buffer = bench_memory(sizeof *buffer);
    uint64_t start;

    (void)self;
    if (rondo_double_buffer_init(buffer, bench_memory(2048), 128, 8) != 0)
        return "the double buffer could not be made";
    start = bench_ticks_fenced();
    for (uint64_t i = 0; i < operations; i++) {
        struct rondo_span span = rondo_double_buffer_get_empty(buffer);

        if (__builtin_expect(span.frames == 0, 0))
            return "no empty buffer";
        bench_keep(span.data);
        rondo_double_buffer_release_full(buffer);
        span = rondo_double_buffer_get_full(buffer);
        if (__builtin_expect(span.frames == 0, 0))
            return "no full buffer";
        bench_keep(span.data);
        rondo_double_buffer_release_empty(buffer);
    }
    measure->ns = bench_ticks_to_ns(bench_ticks_fenced() - start);
    measure->operations = operations;
    return NULL;
}

static const struct double_case handoff = {handoff_near, handoff_far, 64};
static const struct double_case word = {word_near, word_far, 64};
static const struct double_case period_1k = {period_near, period_far, 1024};

static const struct bench_candidate candidates[] = {
    {"rtt_double_handoff", "rondo double buffer", BENCH_OURS, BENCH_LATENCY, 10000, double_trip_run,
     &handoff, 0, 1},
    {"rtt_double_8", "rondo double buffer", BENCH_OURS, BENCH_LATENCY, 10000, double_trip_run,
     &word, 0, 1},
    {"rtt_double_1k", "rondo double buffer", BENCH_OURS, BENCH_LATENCY, 5000, double_trip_run,
     &period_1k, 0, 1},
    {"db_pair", "rondo double buffer", BENCH_OURS, BENCH_NS_PER_OPERATION, 1000000, double_pair_run,
     NULL, 0, 0},
};

__attribute__((constructor)) static void
offer(void)
{
    for (size_t i = 0; i < sizeof candidates / sizeof candidates[0]; i++)
        bench_add(&candidates[i]);
}
