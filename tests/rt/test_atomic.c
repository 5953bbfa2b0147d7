/* SPDX-License-Identifier: MIT */
/*
 * What the core is made of, in real time: atomics, fences, prefetches. (A machine that has no
 * instruction for one of them would call a library.)
 */
#include <rondo/atomic.h>
#include <rondo/cacheline.h>

#include "rt/realtime.h"

struct words {
    RONDO_ATOMIC(uint64_t) word;
    RONDO_ATOMIC(uint64_t) counted;
    RONDO_ATOMIC(uint32_t) half;
    RONDO_ATOMIC(uint32_t) added;
    unsigned char memory[1024];
};

static void *
set_up(const void *parameter)
{
    (void)parameter;
    return rt_memory(sizeof(struct words));
}

static void
use(void *context)
{
    struct words *const words = context;
    const uint64_t word = RT_CALL(rondo_load_relaxed)(&words->word);
    const uint32_t half = RT_CALL(rondo_load_relaxed_u32)(&words->half);
    uint32_t expected = half + 2;

    RT_CALL(rondo_store_relaxed)(&words->word, word + 1);
    RT_CALL(rondo_store_release)(&words->word, RT_CALL(rondo_load_acquire)(&words->word) + 1);
    RT_REQUIRE(RT_CALL(rondo_load_relaxed)(&words->word) == word + 2);
    RT_CALL(rondo_store_relaxed_u32)(&words->half, half + 1);
    RT_CALL(rondo_store_release_u32)
    (&words->half, RT_CALL(rondo_load_acquire_u32)(&words->half) + 1);
    RT_REQUIRE(RT_CALL(rondo_compare_exchange_acq_rel_u32)(&words->half, &expected, half));
    RT_REQUIRE(RT_CALL(rondo_exchange_acq_rel_u32)(&words->half, half + 1) == half);
    RT_CALL(rondo_add_relaxed)(&words->counted, 1);
    RT_CALL(rondo_fetch_add_acq_rel_u32)(&words->added, 1);
    RT_CALL(rondo_fence_acquire)();
    RT_CALL(rondo_fence_release)();
    RT_CALL(rondo_prefetch_write)(words->memory);
    RT_CALL(rondo_prefetch_write_range)(words->memory, sizeof words->memory);
    RT_CALL(rondo_spin_pause)();
}

static void
add(void *context)
{
    struct words *const words = context;

    rondo_add_relaxed(&words->counted, 1);
    rondo_fetch_add_acq_rel_u32(&words->added, 1);
}

int
main(void)
{
    static const struct rt_case cases[] = {
        {.name = "atomics_are_instructions", .set_up = set_up, .realtime = use, .beside = add},
    };

    return rt_run(cases, 1);
}
