/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <rondo/engine.h>

#include "support/probe_backend.h"

/* The state table of engine.h, cell by cell: rows are calls, columns states. */
enum state {
    NO_BUFFER,
    BUFFER,
    STOPPED,
    RUNNING,
    GONE
};

static const char *const state_names[] = {"no buffer", "buffer", "stopped", "running", "gone"};

static const struct {
    const char *call;
    int result[4];
    enum state next[4];
} table[] = {
    {"set_format", {0, -EBADFD, -EBADFD, -EBADFD}, {NO_BUFFER, BUFFER, STOPPED, RUNNING}},
    {"allocate_buffer", {0, -EBADFD, -EBADFD, -EBADFD}, {BUFFER, BUFFER, STOPPED, RUNNING}},
    {"free_buffer", {-EBADFD, 0, -EBADFD, -EBADFD}, {NO_BUFFER, NO_BUFFER, STOPPED, RUNNING}},
    {"close", {0, -EBADFD, -EBADFD, -EBADFD}, {GONE, BUFFER, STOPPED, RUNNING}},
    {"reset", {0, 0, 0, -EBADFD}, {NO_BUFFER, BUFFER, BUFFER, RUNNING}},
    {"stop", {-EBADFD, 0, 0, 0}, {NO_BUFFER, STOPPED, STOPPED, STOPPED}},
    {"run", {-EBADFD, -EBADFD, 0, 0}, {NO_BUFFER, BUFFER, RUNNING, RUNNING}},
};

static int
do_call(struct rondo_engine *engine, size_t row)
{
    const struct rondo_format format = {RONDO_S32, 1, 44100};

    switch (row) {
    case 0:
        return rondo_engine_set_format(engine, &format);
    case 1:
        return rondo_engine_allocate_buffer(engine, 0, 0);
    case 2:
        return rondo_engine_free_buffer(engine);
    case 3:
        return rondo_engine_close(engine);
    case 4:
        return rondo_engine_set_state(engine, RONDO_ENGINE_RESET);
    case 5:
        return rondo_engine_set_state(engine, RONDO_ENGINE_STOPPED);
    default:
        return rondo_engine_set_state(engine, RONDO_ENGINE_RUNNING);
    }
}

static struct rondo_engine *
engine_in(enum state state, struct rondo_clock *clock)
{
    struct rondo_engine_config config = RONDO_ENGINE_CONFIG_INIT;
    struct rondo_engine *engine;

    config.clock = clock;
    assert_int_equal(rondo_engine_open(&engine, "probe:", &config), 0);
    if (state >= BUFFER)
        assert_int_equal(rondo_engine_allocate_buffer(engine, 0, 0), 0);
    if (state >= STOPPED)
        assert_int_equal(rondo_engine_set_state(engine, RONDO_ENGINE_STOPPED), 0);
    if (state >= RUNNING)
        assert_int_equal(rondo_engine_set_state(engine, RONDO_ENGINE_RUNNING), 0);
    return engine;
}

/* The state, told by what is seen from outside. */
static enum state
state_of(struct rondo_engine *engine)
{
    struct rondo_engine_info info;

    switch (rondo_engine_state(engine)) {
    case RONDO_ENGINE_STOPPED:
        return STOPPED;
    case RONDO_ENGINE_RUNNING:
        return RUNNING;
    case RONDO_ENGINE_RESET:
        break;
    }
    rondo_engine_query_info(engine, &info);
    return info.buffer_frames == 0 ? NO_BUFFER : BUFFER;
}

static void
dispose(struct rondo_engine *engine)
{
    rondo_engine_set_state(engine, RONDO_ENGINE_STOPPED);
    rondo_engine_set_state(engine, RONDO_ENGINE_RESET);
    rondo_engine_free_buffer(engine);
    assert_int_equal(rondo_engine_close(engine), 0);
}

static void
engine_follows_the_state_table_in_every_cell(void **unused)
{
    struct rondo_clock *clock;

    (void)unused;
    probe_reset();
    assert_int_equal(rondo_clock_virtual_create(&clock), 0);
    for (size_t row = 0; row < sizeof table / sizeof table[0]; row++) {
        for (size_t column = 0; column < 4; column++) {
            struct rondo_engine *const engine = engine_in((enum state)column, clock);
            const int result = do_call(engine, row);

            if (result != table[row].result[column])
                fail_msg("%s in %s: %d", table[row].call, state_names[column], result);
            if (table[row].next[column] == GONE)
                continue;
            if (state_of(engine) != table[row].next[column])
                fail_msg("%s in %s leads to %s", table[row].call, state_names[column],
                         state_names[state_of(engine)]);
            dispose(engine);
        }
    }
    assert_int_equal(probe.opens, probe.closes);
    rondo_clock_destroy(clock);
}

