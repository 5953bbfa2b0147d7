/* SPDX-License-Identifier: MIT */
#include "backend/conformance.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <rondo/atomic.h>

#define PERIOD      100u
#define BUFFER      400u
#define DEADLINE_NS INT64_C(20000000000)

static const struct conformance_subject *subject;

/* ---- helpers ---- */

static struct rondo_stream_config
make_config(struct rondo_clock *clock)
{
    struct rondo_stream_config config = RONDO_STREAM_CONFIG_INIT;

    config.direction = subject->direction;
    config.format = subject->format;
    config.period_frames = PERIOD;
    config.buffer_frames = BUFFER;
    config.clock = clock;
    config.realtime_priority = -1;
    return config;
}

static struct rondo_stream *
open_with(const struct rondo_stream_config *config)
{
    struct rondo_stream_config with_error = *config;
    struct rondo_stream *stream = NULL;
    struct rondo_error error = {0};

    with_error.error = &error;
    if (rondo_stream_open(&stream, subject->device, &with_error) != 0)
        fail_msg("%s: %s", subject->device, error.text);
    return stream;
}

static struct rondo_stream *
open_on(struct rondo_clock *clock)
{
    const struct rondo_stream_config config = make_config(clock);

    return open_with(&config);
}

static uint64_t
ns_of(uint64_t frames)
{
    return rondo_frames_to_ns(frames, subject->granted.rate_hz);
}

static void
assert_right(uint64_t position, const struct rondo_span *span)
{
    if (subject->is_right != NULL && !subject->is_right(position, span->data, span->frames))
        fail_msg("%s: wrong frames between %llu and %llu", subject->device,
                 (unsigned long long)position, (unsigned long long)position + span->frames);
}

/* Take or give up to this many frames that can be had now. Returns how many. */
static uint64_t
move_now(struct rondo_stream *stream, uint64_t position, uint64_t frames_max)
{
    uint64_t done = 0;

    while (done < frames_max) {
        const uint64_t rest = frames_max - done;
        const struct rondo_span span =
            rondo_stream_get(stream, rest < UINT32_MAX ? (uint32_t)rest : UINT32_MAX);

        if (span.frames == 0)
            break;
        if (subject->direction == RONDO_CAPTURE)
            assert_right(position + done, &span);
        else
            subject->make(position + done, span.data, span.frames);
        assert_int_equal(rondo_stream_release(stream, span.frames), 0);
        done += span.frames;
    }
    return done;
}

/* Take or give exactly this many frames, waiting for them. */
static void
move(struct rondo_stream *stream, uint64_t position, uint64_t frames)
{
    uint64_t done = 0;

    while (done < frames) {
        const int ready = rondo_stream_wait(stream, DEADLINE_NS);

        if (ready <= 0)
            fail_msg("%s: waiting after %llu frames: %s", subject->device,
                     (unsigned long long)(position + done), rondo_error_name(ready));
        done += move_now(stream, position + done, frames - done);
    }
}

/* Reset, and look at what has reached the device. */
static void
reset_and_check(struct rondo_stream *stream, uint64_t frames)
{
    assert_int_equal(rondo_stream_reset(stream), 0);
    assert_int_equal(rondo_stream_position(stream, NULL), 0);
    if (subject->check != NULL)
        subject->check(frames);
}

static bool
is_capture(void)
{
    return subject->direction == RONDO_CAPTURE;
}

/* ---- asked and granted ---- */

static void
what_is_granted_is_told(void **state)
{
    struct rondo_stream *stream = open_on(rondo_clock_offline());
    struct rondo_stream_info info;
    char text[1000];

    (void)state;
    rondo_stream_query_info(stream, &info);
    assert_string_equal(info.device, subject->device);
    assert_int_equal(info.direction, subject->direction);
    assert_memory_equal(&info.asked.format, &subject->format, sizeof(subject->format));
    assert_int_equal(info.granted.format.sample, subject->granted.sample);
    assert_int_equal(info.granted.format.channels, subject->granted.channels);
    assert_int_equal(info.granted.format.rate_hz, subject->granted.rate_hz);
    assert_int_equal(info.granted.length_frames, subject->length_frames);
    assert_int_equal(info.granted.period_frames, PERIOD);
    assert_int_equal(info.granted.buffer_frames, BUFFER);
    assert_int_equal(info.granted.clock, RONDO_CLOCK_OFFLINE);
    assert_true(rondo_stream_describe(stream, text, sizeof(text)) > 0);
    assert_non_null(strstr(text, subject->device));
    rondo_stream_close(stream);
}

