/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <rondo/stream.h>

#include "support/probe_backend.h"

#define PERIOD_NS   10000000u /* 480 frames at 48 kHz, the default */
#define DEADLINE_NS INT64_C(20000000000)

static struct rondo_clock *virtual_clock;

static int
set_up(void **unused)
{
    (void)unused;
    probe_reset();
    return rondo_clock_virtual_create(&virtual_clock);
}

static int
tear_down(void **unused)
{
    (void)unused;
    assert_int_equal(probe.overlapped, 0);
    assert_int_equal(probe.opens, probe.closes); /* a failed test left its stream on the clock */
    rondo_clock_destroy(virtual_clock);
    return 0;
}

static struct rondo_stream *
open_stream(const char *device, struct rondo_stream_config config)
{
    struct rondo_stream *stream;
    struct rondo_error error;

    config.size = sizeof config;
    config.error = &error;
    if (rondo_stream_open(&stream, device, &config) != 0)
        fail_msg("%s", error.text);
    return stream;
}

static struct rondo_stream *
open_capture(struct rondo_clock *clock)
{
    return open_stream("probe:", (struct rondo_stream_config){.clock = clock});
}

static struct rondo_stream *
open_render(struct rondo_clock *clock)
{
    return open_stream("probe-sink:",
                       (struct rondo_stream_config){.direction = RONDO_RENDER, .clock = clock});
}

/* Take everything there is; each frame must carry the next number. Returns frames. */
static uint32_t
take_numbered(struct rondo_stream *stream, int32_t *number)
{
    uint32_t taken = 0;

    for (;;) {
        const struct rondo_span span = rondo_stream_get(stream, UINT32_MAX);

        if (span.frames == 0)
            return taken;
        for (uint32_t frame = 0; frame < span.frames; frame++)
            assert_int_equal(((int32_t *)span.data)[frame], ++*number);
        assert_int_equal(rondo_stream_release(stream, span.frames), 0);
        taken += span.frames;
    }
}

/* Give numbered frames, at most max_frames. Returns frames. */
static uint32_t
give_numbered(struct rondo_stream *stream, int32_t *number, uint32_t max_frames)
{
    uint32_t given = 0;

    while (given < max_frames) {
        const struct rondo_span span = rondo_stream_get(stream, max_frames - given);

        if (span.frames == 0)
            break;
        for (uint32_t frame = 0; frame < span.frames; frame++)
            ((int32_t *)span.data)[frame] = ++*number;
        assert_int_equal(rondo_stream_release(stream, span.frames), 0);
        given += span.frames;
    }
    return given;
}

static struct rondo_stats
stats_of(const struct rondo_stream *stream)
{
    struct rondo_stats stats;

    rondo_stream_query_stats(stream, &stats);
    return stats;
}

/* ---- capture ---- */

static void
capture_delivers_every_frame_in_order_over_many_turns(void **unused)
{
    struct rondo_stream *const stream = open_capture(virtual_clock);
    int32_t number = 0;

    (void)unused;
    assert_int_equal(rondo_stream_start(stream), 0);
    for (int period = 0; period < 100; period++) {
        rondo_clock_advance(virtual_clock, PERIOD_NS);
        assert_int_equal(rondo_stream_wait(stream, 0), 480);
        assert_int_equal(take_numbered(stream, &number), 480);
        assert_int_equal(rondo_stream_wait(stream, 0), -ETIMEDOUT);
    }
    assert_int_equal(rondo_stream_position(stream, NULL), 48000);
    assert_int_equal(stats_of(stream).periods, 100);
    assert_int_equal(stats_of(stream).frames, 48000);
    assert_int_equal(stats_of(stream).wakeups, 100);
    assert_int_equal(stats_of(stream).wake_late[0], 100);
    assert_int_equal(stats_of(stream).xruns_lost, 0);
    rondo_stream_close(stream);
}

static void
capture_goes_on_after_stop_and_starts_anew_after_reset(void **unused)
{
    struct rondo_stream *const stream = open_capture(virtual_clock);
    int32_t number = 0;

    (void)unused;
    assert_int_equal(rondo_stream_start(stream), 0);
    rondo_clock_advance(virtual_clock, PERIOD_NS + PERIOD_NS / 2);
    assert_int_equal(rondo_stream_stop(stream), 0);
    assert_int_equal(rondo_stream_stop(stream), 0);
    rondo_clock_advance(virtual_clock, PERIOD_NS);
    assert_int_equal(take_numbered(stream, &number), 720);
    assert_int_equal(rondo_stream_wait(stream, 0), -EBADFD);
    assert_int_equal(rondo_stream_start(stream), 0);
    assert_int_equal(rondo_stream_start(stream), 0);
    rondo_clock_advance(virtual_clock, PERIOD_NS);
    assert_int_equal(rondo_stream_stop(stream), 0);
    assert_int_equal(take_numbered(stream, &number), 480);

    rondo_clock_advance(virtual_clock, PERIOD_NS);
    assert_int_equal(rondo_stream_reset(stream), 0);
    assert_int_equal(rondo_stream_position(stream, NULL), 0);
    assert_int_equal(rondo_stream_get(stream, 1).frames, 0);
    assert_int_equal(rondo_stream_start(stream), 0);
    rondo_clock_advance(virtual_clock, PERIOD_NS);
    number = 0;
    assert_int_equal(take_numbered(stream, &number), 480);
    rondo_stream_close(stream);
}

