/* SPDX-License-Identifier: MIT */
/*
 * Arithmetic of time and positions where numbers are large or small: years, 1 Hz and 1.536 MHz, one
 * frame and a million frames a period.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <rondo/backend.h>
#include <rondo/stream.h>

#define DEADLINE_S 120
#define NS_PER_S   UINT64_C(1000000000)

/* A device that takes no time: frames are not touched. */
static int
idle_open(void **device, const struct rondo_device_request *request,
          struct rondo_device_info *granted, struct rondo_error *error)
{
    (void)error;
    granted->format = (struct rondo_format){RONDO_S16, 1, request->format.rate_hz};
    *device = NULL;
    return 0;
}

static int
idle_close(void *device, struct rondo_error *error)
{
    (void)device;
    (void)error;
    return 0;
}

static int32_t
idle_transfer(void *device, void *frames, uint32_t count, struct rondo_error *error)
{
    (void)device;
    (void)frames;
    (void)error;
    return (int32_t)count;
}

static const struct rondo_backend_ops idle = {
    .version = RONDO_BACKEND_VERSION,
    .size = sizeof(struct rondo_backend_ops),
    .name = "idle",
    .summary = "does nothing",
    .open = idle_open,
    .close = idle_close,
    .transfer = idle_transfer,
};

static struct rondo_clock *virtual_clock;

static int
set_up(void **unused)
{
    (void)unused;
    alarm(DEADLINE_S);
    rondo_backend_register(&idle); /* -EEXIST the second time */
    return rondo_clock_virtual_create(&virtual_clock);
}

static int
tear_down(void **unused)
{
    (void)unused;
    rondo_clock_destroy(virtual_clock);
    return 0;
}

static struct rondo_stream *
open_idle(enum rondo_direction direction, uint32_t rate_hz, uint32_t period_frames)
{
    struct rondo_stream_config config = RONDO_STREAM_CONFIG_INIT;
    struct rondo_stream *stream;

    config.direction = direction;
    config.format.rate_hz = rate_hz;
    config.period_frames = period_frames;
    config.clock = virtual_clock;
    assert_int_equal(rondo_stream_open(&stream, "idle:", &config), 0);
    return stream;
}

static void
positions_are_exact_after_any_time(void **unused)
{
    static const struct {
        uint32_t rate_hz, period_frames;
        uint64_t seconds;
    } cases[] = {
        {1536000, 1536000, 3600},         /* beyond 2^32 frames */
        {1536000, 1u << 24, 86400},       /* a period of 11 s */
        {1536000, 1, 0},                  /* a period of 651 ns */
        {1, 1, 100},                      /* a period of a second */
        {1, 86400, 100 * 365 * 86400ull}, /* a hundred years */
        {44100, 4410000, 30 * 86400ull},  /* a month */
        {7, 3, 3000},                     /* nothing fits anything */
    };

    (void)unused;
    for (int direction = RONDO_CAPTURE; direction <= RONDO_RENDER; direction++) {
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
            const uint32_t rate_hz = cases[i].rate_hz;
            const uint32_t period = cases[i].period_frames;
            const uint64_t begin_ns = rondo_clock_now_ns(virtual_clock);
            const uint64_t ns = cases[i].seconds * NS_PER_S + 1234567;
            const uint64_t due = rondo_ns_to_frames(ns, rate_hz);
            struct rondo_stream *const stream =
                open_idle((enum rondo_direction)direction, rate_hz, period);
            struct rondo_stats stats;
            uint64_t time_ns;

            assert_int_equal(rondo_stream_start(stream), 0);
            rondo_clock_advance(virtual_clock, ns);
            assert_int_equal(rondo_stream_position(stream, &time_ns), due - due % period);
            assert_int_equal(time_ns, begin_ns + rondo_frames_to_ns(due - due % period, rate_hz));
            assert_int_equal(rondo_stream_stop(stream), 0);
            assert_int_equal(rondo_stream_position(stream, NULL), due);
            rondo_stream_query_stats(stream, &stats);
            assert_int_equal(stats.frames, due);
            assert_int_equal(stats.periods, due / period);
            assert_int_equal(stats.wakeups, due / period);
            assert_int_equal(stats.wake_late_ns_max, 0);
            if (direction == RONDO_RENDER) { /* all of it silence */
                assert_int_equal(stats.xruns_lost, due > 0);
                assert_int_equal(stats.frames_lost, due);
            }
            /* And on from there. */
            assert_int_equal(rondo_stream_start(stream), 0);
            rondo_clock_advance(virtual_clock, rondo_frames_to_ns(2 * (uint64_t)period, rate_hz));
            assert_int_equal(rondo_stream_stop(stream), 0);
            assert_int_equal(rondo_stream_position(stream, NULL), due + 2 * (uint64_t)period);
            rondo_stream_close(stream);
        }
    }
}

static void
capture_beyond_2_32_frames_delivers_and_tells_losses(void **unused)
{
    struct rondo_stream *const stream = open_idle(RONDO_CAPTURE, 1536000, 1536000);
    struct rondo_xrun xrun;
    uint64_t sum = 0;

    (void)unused;
    assert_int_equal(rondo_stream_start(stream), 0);
    for (int round = 0; round < 30; round++) {
        struct rondo_span span;

        rondo_clock_advance(virtual_clock, 100 * NS_PER_S);
        while ((span = rondo_stream_get(stream, UINT32_MAX)).frames > 0) {
            sum += span.frames;
            assert_int_equal(rondo_stream_release(stream, span.frames), 0);
        }
        assert_int_equal(rondo_stream_next_xrun(stream, &xrun), 1);
        sum += xrun.frames;
        assert_int_equal(rondo_stream_next_xrun(stream, &xrun), 0);
        assert_int_equal(sum, rondo_stream_position(stream, NULL));
        assert_int_equal(rondo_stream_delay(stream), 0);
    }
    assert_true(sum > UINT32_MAX);
    rondo_stream_close(stream);
}

static void
clock_reaches_its_end_with_a_stream_running(void **unused)
{
    struct rondo_stream *const stream = open_idle(RONDO_CAPTURE, 1, 1);

    (void)unused;
    rondo_clock_advance(virtual_clock, UINT64_MAX - 1 - 5 * NS_PER_S / 2);
    assert_int_equal(rondo_stream_start(stream), 0);
    /* The third period would end behind the end of time. */
    assert_int_equal(rondo_clock_advance(virtual_clock, UINT64_MAX), 0);
    assert_int_equal(rondo_stream_position(stream, NULL), 2);
    assert_int_equal(rondo_clock_advance(virtual_clock, UINT64_MAX), 0);
    assert_int_equal(rondo_stream_stop(stream), 0);
    rondo_stream_close(stream);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(positions_are_exact_after_any_time),
        TEST(capture_beyond_2_32_frames_delivers_and_tells_losses),
        TEST(clock_reaches_its_end_with_a_stream_running),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