static void
engine_refuses_a_state_that_does_not_exist(void **unused)
{
    struct rondo_engine *engine;

    (void)unused;
    probe_reset();
    engine = engine_in(STOPPED, NULL);
    assert_int_equal(rondo_engine_set_state(engine, (enum rondo_engine_state)3), -EINVAL);
    assert_int_equal(rondo_engine_set_state(NULL, RONDO_ENGINE_STOPPED), -EINVAL);
    assert_int_equal(rondo_engine_state(engine), RONDO_ENGINE_STOPPED);
    dispose(engine);
}

static void
engine_rounds_the_buffer_up_to_whole_periods(void **unused)
{
    static const struct {
        uint32_t period, buffer, granted_period, granted_buffer;
    } cases[] = {
        {0, 0, 480, 1920},    {0, 1, 480, 960}, {100, 0, 100, 400},     {100, 250, 100, 300},
        {100, 300, 100, 300}, {1, 1, 1, 2},     {441, 1000, 441, 1323}, {64, 65536, 64, 65536},
    };

    (void)unused;
    probe_reset();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct rondo_engine *const engine = engine_in(NO_BUFFER, NULL);
        struct rondo_engine_info info;

        assert_int_equal(rondo_engine_allocate_buffer(engine, cases[i].period, cases[i].buffer), 0);
        rondo_engine_query_info(engine, &info);
        assert_int_equal(info.period_frames, cases[i].granted_period);
        assert_int_equal(info.buffer_frames, cases[i].granted_buffer);
        dispose(engine);
    }
}

static void
engine_refuses_a_buffer_beyond_any_memory_and_stays_as_it_was(void **unused)
{
    struct rondo_engine *engine;

    (void)unused;
    probe_reset();
    engine = engine_in(NO_BUFFER, NULL);
    assert_int_equal(rondo_engine_allocate_buffer(engine, 0, UINT32_MAX), -EOVERFLOW);
    assert_int_equal(rondo_engine_allocate_buffer(engine, UINT32_MAX, 0), -EOVERFLOW);
    assert_int_equal(state_of(engine), NO_BUFFER);
    assert_int_equal(rondo_engine_allocate_buffer(engine, 0, 0), 0);
    dispose(engine);
}

static void
engine_set_format_keeps_the_old_device_when_the_new_one_fails(void **unused)
{
    const struct rondo_format other = {RONDO_S32, 1, 32000};
    struct rondo_engine_info info;
    struct rondo_engine *engine;

    (void)unused;
    probe_reset();
    engine = engine_in(NO_BUFFER, NULL);
    probe.open_code = -EBUSY;
    assert_int_equal(rondo_engine_set_format(engine, &other), -EBUSY);
    rondo_engine_query_info(engine, &info);
    assert_int_equal(info.format.rate_hz, 48000);
    assert_int_equal(probe.closes, 0);

    probe.open_code = 0;
    assert_int_equal(rondo_engine_set_format(engine, &other), 0);
    rondo_engine_query_info(engine, &info);
    assert_int_equal(info.format.rate_hz, 32000);
    assert_int_equal(probe.closes, 1);
    dispose(engine);
}