static void
capture_that_is_not_read_loses_the_oldest_and_tells_exactly_what(void **unused)
{
    struct rondo_stream *const stream = open_capture(virtual_clock);
    struct rondo_xrun xrun;
    struct rondo_span span;

    (void)unused;
    assert_int_equal(rondo_stream_start(stream), 0);
    rondo_clock_advance(virtual_clock, 4 * PERIOD_NS); /* the buffer is full, nothing is lost */
    assert_int_equal(rondo_stream_next_xrun(stream, &xrun), 0);
    for (int period = 0; period < 3; period++)
        rondo_clock_advance(virtual_clock, PERIOD_NS);
    span = rondo_stream_get(stream, UINT32_MAX);
    /* It goes on half a buffer behind the device. */
    assert_int_equal(((int32_t *)span.data)[0], 7 * 480 - 960 + 1);
    assert_int_equal(rondo_stream_release(stream, span.frames), 0);
    assert_int_equal(rondo_stream_next_xrun(stream, &xrun), 1);
    assert_int_equal(xrun.kind, RONDO_XRUN_LOST);
    assert_int_equal(xrun.cause, RONDO_CAUSE_APPLICATION);
    assert_int_equal(xrun.position, 0);
    assert_int_equal(xrun.frames, 7 * 480 - 960);
    assert_int_equal(xrun.time_ns, 7 * PERIOD_NS);
    assert_int_equal(rondo_stream_next_xrun(stream, &xrun), 0);
    assert_int_equal(stats_of(stream).xruns_lost, 1);
    assert_int_equal(stats_of(stream).frames_lost, 7 * 480 - 960);
    rondo_stream_close(stream);
}

static void
capture_release_tells_that_held_frames_were_overwritten(void **unused)
{
    struct rondo_stream *const stream = open_capture(virtual_clock);
    struct rondo_xrun xrun;
    struct rondo_span span;

    (void)unused;
    assert_int_equal(rondo_stream_start(stream), 0);
    rondo_clock_advance(virtual_clock, PERIOD_NS);
    span = rondo_stream_get(stream, UINT32_MAX);
    assert_int_equal(span.frames, 480);
    for (int period = 0; period < 3; period++)
        rondo_clock_advance(virtual_clock, PERIOD_NS);
    assert_int_equal(rondo_stream_release(stream, 100),
                     0); /* the buffer is full, nothing overwritten */
    rondo_clock_advance(virtual_clock, PERIOD_NS);
    assert_int_equal(rondo_stream_release(stream, 380), -EPIPE);
    assert_int_equal(rondo_stream_next_xrun(stream, &xrun), 1);
    assert_int_equal(xrun.position, 100);
    assert_int_equal(xrun.frames, 380);
    rondo_stream_close(stream);
}

static void
capture_release_counts_as_lost_all_that_it_says_not_to_use(void **unused)
{
    struct rondo_stream *const stream = open_capture(virtual_clock);
    struct rondo_xrun xrun;

    (void)unused;
    assert_int_equal(rondo_stream_start(stream), 0);
    for (int period = 0; period < 2; period++)
        rondo_clock_advance(virtual_clock, PERIOD_NS);
    assert_int_equal(rondo_stream_get(stream, UINT32_MAX).frames, 960);
    for (int period = 0; period < 3; period++)
        rondo_clock_advance(virtual_clock, PERIOD_NS);
    assert_int_equal(rondo_stream_release(stream, 960), -EPIPE); /* 480 of them overwritten */
    assert_int_equal(rondo_stream_next_xrun(stream, &xrun), 1);
    assert_int_equal(xrun.position, 0);
    assert_int_equal(xrun.frames, 960);
    assert_int_equal(stats_of(stream).frames_lost, 960);
    rondo_stream_close(stream);
}

static void
capture_release_of_more_than_was_lent_is_refused(void **unused)
{
    struct rondo_stream *const stream = open_capture(virtual_clock);
    int32_t number = 0;

    (void)unused;
    assert_int_equal(rondo_stream_release(stream, 1), -EINVAL);
    assert_int_equal(rondo_stream_start(stream), 0);
    rondo_clock_advance(virtual_clock, PERIOD_NS);
    assert_int_equal(rondo_stream_get(stream, 100).frames, 100);
    assert_int_equal(rondo_stream_release(stream, 101), -EINVAL);
    assert_int_equal(rondo_stream_release(stream, 0), 0);
    assert_int_equal(take_numbered(stream, &number), 480);
    rondo_stream_close(stream);
}

static void
capture_ends_with_the_device_and_says_so_after_the_last_frame(void **unused)
{
    struct rondo_stream *stream;
    int32_t number = 0;

    (void)unused;
    probe.end_at = 1000;
    stream = open_capture(virtual_clock);
    assert_int_equal(rondo_stream_start(stream), 0);
    rondo_clock_advance(virtual_clock, 10 * PERIOD_NS);
    assert_int_equal(rondo_stream_wait(stream, 0), 1000);
    assert_int_equal(take_numbered(stream, &number), 1000);
    assert_int_equal(rondo_stream_wait(stream, DEADLINE_NS), -ENODATA);
    assert_int_equal(rondo_stream_position(stream, NULL), 1000);
    assert_int_equal(rondo_stream_error(stream, NULL), 0);
    assert_int_equal(rondo_stream_reset(stream), 0);
    assert_int_equal(rondo_stream_start(stream), 0);
    rondo_clock_advance(virtual_clock, PERIOD_NS);
    number = 0;
    assert_int_equal(take_numbered(stream, &number), 480);
    rondo_stream_close(stream);
}

