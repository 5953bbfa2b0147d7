/* SPDX-License-Identifier: MIT */
/*
 * A tap in real time, beside a producer that waits and beside one that does not.
 */
#include <rondo/tap.h>

#include "rt/realtime.h"

#define CAPACITY 441u
#define BLOCK    100u

struct tapped {
    struct rondo_ring ring;
    struct rondo_tap tap; /* the real-time thread's */
    uint64_t *memory;
    uint64_t turn;
    bool is_hung;
    bool is_drained; /* constant: the other thread consumes too */
    RONDO_ATOMIC(uint64_t) moved RONDO_CACHE_ALIGNED;
    RONDO_ATOMIC(uint64_t) lost;
    RONDO_ATOMIC(uint64_t) lapped;
};

static void
count(RONDO_ATOMIC(uint64_t) * counter, uint64_t by)
{
    rondo_store_relaxed(counter, rondo_load_relaxed(counter) + by);
}

static void *
set_up(const void *parameter)
{
    const enum rondo_ring_producer_kind kind = *(const enum rondo_ring_producer_kind *)parameter;
    struct tapped *const tapped = rt_memory(sizeof *tapped);

    tapped->memory = rt_memory(CAPACITY * sizeof(uint64_t));
    tapped->is_drained = kind == RONDO_PRODUCER_WAITS_TAPPED;
    RT_ASSERT(rondo_ring_init(&tapped->ring, tapped->memory, CAPACITY, sizeof(uint64_t)) == 0);
    RT_ASSERT(rondo_ring_set_producer(&tapped->ring, kind) == 0);
    return tapped;
}

static void
listen(void *context)
{
    struct tapped *const tapped = context;
    uint32_t right = 0;
    uint32_t lapped;
    uint64_t lost;
    struct rondo_span span;
    uint64_t pos;

    if (!tapped->is_hung || tapped->turn % 1024 == 1023)
        RT_REQUIRE(RT_CALL(rondo_tap_init)(&tapped->tap, &tapped->ring) == 0);
    tapped->is_hung = true;
    span = RT_CALL(rondo_tap_get)(&tapped->tap, tapped->turn % 2 == 0 ? BLOCK : UINT32_MAX, &lost);
    pos = RT_CALL(rondo_tap_position)(&tapped->tap);
    for (int i = 0; i < 4000 && tapped->turn % 16 == 0; i++)
        RT_CALL(rondo_spin_pause)();
    while (right < span.frames &&
           rondo_load_relaxed((const uint64_t *)span.data + right) == pos + right)
        right++;
    lapped = RT_CALL(rondo_tap_release)(&tapped->tap, span.frames);
    RT_REQUIRE(lapped > 0 || right == span.frames);
    count(&tapped->moved, span.frames - lapped);
    count(&tapped->lost, lost);
    count(&tapped->lapped, lapped);
    tapped->turn++;
}

static void
give(void *context)
{
    struct tapped *const tapped = context;
    const uint64_t pos = rondo_ring_write_position(&tapped->ring);
    const struct rondo_span span = rondo_ring_get_write(&tapped->ring, BLOCK);

    for (uint32_t i = 0; i < span.frames; i++)
        rondo_store_relaxed((uint64_t *)span.data + i, pos + i);
    rondo_ring_release_write(&tapped->ring, span.frames);
    if (tapped->is_drained)
        rondo_ring_release_read(&tapped->ring,
                                rondo_ring_get_read(&tapped->ring, UINT32_MAX).frames);
    if (pos % 1024 < BLOCK)
        rt_yield();
}

static bool
was_overtaken(const void *context)
{
    const struct tapped *const tapped = context;

    return rondo_load_relaxed(&tapped->moved) > (uint64_t)20 * CAPACITY &&
           rondo_load_relaxed(&tapped->lost) > 0 && rondo_load_relaxed(&tapped->lapped) > 0;
}

int
main(void)
{
    static const enum rondo_ring_producer_kind waits = RONDO_PRODUCER_WAITS_TAPPED;
    static const enum rondo_ring_producer_kind free_runs = RONDO_PRODUCER_FREE_RUNS;
    static const struct rt_case cases[] = {
        {.name = "tap_beside_a_pair",
         .set_up = set_up,
         .parameter = &waits,
         .realtime = listen,
         .beside = give,
         .enough = was_overtaken},
        {.name = "tap_beside_a_producer_that_does_not_wait",
         .set_up = set_up,
         .parameter = &free_runs,
         .realtime = listen,
         .beside = give,
         .enough = was_overtaken},
    };

    return rt_run(cases, sizeof cases / sizeof cases[0]);
}
