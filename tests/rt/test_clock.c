/* SPDX-License-Identifier: MIT */
/*
 * The clocks in real time, beside a thread that turns one of them.
 */
#include <rondo/clock.h>

#include "rt/realtime.h"

struct clocks {
    struct rondo_clock *virtual_one;
    uint64_t virtual_ns; /* last seen */
    uint64_t real_ns;
};

static void *
set_up(const void *parameter)
{
    struct clocks *const clocks = rt_memory(sizeof *clocks);

    (void)parameter;
    RT_ASSERT(rondo_clock_virtual_create(&clocks->virtual_one) == 0);
    return clocks;
}

static void
look(void *context)
{
    struct clocks *const clocks = context;
    const struct rondo_clock *const offline = RT_CALL(rondo_clock_offline)();
    const uint64_t now_ns = RT_CALL(rondo_clock_now_ns)(clocks->virtual_one);

    RT_REQUIRE(now_ns >= clocks->virtual_ns);
    clocks->virtual_ns = now_ns;
    RT_REQUIRE(RT_CALL(rondo_clock_kind)(clocks->virtual_one) == RONDO_CLOCK_VIRTUAL);
    RT_REQUIRE(RT_CALL(rondo_clock_kind)(NULL) == RONDO_CLOCK_REAL);
    RT_REQUIRE(RT_CALL(rondo_clock_kind)(offline) == RONDO_CLOCK_OFFLINE);
    RT_REQUIRE(RT_CALL(rondo_clock_now_ns)(offline) == 0);
}

static void
look_at_the_real_one(void *context)
{
    struct clocks *const clocks = context;
    const struct rondo_clock *const clock = RT_CALL(rondo_clock_real)();
    const uint64_t now_ns = RT_CALL(rondo_clock_now_ns)(clock);

    RT_REQUIRE(now_ns >= clocks->real_ns);
    clocks->real_ns = now_ns;
}

static void
turn(void *context)
{
    struct clocks *const clocks = context;

    RT_ASSERT(rondo_clock_advance(clocks->virtual_one, 1000) == 0);
}

static bool
has_turned(const void *context)
{
    const struct clocks *const clocks = context;

    return rondo_clock_now_ns(clocks->virtual_one) > 100000;
}

int
main(void)
{
    static const struct rt_case cases[] = {
        {.name = "virtual_and_offline_clocks_beside_who_turns_them",
         .set_up = set_up,
         .realtime = look,
         .beside = turn,
         .enough = has_turned},
        {.name = "real_clock",
         .set_up = set_up,
         .realtime = look_at_the_real_one,
         .reads_clock = true},
    };

    return rt_run(cases, sizeof cases / sizeof cases[0]);
}
