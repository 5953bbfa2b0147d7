/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "backend/conformance.h"

static bool
is_silent(uint64_t position, const void *data, uint32_t frames)
{
    const unsigned char *bytes = data;

    (void)position;
    for (uint32_t i = 0; i < frames * 12; i++)
        if (bytes[i] != 0)
            return false;
    return true;
}

static void
make_noise(uint64_t position, void *data, uint32_t frames)
{
    memset(data, (int)(position & 0xff), (size_t)frames * 12);
}

static void
assert_granted(const char *device, struct rondo_format asked, struct rondo_format granted)
{
    for (int direction = RONDO_CAPTURE; direction <= RONDO_RENDER; direction++) {
        struct rondo_stream_config config = RONDO_STREAM_CONFIG_INIT;
        struct rondo_stream *stream = NULL;
        struct rondo_stream_info info;

        config.direction = (enum rondo_direction)direction;
        config.format = asked;
        assert_int_equal(rondo_stream_open(&stream, device, &config), 0);
        rondo_stream_query_info(stream, &info);
        assert_int_equal(info.granted.format.sample, granted.sample);
        assert_int_equal(info.granted.format.channels, granted.channels);
        assert_int_equal(info.granted.format.rate_hz, granted.rate_hz);
        assert_int_equal(info.granted.length_frames, 0);
        rondo_stream_close(stream);
    }
}

static void
null_grants_what_is_asked_then_what_the_parameters_say(void **state)
{
    const struct rondo_format nothing = {0};

    (void)state;
    assert_granted("null:", nothing, (struct rondo_format){RONDO_S16, 2, 48000});
    assert_granted("null:?rate=1&channels=256&format=s24", nothing,
                   (struct rondo_format){RONDO_S24_PACKED, 256, 1});
    assert_granted("null:?rate=8000&channels=1", (struct rondo_format){RONDO_F32, 6, 0},
                   (struct rondo_format){RONDO_F32, 6, 8000});
    assert_granted("null:?format=s32", (struct rondo_format){RONDO_S24_IN_32, 7, 1536000},
                   (struct rondo_format){RONDO_S24_IN_32, 7, 1536000});
}

/* The silence is the device's, not what happened to be in its memory. */
static void
null_records_silence_over_whatever_was_there(void **state)
{
    struct rondo_stream_config config = RONDO_STREAM_CONFIG_INIT;
    struct rondo_stream *stream = NULL;

    (void)state;
    config.clock = rondo_clock_offline();
    config.format = (struct rondo_format){RONDO_S32, 3, 48000};
    assert_int_equal(rondo_stream_open(&stream, "null:", &config), 0);
    assert_int_equal(rondo_stream_start(stream), 0);
    for (int i = 0; i < 50; i++) {
        struct rondo_span span;

        assert_true(rondo_stream_wait(stream, 20000000000) > 0);
        span = rondo_stream_get(stream, UINT32_MAX);
        assert_true(is_silent(0, span.data, span.frames));
        make_noise(1, span.data, span.frames);
        assert_int_equal(rondo_stream_release(stream, span.frames), 0);
    }
    rondo_stream_close(stream);
}

static void
null_refuses_an_address(void **state)
{
    struct rondo_stream_config config = RONDO_STREAM_CONFIG_INIT;
    struct rondo_stream *stream = NULL;
    struct rondo_error error;

    (void)state;
    config.error = &error;
    assert_int_equal(rondo_stream_open(&stream, "null:rate=44100", &config), -EINVAL);
    assert_non_null(strstr(error.text, "'?'"));
    assert_int_equal(rondo_stream_open(&stream, "null:?format=loud", &config), -EINVAL);
    assert_non_null(strstr(error.text, "s16, s24"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(null_grants_what_is_asked_then_what_the_parameters_say),
        cmocka_unit_test(null_records_silence_over_whatever_was_there),
        cmocka_unit_test(null_refuses_an_address),
    };
    const struct conformance_subject capture = {
        .device = "null:",
        .direction = RONDO_CAPTURE,
        .format = {RONDO_S32, 3, 44100},
        .granted = {RONDO_S32, 3, 44100},
        .is_right = is_silent,
    };
    const struct conformance_subject render = {
        .device = "null:?rate=48000",
        .direction = RONDO_RENDER,
        .format = {RONDO_F32, 3, 0},
        .granted = {RONDO_F32, 3, 48000},
        .make = make_noise,
    };

    return conformance_run(&capture) + conformance_run(&render) +
           cmocka_run_group_tests(tests, NULL, NULL);
}