static void
capture_that_ended_is_never_late(void **unused)
{
    struct rondo_stream *stream;
    struct rondo_xrun xrun;

    (void)unused;
    probe.end_at = 3000; /* more than the buffer holds */
    stream = open_capture(virtual_clock);
    assert_int_equal(rondo_stream_start(stream), 0);
    rondo_clock_advance(virtual_clock, 100 * PERIOD_NS);
    rondo_stream_kick(stream);
    rondo_clock_advance(virtual_clock, 0);
    assert_true(rondo_stream_get(stream, 1).frames > 0);
    assert_int_equal(rondo_stream_next_xrun(stream, &xrun), 1);
    assert_int_equal(xrun.cause, RONDO_CAUSE_APPLICATION);
    rondo_stream_close(stream);
}

static void
capture_at_end_silence_goes_on_with_zeros(void **unused)
{
    struct rondo_stream *stream;
    struct rondo_span span;
    int32_t number = 0;

    (void)unused;
    probe.end_at = 500;
    stream = open_stream("probe:", (struct rondo_stream_config){.clock = virtual_clock,
                                                                .at_end = RONDO_AT_END_SILENCE});
    assert_int_equal(rondo_stream_start(stream), 0);
    rondo_clock_advance(virtual_clock, 3 * PERIOD_NS);
    span = rondo_stream_get(stream, UINT32_MAX);
    assert_int_equal(span.frames, 3 * 480);
    for (uint32_t frame = 0; frame < span.frames; frame++)
        assert_int_equal(((int32_t *)span.data)[frame], frame < 500 ? ++number : 0);
    rondo_stream_close(stream);
}

static void
capture_reports_a_failed_device_in_words_and_delivers_what_came_before(void **unused)
{
    struct rondo_stream *stream;
    struct rondo_error error;
    int32_t number = 0;

    (void)unused;
    probe.fail_at = 960;
    probe.fail_code = -ENODEV;
    stream = open_capture(virtual_clock);
    assert_int_equal(rondo_stream_start(stream), 0);
    rondo_clock_advance(virtual_clock, 5 * PERIOD_NS);
    assert_int_equal(rondo_stream_wait(stream, 0), 960);
    assert_int_equal(take_numbered(stream, &number), 960);
    assert_int_equal(rondo_stream_wait(stream, DEADLINE_NS), -ENODEV);
    assert_int_equal(rondo_stream_error(stream, &error), -ENODEV);
    assert_string_equal(error.text, "probe: told to fail");
    assert_int_equal(rondo_stream_stop(stream), 0);
    assert_int_equal(rondo_stream_start(stream), -ENODEV);
    probe.fail_at = 0;
    assert_int_equal(rondo_stream_reset(stream), 0);
    assert_int_equal(rondo_stream_error(stream, NULL), 0);
    assert_int_equal(rondo_stream_start(stream), 0);
    rondo_stream_close(stream);
}

/* Frames and the error behind them, in one transfer. */
static void
capture_delivers_the_last_frames_before_an_error_and_then_the_error(void **unused)
{
    struct rondo_clock *const clocks[] = {virtual_clock, rondo_clock_offline()};

    (void)unused;
    probe.fail_short = true;
    probe.fail_at = 700; /* inside a period */
    probe.fail_code = -ENODEV;
    for (size_t i = 0; i < sizeof clocks / sizeof clocks[0]; i++) {
        struct rondo_stream *const stream = open_capture(clocks[i]);
        struct rondo_error error;
        int32_t number = 0;
        int result;

        assert_int_equal(rondo_stream_start(stream), 0);
        if (clocks[i] == virtual_clock)
            rondo_clock_advance(virtual_clock, 5 * PERIOD_NS);
        while ((result = rondo_stream_wait(stream, DEADLINE_NS)) > 0)
            take_numbered(stream, &number);
        assert_int_equal(result, -ENODEV);
        assert_int_equal(number, 700);
        assert_int_equal(rondo_stream_error(stream, &error), -ENODEV);
        assert_string_equal(error.text, "probe: told to fail");
        assert_int_equal(rondo_stream_stop(stream), 0);
        assert_int_equal(rondo_stream_reset(stream), 0);
        assert_int_equal(rondo_stream_error(stream, NULL), 0);
        rondo_stream_close(stream);
    }
}

/* An error is no end: no silence comes instead of it. */
static void
capture_at_end_silence_ends_with_an_error_all_the_same(void **unused)
{
    struct rondo_stream *stream;
    int32_t number = 0;

    (void)unused;
    probe.fail_short = true;
    probe.fail_at = 700;
    probe.fail_code = -ENODEV;
    stream = open_stream("probe:", (struct rondo_stream_config){.clock = virtual_clock,
                                                                .at_end = RONDO_AT_END_SILENCE});
    assert_int_equal(rondo_stream_start(stream), 0);
    rondo_clock_advance(virtual_clock, 5 * PERIOD_NS);
    assert_int_equal(take_numbered(stream, &number), 700);
    assert_int_equal(rondo_stream_wait(stream, DEADLINE_NS), -ENODEV);
    rondo_stream_close(stream);
}

static void
capture_delay_is_what_was_not_taken_and_the_devices_own(void **unused)
{
    struct rondo_stream *const stream = open_capture(virtual_clock);

    (void)unused;
    assert_int_equal(rondo_stream_delay(stream), 7);
    assert_int_equal(rondo_stream_start(stream), 0);
    rondo_clock_advance(virtual_clock, 2 * PERIOD_NS);
    assert_int_equal(rondo_stream_delay(stream), 960 + 7);
    assert_int_equal(rondo_stream_get(stream, 200).frames, 200);
    assert_int_equal(rondo_stream_release(stream, 200), 0);
    assert_int_equal(rondo_stream_delay(stream), 760 + 7);
    rondo_stream_close(stream);
}

/* ---- render ---- */

