/* SPDX-License-Identifier: MIT */
/*
 * Backends that do not keep backend.h: whatever they return, the stream ends with an error in words
 * and can be reset and closed.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <rondo/backend.h>
#include <rondo/stream.h>

#define PERIOD_NS   10000000u
#define DEADLINE_S  60
#define DEADLINE_NS INT64_C(20000000000)

/* What the device does. */
static struct {
    int open_result;
    struct rondo_format grants;
    int set_state_result[3];
    const char *words; /* of every failure; NULL: none */
    atomic_bool bent;  /* transfer returns moved */
    int32_t moved;
    bool leaves_words; /* though nothing is wrong */
    int leaves_code;   /* without words; 0: none */
    int opens, closes;
} odd;

static int
odd_open(void **device, const struct rondo_device_request *request,
         struct rondo_device_info *granted, struct rondo_error *error)
{
    (void)device; /* stays NULL: it needs no object */
    (void)request;
    granted->format = odd.grants;
    if (odd.words != NULL)
        rondo_error_set(error, odd.open_result < 0 ? odd.open_result : -EBUSY, "%s", odd.words);
    odd.opens += odd.open_result == 0;
    return odd.open_result;
}

static int
odd_close(void *device, struct rondo_error *error)
{
    (void)device;
    (void)error;
    odd.closes++;
    return 0;
}

static int
odd_set_state(void *device, enum rondo_engine_state state, struct rondo_error *error)
{
    (void)device;
    if (odd.set_state_result[state] != 0 && odd.words != NULL)
        rondo_error_set(error, odd.set_state_result[state], "%s", odd.words);
    return odd.set_state_result[state];
}

static int32_t
odd_transfer(void *device, void *frames, uint32_t count, struct rondo_error *error)
{
    (void)device;
    if (odd.leaves_words)
        rondo_error_set(error, -EIO, "nothing was wrong");
    if (odd.leaves_code != 0 && atomic_load(&odd.bent)) {
        memset(frames, 0, count * sizeof(int32_t));
        error->code = odd.leaves_code;
    }
    return atomic_load(&odd.bent) ? odd.moved : (int32_t)count;
}

static const struct rondo_backend_ops tables[] = {
    {
        .version = RONDO_BACKEND_VERSION,
        .size = sizeof(struct rondo_backend_ops),
        .name = "odd",
        .summary = "breaks its contract",
        .open = odd_open,
        .close = odd_close,
        .set_state = odd_set_state,
        .transfer = odd_transfer,
    },
    {
        .version = RONDO_BACKEND_VERSION,
        .size = sizeof(struct rondo_backend_ops),
        .name = "odd-blocking",
        .summary = "breaks its contract, and may be late",
        .blocking = true,
        .open = odd_open,
        .close = odd_close,
        .set_state = odd_set_state,
        .transfer = odd_transfer,
    },
};

static struct rondo_clock *virtual_clock;

static int
set_up(void **unused)
{
    (void)unused;
    alarm(DEADLINE_S);
    memset((void *)&odd, 0, sizeof odd);
    odd.grants = (struct rondo_format){RONDO_S32, 1, 48000};
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
        rondo_backend_register(&tables[i]); /* -EEXIST the second time */
    return rondo_clock_virtual_create(&virtual_clock);
}

static int
tear_down(void **unused)
{
    (void)unused;
    assert_int_equal(odd.opens, odd.closes);
    rondo_clock_destroy(virtual_clock);
    return 0;
}

static int
open_odd(struct rondo_stream **stream, const char *device, enum rondo_direction direction,
         struct rondo_error *error)
{
    struct rondo_stream_config config = RONDO_STREAM_CONFIG_INIT;

    config.direction = direction;
    config.clock = strcmp(device, "odd:") == 0 ? virtual_clock : NULL;
    config.realtime_priority = -1;
    config.error = error;
    return rondo_stream_open(stream, device, &config);
}

