/* SPDX-License-Identifier: MIT */
/*
 * Calls that change the state, beside each other and beside a device thread that has not followed
 * yet. The device is held in its transfer where that matters; how long is no part of the verdict.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>
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
    alarm(DEADLINE_S); /* a deadlock ends here */
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

static struct rondo_stream *
open_stream(const char *device, struct rondo_stream_config config)
{
    struct rondo_stream *stream;
    struct rondo_error error;

    config.size = sizeof config;
    config.error = &error;
    config.realtime_priority = -1;
    if (rondo_stream_open(&stream, device, &config) != 0)
        fail_msg("%s", error.text);
    return stream;
}

static struct rondo_stream *
open_render(struct rondo_clock *clock)
{
    return open_stream("probe-sink:",
                       (struct rondo_stream_config){.direction = RONDO_RENDER, .clock = clock});
}

/* Queue numbered frames. */
static void
give(struct rondo_stream *stream, int32_t *number, uint32_t frames)
{
    while (frames > 0) {
        const struct rondo_span span = rondo_stream_get(stream, frames);

        assert_true(span.frames > 0);
        for (uint32_t frame = 0; frame < span.frames; frame++)
            ((int32_t *)span.data)[frame] = ++*number;
        assert_int_equal(rondo_stream_release(stream, span.frames), 0);
        frames -= span.frames;
    }
}

/* ---- a device thread that has not followed yet ---- */

static void
hold_device(void)
{
    atomic_store(&probe.blocked, true);
    while (atomic_load(&probe.inside) == 0)
        sched_yield();
}

/* Let the device go, a little after the other thread has begun what it does. */
static void *
let_go_main(void *unused)
{
    const struct timespec moment = {0, 50000000};

    (void)unused;
    nanosleep(&moment, NULL);
    atomic_store(&probe.blocked, false);
    return NULL;
}

static void *
stop_main(void *context)
{
    rondo_engine_set_state((struct rondo_engine *)context, RONDO_ENGINE_STOPPED);
    return NULL;
}

/* An engine whose device is held, and which another thread is stopping. */
static struct rondo_engine *
engine_that_is_being_stopped(pthread_t threads[2])
{
    struct rondo_engine_config config = RONDO_ENGINE_CONFIG_INIT;
    struct rondo_engine *engine;

    config.realtime_priority = -1;
    assert_int_equal(rondo_engine_open(&engine, "probe:", &config), 0);
    assert_int_equal(rondo_engine_allocate_buffer(engine, 0, 0), 0);
    assert_int_equal(rondo_engine_set_state(engine, RONDO_ENGINE_STOPPED), 0);
    assert_int_equal(rondo_engine_set_state(engine, RONDO_ENGINE_RUNNING), 0);
    hold_device();
    assert_int_equal(pthread_create(&threads[0], NULL, stop_main, engine), 0);
    while (rondo_engine_state(engine) != RONDO_ENGINE_STOPPED)
        sched_yield();
    assert_int_equal(pthread_create(&threads[1], NULL, let_go_main, NULL), 0);
    return engine;
}

static void
dispose(struct rondo_engine *engine, pthread_t threads[2])
{
    pthread_join(threads[0], NULL);
    pthread_join(threads[1], NULL);
    rondo_engine_set_state(engine, RONDO_ENGINE_STOPPED);
    assert_int_equal(rondo_engine_set_state(engine, RONDO_ENGINE_RESET), 0);
    assert_int_equal(rondo_engine_free_buffer(engine), 0);
    assert_int_equal(rondo_engine_close(engine), 0);
}

static void
stop_of_a_second_thread_returns_when_the_device_rests_too(void **unused)
{
    pthread_t threads[2];
    struct rondo_engine *const engine = engine_that_is_being_stopped(threads);

    (void)unused;
    assert_int_equal(rondo_engine_set_state(engine, RONDO_ENGINE_STOPPED), 0);
    assert_int_equal(atomic_load(&probe.blocked), false);
    assert_int_equal(atomic_load(&probe.inside), 0);
    dispose(engine, threads);
}