static void
engine_position_is_time_and_reset_makes_it_zero(void **unused)
{
    struct rondo_clock *clock;
    struct rondo_engine *engine;
    uint64_t time_ns;

    (void)unused;
    probe_reset();
    assert_int_equal(rondo_clock_virtual_create(&clock), 0);
    engine = engine_in(RUNNING, clock);
    assert_int_equal(rondo_engine_position(engine, NULL), 0);
    rondo_clock_advance(clock, 1000000000);
    assert_int_equal(rondo_engine_position(engine, &time_ns), 48000);
    assert_int_equal(time_ns, 1000000000);
    /* Not at the end of a period: told when the next one is complete. */
    rondo_clock_advance(clock, 9999999);
    assert_int_equal(rondo_engine_position(engine, NULL), 48000);
    /* Stopped is where the device is at that moment, period or not. */
    assert_int_equal(rondo_engine_set_state(engine, RONDO_ENGINE_STOPPED), 0);
    assert_int_equal(rondo_engine_position(engine, NULL), 48479);
    rondo_clock_advance(clock, 1000000000);
    assert_int_equal(rondo_engine_position(engine, NULL), 48479);
    assert_int_equal(rondo_engine_set_state(engine, RONDO_ENGINE_RUNNING), 0);
    rondo_clock_advance(clock, 1000000000);
    assert_int_equal(rondo_engine_position(engine, NULL), 96000 + 480 - 480);
    assert_int_equal(rondo_engine_set_state(engine, RONDO_ENGINE_STOPPED), 0);
    assert_int_equal(rondo_engine_position(engine, NULL), 96479);
    assert_int_equal(rondo_engine_set_state(engine, RONDO_ENGINE_RESET), 0);
    assert_int_equal(rondo_engine_position(engine, NULL), 0);
    dispose(engine);
    rondo_clock_destroy(clock);
}

static void
engine_refuses_a_bad_configuration_in_words(void **unused)
{
    static const struct {
        struct rondo_engine_config config;
        const char *device;
        int code;
        const char *word;
    } cases[] = {
        {{.direction = (enum rondo_direction)2}, "probe:", -EINVAL, "direction"},
        {{.at_end = (enum rondo_at_end)7}, "probe:", -EINVAL, "at_end"},
        {{.realtime_priority = 100}, "probe:", -EINVAL, "realtime_priority"},
        {{.format = {.sample = (enum rondo_sample_format)9}}, "probe:", -EINVAL, "sample"},
        {{.format = {.channels = 257}}, "probe:", -EINVAL, "channels"},
        {{.format = {.rate_hz = 1536001}}, "probe:", -EINVAL, "rate_hz"},
        {{.direction = RONDO_CAPTURE}, NULL, -EINVAL, "NULL"},
        {{.direction = RONDO_CAPTURE}, "take.wav", -EINVAL, "backend:address"},
        {{.direction = RONDO_CAPTURE}, "nothing:x", -ENOENT, "null"},
        {{.direction = RONDO_CAPTURE}, "probe:?rate=1", -EINVAL, "rate"},
    };

    (void)unused;
    probe_reset();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct rondo_engine_config config = cases[i].config;
        struct rondo_engine *engine = (struct rondo_engine *)&config;
        struct rondo_error error;

        config.size = sizeof config;
        config.error = &error;
        assert_int_equal(rondo_engine_open(&engine, cases[i].device, &config), cases[i].code);
        assert_null(engine);
        assert_int_equal(error.code, cases[i].code);
        if (strstr(error.text, cases[i].word) == NULL)
            fail_msg("'%s' does not tell of '%s'", error.text, cases[i].word);
    }
    {
        struct rondo_engine_config config = RONDO_ENGINE_CONFIG_INIT;
        struct rondo_engine *engine;

        config.size--;
        assert_int_equal(rondo_engine_open(&engine, "probe:", &config), -EINVAL);
        assert_int_equal(rondo_engine_open(NULL, "probe:", NULL), -EINVAL);
    }
    assert_int_equal(probe.opens, 0);
}

static void
engine_open_returns_what_the_backend_says(void **unused)
{
    struct rondo_engine_config config = RONDO_ENGINE_CONFIG_INIT;
    struct rondo_engine *engine;
    struct rondo_error error;

    (void)unused;
    probe_reset();
    probe.open_code = -EACCES;
    config.error = &error;
    assert_int_equal(rondo_engine_open(&engine, "probe:", &config), -EACCES);
    assert_null(engine);
    assert_string_equal(error.text, "probe: told to fail");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(engine_follows_the_state_table_in_every_cell),
        cmocka_unit_test(engine_refuses_a_state_that_does_not_exist),
        cmocka_unit_test(engine_rounds_the_buffer_up_to_whole_periods),
        cmocka_unit_test(engine_refuses_a_buffer_beyond_any_memory_and_stays_as_it_was),
        cmocka_unit_test(engine_set_format_keeps_the_old_device_when_the_new_one_fails),
        cmocka_unit_test(engine_position_is_time_and_reset_makes_it_zero),
        cmocka_unit_test(engine_refuses_a_bad_configuration_in_words),
        cmocka_unit_test(engine_open_returns_what_the_backend_says),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