/* Give and take until the device has failed. Returns the error. */
static int
run_until_it_fails(struct rondo_stream *stream, enum rondo_direction direction)
{
    int code = rondo_stream_start(stream);

    atomic_store(&odd.bent, true);
    while (code == 0) {
        const struct rondo_span span = rondo_stream_get(stream, UINT32_MAX);

        if (direction == RONDO_RENDER && span.frames > 0)
            memset(span.data, 0, (size_t)span.frames * sizeof(int32_t));
        rondo_stream_release(stream, span.frames);
        rondo_clock_advance(virtual_clock, PERIOD_NS);
        code = rondo_stream_wait(stream, DEADLINE_NS);
        code = code > 0 ? 0 : code;
    }
    return code;
}

static void
transfer_that_moves_what_it_may_not_ends_the_stream(void **unused)
{
    static const struct {
        enum rondo_direction direction;
        int32_t moved;
        const char *words;
        int code;
        const char *said;
    } cases[] = {
        {RONDO_CAPTURE, INT32_MAX, NULL, -EIO, "moved 2147483647 frames"},
        {RONDO_CAPTURE, 4097, NULL, -EIO, "moved 4097 frames"},
        {RONDO_CAPTURE, INT32_MIN, NULL, -EIO, "-2147483648"},
        {RONDO_CAPTURE, -4096, NULL, -EIO, "-4096"},
        {RONDO_CAPTURE, -ENODEV, NULL, -ENODEV, "without a reason"},
        {RONDO_RENDER, 0, NULL, -EIO, "moved 0 frames"},
        {RONDO_RENDER, 1, NULL, -EIO, "moved 1 frames"},
        {RONDO_RENDER, INT32_MAX, NULL, -EIO, "moved 2147483647 frames"},
        {RONDO_RENDER, INT32_MIN, NULL, -EIO, "-2147483648"},
    };

    (void)unused;
    for (size_t i = 0; i < 2 * sizeof cases / sizeof cases[0]; i++) {
        const size_t at = i / 2;
        struct rondo_stream *stream;
        struct rondo_error error;

        atomic_store(&odd.bent, false);
        odd.moved = cases[at].moved;
        odd.words = cases[at].words;
        assert_int_equal(
            open_odd(&stream, i % 2 == 0 ? "odd:" : "odd-blocking:", cases[at].direction, &error),
            0);
        assert_int_equal(run_until_it_fails(stream, cases[at].direction), cases[at].code);
        assert_int_equal(rondo_stream_error(stream, &error), cases[at].code);
        assert_int_equal(error.code, cases[at].code);
        if (strstr(error.text, cases[at].said) == NULL)
            fail_msg("'%s' does not tell of '%s'", error.text, cases[at].said);
        atomic_store(&odd.bent, false);
        rondo_stream_reset(stream);
        assert_int_equal(rondo_stream_start(stream), 0);
        assert_int_equal(rondo_stream_error(stream, NULL), 0);
        rondo_stream_close(stream);
    }
}

/* A short capture: the last frames, then the end or an error. */
static void
transfer_that_is_short_is_the_end_or_the_error_that_it_left(void **unused)
{
    static const struct {
        int32_t moved;
        int code, result;
        const char *said;
    } cases[] = {
        {5, -ENODEV, -ENODEV, "without a reason"},
        {0, -ENODEV, -ENODEV, "without a reason"},
        {5, INT32_MIN, -EIO, "-2147483648"},
        {5, -4096, -EIO, "-4096"},
        {5, ENODEV, -ENODATA, ""},
        {5, INT32_MAX, -ENODATA, ""},
        {-EIO, -EIO, -EIO, "without a reason"},
    };

    (void)unused;
    for (size_t i = 0; i < 2 * sizeof cases / sizeof cases[0]; i++) {
        const size_t at = i / 2;
        struct rondo_stream *stream;
        struct rondo_error error;

        atomic_store(&odd.bent, false);
        odd.moved = cases[at].moved;
        odd.leaves_code = cases[at].code;
        assert_int_equal(
            open_odd(&stream, i % 2 == 0 ? "odd:" : "odd-blocking:", RONDO_CAPTURE, &error), 0);
        assert_int_equal(run_until_it_fails(stream, RONDO_CAPTURE), cases[at].result);
        assert_int_equal(rondo_stream_error(stream, &error),
                         cases[at].result == -ENODATA ? 0 : cases[at].result);
        if (strstr(error.text, cases[at].said) == NULL)
            fail_msg("'%s' does not tell of '%s'", error.text, cases[at].said);
        rondo_stream_close(stream);
    }
}

