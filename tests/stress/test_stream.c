/* SPDX-License-Identifier: MIT */
/*
 * Everything that may run beside everything else, in real time: the application takes and gives
 * frames, another thread starts and stops, others ask questions.
 */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <rondo/stream.h>

#include "support/probe_backend.h"

#define DEADLINE_NS INT64_C(20000000000)

struct beside {
    struct rondo_stream *stream;
    atomic_bool done;
    uint32_t rounds;
    int result;
};

/* Rounds of start and stop, and now and then a reset is left to the application. */
static void *
control_main(void *context)
{
    struct beside *const beside = (struct beside *)context;

    for (uint32_t round = 0; round < beside->rounds && beside->result == 0; round++) {
        beside->result = rondo_stream_start(beside->stream);
        for (int look = 0; look < 200; look++)
            rondo_stream_position(beside->stream, NULL);
        if (beside->result == 0)
            beside->result = rondo_stream_stop(beside->stream);
    }
    if (beside->result == 0)
        beside->result = rondo_stream_start(beside->stream);
    return NULL;
}

/* Positions and times never go back while nobody resets; questions are always answered. */
static void *
ask_main(void *context)
{
    struct beside *const beside = (struct beside *)context;
    uint64_t last_pos = 0;
    uint64_t last_time_ns = 0;

    while (!atomic_load(&beside->done)) {
        struct rondo_stream_info info;
        struct rondo_stats stats;
        uint64_t time_ns;
        const uint64_t pos = rondo_stream_position(beside->stream, &time_ns);

        if (pos < last_pos || time_ns < last_time_ns)
            beside->result = -EILSEQ;
        last_pos = pos;
        last_time_ns = time_ns;
        rondo_stream_delay(beside->stream);
        rondo_stream_query_stats(beside->stream, &stats);
        rondo_stream_query_info(beside->stream, &info);
        rondo_stream_error(beside->stream, NULL);
        if (info.granted.period_frames != 48)
            beside->result = -EILSEQ;
    }
    return NULL;
}

static void
capture_stays_in_order_beside_starts_stops_and_questions(void **state)
{
    struct rondo_stream_config config = RONDO_STREAM_CONFIG_INIT;
    const char *const device = (const char *)*state;
    struct beside control = {.rounds = 300};
    struct beside ask = {.result = 0};
    struct rondo_stream *stream;
    pthread_t threads[2];
    int64_t number = 0;
    uint64_t lost = 0;

    probe_reset();
    config.period_frames = 48; /* 1 ms */
    config.buffer_frames = 48 * 200;
    config.realtime_priority = -1;
    assert_int_equal(rondo_stream_open(&stream, device, &config), 0);
    control.stream = ask.stream = stream;
    assert_int_equal(pthread_create(&threads[0], NULL, control_main, &control), 0);
    assert_int_equal(pthread_create(&threads[1], NULL, ask_main, &ask), 0);
    while (number < 9600) {
        struct rondo_xrun xrun;
        struct rondo_span span;
        const int ready = rondo_stream_wait(stream, DEADLINE_NS);

        assert_true(ready > 0 || ready == -EBADFD); /* stopped at the moment */
        span = rondo_stream_get(stream, 100);
        while (rondo_stream_next_xrun(stream, &xrun) != 0)
            if (xrun.kind == RONDO_XRUN_LOST && xrun.cause != RONDO_CAUSE_STORAGE)
                lost += xrun.frames, number += (int64_t)xrun.frames;
        for (uint32_t frame = 0; frame < span.frames; frame++) {
            const int32_t value = ((const int32_t *)span.data)[frame];

            if (value != 0) /* a late file is silent */
                assert_int_equal(value, ++number);
        }
        if (rondo_stream_release(stream, span.frames) == -EPIPE)
            lost += span.frames;
    }
    pthread_join(threads[0], NULL);
    atomic_store(&ask.done, true);
    pthread_join(threads[1], NULL);
    assert_int_equal(control.result, 0);
    assert_int_equal(ask.result, 0);
    print_message("%s: %lld frames, %llu of them lost\n", device, (long long)number,
                  (unsigned long long)lost);
    rondo_stream_close(stream);
    assert_int_equal(probe.overlapped, 0);
}