static void
a_device_can_be_opened_again_and_again(void **state)
{
    (void)state;
    for (int i = 0; i < 20; i++) {
        struct rondo_stream *stream = open_on(rondo_clock_offline());

        if (i % 2 == 0)
            assert_int_equal(rondo_stream_start(stream), 0);
        rondo_stream_close(stream);
    }
}

/* ---- positions and order ---- */

static void
positions_begin_at_0_and_go_on_over_stop_and_start(void **state)
{
    struct rondo_stream *stream = open_on(rondo_clock_offline());
    uint64_t position = 0;

    (void)state;
    assert_int_equal(rondo_stream_position(stream, NULL), 0);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(rondo_stream_start(stream), 0);
        move(stream, position, 357);
        position += 357;
        assert_int_equal(rondo_stream_stop(stream), 0);
        assert_true(rondo_stream_position(stream, NULL) + (is_capture() ? 0 : BUFFER) >= position);
    }
    if (!is_capture()) {
        /* Offline a stop plays what was given. */
        assert_int_equal(rondo_stream_position(stream, NULL), position);
    }
    reset_and_check(stream, position);
    rondo_stream_close(stream);
}

static void
a_reset_begins_at_the_first_frame_again(void **state)
{
    struct rondo_stream *stream = open_on(rondo_clock_offline());

    (void)state;
    for (uint64_t frames = 50; frames < 2000; frames += 613) {
        assert_int_equal(rondo_stream_start(stream), 0);
        move(stream, 0, frames);
        if (!is_capture())
            assert_int_equal(rondo_stream_drain(stream, DEADLINE_NS), 0);
        reset_and_check(stream, frames);
        assert_int_equal(rondo_stream_reset(stream), 0); /* nothing more happens */
    }
    rondo_stream_close(stream);
}

static void
starting_and_stopping_twice_has_no_effect(void **state)
{
    struct rondo_stream *stream = open_on(rondo_clock_offline());

    (void)state;
    assert_int_equal(rondo_stream_stop(stream), 0);
    assert_int_equal(rondo_stream_start(stream), 0);
    assert_int_equal(rondo_stream_start(stream), 0);
    move(stream, 0, 250);
    assert_int_equal(rondo_stream_stop(stream), 0);
    assert_int_equal(rondo_stream_stop(stream), 0);
    assert_int_equal(rondo_stream_start(stream), 0);
    move(stream, 250, 250);
    assert_int_equal(rondo_stream_stop(stream), 0);
    reset_and_check(stream, 500);
    rondo_stream_close(stream);
}

static void
a_span_may_be_released_in_pieces(void **state)
{
    struct rondo_stream *stream = open_on(rondo_clock_offline());
    uint64_t position = 0;

    (void)state;
    assert_int_equal(rondo_stream_start(stream), 0);
    for (uint32_t some = 1; position < 1500; some = some % 61 + 3) {
        struct rondo_span span;

        assert_true(rondo_stream_wait(stream, DEADLINE_NS) > 0);
        span = rondo_stream_get(stream, some + 2);
        assert_true(span.frames > 0);
        if (span.frames > some)
            span.frames = some;
        if (is_capture())
            assert_right(position, &span);
        else
            subject->make(position, span.data, span.frames);
        assert_int_equal(rondo_stream_release(stream, 0), 0);
        assert_int_equal(rondo_stream_release(stream, span.frames), 0);
        assert_int_equal(rondo_stream_release(stream, 1000), -EINVAL);
        position += span.frames;
    }
    if (!is_capture())
        assert_int_equal(rondo_stream_drain(stream, DEADLINE_NS), 0);
    reset_and_check(stream, position);
    rondo_stream_close(stream);
}

static void
all_frames_come_in_order_to_the_end(void **state)
{
    struct rondo_stream *stream = open_on(rondo_clock_offline());
    const uint64_t frames =
        is_capture() && subject->length_frames > 0 ? subject->length_frames : 50001;
    struct rondo_stats stats;
    struct rondo_xrun xrun;

    (void)state;
    assert_int_equal(rondo_stream_start(stream), 0);
    move(stream, 0, frames);
    if (!is_capture()) {
        assert_int_equal(rondo_stream_drain(stream, DEADLINE_NS), 0);
    } else if (subject->length_frames > 0) {
        assert_int_equal(rondo_stream_wait(stream, DEADLINE_NS), -ENODATA);
        assert_int_equal(rondo_stream_get(stream, 1).frames, 0);
    }
    if (!is_capture() || subject->length_frames > 0)
        assert_int_equal(rondo_stream_position(stream, NULL), frames);
    assert_int_equal(rondo_stream_error(stream, NULL), 0);
    rondo_stream_query_stats(stream, &stats);
    assert_int_equal(stats.frames_lost, 0);
    assert_int_equal(rondo_stream_next_xrun(stream, &xrun), 0);
    reset_and_check(stream, frames);
    rondo_stream_close(stream);
}