static void
render_plays_every_frame_in_order_over_many_turns(void **unused)
{
    struct rondo_stream *const stream = open_render(virtual_clock);
    int32_t number = 0;

    (void)unused;
    assert_int_equal(give_numbered(stream, &number, UINT32_MAX), 1920);
    assert_int_equal(rondo_stream_wait(stream, 0), -EBADFD);
    assert_int_equal(rondo_stream_start(stream), 0);
    assert_int_equal(rondo_stream_wait(stream, 0), -ETIMEDOUT);
    for (int period = 0; period < 100; period++) {
        rondo_clock_advance(virtual_clock, PERIOD_NS);
        assert_int_equal(rondo_stream_wait(stream, 0), 480);
        assert_int_equal(give_numbered(stream, &number, UINT32_MAX), 480);
    }
    assert_int_equal(probe.rendered_frames, 48000);
    for (int32_t frame = 0; frame < 48000; frame++)
        assert_int_equal(probe.rendered[frame], frame + 1);
    assert_int_equal(stats_of(stream).xruns_lost, 0);
    rondo_stream_close(stream);
}

static void
render_that_is_not_fed_plays_silence_told_as_one_xrun(void **unused)
{
    struct rondo_stream *const stream = open_render(virtual_clock);
    struct rondo_xrun xrun;
    int32_t number = 0;

    (void)unused;
    assert_int_equal(give_numbered(stream, &number, 500), 500);
    assert_int_equal(rondo_stream_start(stream), 0);
    rondo_clock_advance(virtual_clock, 5 * PERIOD_NS);
    assert_int_equal(rondo_stream_next_xrun(stream, &xrun), 0); /* it has not ended yet */
    assert_int_equal(rondo_stream_delay(stream), 7);
    assert_int_equal(give_numbered(stream, &number, 480), 480); /* goes on where the device is */
    rondo_clock_advance(virtual_clock, PERIOD_NS);
    assert_int_equal(rondo_stream_next_xrun(stream, &xrun), 1);
    assert_int_equal(xrun.kind, RONDO_XRUN_LOST);
    assert_int_equal(xrun.cause, RONDO_CAUSE_APPLICATION);
    assert_int_equal(xrun.position, 500);
    assert_int_equal(xrun.frames, 5 * 480 - 500);
    assert_int_equal(stats_of(stream).frames_lost, 5 * 480 - 500);
    assert_int_equal(probe.rendered_frames, 6 * 480);
    for (int32_t frame = 0; frame < 6 * 480; frame++) {
        const int32_t expected = frame < 500       ? frame + 1
                                 : frame < 5 * 480 ? 0
                                                   : frame - 5 * 480 + 501;

        assert_int_equal(probe.rendered[frame], expected);
    }
    rondo_stream_close(stream);
}

static void
render_release_tells_that_the_device_has_passed(void **unused)
{
    struct rondo_stream *const stream = open_render(virtual_clock);

    (void)unused;
    assert_int_equal(rondo_stream_start(stream), 0);
    assert_int_equal(rondo_stream_get(stream, 100).frames, 100);
    rondo_clock_advance(virtual_clock, PERIOD_NS);
    assert_int_equal(rondo_stream_release(stream, 100), -EPIPE);
    rondo_stream_close(stream);
}

static void
render_drain_plays_to_the_last_frame_and_not_one_more(void **unused)
{
    struct rondo_stream *stream;
    int32_t number = 0;

    (void)unused;
    /* Half a second a period: nobody is so late to ask for the drain. */
    stream = open_stream("probe-sink:", (struct rondo_stream_config){.direction = RONDO_RENDER,
                                                                     .realtime_priority = -1,
                                                                     .format.rate_hz = 8000,
                                                                     .period_frames = 4000,
                                                                     .buffer_frames = 16000});
    assert_int_equal(give_numbered(stream, &number, 9234), 9234);
    assert_int_equal(rondo_stream_drain(stream, 0), -EBADFD);
    assert_int_equal(rondo_stream_start(stream), 0);
    assert_int_equal(rondo_stream_drain(stream, DEADLINE_NS), 0);
    assert_int_equal(probe.rendered_frames, 9234);
    assert_int_equal(probe.rendered[9233], 9234);
    assert_int_equal(rondo_stream_position(stream, NULL), 9234);
    assert_int_equal(stats_of(stream).xruns_lost, 0);
    /* Stopped now: nothing more happens, and it can go on. */
    assert_int_equal(rondo_stream_drain(stream, DEADLINE_NS), 0);
    assert_int_equal(give_numbered(stream, &number, 5000), 5000);
    assert_int_equal(rondo_stream_start(stream), 0);
    assert_int_equal(rondo_stream_drain(stream, DEADLINE_NS), 0);
    assert_int_equal(probe.rendered_frames, 14234);
    rondo_stream_close(stream);
}

static void
render_drain_that_takes_too_long_says_so_and_goes_on(void **unused)
{
    struct rondo_stream *const stream = open_render(virtual_clock);
    int32_t number = 0;

    (void)unused;
    assert_int_equal(give_numbered(stream, &number, 1000), 1000);
    assert_int_equal(rondo_stream_start(stream), 0);
    assert_int_equal(rondo_stream_drain(stream, 1), -ETIMEDOUT);
    rondo_clock_advance(virtual_clock, 10 * PERIOD_NS);
    assert_int_equal(probe.rendered_frames, 1000);
    assert_int_equal(rondo_stream_drain(stream, DEADLINE_NS), 0);
    rondo_stream_close(stream);
}

