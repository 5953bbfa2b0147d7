/* SPDX-License-Identifier: MIT */
/*
 * The ring: each side on the real-time thread once, beside the other one.
 *
 * Frames are numbered by their position, so that a case also sees that the work was done.
 */
#include <string.h>

#include <rondo/memory.h>
#include <rondo/ring.h>

#include "rt/realtime.h"

#define CAPACITY 441u
#define BLOCK    100u

struct sides {
    struct rondo_ring ring;
    uint64_t *memory;
    uint64_t block[BLOCK];       /* the real-time thread's */
    uint64_t other_block[BLOCK]; /* the other one's */
    uint64_t turn;
    uint64_t other_pos;
    uint64_t other_turn;
    /* What the real-time thread has seen; the other thread looks. */
    RONDO_ATOMIC(uint64_t) moved RONDO_CACHE_ALIGNED;
    RONDO_ATOMIC(uint64_t) stopped; /* nothing lent: full or empty */
    RONDO_ATOMIC(uint64_t) late;
    RONDO_ATOMIC(uint64_t) lost;
    RONDO_ATOMIC(uint64_t) lapped;
};

static void
count(RONDO_ATOMIC(uint64_t) * counter, uint64_t by)
{
    rondo_store_relaxed(counter, rondo_load_relaxed(counter) + by);
}

static void *
set_up_sides(const void *parameter)
{
    struct sides *const sides = rt_memory(sizeof *sides);
    const enum rondo_ring_producer_kind *const kind = parameter;

    sides->memory = rt_memory(CAPACITY * sizeof(uint64_t));
    RT_ASSERT(rondo_ring_init(&sides->ring, sides->memory, CAPACITY, sizeof(uint64_t)) == 0);
    if (kind != NULL)
        RT_ASSERT(rondo_ring_set_producer(&sides->ring, *kind) == 0);
    return sides;
}

static void *
set_up_mirrored(const void *parameter)
{
    struct sides *const sides = rt_memory(sizeof *sides);
    const uint32_t capacity = rondo_mirrored_capacity(CAPACITY, sizeof(uint64_t));
    struct rondo_memory memory;

    (void)parameter;
    RT_ASSERT(rondo_memory_create(&memory, capacity * sizeof(uint64_t), RONDO_MEMORY_MIRRORED) ==
              0);
    RT_ASSERT(rondo_ring_init_mirrored(&sides->ring, memory.data, capacity, sizeof(uint64_t)) == 0);
    return sides;
}

/* Fill a span with the numbers of its positions. */
static void
number(const struct rondo_span *span, uint64_t pos)
{
    for (uint32_t i = 0; i < span->frames; i++)
        ((uint64_t *)span->data)[i] = pos + i;
}

static bool
is_numbered(const void *data, uint32_t frames, uint64_t pos)
{
    for (uint32_t i = 0; i < frames; i++)
        if (((const uint64_t *)data)[i] != pos + i)
            return false;
    return true;
}

/* ---- the producer in real time ---- */

static void
produce(void *context)
{
    struct sides *const sides = context;
    struct rondo_ring *const ring = &sides->ring;
    const uint64_t pos = RT_CALL(rondo_ring_write_position)(ring);
    const uint32_t capacity = RT_CALL(rondo_ring_capacity)(ring);
    struct rondo_span span;

    RT_REQUIRE(RT_CALL(rondo_ring_room)(ring) <= capacity);
    (void)RT_CALL(rondo_ring_is_empty)(ring);
    RT_CALL(rondo_ring_warm_write)(ring, BLOCK);
    span = RT_CALL(rondo_ring_get_write)(ring, 1 + (uint32_t)(sides->turn % BLOCK));
    number(&span, pos);
    RT_CALL(rondo_ring_release_write)(ring, span.frames);
    count(&sides->moved, span.frames);
    count(&sides->stopped, span.frames == 0);

    for (uint32_t i = 0; i < BLOCK; i++)
        sides->block[i] = pos + span.frames + i;
    count(&sides->moved, RT_CALL(rondo_ring_write)(ring, sides->block, BLOCK));
    sides->turn++;
}

static void
take(void *context)
{
    struct sides *const sides = context;
    const uint64_t pos = rondo_ring_read_position(&sides->ring);
    const uint32_t frames = rondo_ring_read(&sides->ring, sides->other_block, BLOCK);

    RT_ASSERT(is_numbered(sides->other_block, frames, pos));
    if (sides->other_turn++ % 8 == 0)
        rt_yield(); /* so that it is full now and then */
}