/* ---- waiting ---- */

static void
waiting_tells_why_nothing_comes(void **state)
{
    struct rondo_clock *clock = NULL;
    struct rondo_stream *stream = NULL;

    (void)state;
    assert_int_equal(rondo_clock_virtual_create(&clock), 0);
    stream = open_on(clock);
    if (is_capture()) {
        assert_int_equal(rondo_stream_wait(stream, 0), -EBADFD);
        assert_int_equal(rondo_stream_start(stream), 0);
        assert_int_equal(rondo_stream_wait(stream, 0), -ETIMEDOUT);
        assert_int_equal(rondo_stream_wait(stream, 1000000), -ETIMEDOUT);
        assert_int_equal(rondo_clock_advance(clock, ns_of(PERIOD)), 0);
        assert_int_equal(rondo_stream_wait(stream, 0), PERIOD);
    } else {
        assert_int_equal(rondo_stream_wait(stream, 0), BUFFER);
        assert_int_equal(move_now(stream, 0, UINT64_MAX), BUFFER);
        assert_int_equal(rondo_stream_wait(stream, 0), -EBADFD);
        assert_int_equal(rondo_stream_start(stream), 0);
        assert_int_equal(rondo_stream_wait(stream, 1000000), -ETIMEDOUT);
        assert_int_equal(rondo_clock_advance(clock, ns_of(PERIOD)), 0);
        assert_int_equal(rondo_stream_wait(stream, 0), PERIOD);
    }
    rondo_stream_close(stream);
    rondo_clock_destroy(clock);
}

static void
the_descriptor_becomes_readable_with_frames(void **state)
{
    struct rondo_clock *clock = NULL;
    struct rondo_stream *stream = NULL;
    struct pollfd descriptor = {.events = POLLIN};

    (void)state;
    assert_int_equal(rondo_clock_virtual_create(&clock), 0);
    stream = open_on(clock);
    descriptor.fd = rondo_stream_fd(stream);
    assert_true(descriptor.fd >= 0);
    if (!is_capture())
        assert_int_equal(move_now(stream, 0, UINT64_MAX), BUFFER);
    assert_int_equal(rondo_stream_start(stream), 0);
    while (poll(&descriptor, 1, 0) == 1) /* whatever the start had to say */
        assert_int_equal(rondo_stream_wait(stream, 0), -ETIMEDOUT);
    assert_int_equal(rondo_clock_advance(clock, ns_of(PERIOD)), 0);
    assert_int_equal(poll(&descriptor, 1, 20000), 1);
    assert_int_equal(rondo_stream_wait(stream, 0), PERIOD);
    rondo_stream_close(stream);
    rondo_clock_destroy(clock);
}

/* ---- clocks ---- */

static void
virtual_time_moves_exactly_its_frames(void **state)
{
    struct rondo_clock *clock = NULL;
    struct rondo_stream *stream = NULL;
    struct rondo_stats stats;
    uint64_t time_ns = 0;
    uint64_t done = 0;

    (void)state;
    assert_int_equal(rondo_clock_virtual_create(&clock), 0);
    stream = open_on(clock);
    if (!is_capture())
        done = move_now(stream, 0, UINT64_MAX);
    assert_int_equal(rondo_stream_start(stream), 0);
    assert_int_equal(rondo_clock_advance(clock, ns_of(PERIOD) - 1), 0);
    assert_int_equal(rondo_stream_position(stream, NULL), 0);
    assert_int_equal(rondo_clock_advance(clock, 1), 0);
    for (uint64_t period = 1; period <= 30; period++) {
        assert_int_equal(rondo_stream_position(stream, &time_ns), period * PERIOD);
        assert_int_equal(time_ns, ns_of(period * PERIOD));
        done += move_now(stream, done, PERIOD);
        assert_int_equal(
            rondo_clock_advance(clock, ns_of((period + 1) * PERIOD) - ns_of(period * PERIOD)), 0);
    }
    rondo_stream_query_stats(stream, &stats);
    assert_int_equal(stats.frames, 31 * PERIOD);
    assert_int_equal(stats.xruns_lost, 0);
    assert_int_equal(done, is_capture() ? 30 * PERIOD : 30 * PERIOD + BUFFER);
    rondo_stream_close(stream);
    rondo_clock_destroy(clock);
}