static void
start_beside_a_stop_waits_until_the_device_rests(void **unused)
{
    pthread_t threads[2];
    struct rondo_engine *const engine = engine_that_is_being_stopped(threads);

    (void)unused;
    assert_int_equal(rondo_engine_set_state(engine, RONDO_ENGINE_RUNNING), 0);
    assert_int_equal(rondo_engine_state(engine), RONDO_ENGINE_RUNNING);
    assert_int_equal(probe.overlapped, 0);
    assert_int_equal(probe.runs, 2);
    assert_int_equal(probe.stops, 2); /* before the first run, and between the two */
    dispose(engine, threads);
}

static void
reset_beside_a_stop_waits_until_the_device_rests(void **unused)
{
    pthread_t threads[2];
    struct rondo_engine *const engine = engine_that_is_being_stopped(threads);

    (void)unused;
    assert_int_equal(rondo_engine_set_state(engine, RONDO_ENGINE_RESET), 0);
    assert_int_equal(rondo_engine_position(engine, NULL), 0);
    assert_int_equal(probe.stops, 2); /* the device is told of the stop first */
    dispose(engine, threads);
}

static uint32_t
start_always(struct rondo_stream *stream, struct rondo_span span, void *context)
{
    *(int *)context = rondo_stream_start(stream);
    return span.frames;
}

static void
stop_is_not_undone_by_a_callback_that_starts(void **unused)
{
    int started = 0;
    struct rondo_stream *stream;
    pthread_t thread;

    (void)unused;
    stream = open_stream("probe:", (struct rondo_stream_config){.callback = start_always,
                                                                .callback_context = &started});
    assert_int_equal(rondo_stream_start(stream), 0);
    hold_device();
    assert_int_equal(pthread_create(&thread, NULL, let_go_main, NULL), 0);
    assert_int_equal(rondo_stream_stop(stream), 0); /* periods are due that the callback gets */
    pthread_join(thread, NULL);
    assert_int_equal(started, -ECANCELED);
    assert_int_equal(rondo_stream_start(stream), 0);
    hold_device();
    assert_int_equal(pthread_create(&thread, NULL, let_go_main, NULL), 0);
    rondo_stream_close(stream);
    pthread_join(thread, NULL);
    assert_int_equal(probe.closes, 1);
}

/* ---- reset ---- */

static void
render_may_be_filled_after_a_reset_as_after_open(void **unused)
{
    struct rondo_stream *const stream = open_render(virtual_clock);
    int32_t number = 0;

    (void)unused;
    give(stream, &number, 700);
    assert_int_equal(rondo_stream_start(stream), 0);
    rondo_clock_advance(virtual_clock, PERIOD_NS);
    assert_int_equal(rondo_stream_reset(stream), 0);
    assert_int_equal(rondo_stream_delay(stream), 7);
    probe.rendered_frames = 0;
    number = 0;
    give(stream, &number, 600);
    assert_int_equal(rondo_stream_delay(stream), 600 + 7);
    assert_int_equal(rondo_stream_start(stream), 0);
    assert_int_equal(rondo_stream_delay(stream), 600 + 7);
    rondo_clock_advance(virtual_clock, PERIOD_NS);
    assert_int_equal(rondo_stream_delay(stream), 120 + 7);
    assert_int_equal(probe.rendered_frames, 480);
    assert_int_equal(probe.rendered[0], 1);
    assert_int_equal(probe.rendered[479], 480);
    rondo_stream_close(stream);
}

/* ---- drain ---- */

struct draining {
    struct rondo_stream *stream;
    atomic_bool begun;
    int result;
};

static void *
drain_main(void *context)
{
    struct draining *const draining = (struct draining *)context;

    atomic_store(&draining->begun, true);
    draining->result = rondo_stream_drain(draining->stream, DEADLINE_NS);
    return NULL;
}