static void
render_failure_ends_draining_and_waiting(void **unused)
{
    struct rondo_stream *stream;
    struct rondo_error error;
    int32_t number = 0;

    (void)unused;
    probe.fail_at = 960;
    probe.fail_code = -ENOSPC;
    stream = open_stream("probe-sink:", (struct rondo_stream_config){.direction = RONDO_RENDER});
    assert_int_equal(give_numbered(stream, &number, 1920), 1920);
    assert_int_equal(rondo_stream_start(stream), 0);
    assert_int_equal(rondo_stream_drain(stream, DEADLINE_NS), -ENOSPC);
    assert_int_equal(rondo_stream_wait(stream, DEADLINE_NS), -ENOSPC);
    assert_int_equal(rondo_stream_error(stream, &error), -ENOSPC);
    /* Who only looks at the reset learns it too: the file is not whole. */
    assert_int_equal(rondo_stream_reset(stream), -ENOSPC);
    assert_int_equal(rondo_stream_error(stream, &error), -ENOSPC);
    assert_string_equal(error.text, "probe: told to fail");
    probe.fail_at = 0;
    assert_int_equal(rondo_stream_reset(stream), 0);
    assert_int_equal(rondo_stream_error(stream, &error), 0);
    assert_int_equal(give_numbered(stream, &number, 100), 100);
    assert_int_equal(rondo_stream_start(stream), 0);
    assert_int_equal(rondo_stream_drain(stream, DEADLINE_NS), 0);
    rondo_stream_close(stream);
}

static void
refused_reset_is_told_in_words(void **unused)
{
    struct rondo_stream *stream;
    struct rondo_error error;

    (void)unused;
    stream = open_render(virtual_clock);
    probe.reset_code = -EIO;
    assert_int_equal(rondo_stream_reset(stream), -EIO);
    assert_int_equal(rondo_stream_error(stream, &error), -EIO);
    assert_string_equal(error.text, "probe: told to fail");
    probe.reset_code = 0;
    assert_int_equal(rondo_stream_start(stream), 0);
    assert_int_equal(rondo_stream_error(stream, NULL), 0);
    rondo_stream_close(stream);
}

static void
capture_cannot_be_drained(void **unused)
{
    struct rondo_stream *const stream = open_capture(virtual_clock);

    (void)unused;
    assert_int_equal(rondo_stream_drain(stream, 0), -ENOTSUP);
    rondo_stream_close(stream);
}

/* ---- callbacks ---- */

struct called {
    uint32_t calls;
    int32_t number;
    uint32_t take;    /* frames to take of each span; 0: all */
    uint32_t stop_at; /* call in which to stop the stream; 0: never */
    bool restart;
    int result;
};

static uint32_t
on_span(struct rondo_stream *stream, struct rondo_span span, void *context)
{
    struct called *const called = (struct called *)context;
    const uint32_t frames =
        called->take != 0 && called->take < span.frames ? called->take : span.frames;

    called->calls++;
    for (uint32_t frame = 0; frame < frames; frame++)
        if (((int32_t *)span.data)[frame] != ++called->number)
            called->result = -EILSEQ;
    if (called->calls == called->stop_at) {
        called->result = rondo_stream_stop(stream);
        if (called->result == 0 && called->restart)
            called->result = rondo_stream_start(stream);
        if (rondo_stream_reset(stream) != -EBADFD)
            called->result = -EILSEQ;
    }
    return frames;
}

static uint32_t
on_room(struct rondo_stream *stream, struct rondo_span span, void *context)
{
    struct called *const called = (struct called *)context;

    (void)stream;
    called->calls++;
    for (uint32_t frame = 0; frame < span.frames; frame++)
        ((int32_t *)span.data)[frame] = ++called->number;
    return span.frames;
}

static void
callback_gets_each_period_once_and_nothing_after_stop(void **unused)
{
    struct called called = {.calls = 0};
    struct rondo_stream *const stream = open_stream(
        "probe:", (struct rondo_stream_config){
                      .clock = virtual_clock, .callback = on_span, .callback_context = &called});

    (void)unused;
    rondo_clock_advance(virtual_clock, PERIOD_NS);
    assert_int_equal(called.calls, 0);
    assert_int_equal(rondo_stream_start(stream), 0);
    rondo_clock_advance(virtual_clock, 7 * PERIOD_NS);
    assert_int_equal(called.calls, 7);
    assert_int_equal(called.number, 7 * 480);
    rondo_clock_advance(virtual_clock, PERIOD_NS / 2);
    assert_int_equal(rondo_stream_stop(stream), 0);
    rondo_clock_advance(virtual_clock, 7 * PERIOD_NS);
    assert_int_equal(called.calls, 7);
    /* The half period counts when it goes on. */
    assert_int_equal(rondo_stream_start(stream), 0);
    rondo_clock_advance(virtual_clock, PERIOD_NS / 2);
    assert_int_equal(called.calls, 8);
    assert_int_equal(called.result, 0);
    rondo_stream_close(stream);
}

static void
callback_that_takes_less_is_offered_the_rest_again(void **unused)
{
    struct called called = {.take = 100};
    struct rondo_stream *const stream = open_stream(
        "probe:", (struct rondo_stream_config){
                      .clock = virtual_clock, .callback = on_span, .callback_context = &called});

    (void)unused;
    assert_int_equal(rondo_stream_start(stream), 0);
    rondo_clock_advance(virtual_clock, PERIOD_NS);
    assert_int_equal(called.calls, 1);
    assert_int_equal(called.number, 100);
    called.take = 0;
    rondo_stream_kick(stream);
    rondo_clock_advance(virtual_clock, 0);
    assert_int_equal(called.number, 480);
    assert_int_equal(called.result, 0);
    rondo_stream_close(stream);
}

