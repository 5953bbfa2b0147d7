/* SPDX-License-Identifier: MIT */
/* What format.h promises: sizes, limits, and the arithmetic between frames, bytes and nanoseconds.
 */
#include "support/core_test.h"

#include <errno.h>

#include <rondo/format.h>

#define NO_SAMPLE_FORMAT ((enum rondo_sample_format)6)

static void
format_knows_the_size_and_name_of_every_sample_format(void **state)
{
    (void)state;
    assert_int_equal(rondo_sample_bytes(RONDO_S16), 2);
    assert_int_equal(rondo_sample_bytes(RONDO_S24_PACKED), 3);
    assert_int_equal(rondo_sample_bytes(RONDO_S24_IN_32), 4);
    assert_int_equal(rondo_sample_bytes(RONDO_S32), 4);
    assert_int_equal(rondo_sample_bytes(RONDO_F32), 4);
    assert_int_equal(rondo_sample_bytes(RONDO_SAMPLE_DEFAULT), 0);
    assert_int_equal(rondo_sample_bytes(NO_SAMPLE_FORMAT), 0);
    assert_string_equal(rondo_sample_name(RONDO_S16), "s16");
    assert_string_equal(rondo_sample_name(RONDO_S24_PACKED), "s24");
    assert_string_equal(rondo_sample_name(RONDO_S24_IN_32), "s24_32");
    assert_string_equal(rondo_sample_name(RONDO_S32), "s32");
    assert_string_equal(rondo_sample_name(RONDO_F32), "f32");
    assert_string_equal(rondo_sample_name(RONDO_SAMPLE_DEFAULT), "default");
    assert_string_equal(rondo_sample_name(NO_SAMPLE_FORMAT), "unknown");
}

static void
format_check_refuses_every_field_out_of_its_range(void **state)
{
    const struct rondo_format good[] = {{RONDO_S16, 1, 1},
                                        {RONDO_F32, RONDO_CHANNELS_MAX, RONDO_RATE_HZ_MAX},
                                        {RONDO_S24_PACKED, 2, 44100}};
    const struct rondo_format bad[] = {
        {RONDO_SAMPLE_DEFAULT, 2, 48000},
        {NO_SAMPLE_FORMAT, 2, 48000},
        {RONDO_S16, 0, 48000},
        {RONDO_S16, RONDO_CHANNELS_MAX + 1, 48000},
        {RONDO_S16, UINT32_MAX, 48000},
        {RONDO_S16, 2, 0},
        {RONDO_S16, 2, RONDO_RATE_HZ_MAX + 1},
        {RONDO_S16, 2, UINT32_MAX},
    };

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_int_equal(rondo_format_check(&good[i]), 0);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(rondo_format_check(&bad[i]), -EINVAL);
    assert_int_equal(rondo_format_check(NULL), -EINVAL);
}

static void
format_frame_bytes_is_the_product_or_nothing(void **state)
{
    static const uint32_t sample_bytes[] = {0, 2, 3, 4, 4, 4, 0};

    (void)state;
    for (uint32_t sample = 0; sample <= 6; sample++)
        for (uint32_t channels = 0; channels <= RONDO_CHANNELS_MAX + 2; channels++) {
            const struct rondo_format format = {(enum rondo_sample_format)sample, channels, 48000};

            assert_int_equal(rondo_frame_bytes(&format),
                             channels <= RONDO_CHANNELS_MAX ? channels * sample_bytes[sample] : 0);
        }
    assert_true(RONDO_CHANNELS_MAX * 4 <= RONDO_FRAME_BYTES_MAX);
}

