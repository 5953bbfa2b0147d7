/* SPDX-License-Identifier: MIT */
/*
 * The ring between processes: each endpoint in real time, beside the other one and beside one that
 * writes nonsense.
 */
#include <rondo/shared_ring.h>

#include "rt/realtime.h"

#define CAPACITY 441u
#define BLOCK    100u

struct sides {
    struct rondo_shared_ring producer;
    struct rondo_shared_ring consumer;
    struct rondo__shared_header *header; /* as an intruder sees it */
    uint64_t block[BLOCK];
    uint64_t other_block[BLOCK];
    uint64_t written;
    uint64_t read;
    uint64_t other_turn;
    RONDO_ATOMIC(uint64_t) moved RONDO_CACHE_ALIGNED;
    RONDO_ATOMIC(uint64_t) stopped;
    RONDO_ATOMIC(uint64_t) corruptions;
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
    RT_ASSERT(rondo_shared_ring_create(&sides->producer, CAPACITY, sizeof(uint64_t),
                                       RONDO_SHARED_PRODUCER) == 0);
    RT_ASSERT(rondo_shared_ring_attach(&sides->consumer, rondo_shared_ring_fd(&sides->producer),
                                       RONDO_SHARED_CONSUMER) == 0);
    sides->header = sides->consumer.mapping;
    return sides;
}

static void
number(uint64_t *data, uint32_t frames, uint64_t pos)
{
    for (uint32_t i = 0; i < frames; i++)
        data[i] = pos + i;
}

static bool
is_numbered(const uint64_t *data, uint32_t frames, uint64_t pos)
{
    for (uint32_t i = 0; i < frames; i++)
        if (data[i] != pos + i)
            return false;
    return true;
}

static void
produce(void *context)
{
    struct sides *const sides = context;
    struct rondo_shared_ring *const ring = &sides->producer;
    const struct rondo_span span =
        RT_CALL(rondo_shared_ring_get_write)(ring, 1 + (uint32_t)(sides->written % BLOCK));
    uint32_t frames;

    number(span.data, span.frames, sides->written);
    RT_CALL(rondo_shared_ring_release_write)(ring, span.frames);
    sides->written += span.frames;
    number(sides->block, BLOCK, sides->written);
    frames = RT_CALL(rondo_shared_ring_write)(ring, sides->block, BLOCK);
    sides->written += frames;
    count(&sides->moved, span.frames + frames);
    count(&sides->stopped, span.frames == 0);
    RT_REQUIRE(RT_CALL(rondo_shared_ring_capacity)(ring) == CAPACITY);
    RT_REQUIRE(RT_CALL(rondo_shared_ring_corruptions)(ring) == 0);
    RT_REQUIRE(RT_CALL(rondo_shared_ring_fd)(ring) >= 0);
}

static void
take(void *context)
{
    struct sides *const sides = context;
    const uint32_t frames = rondo_shared_ring_read(&sides->consumer, sides->other_block, BLOCK);

    RT_ASSERT(is_numbered(sides->other_block, frames, sides->read));
    sides->read += frames;
    if (sides->other_turn++ % 8 == 0)
        rt_yield();
}

static void
consume(void *context)
{
    struct sides *const sides = context;
    struct rondo_shared_ring *const ring = &sides->consumer;
    const struct rondo_span span = RT_CALL(rondo_shared_ring_get_read)(ring, BLOCK);
    uint32_t frames;

    RT_REQUIRE(is_numbered(span.data, span.frames, sides->read));
    RT_CALL(rondo_shared_ring_release_read)(ring, span.frames);
    sides->read += span.frames;
    frames = RT_CALL(rondo_shared_ring_read)(ring, sides->block, BLOCK);
    RT_REQUIRE(is_numbered(sides->block, frames, sides->read));
    sides->read += frames;
    count(&sides->moved, span.frames + frames);
    count(&sides->stopped, span.frames == 0);
}

static void
give(void *context)
{
    struct sides *const sides = context;

    number(sides->other_block, BLOCK, sides->written);
    sides->written += rondo_shared_ring_write(&sides->producer, sides->other_block, BLOCK);
    if (sides->other_turn++ % 8 == 0)
        rt_yield();
}

static bool
has_moved_much(const void *context)
{
    const struct sides *const sides = context;

    return rondo_load_relaxed(&sides->moved) > (uint64_t)20 * CAPACITY &&
           rondo_load_relaxed(&sides->stopped) > 0;
}

/* ---- before the other side is there ---- */

static void
start_elsewhere(void *context)
{
    struct sides *const sides = context;
    struct rondo_span span;

    RT_CALL(rondo_shared_ring_start_at)(&sides->producer, sides->written++ << 30);
    span = RT_CALL(rondo_shared_ring_get_write)(&sides->producer, BLOCK);
    RT_REQUIRE(span.frames == BLOCK);
    RT_CALL(rondo_shared_ring_release_write)(&sides->producer, 1);
}

/* ---- beside an intruder ---- */

static void
endure(void *context)
{
    struct sides *const sides = context;
    const struct rondo_span room = RT_CALL(rondo_shared_ring_get_write)(&sides->producer, BLOCK);
    const struct rondo_span fill = RT_CALL(rondo_shared_ring_get_read)(&sides->consumer, BLOCK);

    RT_REQUIRE(room.frames <= BLOCK && fill.frames <= BLOCK);
    RT_CALL(rondo_shared_ring_release_write)(&sides->producer, room.frames);
    RT_CALL(rondo_shared_ring_release_read)(&sides->consumer, fill.frames);
    RT_CALL(rondo_shared_ring_write)(&sides->producer, sides->block, BLOCK);
    RT_CALL(rondo_shared_ring_read)(&sides->consumer, sides->block, BLOCK);
    rondo_store_relaxed(&sides->corruptions,
                        RT_CALL(rondo_shared_ring_corruptions)(&sides->producer) +
                            RT_CALL(rondo_shared_ring_corruptions)(&sides->consumer));
}

static void
intrude(void *context)
{
    struct sides *const sides = context;

    rt_yield();
    sides->written = sides->written * UINT64_C(6364136223846793005) + 1;
    rondo_store_relaxed(&sides->header->write_pos, sides->written);
    rondo_store_relaxed(&sides->header->read_pos, sides->written >> 7);
}

static bool
was_corrupted(const void *context)
{
    const struct sides *const sides = context;

    return rondo_load_relaxed(&sides->corruptions) > 100;
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
        {.name = "both_beside_an_intruder",
         .set_up = set_up,
         .realtime = endure,
         .beside = intrude,
         .enough = was_corrupted},
        {.name = "start_at_another_position", .set_up = set_up, .realtime = start_elsewhere},
    };

    return rt_run(cases, sizeof cases / sizeof cases[0]);
}