static bool
has_moved_much(const void *context)
{
    const struct sides *const sides = context;

    return rondo_load_relaxed(&sides->moved) > (uint64_t)20 * CAPACITY &&
           rondo_load_relaxed(&sides->stopped) > 0;
}

/* ---- the producer of a device that does not wait: one that skips ---- */

static void
follow(void *context)
{
    struct sides *const sides = context;
    struct rondo_ring *const ring = &sides->ring;
    const uint64_t late = RT_CALL(rondo_ring_late)(ring);
    const uint64_t caught_up = RT_CALL(rondo_ring_catch_up_write)(ring);

    RT_REQUIRE(caught_up >= late);
    count(&sides->late, caught_up);
    produce(context);
}

static void
skip_ahead(void *context)
{
    struct sides *const sides = context;

    rondo_ring_skip_read(&sides->ring, CAPACITY + 37);
    rt_yield();
}

static bool
was_late(const void *context)
{
    const struct sides *const sides = context;

    return rondo_load_relaxed(&sides->late) > (uint64_t)20 * CAPACITY;
}

/* ---- the consumer in real time ---- */

static void
give(void *context)
{
    struct sides *const sides = context;
    const uint64_t pos = rondo_ring_write_position(&sides->ring);
    const struct rondo_span span = rondo_ring_get_write(&sides->ring, 1 + (uint32_t)(pos % BLOCK));

    number(&span, pos);
    rondo_ring_release_write(&sides->ring, span.frames);
    if (sides->other_turn++ % 8 == 0)
        rt_yield(); /* so that it is empty now and then */
}

static void
consume(void *context)
{
    struct sides *const sides = context;
    struct rondo_ring *const ring = &sides->ring;
    uint64_t pos = RT_CALL(rondo_ring_read_position)(ring);
    const uint32_t fill = RT_CALL(rondo_ring_fill)(ring);
    struct rondo_span span = RT_CALL(rondo_ring_get_read)(ring, UINT32_MAX);
    uint32_t frames;

    RT_REQUIRE(fill <= CAPACITY && is_numbered(span.data, span.frames, pos));
    if (sides->turn++ % 2 == 0)
        RT_CALL(rondo_ring_release_read)(ring, span.frames);
    else
        RT_CALL(rondo_ring_release_read_lazy)(ring, span.frames);
    count(&sides->moved, span.frames);
    count(&sides->stopped, span.frames == 0);

    pos = RT_CALL(rondo_ring_read_position)(ring);
    frames = RT_CALL(rondo_ring_read)(ring, sides->block, BLOCK);
    RT_REQUIRE(is_numbered(sides->block, frames, pos));
    count(&sides->moved, frames);
}

static void
skip_and_consume(void *context)
{
    struct sides *const sides = context;

    /* Not further than the producer, which does not follow in this case. */
    RT_CALL(rondo_ring_skip_read)(&sides->ring, RT_CALL(rondo_ring_fill)(&sides->ring) / 2);
    consume(context);
}

/* ---- beside a producer that does not wait ---- */

static void
overwrite(void *context)
{
    struct sides *const sides = context;
    const struct rondo_span span = rondo_ring_get_write(&sides->ring, BLOCK);

    for (uint32_t i = 0; i < span.frames; i++)
        rondo_store_relaxed((uint64_t *)span.data + i, sides->other_pos++);
    rondo_ring_release_write(&sides->ring, span.frames);
    if (sides->other_pos % 1024 < BLOCK)
        rt_yield();
}

static void
consume_checked(void *context)
{
    struct sides *const sides = context;
    struct rondo_ring *const ring = &sides->ring;
    const uint32_t most = sides->turn % 2 == 0 ? BLOCK : UINT32_MAX;
    uint64_t lost;
    struct rondo_span span = RT_CALL(rondo_ring_get_read_checked)(ring, most, &lost);
    const uint64_t pos = RT_CALL(rondo_ring_read_position)(ring);
    uint32_t right = 0;
    uint32_t lapped;

    /* Now and then slow enough to be overtaken. */
    for (int i = 0; i < 4000 && sides->turn % 16 == 0; i++)
        RT_CALL(rondo_spin_pause)();
    while (right < span.frames &&
           rondo_load_relaxed((const uint64_t *)span.data + right) == pos + right)
        right++;
    lapped = RT_CALL(rondo_ring_release_read_checked)(ring, span.frames);
    RT_REQUIRE(lapped > 0 || right == span.frames);
    count(&sides->moved, span.frames - lapped);
    count(&sides->lost, lost);
    count(&sides->lapped, lapped);
    sides->turn++;
}