static void
format_frames_to_bytes_refuses_what_does_not_fit(void **state)
{
    size_t bytes = 99;

    (void)state;
    assert_int_equal(rondo_frames_to_bytes(480, 12, &bytes), 0);
    assert_int_equal(bytes, 5760);
    assert_int_equal(rondo_frames_to_bytes(0, 4096, &bytes), 0);
    assert_int_equal(bytes, 0);
    assert_int_equal(rondo_frames_to_bytes(SIZE_MAX / 3, 3, &bytes), 0);
    assert_true(bytes == SIZE_MAX / 3 * 3);
    bytes = 99;
    assert_int_equal(rondo_frames_to_bytes((uint64_t)SIZE_MAX / 3 + 1, 3, &bytes), -EOVERFLOW);
    assert_int_equal(rondo_frames_to_bytes(UINT64_MAX, 2, &bytes), -EOVERFLOW);
    assert_int_equal(rondo_frames_to_bytes(1, 0, &bytes), -EINVAL);
    assert_int_equal(rondo_frames_to_bytes(0, 0, &bytes), -EINVAL);
    assert_int_equal(bytes, 99);
}

static void
format_bytes_to_frames_rounds_down(void **state)
{
    (void)state;
    assert_int_equal(rondo_bytes_to_frames(0, 12), 0);
    assert_int_equal(rondo_bytes_to_frames(11, 12), 0);
    assert_int_equal(rondo_bytes_to_frames(12, 12), 1);
    assert_int_equal(rondo_bytes_to_frames(35, 12), 2);
    assert_true(rondo_bytes_to_frames(SIZE_MAX, 1) == SIZE_MAX);
    assert_int_equal(rondo_bytes_to_frames(100, 0), 0);
}

static const uint32_t rates[] = {1,      2,      3,      7,       8000,    11025,
                                 12345,  22050,  44056,  44100,   47952,   48000,
                                 48001,  65537,  88200,  96000,   176400,  192000,
                                 384000, 705599, 999983, 1000000, 1535999, RONDO_RATE_HZ_MAX};

static void
format_frames_to_ns_and_back_is_the_same_frame(void **state)
{
    uint64_t random = 1;

    (void)state;
    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++) {
        const uint64_t last = UINT64_C(1000000000) * rates[i]; /* what plays in 10^18 ns */

        for (int round = 0; round < 3000; round++) {
            const uint64_t frames = round < 1000   ? (uint64_t)round
                                    : round < 2000 ? last - (uint64_t)(round - 1000)
                                                   : test_random(&random) % last;
            const uint64_t ns = rondo_frames_to_ns(frames, rates[i]);

            assert_true(rondo_ns_to_frames(ns, rates[i]) == frames);
            if (ns > 0) /* it is the first nanosecond of that frame */
                assert_true(rondo_ns_to_frames(ns - 1, rates[i]) == frames - 1);
        }
    }
}

static void
format_ns_to_frames_is_exact_where_doubles_are_not(void **state)
{
    (void)state;
    assert_true(rondo_ns_to_frames(0, 44100) == 0);
    assert_true(rondo_ns_to_frames(999999999, 1) == 0);
    assert_true(rondo_ns_to_frames(1000000000, 1) == 1);
    assert_true(rondo_ns_to_frames(22675, 44100) == 0);
    assert_true(rondo_ns_to_frames(22676, 44100) == 1);
    assert_true(rondo_ns_to_frames(UINT64_C(1000000000000000000), RONDO_RATE_HZ_MAX) ==
                UINT64_C(1536000000000000));
    assert_true(rondo_ns_to_frames(UINT64_C(999999999999999999), RONDO_RATE_HZ_MAX) ==
                UINT64_C(1535999999999999));
    assert_true(rondo_frames_to_ns(1, 44100) == 22676);
    assert_true(rondo_frames_to_ns(3, 7) == 428571429);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(format_knows_the_size_and_name_of_every_sample_format),
        cmocka_unit_test(format_check_refuses_every_field_out_of_its_range),
        cmocka_unit_test(format_frame_bytes_is_the_product_or_nothing),
        cmocka_unit_test(format_frames_to_bytes_refuses_what_does_not_fit),
        cmocka_unit_test(format_bytes_to_frames_rounds_down),
        cmocka_unit_test(format_frames_to_ns_and_back_is_the_same_frame),
        cmocka_unit_test(format_ns_to_frames_is_exact_where_doubles_are_not),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