static void
callback_may_stop_the_stream_after_this_very_period(void **unused)
{
    struct called called = {.stop_at = 3};
    struct rondo_stream *const stream = open_stream(
        "probe:", (struct rondo_stream_config){
                      .clock = virtual_clock, .callback = on_span, .callback_context = &called});

    (void)unused;
    assert_int_equal(rondo_stream_start(stream), 0);
    rondo_clock_advance(virtual_clock, 10 * PERIOD_NS);
    assert_int_equal(called.calls, 3);
    assert_int_equal(called.result, 0);
    assert_int_equal(rondo_stream_position(stream, NULL), 3 * 480);
    called.stop_at = 5;
    called.restart = true;
    assert_int_equal(rondo_stream_start(stream), 0);
    rondo_clock_advance(virtual_clock, 10 * PERIOD_NS);
    assert_int_equal(called.calls, 13);
    assert_int_equal(called.result, 0);
    rondo_stream_close(stream);
}

static void
callback_of_a_render_fills_the_buffer_before_the_start(void **unused)
{
    struct called called = {.calls = 0};
    struct rondo_stream *const stream =
        open_stream("probe-sink:", (struct rondo_stream_config){.direction = RONDO_RENDER,
                                                                .clock = virtual_clock,
                                                                .callback = on_room,
                                                                .callback_context = &called});

    (void)unused;
    assert_int_equal(rondo_stream_start(stream), 0);
    assert_int_equal(called.calls, 4);
    rondo_clock_advance(virtual_clock, 50 * PERIOD_NS);
    assert_int_equal(called.calls, 54);
    assert_int_equal(probe.rendered_frames, 50 * 480);
    for (int32_t frame = 0; frame < 50 * 480; frame++)
        assert_int_equal(probe.rendered[frame], frame + 1);
    assert_int_equal(stats_of(stream).xruns_lost, 0);
    rondo_stream_close(stream);
}

static void
callback_gets_the_short_last_period_of_a_capture(void **unused)
{
    struct called called = {.calls = 0};
    struct rondo_stream *stream;

    (void)unused;
    probe.end_at = 1000;
    stream = open_stream("probe:", (struct rondo_stream_config){.clock = virtual_clock,
                                                                .callback = on_span,
                                                                .callback_context = &called});
    assert_int_equal(rondo_stream_start(stream), 0);
    rondo_clock_advance(virtual_clock, 10 * PERIOD_NS);
    assert_int_equal(called.calls, 3);
    assert_int_equal(called.number, 1000);
    rondo_stream_close(stream);
}

/* ---- offline ---- */

static void
offline_capture_waits_for_the_reader_and_loses_nothing(void **unused)
{
    struct rondo_stream *stream;
    int32_t number = 0;
    uint64_t time_ns;

    (void)unused;
    probe.end_at = 100000;
    stream = open_capture(rondo_clock_offline());
    assert_int_equal(rondo_stream_start(stream), 0);
    while (rondo_stream_wait(stream, DEADLINE_NS) > 0)
        take_numbered(stream, &number);
    assert_int_equal(rondo_stream_wait(stream, 0), -ENODATA);
    assert_int_equal(number, 100000);
    assert_int_equal(rondo_stream_position(stream, &time_ns), 100000);
    assert_int_equal(time_ns, 2083333334); /* 100000 frames at 48 kHz, rounded up */
    assert_int_equal(stats_of(stream).xruns_lost, 0);
    rondo_stream_close(stream);
}

static void
offline_callback_that_takes_nothing_holds_the_device(void **unused)
{
    struct called called = {.take = 1};
    struct rondo_stream *stream;

    (void)unused;
    probe.end_at = 5000;
    stream = open_stream("probe:", (struct rondo_stream_config){.clock = rondo_clock_offline(),
                                                                .callback = on_span,
                                                                .callback_context = &called});
    assert_int_equal(rondo_stream_start(stream), 0);
    /* Each kick takes one frame: all of them arrive, in order. */
    while (rondo_stream_position(stream, NULL) < 5000 || rondo_stream_delay(stream) > 7)
        rondo_stream_kick(stream);
    assert_int_equal(rondo_stream_stop(stream), 0);
    assert_int_equal(called.number, 5000);
    assert_int_equal(called.result, 0);
    rondo_stream_close(stream);
}

static void
offline_render_takes_all_it_is_given(void **unused)
{
    struct rondo_stream *const stream = open_render(rondo_clock_offline());
    int32_t number = 0;

    (void)unused;
    assert_int_equal(rondo_stream_start(stream), 0);
    while (number < 100000) {
        assert_true(rondo_stream_wait(stream, DEADLINE_NS) > 0);
        give_numbered(stream, &number, 100000 - (uint32_t)number);
    }
    assert_int_equal(rondo_stream_stop(stream), 0); /* no time: what was given has been played */
    assert_int_equal(probe.rendered_frames, 100000);
    for (int32_t frame = 0; frame < 100000; frame++)
        assert_int_equal(probe.rendered[frame], frame + 1);
    assert_int_equal(stats_of(stream).xruns_lost, 0);
    rondo_stream_close(stream);
}

/* ---- devices that may block ---- */

static void
blocking_device_is_read_ahead_so_that_it_may_be_late(void **unused)
{
    struct rondo_stream *stream;
    int32_t number = 0;

    (void)unused;
    stream = open_stream("probe-blocking:", (struct rondo_stream_config){.realtime_priority = -1,
                                                                         .buffer_frames = 24000});
    assert_int_equal(rondo_stream_start(stream), 0); /* read ahead by two seconds now */
    atomic_store(&probe.blocked, true);
    while (number < 24000) {
        assert_true(rondo_stream_wait(stream, DEADLINE_NS) > 0);
        take_numbered(stream, &number);
    }
    atomic_store(&probe.blocked, false);
    assert_int_equal(stats_of(stream).xruns_lost, 0);
    rondo_stream_close(stream);
}