static void
render_stays_in_order_beside_starts_stops_and_questions(void **state)
{
    struct rondo_stream_config config = RONDO_STREAM_CONFIG_INIT;
    const char *const device = (const char *)*state;
    struct beside control = {.rounds = 300};
    struct beside ask = {.result = 0};
    struct rondo_stream *stream;
    pthread_t threads[2];
    int32_t number = 0;
    int32_t last = 0;

    probe_reset();
    config.direction = RONDO_RENDER;
    config.period_frames = 48;
    config.realtime_priority = -1;
    assert_int_equal(rondo_stream_open(&stream, device, &config), 0);
    control.stream = ask.stream = stream;
    assert_int_equal(pthread_create(&threads[0], NULL, control_main, &control), 0);
    assert_int_equal(pthread_create(&threads[1], NULL, ask_main, &ask), 0);
    while (number < 9600) {
        const int ready = rondo_stream_wait(stream, DEADLINE_NS);
        struct rondo_span span;
        int released;

        assert_true(ready > 0 || ready == -EBADFD);
        span = rondo_stream_get(stream, 100);
        for (uint32_t frame = 0; frame < span.frames; frame++)
            ((int32_t *)span.data)[frame] = ++number;
        released = rondo_stream_release(stream, span.frames);
        assert_true(released == 0 || released == -EPIPE);
    }
    pthread_join(threads[0], NULL);
    /* What is given while the stream is stopped is never late. */
    assert_int_equal(rondo_stream_stop(stream), 0);
    {
        const struct rondo_span span = rondo_stream_get(stream, 1);

        if (span.frames == 1)
            *(int32_t *)span.data = ++number;
        assert_int_equal(rondo_stream_release(stream, span.frames), 0);
    }
    assert_int_equal(rondo_stream_start(stream), 0);
    assert_int_equal(rondo_stream_drain(stream, DEADLINE_NS), 0);
    atomic_store(&ask.done, true);
    pthread_join(threads[1], NULL);
    assert_int_equal(control.result, 0);
    assert_int_equal(ask.result, 0);
    rondo_stream_close(stream);
    /* Silence may stand between, and frames that came too late are missing: never out of order. */
    for (uint64_t frame = 0; frame < probe.rendered_frames; frame++) {
        if (probe.rendered[frame] == 0)
            continue;
        assert_true(probe.rendered[frame] > last);
        last = probe.rendered[frame];
    }
    assert_int_equal(last, number);
    assert_int_equal(probe.overlapped, 0);
}

static void
streams_open_run_and_close_many_times_over(void **unused)
{
    (void)unused;
    probe_reset();
    for (int round = 0; round < 200; round++) {
        struct rondo_stream *stream;

        assert_int_equal(rondo_stream_open(&stream, round % 2 ? "probe:" : "probe-blocking:", NULL),
                         0);
        if (round % 3 != 0)
            assert_int_equal(rondo_stream_start(stream), 0);
        if (round % 5 == 0)
            assert_int_equal(rondo_stream_reset(stream), 0);
        rondo_stream_close(stream);
    }
    assert_int_equal(probe.opens, 200);
    assert_int_equal(probe.closes, 200);
}

#define TEST(function, device)                                                                     \
    {                                                                                              \
#function "(" device ")", function, NULL, NULL, (void *)(uintptr_t)device                  \
    }

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(capture_stays_in_order_beside_starts_stops_and_questions, "probe:"),
        TEST(capture_stays_in_order_beside_starts_stops_and_questions, "probe-blocking:"),
        TEST(render_stays_in_order_beside_starts_stops_and_questions, "probe-sink:"),
        TEST(render_stays_in_order_beside_starts_stops_and_questions, "probe-sink-blocking:"),
        TEST(streams_open_run_and_close_many_times_over, ""),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