static void
drain_that_another_thread_stops_says_that_frames_are_left(void **unused)
{
    (void)unused;
    for (int round = 0; round < 40; round++) {
        struct rondo_stream *const stream = open_render(virtual_clock); /* time stands still */
        struct draining draining = {.stream = stream};
        const struct timespec moment = {0, 1000000};
        int32_t number = 0;
        pthread_t thread;

        give(stream, &number, 1000);
        assert_int_equal(rondo_stream_start(stream), 0);
        assert_int_equal(pthread_create(&thread, NULL, drain_main, &draining), 0);
        while (!atomic_load(&draining.begun))
            sched_yield();
        nanosleep(&moment, NULL); /* most rounds find it draining, the others not yet */
        if (round % 4 < 2)
            assert_int_equal(rondo_stream_stop(stream), 0);
        else
            assert_int_equal(rondo_stream_reset(stream), 0);
        if (round % 2 == 1)
            assert_int_equal(rondo_stream_start(stream), 0);
        if (round % 4 == 3) /* a drain that begins only now has nothing to play */
            rondo_clock_advance(virtual_clock, PERIOD_NS);
        pthread_join(thread, NULL);
        if (round % 4 < 2)
            assert_int_equal(draining.result, -EBADFD);
        else
            assert_true(draining.result == -EBADFD || draining.result == 0);
        rondo_stream_close(stream);
    }
}

static void
drained_device_is_told_that_it_is_stopped_even_if_nobody_waited(void **unused)
{
    struct rondo_stream *const stream = open_render(virtual_clock);
    int32_t number = 0;

    (void)unused;
    for (unsigned round = 1; round <= 3; round++) {
        give(stream, &number, 100);
        assert_int_equal(rondo_stream_start(stream), 0);
        assert_int_equal(probe.runs, round);
        assert_int_equal(probe.stops, round);
        assert_int_equal(rondo_stream_drain(stream, 0), -ETIMEDOUT);
        rondo_clock_advance(virtual_clock, PERIOD_NS);
        assert_int_equal(probe.rendered_frames, 100 * round);
    }
    assert_int_equal(rondo_stream_stop(stream), 0);
    assert_int_equal(probe.stops, 4);
    assert_int_equal(rondo_stream_stop(stream), 0);
    assert_int_equal(probe.stops, 4);
    rondo_stream_close(stream);
}

static void
drain_that_is_stopped_late_plays_no_silence(void **unused)
{
    struct rondo_stream *const stream = open_render(NULL);
    struct rondo_stats stats;
    int32_t number = 0;
    pthread_t thread;

    (void)unused;
    give(stream, &number, 960);
    assert_int_equal(rondo_stream_start(stream), 0);
    assert_int_equal(rondo_stream_drain(stream, 0), -ETIMEDOUT);
    hold_device(); /* until long after the last frame was due */
    assert_int_equal(pthread_create(&thread, NULL, let_go_main, NULL), 0);
    while (atomic_load(&probe.blocked) && rondo_stream_position(stream, NULL) == 0)
        sched_yield();
    assert_int_equal(rondo_stream_stop(stream), 0);
    pthread_join(thread, NULL);
    rondo_stream_query_stats(stream, &stats);
    assert_int_equal(probe.rendered_frames, 960);
    assert_int_equal(stats.xruns_lost, 0);
    rondo_stream_close(stream);
}

static uint32_t
drain_within(struct rondo_stream *stream, struct rondo_span span, void *context)
{
    for (uint32_t frame = 0; frame < span.frames; frame++)
        ((int32_t *)span.data)[frame] = 1;
    *(int *)context = rondo_stream_drain(stream, -1);
    return span.frames;
}

static void
drain_from_the_callback_is_refused(void **unused)
{
    int result = 0;
    struct rondo_stream *const stream =
        open_stream("probe-sink:", (struct rondo_stream_config){.direction = RONDO_RENDER,
                                                                .clock = virtual_clock,
                                                                .callback = drain_within,
                                                                .callback_context = &result});

    (void)unused;
    assert_int_equal(rondo_stream_start(stream), 0);
    rondo_clock_advance(virtual_clock, 3 * PERIOD_NS);
    assert_int_equal(result, -EBADFD);
    rondo_stream_close(stream);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(stop_of_a_second_thread_returns_when_the_device_rests_too),
        TEST(start_beside_a_stop_waits_until_the_device_rests),
        TEST(reset_beside_a_stop_waits_until_the_device_rests),
        TEST(stop_is_not_undone_by_a_callback_that_starts),
        TEST(render_may_be_filled_after_a_reset_as_after_open),
        TEST(drain_that_another_thread_stops_says_that_frames_are_left),
        TEST(drained_device_is_told_that_it_is_stopped_even_if_nobody_waited),
        TEST(drain_that_is_stopped_late_plays_no_silence),
        TEST(drain_from_the_callback_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