static void
who_is_late_loses_frames_and_is_told(void **state)
{
    struct rondo_clock *clock = NULL;
    struct rondo_stream *stream = NULL;
    struct rondo_xrun xrun;
    uint64_t before = 0;

    (void)state;
    assert_int_equal(rondo_clock_virtual_create(&clock), 0);
    stream = open_on(clock);
    if (!is_capture())
        before = move_now(stream, 0, UINT64_MAX);
    assert_int_equal(rondo_stream_start(stream), 0);
    for (int i = 0; i < 10; i++)
        assert_int_equal(rondo_clock_advance(clock, ns_of(PERIOD)), 0);
    if (is_capture()) {
        /* The newest frames are there, and they are the right ones for their position. */
        struct rondo_span span = rondo_stream_get(stream, 10);

        assert_int_equal(rondo_stream_next_xrun(stream, &xrun), 1);
        assert_int_equal(xrun.position, 0);
        assert_true(xrun.frames >= 10 * PERIOD - BUFFER);
        assert_true(span.frames > 0);
        assert_right(xrun.frames, &span);
    } else {
        assert_int_equal(before, BUFFER);
        assert_true(move_now(stream, 10 * PERIOD, PERIOD) > 0);
        assert_int_equal(rondo_clock_advance(clock, ns_of(PERIOD)), 0);
        assert_int_equal(rondo_stream_next_xrun(stream, &xrun), 1);
        assert_int_equal(xrun.position, BUFFER);
        assert_true(xrun.frames >= 10 * PERIOD - BUFFER);
    }
    assert_int_equal(xrun.kind, RONDO_XRUN_LOST);
    assert_int_equal(xrun.cause, RONDO_CAUSE_APPLICATION);
    rondo_stream_close(stream);
    rondo_clock_destroy(clock);
}

static void
real_time_moves_frames_at_their_pace(void **state)
{
    struct rondo_stream *stream = open_on(NULL);
    struct rondo_stream_info info;
    uint64_t position = 0;
    uint64_t time_ns = 0;
    const uint64_t begin_ns = rondo_clock_now_ns(NULL);

    (void)state;
    rondo_stream_query_info(stream, &info);
    assert_int_equal(info.granted.clock, RONDO_CLOCK_REAL);
    assert_int_equal(rondo_stream_start(stream), 0);
    while ((position = rondo_stream_position(stream, &time_ns)) < 20 * PERIOD) {
        const int ready = rondo_stream_wait(stream, DEADLINE_NS);

        assert_true(ready > 0 || ready == -EPIPE);
        for (;;) { /* without looking: on a busy machine frames may be lost, and are told */
            const struct rondo_span span = rondo_stream_get(stream, UINT32_MAX);

            if (span.frames == 0)
                break;
            if (!is_capture())
                subject->make(position, span.data, span.frames);
            rondo_stream_release(stream, span.frames);
        }
    }
    /* Not before its time. */
    assert_true(time_ns - begin_ns >= ns_of(position) || time_ns < begin_ns);
    assert_true(rondo_clock_now_ns(NULL) - begin_ns >= ns_of(20 * PERIOD));
    assert_int_equal(rondo_stream_error(stream, NULL), 0);
    assert_int_equal(rondo_stream_stop(stream), 0);
    assert_int_equal(rondo_stream_reset(stream), 0);
    rondo_stream_close(stream);
}

/* A short run in real time, all of which fits the buffer: no frame may be wrong. */
static void
real_time_delivers_the_frames_themselves(void **state)
{
    struct rondo_stream_config config = make_config(NULL);
    struct rondo_stream *stream = NULL;
    const uint64_t frames = 10 * PERIOD;

    (void)state;
    config.buffer_frames = subject->granted.rate_hz * 4;
    stream = open_with(&config);
    if (!is_capture())
        assert_int_equal(move_now(stream, 0, frames), frames);
    assert_int_equal(rondo_stream_start(stream), 0);
    if (is_capture())
        move(stream, 0, frames);
    else
        assert_int_equal(rondo_stream_drain(stream, DEADLINE_NS), 0);
    assert_int_equal(rondo_stream_stop(stream), 0);
    reset_and_check(stream, frames);
    rondo_stream_close(stream);
}