static void
blocking_device_that_is_too_late_is_told_as_such_and_loses_no_frame_of_its_own(void **unused)
{
    struct rondo_stream *stream;
    struct rondo_xrun xrun = {.frames = 0};
    uint64_t silence = 0;
    int32_t number = 0;

    (void)unused;
    stream = open_stream("probe-blocking:", (struct rondo_stream_config){.realtime_priority = -1,
                                                                         .format.rate_hz = 8000,
                                                                         .buffer_frames = 4000});
    assert_int_equal(rondo_stream_start(stream), 0);
    atomic_store(&probe.blocked, true);
    while (stats_of(stream).xruns_lost == 0 || number < 17000) {
        struct rondo_span span;

        assert_true(rondo_stream_wait(stream, DEADLINE_NS) > 0);
        span = rondo_stream_get(stream, UINT32_MAX);
        for (uint32_t frame = 0; frame < span.frames; frame++) {
            if (((int32_t *)span.data)[frame] == 0)
                silence++;
            else
                assert_int_equal(((int32_t *)span.data)[frame], ++number);
        }
        assert_int_equal(rondo_stream_release(stream, span.frames), 0);
        if (stats_of(stream).xruns_lost > 0)
            atomic_store(&probe.blocked, false);
    }
    assert_int_equal(rondo_stream_stop(stream), 0);
    assert_int_equal(rondo_stream_next_xrun(stream, &xrun), 1);
    assert_int_equal(xrun.cause, RONDO_CAUSE_STORAGE);
    assert_int_equal(stats_of(stream).frames_lost, silence);
    rondo_stream_close(stream);
}

static void
blocking_render_has_written_everything_when_drained(void **unused)
{
    struct rondo_stream *stream;
    int32_t number = 0;

    (void)unused;
    stream =
        open_stream("probe-sink-blocking:", (struct rondo_stream_config){.direction = RONDO_RENDER,
                                                                         .realtime_priority = -1,
                                                                         .format.rate_hz = 8000,
                                                                         .period_frames = 4000,
                                                                         .buffer_frames = 16000});
    assert_int_equal(give_numbered(stream, &number, 5700), 5700);
    assert_int_equal(rondo_stream_start(stream), 0);
    assert_int_equal(rondo_stream_drain(stream, DEADLINE_NS), 0);
    assert_int_equal(probe.rendered_frames, 5700);
    assert_int_equal(probe.rendered[5699], 5700);
    rondo_stream_close(stream);
}

static void
blocking_device_delivers_the_last_frames_before_an_error_and_then_the_error(void **unused)
{
    struct rondo_stream *stream;
    struct rondo_error error;
    int32_t number = 0;
    int result;

    (void)unused;
    probe.fail_short = true;
    probe.fail_at = 8777; /* behind what is read ahead, inside a transfer */
    probe.fail_code = -EIO;
    stream = open_stream("probe-blocking:", (struct rondo_stream_config){.realtime_priority = -1,
                                                                         .format.rate_hz = 8000,
                                                                         .buffer_frames = 2000});
    assert_int_equal(rondo_stream_start(stream), 0);
    while ((result = rondo_stream_wait(stream, DEADLINE_NS)) > 0)
        take_numbered(stream, &number);
    assert_int_equal(result, -EIO);
    assert_int_equal(number, 8777);
    assert_int_equal(rondo_stream_error(stream, &error), -EIO);
    assert_string_equal(error.text, "probe: told to fail");
    assert_int_equal(stats_of(stream).xruns_lost, 0);
    rondo_stream_close(stream);
}

static void
blocking_device_that_fails_is_reported_after_what_was_read(void **unused)
{
    struct rondo_stream *stream;
    int32_t number = 0;
    int result;

    (void)unused;
    probe.fail_at = 4096;
    probe.fail_code = -EIO;
    stream = open_stream("probe-blocking:", (struct rondo_stream_config){.realtime_priority = -1});
    /* The failure was met while reading ahead. */
    assert_int_equal(rondo_stream_start(stream), -EIO);
    rondo_stream_close(stream);

    probe_reset();
    stream = open_stream("probe-blocking:", (struct rondo_stream_config){.realtime_priority = -1,
                                                                         .format.rate_hz = 8000,
                                                                         .buffer_frames = 2000});
    assert_int_equal(rondo_stream_start(stream), 0);
    probe.fail_code = -EIO;
    probe.fail_at = 8000;
    while ((result = rondo_stream_wait(stream, DEADLINE_NS)) > 0)
        take_numbered(stream, &number);
    assert_int_equal(result, -EIO);
    assert_true(number >= 8000);
    rondo_stream_close(stream);
}

/* ---- waiting ---- */

static void *
stop_main(void *context)
{
    struct rondo_stream *const stream = (struct rondo_stream *)context;

    rondo_stream_stop(stream);
    return NULL;
}

static void
capture_wait_returns_at_once_when_another_thread_stops_the_stream(void **unused)
{
    struct rondo_stream *const stream = open_capture(virtual_clock); /* time stands still */
    pthread_t thread;

    (void)unused;
    assert_int_equal(rondo_stream_start(stream), 0);
    assert_int_equal(pthread_create(&thread, NULL, stop_main, stream), 0);
    assert_int_equal(rondo_stream_wait(stream, DEADLINE_NS), -EBADFD);
    pthread_join(thread, NULL);
    rondo_stream_close(stream);
}

