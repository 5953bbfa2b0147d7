/* SPDX-License-Identifier: MIT */
/*
 * When a callback is called and when it is not: at stops, drains, ends and failures.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include <rondo/stream.h>

#include "support/probe_backend.h"

#define PERIOD_NS   10000000u /* 480 frames at 48 kHz, the default */
#define DEADLINE_S  60
#define DEADLINE_NS INT64_C(20000000000)

static struct rondo_clock *virtual_clock;

static int
set_up(void **unused)
{
    (void)unused;
    alarm(DEADLINE_S); /* a stop that never returns ends here */
    probe_reset();
    return rondo_clock_virtual_create(&virtual_clock);
}

static int
tear_down(void **unused)
{
    (void)unused;
    assert_int_equal(probe.overlapped, 0);
    assert_int_equal(probe.opens, probe.closes);
    rondo_clock_destroy(virtual_clock);
    return 0;
}

/* What the callback does and saw. */
struct called {
    uint32_t calls;
    uint32_t limit;   /* frames to take or give in each call; 0: all */
    uint32_t stop_at; /* call in which to stop the stream; 0: never */
    int32_t number;   /* of the last frame */
    int result;
};

static uint32_t
on_span(struct rondo_stream *stream, struct rondo_span span, void *context)
{
    struct called *const called = (struct called *)context;
    struct rondo_stream_info info;
    uint32_t frames = span.frames;

    rondo_stream_query_info(stream, &info);
    called->calls++;
    if (called->limit != 0 && called->limit < frames)
        frames = called->limit;
    for (uint32_t frame = 0; frame < frames; frame++) {
        called->number++;
        if (info.direction == RONDO_RENDER)
            ((int32_t *)span.data)[frame] = called->number;
        else if (((int32_t *)span.data)[frame] != called->number)
            called->result = -EILSEQ;
    }
    if (called->calls == called->stop_at)
        called->result = rondo_stream_stop(stream);
    return frames;
}

static struct rondo_stream *
open_called(struct called *called, enum rondo_direction direction, struct rondo_clock *clock)
{
    struct rondo_stream_config config = RONDO_STREAM_CONFIG_INIT;
    struct rondo_stream *stream;

    config.direction = direction;
    config.clock = clock;
    config.callback = on_span;
    config.callback_context = called;
    assert_int_equal(
        rondo_stream_open(&stream, direction == RONDO_CAPTURE ? "probe:" : "probe-sink:", &config),
        0);
    return stream;
}

static void
assert_rendered_in_order(int32_t frames)
{
    assert_int_equal(probe.rendered_frames, frames);
    for (int32_t frame = 0; frame < frames && frame < (int32_t)PROBE_RENDERED_MAX; frame++)
        if (probe.rendered[frame] != 0 || probe.rendered_frames <= PROBE_RENDERED_MAX)
            assert_int_equal(probe.rendered[frame], frame + 1);
}

static void
callback_that_stops_before_the_first_period_is_not_called_again(void **unused)
{
    struct called called = {.stop_at = 1};
    struct rondo_stream *const stream = open_called(&called, RONDO_RENDER, virtual_clock);

    (void)unused;
    assert_int_equal(rondo_stream_start(stream), 0);
    rondo_clock_advance(virtual_clock, 3 * PERIOD_NS);
    assert_int_equal(called.calls, 1);
    assert_int_equal(called.result, 0);
    assert_int_equal(probe.rendered_frames, 0);
    assert_int_equal(rondo_stream_start(stream), 0); /* and goes on from there */
    rondo_clock_advance(virtual_clock, 3 * PERIOD_NS);
    assert_rendered_in_order(3 * 480);
    rondo_stream_close(stream);
}

static void
callback_that_stops_gets_nothing_of_what_it_has_left(void **unused)
{
    struct called called = {.limit = 1};
    struct rondo_stream *const stream = open_called(&called, RONDO_CAPTURE, virtual_clock);

    (void)unused;
    assert_int_equal(rondo_stream_start(stream), 0);
    rondo_clock_advance(virtual_clock, 3 * PERIOD_NS);
    assert_int_equal(called.calls, 3);
    called.limit = 0;
    called.stop_at = 4;
    rondo_clock_advance(virtual_clock, 3 * PERIOD_NS);
    assert_int_equal(called.calls, 4);
    assert_int_equal(called.number, 3 + 480);
    assert_int_equal(called.result, 0);
    rondo_stream_close(stream);
}

