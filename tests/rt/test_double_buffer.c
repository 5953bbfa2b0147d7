/* SPDX-License-Identifier: MIT */
/*
 * The double buffer: each side in real time, beside the other one.
 */
#include <rondo/double_buffer.h>

#include "rt/realtime.h"

#define PERIOD 480u

struct sides {
    struct rondo_double_buffer buffer;
    uint64_t *memory;
    uint64_t produced; /* periods */
    uint64_t consumed;
    uint64_t other_turn;
    RONDO_ATOMIC(uint64_t) moved RONDO_CACHE_ALIGNED;
    RONDO_ATOMIC(uint64_t) stopped;
};

static void
count(RONDO_ATOMIC(uint64_t) * counter, uint64_t by)
{
    rondo_store_relaxed(counter, rondo_load_relaxed(counter) + by);
}

static void *
set_up(const void *parameter)
{
    struct sides *const sides = rt_memory(sizeof *sides);

    (void)parameter;
    sides->memory = rt_memory(2 * PERIOD * sizeof(uint64_t));
    RT_ASSERT(rondo_double_buffer_init(&sides->buffer, sides->memory, PERIOD, sizeof(uint64_t)) ==
              0);
    return sides;
}

static void
fill(const struct rondo_span *span, uint64_t period)
{
    for (uint32_t i = 0; i < span->frames; i++)
        ((uint64_t *)span->data)[i] = period * PERIOD + i;
}

static bool
is_filled(const struct rondo_span *span, uint64_t period)
{
    for (uint32_t i = 0; i < span->frames; i++)
        if (((const uint64_t *)span->data)[i] != period * PERIOD + i)
            return false;
    return true;
}

static void
produce(void *context)
{
    struct sides *const sides = context;
    struct rondo_span span;

    RT_CALL(rondo_double_buffer_warm)(&sides->buffer);
    span = RT_CALL(rondo_double_buffer_get_empty)(&sides->buffer);
    count(&sides->stopped, span.frames == 0);
    if (span.frames > 0) {
        fill(&span, sides->produced++);
        count(&sides->moved, 1);
    }
    RT_CALL(rondo_double_buffer_release_full)(&sides->buffer); /* also when there is none */
}

static void
take(void *context)
{
    struct sides *const sides = context;
    const struct rondo_span span = rondo_double_buffer_get_full(&sides->buffer);

    if (span.frames > 0)
        RT_ASSERT(is_filled(&span, sides->consumed++));
    rondo_double_buffer_release_empty(&sides->buffer);
    if (sides->other_turn++ % 4 == 0)
        rt_yield();
}

static void
consume(void *context)
{
    struct sides *const sides = context;
    const struct rondo_span first = RT_CALL(rondo_double_buffer_get_full)(&sides->buffer);
    const struct rondo_span second = RT_CALL(rondo_double_buffer_get_full)(&sides->buffer);
    const uint32_t held = RT_CALL(rondo_double_buffer_held)(&sides->buffer);

    RT_REQUIRE(held == (first.frames > 0) + (uint32_t)(second.frames > 0));
    /* The second get may find what the first did not. */
    if (first.frames > 0)
        RT_REQUIRE(is_filled(&first, sides->consumed++));
    if (second.frames > 0)
        RT_REQUIRE(is_filled(&second, sides->consumed++));
    RT_CALL(rondo_double_buffer_release_empty)(&sides->buffer);
    RT_CALL(rondo_double_buffer_release_empty)(&sides->buffer);
    count(&sides->moved, held);
    count(&sides->stopped, held == 0);
}

static void
give(void *context)
{
    struct sides *const sides = context;
    const struct rondo_span span = rondo_double_buffer_get_empty(&sides->buffer);

    if (span.frames > 0)
        fill(&span, sides->produced++);
    rondo_double_buffer_release_full(&sides->buffer);
    if (sides->other_turn++ % 4 == 0)
        rt_yield();
}

static bool
has_moved_much(const void *context)
{
    const struct sides *const sides = context;

    return rondo_load_relaxed(&sides->moved) > 100 && rondo_load_relaxed(&sides->stopped) > 0;
}

static void
make(void *context)
{
    struct sides *const sides = context;

    RT_REQUIRE(RT_CALL(rondo_double_buffer_init)(&sides->buffer, sides->memory, PERIOD,
                                                 sizeof(uint64_t)) == 0);
}

int
main(void)
{
    static const struct rt_case cases[] = {
        {.name = "producer_beside_a_consumer",
         .set_up = set_up,
         .realtime = produce,
         .beside = take,
         .enough = has_moved_much},
        {.name = "consumer_beside_a_producer",
         .set_up = set_up,
         .realtime = consume,
         .beside = give,
         .enough = has_moved_much},
        {.name = "making_one", .set_up = set_up, .realtime = make},
    };

    return rt_run(cases, sizeof cases / sizeof cases[0]);
}