static void
transfer_that_succeeds_with_words_has_succeeded(void **unused)
{
    struct rondo_stream *stream;
    struct rondo_error error;

    (void)unused;
    odd.leaves_words = true;
    for (int blocking = 0; blocking < 2; blocking++) {
        assert_int_equal(
            open_odd(&stream, blocking ? "odd-blocking:" : "odd:", RONDO_CAPTURE, &error), 0);
        assert_int_equal(rondo_stream_start(stream), 0);
        for (int period = 0; period < 5; period++) {
            rondo_clock_advance(virtual_clock, PERIOD_NS);
            assert_true(rondo_stream_wait(stream, DEADLINE_NS) >= 480);
            assert_int_equal(rondo_stream_release(stream, rondo_stream_get(stream, 480).frames), 0);
        }
        assert_int_equal(rondo_stream_error(stream, NULL), 0);
        rondo_stream_close(stream);
    }
}

static void
open_returns_an_errno_with_words_whatever_the_backend_says(void **unused)
{
    static const struct {
        int result;
        const char *words;
        int code;
        const char *said;
    } cases[] = {
        {-EBUSY, "somebody sings", -EBUSY, "sings"},
        {-EBUSY, NULL, -EBUSY, "odd"},
        {1, NULL, -EIO, "returned 1"},
        {INT32_MIN, NULL, -EIO, "-2147483648"},
        {0, "nothing was wrong", 0, ""},
    };

    (void)unused;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct rondo_stream *stream;
        struct rondo_error error;

        odd.open_result = cases[i].result;
        odd.words = cases[i].words;
        assert_int_equal(open_odd(&stream, "odd:", RONDO_CAPTURE, &error), cases[i].code);
        assert_int_equal(error.code, cases[i].code);
        if (strstr(error.text, cases[i].said) == NULL)
            fail_msg("'%s' does not tell of '%s'", error.text, cases[i].said);
        assert_int_equal(stream != NULL, cases[i].code == 0);
        rondo_stream_close(stream);
    }
}

static void
open_refuses_a_granted_format_that_cannot_be(void **unused)
{
    static const struct rondo_format cases[] = {
        {RONDO_SAMPLE_DEFAULT, 1, 48000},
        {(enum rondo_sample_format)77, 1, 48000},
        {RONDO_S16, 0, 48000},
        {RONDO_S16, 257, 48000},
        {RONDO_S16, UINT32_MAX, 48000},
        {RONDO_S16, 1, 0},
        {RONDO_S16, 1, UINT32_MAX},
    };

    (void)unused;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct rondo_stream *stream;
        struct rondo_error error;

        odd.grants = cases[i];
        assert_int_equal(open_odd(&stream, "odd:", RONDO_RENDER, &error), -ENOTSUP);
        assert_null(stream);
        assert_int_equal(error.code, -ENOTSUP);
        assert_non_null(strstr(error.text, "granted"));
    }
}