static void
callback_is_not_asked_for_more_while_a_stream_drains(void **unused)
{
    struct called called = {.calls = 0};
    struct rondo_stream *stream = open_called(&called, RONDO_RENDER, virtual_clock);
    int32_t queued;

    (void)unused;
    assert_int_equal(rondo_stream_start(stream), 0);
    rondo_clock_advance(virtual_clock, 10 * PERIOD_NS);
    queued = called.number;
    assert_int_equal(queued, 14 * 480);
    assert_int_equal(rondo_stream_drain(stream, 0), -ETIMEDOUT);
    rondo_stream_kick(stream);
    rondo_clock_advance(virtual_clock, 10 * PERIOD_NS);
    assert_int_equal(rondo_stream_drain(stream, DEADLINE_NS), 0);
    assert_int_equal(called.number, queued);
    assert_rendered_in_order(queued);
    rondo_stream_close(stream);

    probe_reset();
    called.number = 0;
    stream = open_called(&called, RONDO_RENDER, rondo_clock_offline());
    assert_int_equal(rondo_stream_start(stream), 0);
    assert_int_equal(rondo_stream_drain(stream, DEADLINE_NS), 0);
    assert_rendered_in_order(called.number);
    rondo_stream_close(stream);
}

static void
offline_render_with_a_callback_can_be_stopped(void **unused)
{
    struct called called = {.calls = 0};
    struct rondo_stream *const stream = open_called(&called, RONDO_RENDER, rondo_clock_offline());

    (void)unused;
    for (int round = 0; round < 20; round++) {
        assert_int_equal(rondo_stream_start(stream), 0);
        assert_int_equal(rondo_stream_stop(stream), 0);
        /* What was given has been played, and nothing more was asked for. */
        assert_int_equal(probe.rendered_frames, called.number);
    }
    assert_int_equal(rondo_stream_start(stream), 0);
    rondo_stream_close(stream);
}

static void
callback_gets_what_it_left_at_the_end_when_it_is_kicked(void **unused)
{
    struct called called = {.limit = 100};
    struct rondo_stream *stream;

    (void)unused;
    probe.end_at = 1000;
    stream = open_called(&called, RONDO_CAPTURE, virtual_clock);
    assert_int_equal(rondo_stream_start(stream), 0);
    rondo_clock_advance(virtual_clock, 10 * PERIOD_NS);
    called.limit = 0;
    rondo_stream_kick(stream);
    rondo_clock_advance(virtual_clock, 0);
    assert_int_equal(called.number, 1000);
    assert_int_equal(called.result, 0);
    rondo_stream_close(stream);
}

static void
callback_gets_all_that_came_before_a_failure(void **unused)
{
    struct called called = {.calls = 0};
    struct rondo_stream *const stream = open_called(&called, RONDO_CAPTURE, virtual_clock);

    (void)unused;
    assert_int_equal(rondo_stream_start(stream), 0);
    rondo_clock_advance(virtual_clock, PERIOD_NS + PERIOD_NS / 2);
    assert_int_equal(rondo_stream_stop(stream), 0);
    assert_int_equal(called.number, 480);
    probe.fail_code = -EIO;
    probe.fail_at = 720;
    assert_int_equal(rondo_stream_start(stream), 0);
    rondo_clock_advance(virtual_clock, PERIOD_NS);
    assert_int_equal(rondo_stream_error(stream, NULL), -EIO);
    assert_int_equal(called.number, 720);
    rondo_stream_close(stream);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(callback_that_stops_before_the_first_period_is_not_called_again),
        TEST(callback_that_stops_gets_nothing_of_what_it_has_left),
        TEST(callback_is_not_asked_for_more_while_a_stream_drains),
        TEST(offline_render_with_a_callback_can_be_stopped),
        TEST(callback_gets_what_it_left_at_the_end_when_it_is_kicked),
        TEST(callback_gets_all_that_came_before_a_failure),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
