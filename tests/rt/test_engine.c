/* SPDX-License-Identifier: MIT */
/*
 * An engine's state and position are asked in real time, beside starts, stops and resets.
 */
#include <rondo/atomic.h>
#include <rondo/engine.h>

#include "core/engine_private.h"
#include "rt/realtime.h"

#define RATE_HZ 48000u

struct asked {
    struct rondo_clock *clock; /* virtual; NULL: the real one */
    struct rondo_engine *engine;
    uint64_t turn;
    RONDO_ATOMIC(uint64_t) seen[3]; /* states */
    RONDO_ATOMIC(uint64_t) positions;
    uint64_t last_pos;
};

static void *
set_up(const void *parameter)
{
    struct rondo_engine_config config = RONDO_ENGINE_CONFIG_INIT;
    struct asked *const asked = rt_memory(sizeof *asked);

    if (parameter != NULL)
        RT_ASSERT(rondo_clock_virtual_create(&asked->clock) == 0);
    config.clock = asked->clock;
    config.format.rate_hz = RATE_HZ;
    config.realtime_priority = -1;
    RT_ASSERT(rondo_engine_open(&asked->engine, "null:", &config) == 0);
    RT_ASSERT(rondo_engine_allocate_buffer(asked->engine, RATE_HZ / 1000, RATE_HZ / 100) == 0);
    return asked;
}

static void
ask(void *context)
{
    struct asked *const asked = context;
    const enum rondo_engine_state state = RT_CALL(rondo_engine_state)(asked->engine);
    const struct rondo_xrun xrun = {RONDO_XRUN_LOST, RONDO_CAUSE_APPLICATION, asked->last_pos, 0,
                                    1};
    uint64_t time_ns;
    const uint64_t pos = RT_CALL(rondo_engine_position)(asked->engine, &time_ns);

    rondo_store_relaxed(&asked->seen[state], rondo_load_relaxed(&asked->seen[state]) + 1);
    if (pos != asked->last_pos)
        rondo_store_relaxed(&asked->positions, rondo_load_relaxed(&asked->positions) + 1);
    RT_CALL(rondo__engine_count_xrun)(asked->engine, &xrun);
    asked->last_pos = RT_CALL(rondo_engine_position)(asked->engine, NULL);
}

static void
change(void *context)
{
    static const enum rondo_engine_state order[] = {RONDO_ENGINE_STOPPED, RONDO_ENGINE_RUNNING,
                                                    RONDO_ENGINE_STOPPED, RONDO_ENGINE_RESET};
    struct asked *const asked = context;

    RT_ASSERT(rondo_engine_set_state(asked->engine, order[asked->turn++ % 4]) == 0);
    for (int i = 0; i < 10; i++) {
        if (asked->clock != NULL)
            RT_ASSERT(rondo_clock_advance(asked->clock, 500000) == 0);
        rt_yield();
    }
}

static bool
has_seen_all(const void *context)
{
    const struct asked *const asked = context;

    return rondo_load_relaxed(&asked->seen[RONDO_ENGINE_RESET]) > 0 &&
           rondo_load_relaxed(&asked->seen[RONDO_ENGINE_STOPPED]) > 0 &&
           rondo_load_relaxed(&asked->seen[RONDO_ENGINE_RUNNING]) > 0 &&
           rondo_load_relaxed(&asked->positions) > 10;
}

int
main(void)
{
    static const struct rt_case cases[] = {
        {.name = "questions_beside_changes_of_state",
         .set_up = set_up,
         .realtime = ask,
         .beside = change,
         .enough = has_seen_all},
        {.name = "questions_under_a_virtual_clock",
         .set_up = set_up,
         .parameter = "virtual",
         .realtime = ask,
         .beside = change,
         .enough = has_seen_all},
    };

    return rt_run(cases, sizeof cases / sizeof cases[0]);
}