/* ---- callbacks ---- */

struct calls {
    uint64_t position; /* the device thread's */
    uint64_t frames_max;
    RONDO_ATOMIC(uint64_t) done;
    RONDO_ATOMIC(uint32_t) wrong;
};

static uint32_t
on_period(struct rondo_stream *stream, struct rondo_span span, void *context)
{
    struct calls *calls = context;
    const uint64_t rest = calls->frames_max - calls->position;
    const uint32_t some = span.frames < rest ? span.frames : (uint32_t)rest;

    (void)stream;
    if (some > 0 && is_capture() && subject->is_right != NULL &&
        !subject->is_right(calls->position, span.data, some))
        rondo_store_relaxed_u32(&calls->wrong, 1); /* relaxed: read after the stream was stopped */
    if (some > 0 && !is_capture())
        subject->make(calls->position, span.data, some);
    calls->position += some;
    rondo_store_release(&calls->done, calls->position);
    return some;
}

static void
a_callback_moves_the_same_frames(void **state)
{
    struct calls calls = {.frames_max = 15 * PERIOD};
    struct rondo_clock *clock = NULL;
    struct rondo_stream_config config;
    struct rondo_stream *stream = NULL;

    (void)state;
    assert_int_equal(rondo_clock_virtual_create(&clock), 0);
    config = make_config(clock);
    config.callback = on_period;
    config.callback_context = &calls;
    stream = open_with(&config);
    assert_int_equal(rondo_stream_start(stream), 0);
    for (int i = 0; i < 15; i++)
        assert_int_equal(rondo_clock_advance(clock, ns_of(PERIOD)), 0);
    assert_int_equal(rondo_stream_stop(stream), 0);
    assert_int_equal(rondo_load_acquire(&calls.done), 15 * PERIOD);
    assert_int_equal(rondo_load_relaxed_u32(&calls.wrong), 0);
    reset_and_check(stream, 15 * PERIOD);
    rondo_stream_close(stream);
    rondo_clock_destroy(clock);
}

static void
a_callback_works_without_time(void **state)
{
    struct calls calls = {.frames_max = 1234};
    struct rondo_stream_config config = make_config(rondo_clock_offline());
    struct rondo_stream *stream = NULL;
    const uint64_t deadline_ns = rondo_clock_now_ns(NULL) + (uint64_t)DEADLINE_NS;

    (void)state;
    config.callback = on_period;
    config.callback_context = &calls;
    stream = open_with(&config);
    assert_int_equal(rondo_stream_start(stream), 0);
    while (rondo_load_acquire(&calls.done) < 1234)
        assert_true(rondo_clock_now_ns(NULL) < deadline_ns);
    if (is_capture())
        assert_int_equal(rondo_stream_stop(stream), 0);
    else
        assert_int_equal(rondo_stream_drain(stream, DEADLINE_NS), 0);
    assert_int_equal(rondo_load_relaxed_u32(&calls.wrong), 0);
    reset_and_check(stream, 1234);
    rondo_stream_close(stream);
}

int
conformance_run(const struct conformance_subject *the_subject)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_granted_is_told),
        cmocka_unit_test(a_device_can_be_opened_again_and_again),
        cmocka_unit_test(positions_begin_at_0_and_go_on_over_stop_and_start),
        cmocka_unit_test(a_reset_begins_at_the_first_frame_again),
        cmocka_unit_test(starting_and_stopping_twice_has_no_effect),
        cmocka_unit_test(a_span_may_be_released_in_pieces),
        cmocka_unit_test(all_frames_come_in_order_to_the_end),
        cmocka_unit_test(waiting_tells_why_nothing_comes),
        cmocka_unit_test(the_descriptor_becomes_readable_with_frames),
        cmocka_unit_test(virtual_time_moves_exactly_its_frames),
        cmocka_unit_test(who_is_late_loses_frames_and_is_told),
        cmocka_unit_test(real_time_moves_frames_at_their_pace),
        cmocka_unit_test(real_time_delivers_the_frames_themselves),
        cmocka_unit_test(a_callback_moves_the_same_frames),
        cmocka_unit_test(a_callback_works_without_time),
    };

    subject = the_subject;
    printf("%s %s\n", subject->direction == RONDO_CAPTURE ? "capture" : "render", subject->device);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