static void
set_state_that_fails_leaves_what_backend_h_says(void **unused)
{
    (void)unused;
    for (int blocking = 0; blocking < 2; blocking++) {
        const char *const device = blocking ? "odd-blocking:" : "odd:";
        struct rondo_stream *stream;
        struct rondo_error error;

        /* At open: the reason is the backend's own. */
        odd.words = "will not";
        odd.set_state_result[RONDO_ENGINE_RESET] = -EACCES;
        assert_int_equal(open_odd(&stream, device, RONDO_CAPTURE, &error), -EACCES);
        assert_null(stream);
        assert_int_equal(error.code, -EACCES);
        assert_non_null(strstr(error.text, "will not"));
        odd.set_state_result[RONDO_ENGINE_RESET] = 0;
        odd.set_state_result[RONDO_ENGINE_STOPPED] = -EROFS;
        assert_int_equal(open_odd(&stream, device, RONDO_CAPTURE, &error), -EROFS);
        assert_non_null(strstr(error.text, "will not"));
        odd.set_state_result[RONDO_ENGINE_STOPPED] = 0;
        odd.words = NULL;

        /* RUNNING: it stays stopped. */
        assert_int_equal(open_odd(&stream, device, RONDO_CAPTURE, &error), 0);
        odd.set_state_result[RONDO_ENGINE_RUNNING] = INT32_MIN;
        assert_int_equal(rondo_stream_start(stream), -EIO);
        assert_int_equal(rondo_stream_wait(stream, 0), -EBADFD);
        odd.set_state_result[RONDO_ENGINE_RUNNING] = 0;
        assert_int_equal(rondo_stream_start(stream), 0);

        /* STOPPED: it is stopped all the same, and of no more use. */
        odd.set_state_result[RONDO_ENGINE_STOPPED] = -ENODEV;
        assert_int_equal(rondo_stream_stop(stream), -ENODEV);
        assert_int_equal(rondo_stream_error(stream, &error), -ENODEV);
        assert_int_equal(error.code, -ENODEV);
        assert_int_equal(rondo_stream_stop(stream), 0);
        assert_int_equal(rondo_stream_start(stream), -ENODEV);
        odd.set_state_result[RONDO_ENGINE_STOPPED] = 0;
        assert_int_equal(rondo_stream_reset(stream), 0);
        assert_int_equal(rondo_stream_error(stream, NULL), 0);
        assert_int_equal(rondo_stream_start(stream), 0);

        /* RESET: it is reset all the same. */
        odd.set_state_result[RONDO_ENGINE_RESET] = -ENOSPC;
        assert_int_equal(rondo_stream_reset(stream), -ENOSPC);
        assert_int_equal(rondo_stream_position(stream, NULL), 0);
        assert_int_equal(rondo_stream_start(stream), -ENOSPC);
        odd.set_state_result[RONDO_ENGINE_RESET] = 0;
        assert_int_equal(rondo_stream_start(stream), 0);
        rondo_stream_close(stream);
    }
}

/* STOPPED is refused once and then granted: the engine must not believe in the first. */
static void
engine_that_could_not_leave_reset_is_still_in_reset(void **unused)
{
    struct rondo_engine_config config = RONDO_ENGINE_CONFIG_INIT;
    struct rondo_engine *engine;

    (void)unused;
    config.clock = virtual_clock;
    assert_int_equal(rondo_engine_open(&engine, "odd:", &config), 0);
    assert_int_equal(rondo_engine_allocate_buffer(engine, 0, 0), 0);
    odd.set_state_result[RONDO_ENGINE_STOPPED] = -EROFS;
    assert_int_equal(rondo_engine_set_state(engine, RONDO_ENGINE_STOPPED), -EROFS);
    assert_int_equal(rondo_engine_state(engine), RONDO_ENGINE_RESET);
    assert_int_equal(rondo_engine_free_buffer(engine), 0);
    assert_int_equal(rondo_engine_close(engine), 0);
}

/* What could not be read ahead is no reason why a capture cannot be stopped. */
static void
capture_stops_though_reading_ahead_has_failed(void **unused)
{
    struct rondo_stream *stream;
    struct rondo_error error;

    (void)unused;
    assert_int_equal(open_odd(&stream, "odd-blocking:", RONDO_CAPTURE, &error), 0);
    assert_int_equal(rondo_stream_start(stream), 0);
    odd.moved = -EIO;
    atomic_store(&odd.bent, true);
    /* Taking frames makes the helper go on reading, and fail; a second was read before. */
    assert_true(rondo_stream_wait(stream, DEADLINE_NS) > 0);
    assert_true(rondo_stream_wait(stream, DEADLINE_NS) > 0);
    assert_int_equal(rondo_stream_stop(stream), 0);
    assert_int_equal(rondo_stream_error(stream, NULL), 0);
    assert_int_equal(rondo_stream_start(stream), -EIO);
    assert_int_equal(rondo_stream_reset(stream), 0);
    rondo_stream_close(stream);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(transfer_that_moves_what_it_may_not_ends_the_stream),
        TEST(transfer_that_is_short_is_the_end_or_the_error_that_it_left),
        TEST(transfer_that_succeeds_with_words_has_succeeded),
        TEST(open_returns_an_errno_with_words_whatever_the_backend_says),
        TEST(open_refuses_a_granted_format_that_cannot_be),
        TEST(set_state_that_fails_leaves_what_backend_h_says),
        TEST(engine_that_could_not_leave_reset_is_still_in_reset),
        TEST(capture_stops_though_reading_ahead_has_failed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
