/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <rondo/clock.h>
#include <rondo/stream.h>

static void
clocks_say_what_they_are(void **unused)
{
    struct rondo_clock *clock;

    (void)unused;
    assert_int_equal(rondo_clock_kind(rondo_clock_real()), RONDO_CLOCK_REAL);
    assert_int_equal(rondo_clock_kind(rondo_clock_offline()), RONDO_CLOCK_OFFLINE);
    assert_int_equal(rondo_clock_kind(NULL), RONDO_CLOCK_REAL);
    assert_int_equal(rondo_clock_virtual_create(&clock), 0);
    assert_int_equal(rondo_clock_kind(clock), RONDO_CLOCK_VIRTUAL);
    assert_int_equal(rondo_clock_destroy(clock), 0);
    assert_int_equal(rondo_clock_destroy(NULL), 0);
    assert_int_equal(rondo_clock_destroy(rondo_clock_real()), 0);
    assert_int_equal(rondo_clock_virtual_create(NULL), -EINVAL);
}

static void
virtual_clock_stands_still_until_it_is_turned(void **unused)
{
    struct rondo_clock *clock;

    (void)unused;
    assert_int_equal(rondo_clock_virtual_create(&clock), 0);
    assert_int_equal(rondo_clock_now_ns(clock), 0);
    assert_int_equal(rondo_clock_advance(clock, 7), 0);
    assert_int_equal(rondo_clock_now_ns(clock), 7);
    assert_int_equal(rondo_clock_advance(clock, UINT64_MAX), 0); /* the end of time */
    assert_int_equal(rondo_clock_now_ns(clock), UINT64_MAX - 1);
    rondo_clock_destroy(clock);
}

static void
only_a_virtual_clock_can_be_turned(void **unused)
{
    (void)unused;
    assert_int_equal(rondo_clock_advance(rondo_clock_real(), 1), -EINVAL);
    assert_int_equal(rondo_clock_advance(rondo_clock_offline(), 1), -EINVAL);
    assert_int_equal(rondo_clock_advance(NULL, 1), -EINVAL);
    assert_int_equal(rondo_clock_now_ns(rondo_clock_offline()), 0);
}

static void
real_clock_goes_forward(void **unused)
{
    const uint64_t before_ns = rondo_clock_now_ns(rondo_clock_real());

    (void)unused;
    while (rondo_clock_now_ns(rondo_clock_real()) == before_ns)
        ;
    assert_true(rondo_clock_now_ns(NULL) > before_ns);
}

struct tick {
    uint64_t time_ns[16];
    uint32_t calls;
    struct rondo_clock *clock;
};

static uint32_t
on_tick(struct rondo_stream *stream, struct rondo_span span, void *context)
{
    struct tick *const tick = (struct tick *)context;

    (void)stream;
    if (tick->calls < 16)
        tick->time_ns[tick->calls] = rondo_clock_now_ns(tick->clock);
    tick->calls++;
    return span.frames;
}

static void
virtual_clock_stops_at_every_moment_that_a_stream_waits_for(void **unused)
{
    struct rondo_stream_config config = RONDO_STREAM_CONFIG_INIT;
    struct tick ticks[2] = {{.calls = 0}, {.calls = 0}};
    struct rondo_stream *streams[2];
    struct rondo_clock *clock;

    (void)unused;
    assert_int_equal(rondo_clock_virtual_create(&clock), 0);
    config.clock = clock;
    config.callback = on_tick;
    for (uint32_t i = 0; i < 2; i++) {
        ticks[i].clock = clock;
        config.callback_context = &ticks[i];
        config.period_frames = i == 0 ? 480 : 720;
        assert_int_equal(rondo_stream_open(&streams[i], "null:", &config), 0);
        assert_int_equal(rondo_stream_start(streams[i]), 0);
    }
    /* One turn of the clock, and yet each callback sees its own moment. */
    assert_int_equal(rondo_clock_advance(clock, 60000000), 0);
    assert_int_equal(ticks[0].calls, 6);
    assert_int_equal(ticks[1].calls, 4);
    for (uint32_t call = 0; call < 6; call++)
        assert_int_equal(ticks[0].time_ns[call], (call + 1) * 10000000);
    for (uint32_t call = 0; call < 4; call++)
        assert_int_equal(ticks[1].time_ns[call], (call + 1) * 15000000);
    rondo_stream_close(streams[0]);
    assert_int_equal(rondo_clock_destroy(clock), -EBUSY);
    rondo_stream_close(streams[1]);
    assert_int_equal(rondo_clock_destroy(clock), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clocks_say_what_they_are),
        cmocka_unit_test(virtual_clock_stands_still_until_it_is_turned),
        cmocka_unit_test(only_a_virtual_clock_can_be_turned),
        cmocka_unit_test(real_clock_goes_forward),
        cmocka_unit_test(virtual_clock_stops_at_every_moment_that_a_stream_waits_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
