/* SPDX-License-Identifier: MIT */
/*
 * All cases of rondo's double buffer. The including file says which kind of it this is:
 *
 *     DOUBLE_NAME, DOUBLE_ROLE, DOUBLE_QUICK  "" or ", without ..."
 *     DOUBLE_PACED                            offer paced streams, too
 *     DOUBLE_PREFETCH(data, bytes)            before a period is filled
 *     DOUBLE_WARM(buffer)                     in round trips, when a period has been sent
 *     DOUBLE_WAIT(side)                       while spinning
 */
#include <rondo/double_buffer.h>

#include <string.h>

#include "bench/cases/paced.h"
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
        if (DOUBLE_WAIT(side))
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
        if (DOUBLE_WAIT(side))
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
        DOUBLE_WARM(context.there);
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
        DOUBLE_WARM(context.back);
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
    DOUBLE_PREFETCH(span.data, bytes);
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
        DOUBLE_WARM(context.there);
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
        DOUBLE_WARM(context.back);
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

/* ---- a stream of periods, copied in and out ---- */

struct double_stream {
    struct rondo_double_buffer *buffer;
    unsigned char *source;
    unsigned char *target;
    uint32_t bytes;
    uint64_t periods;
};

static void
stream_producer(struct pair_side *side, void *context_)
{
    const struct double_stream context = *(struct double_stream *)context_;

    for (uint64_t i = 0; i < context.periods; i++) {
        memcpy(context.source, &i, sizeof i);
        memcpy(context.source + context.bytes - sizeof i, &i, sizeof i);
        if (put_period(context.buffer, context.source, context.bytes, side))
            return;
    }
}

static void
stream_consumer(struct pair_side *side, void *context_)
{
    const struct double_stream context = *(struct double_stream *)context_;

    for (uint64_t i = 0; i < context.periods; i++) {
        if (take_period(context.buffer, context.target, context.bytes, side))
            return;
        if (__builtin_expect(memcmp(context.target, &i, sizeof i) != 0 ||
                                 memcmp(context.target + context.bytes - sizeof i, &i, sizeof i) !=
                                     0,
                             0)) {
            pair_fail(side, "a period came out of turn, or torn");
            return;
        }
    }
}

static const char *
double_stream_run(const struct bench_candidate *self, uint64_t operations,
                  struct bench_measure *measure)
{
    const uint32_t bytes = (uint32_t)self->parameter;
    struct double_stream context = {
        .buffer = bench_memory(sizeof(struct rondo_double_buffer)),
        .source = bench_memory(bytes),
        .target = bench_memory(bytes),
        .bytes = bench_opaque(bytes),
        .periods = operations,
    };

    if (rondo_double_buffer_init(context.buffer, bench_memory(2 * (size_t)bytes), bytes / 8, 8) !=
        0)
        return "the double buffer could not be made";
    measure->operations = operations;
    measure->bytes = operations * bytes;
    return pair_run(stream_producer, stream_consumer, &context, &measure->ns);
}

#ifdef DOUBLE_PACED

/* ---- paced, as the rings ---- */

struct double_paced {
    struct paced paced;
    struct rondo_double_buffer *buffer;
    unsigned char *source;
    unsigned char *target;
    uint32_t bytes;
};

static void
paced_producer(struct pair_side *side, void *context_)
{
    const struct double_paced context = *(struct double_paced *)context_;
    uint64_t due = bench_ticks() + context.paced.period_ticks;

    for (uint64_t i = 0; i < context.paced.blocks; i++) {
        memcpy(context.source, &i, sizeof i);
        memcpy(context.source + context.bytes - sizeof i, &i, sizeof i);
        if (context.paced.warm) {
            paced_wait_until(due - context.paced.lead_ticks);
            rondo_double_buffer_warm(context.buffer);
        }
        paced_wait_until(due);
        context.paced.before[i] = paced_before(&context.paced);
        if (put_period(context.buffer, context.source, context.bytes, side))
            return;
        context.paced.written[i] = paced_before(&context.paced);
        due = paced_next(&context.paced, due);
    }
}

static void
paced_consumer(struct pair_side *side, void *context_)
{
    const struct double_paced context = *(struct double_paced *)context_;

    for (uint64_t i = 0; i < context.paced.blocks; i++) {
        if (take_period(context.buffer, context.target, context.bytes, side))
            return;
        context.paced.arrived[i] = paced_after(&context.paced);
        if (__builtin_expect(memcmp(context.target, &i, sizeof i) != 0, 0)) {
            pair_fail(side, "a period came out of turn");
            return;
        }
    }
}

static const char *
double_paced_run(const struct bench_candidate *self, uint64_t operations,
                 struct bench_measure *measure)
{
    const uint32_t bytes = (uint32_t)self->parameter;
    struct double_paced context = {
        .buffer = bench_memory(sizeof(struct rondo_double_buffer)),
        .source = bench_memory(bytes),
        .target = bench_memory(bytes),
        .bytes = bench_opaque(bytes),
    };

    if (rondo_double_buffer_init(context.buffer, bench_memory(2 * (size_t)bytes), bytes / 8, 8) !=
        0)
        return "the double buffer could not be made";
    return paced_run(&context.paced, self->argument, bytes, paced_producer, paced_consumer,
                     operations, measure);
}

#endif

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
#ifdef DOUBLE_PACED
static const struct paced_kind warmed = {1, 0, 0};
static const struct paced_kind cold = {0, 0, 0};
#endif

#define DOUBLE "rondo double buffer" DOUBLE_NAME
#define STREAM(bytes)                                                                              \
    {                                                                                              \
        "double_stream", DOUBLE, DOUBLE_ROLE, BENCH_BYTES_PER_S, 8388608 / ((bytes) + 256),        \
            double_stream_run, NULL, bytes, 0                                                      \
    }
#define PACED(bytes)                                                                               \
    {"paced", DOUBLE, BENCH_VARIANT, BENCH_LATENCY, 2500, double_paced_run, &warmed, bytes, 0},    \
    {                                                                                              \
        "paced", DOUBLE ", not warmed", BENCH_VARIANT, BENCH_LATENCY, 2500, double_paced_run,      \
            &cold, bytes, 0                                                                        \
    }

static const struct bench_candidate candidates[] = {
    {"rtt_double_handoff", DOUBLE, DOUBLE_ROLE, BENCH_LATENCY, 10000, double_trip_run, &handoff, 0,
     DOUBLE_QUICK},
    {"rtt_double_8", DOUBLE, DOUBLE_ROLE, BENCH_LATENCY, 10000, double_trip_run, &word, 0,
     DOUBLE_QUICK},
    {"rtt_double_1k", DOUBLE, DOUBLE_ROLE, BENCH_LATENCY, 5000, double_trip_run, &period_1k, 0,
     DOUBLE_QUICK},
    {"double_pair", DOUBLE, DOUBLE_ROLE, BENCH_NS_PER_OPERATION, 1000000, double_pair_run, NULL, 0,
     0},
    STREAM(64),
    STREAM(256),
    STREAM(1024),
    STREAM(4096),
    STREAM(16384),
#ifdef DOUBLE_PACED
    PACED(1024),
    PACED(4096),
#endif
};

__attribute__((constructor)) static void
offer(void)
{
    for (size_t i = 0; i < sizeof candidates / sizeof candidates[0]; i++)
        bench_add(&candidates[i]);
}