static void
fd_is_readable_when_there_is_something_to_get(void **unused)
{
    struct rondo_stream *const stream = open_capture(virtual_clock);
    struct pollfd fd = {.events = POLLIN};
    int32_t number = 0;

    (void)unused;
    fd.fd = rondo_stream_fd(stream);
    assert_true(fd.fd >= 0);
    assert_int_equal(rondo_stream_fd(stream), fd.fd);
    assert_int_equal(rondo_stream_start(stream), 0);
    rondo_clock_advance(virtual_clock, 0); /* the start has been followed */
    assert_int_equal(rondo_stream_wait(stream, 0), -ETIMEDOUT);
    assert_int_equal(poll(&fd, 1, 0), 0);
    rondo_clock_advance(virtual_clock, PERIOD_NS);
    assert_int_equal(poll(&fd, 1, 0), 1);
    assert_int_equal(rondo_stream_wait(stream, 0), 480);
    assert_int_equal(poll(&fd, 1, 0), 0);
    take_numbered(stream, &number);
    rondo_stream_close(stream);
}

/* ---- asked and granted ---- */

static void
asked_and_granted_are_kept_apart_and_can_be_printed(void **unused)
{
    struct rondo_stream *const stream =
        open_stream("probe:", (struct rondo_stream_config){.clock = virtual_clock,
                                                           .format = {RONDO_F32, 2, 44100},
                                                           .period_frames = 100,
                                                           .buffer_frames = 250});
    struct rondo_stream_info info;
    char text[512];
    int bytes;

    (void)unused;
    rondo_stream_query_info(stream, &info);
    assert_string_equal(info.device, "probe:");
    assert_int_equal(info.asked.format.sample, RONDO_F32);
    assert_int_equal(info.asked.format.channels, 2);
    assert_int_equal(info.asked.buffer_frames, 250);
    assert_int_equal(info.granted.format.sample, RONDO_S32);
    assert_int_equal(info.granted.format.channels, 1);
    assert_int_equal(info.granted.format.rate_hz, 44100);
    assert_int_equal(info.granted.buffer_frames, 300);
    assert_int_equal(info.granted.latency_frames, 7);
    assert_int_equal(info.granted.clock, RONDO_CLOCK_VIRTUAL);
    bytes = rondo_stream_describe(stream, text, sizeof text);
    assert_int_equal(bytes, strlen(text));
    assert_non_null(strstr(text, "asked:   f32, 2 channels, 44100 Hz, period 100, buffer 250"));
    assert_non_null(strstr(text, "granted: s32, 1 channels, 44100 Hz, period 100, buffer 300"));
    assert_int_equal(rondo_stream_describe(stream, NULL, 0), bytes);
    rondo_stream_close(stream);
}

static void
close_allows_null_and_open_refuses_a_foreign_configuration(void **unused)
{
    struct rondo_stream_config config = RONDO_STREAM_CONFIG_INIT;
    struct rondo_stream *stream;

    (void)unused;
    rondo_stream_close(NULL);
    config.size = 1;
    assert_int_equal(rondo_stream_open(&stream, "probe:", &config), -EINVAL);
    assert_null(stream);
    assert_int_equal(rondo_stream_open(NULL, "probe:", NULL), -EINVAL);
    assert_int_equal(rondo_stream_open(&stream, NULL, NULL), -EINVAL);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(capture_delivers_every_frame_in_order_over_many_turns),
        TEST(capture_goes_on_after_stop_and_starts_anew_after_reset),
        TEST(capture_that_is_not_read_loses_the_oldest_and_tells_exactly_what),
        TEST(capture_release_tells_that_held_frames_were_overwritten),
        TEST(capture_release_counts_as_lost_all_that_it_says_not_to_use),
        TEST(capture_release_of_more_than_was_lent_is_refused),
        TEST(capture_ends_with_the_device_and_says_so_after_the_last_frame),
        TEST(capture_that_ended_is_never_late),
        TEST(capture_at_end_silence_goes_on_with_zeros),
        TEST(capture_reports_a_failed_device_in_words_and_delivers_what_came_before),
        TEST(capture_delivers_the_last_frames_before_an_error_and_then_the_error),
        TEST(capture_at_end_silence_ends_with_an_error_all_the_same),
        TEST(capture_delay_is_what_was_not_taken_and_the_devices_own),
        TEST(render_plays_every_frame_in_order_over_many_turns),
        TEST(render_that_is_not_fed_plays_silence_told_as_one_xrun),
        TEST(render_release_tells_that_the_device_has_passed),
        TEST(render_drain_plays_to_the_last_frame_and_not_one_more),
        TEST(render_drain_that_takes_too_long_says_so_and_goes_on),
        TEST(render_failure_ends_draining_and_waiting),
        TEST(refused_reset_is_told_in_words),
        TEST(capture_cannot_be_drained),
        TEST(callback_gets_each_period_once_and_nothing_after_stop),
        TEST(callback_that_takes_less_is_offered_the_rest_again),
        TEST(callback_may_stop_the_stream_after_this_very_period),
        TEST(callback_of_a_render_fills_the_buffer_before_the_start),
        TEST(callback_gets_the_short_last_period_of_a_capture),
        TEST(offline_capture_waits_for_the_reader_and_loses_nothing),
        TEST(offline_callback_that_takes_nothing_holds_the_device),
        TEST(offline_render_takes_all_it_is_given),
        TEST(blocking_device_is_read_ahead_so_that_it_may_be_late),
        TEST(blocking_device_that_is_too_late_is_told_as_such_and_loses_no_frame_of_its_own),
        TEST(blocking_render_has_written_everything_when_drained),
        TEST(blocking_device_delivers_the_last_frames_before_an_error_and_then_the_error),
        TEST(blocking_device_that_fails_is_reported_after_what_was_read),
        TEST(capture_wait_returns_at_once_when_another_thread_stops_the_stream),
        TEST(fd_is_readable_when_there_is_something_to_get),
        TEST(asked_and_granted_are_kept_apart_and_can_be_printed),
        TEST(close_allows_null_and_open_refuses_a_foreign_configuration),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