static bool
was_overtaken(const void *context)
{
    const struct sides *const sides = context;

    return rondo_load_relaxed(&sides->moved) > (uint64_t)20 * CAPACITY &&
           rondo_load_relaxed(&sides->lost) > 0 && rondo_load_relaxed(&sides->lapped) > 0;
}

/* A producer in real time that does not wait for anybody. */
static void
produce_freely(void *context)
{
    struct sides *const sides = context;
    struct rondo_ring *const ring = &sides->ring;
    const uint64_t pos = RT_CALL(rondo_ring_write_position)(ring);
    const struct rondo_span span = RT_CALL(rondo_ring_get_write)(ring, BLOCK);

    for (uint32_t i = 0; i < span.frames; i++)
        rondo_store_relaxed((uint64_t *)span.data + i, pos + i);
    RT_CALL(rondo_ring_release_write)(ring, span.frames);
    RT_REQUIRE(span.frames > 0 && RT_CALL(rondo_ring_room)(ring) == CAPACITY);
    count(&sides->moved, span.frames);
    count(&sides->stopped, 1);
}

static void
take_checked(void *context)
{
    struct sides *const sides = context;
    uint64_t lost;
    const struct rondo_span span = rondo_ring_get_read_checked(&sides->ring, BLOCK, &lost);

    rondo_ring_release_read_checked(&sides->ring, span.frames);
}

/* ---- making one ---- */

static void
make(void *context)
{
    struct sides *const sides = context;
    struct rondo_ring *const ring = &sides->ring;

    RT_REQUIRE(RT_CALL(rondo_ring_init)(ring, sides->memory, CAPACITY, sizeof(uint64_t)) == 0);
    RT_REQUIRE(RT_CALL(rondo_ring_init_mirrored)(ring, sides->memory, CAPACITY / 2,
                                                 sizeof(uint64_t)) == 0);
    RT_REQUIRE(RT_CALL(rondo_ring_set_producer)(ring, RONDO_PRODUCER_FREE_RUNS) == 0);
    RT_CALL(rondo_ring_reset)(ring, sides->turn++);
    RT_REQUIRE(RT_CALL(rondo_ring_init)(ring, NULL, CAPACITY, sizeof(uint64_t)) != 0);
}

int
main(void)
{
    static const enum rondo_ring_producer_kind tapped = RONDO_PRODUCER_WAITS_TAPPED;
    static const enum rondo_ring_producer_kind free_runs = RONDO_PRODUCER_FREE_RUNS;
    static const struct rt_case cases[] = {
        {.name = "producer_beside_a_consumer",
         .set_up = set_up_sides,
         .realtime = produce,
         .beside = take,
         .enough = has_moved_much},
        {.name = "producer_with_taps_beside_a_consumer",
         .set_up = set_up_sides,
         .parameter = &tapped,
         .realtime = produce,
         .beside = take,
         .enough = has_moved_much},
        {.name = "producer_in_mirrored_memory",
         .set_up = set_up_mirrored,
         .realtime = produce,
         .beside = take,
         .enough = has_moved_much},
        {.name = "producer_that_follows_a_consumer_that_skips",
         .set_up = set_up_sides,
         .realtime = follow,
         .beside = skip_ahead,
         .enough = was_late},
        {.name = "producer_that_does_not_wait",
         .set_up = set_up_sides,
         .parameter = &free_runs,
         .realtime = produce_freely,
         .beside = take_checked,
         .enough = has_moved_much},
        {.name = "consumer_beside_a_producer",
         .set_up = set_up_sides,
         .realtime = consume,
         .beside = give,
         .enough = has_moved_much},
        {.name = "consumer_that_skips",
         .set_up = set_up_sides,
         .realtime = skip_and_consume,
         .beside = give,
         .enough = has_moved_much},
        {.name = "consumer_beside_a_producer_that_does_not_wait",
         .set_up = set_up_sides,
         .parameter = &free_runs,
         .realtime = consume_checked,
         .beside = overwrite,
         .enough = was_overtaken},
        {.name = "making_one", .set_up = set_up_sides, .realtime = make},
    };

    return rt_run(cases, sizeof cases / sizeof cases[0]);
}
