/* SPDX-License-Identifier: MIT */
/* MLAudioGetBufferedInputDefaults. Numbers: checklist of the facade. */
#include "support/ml_test.h"

static const MLAudioMicCaptureType types[] = {
    MLAudioMicCaptureType_VoiceComm,
    MLAudioMicCaptureType_VoiceCapture,
    MLAudioMicCaptureType_WorldCapture,
    MLAudioMicCaptureType_RawMicsAndAECRef,
};
#define TYPES (sizeof types / sizeof types[0])

/* The defaults of a type's format. */
struct defaults {
    MLAudioBufferFormat format;
    uint32_t recommended, min;
};

static struct defaults
query(MLAudioMicCaptureType type)
{
    const MLAudioBufferFormat wanted = ml_format_of(type);
    struct defaults defaults;

    memset(&defaults, 0xa5, sizeof defaults);
    ml_assert_ok(MLAudioGetBufferedInputDefaults(wanted.channel_count, wanted.samples_per_second,
                                                 &defaults.format, &defaults.recommended,
                                                 &defaults.min));
    return defaults;
}

static void
ml_015_defaults_know_the_formats_of_all_inputs(void **state)
{
    (void)state;
    for (size_t i = 0; i < TYPES; i++)
        (void)query(types[i]);
}

static void
ml_016_min_is_above_zero_and_not_above_recommended(void **state)
{
    (void)state;
    for (size_t i = 0; i < TYPES; i++) {
        const struct defaults defaults = query(types[i]);

        assert_true(defaults.min > 0 && defaults.min <= defaults.recommended);
    }
}

static void
ml_017_sizes_are_whole_frames(void **state)
{
    (void)state;
    for (size_t i = 0; i < TYPES; i++) {
        const struct defaults defaults = query(types[i]);

        assert_int_equal(defaults.min % (2 * defaults.format.channel_count), 0);
        assert_int_equal(defaults.recommended % (2 * defaults.format.channel_count), 0);
    }
}

static void
ml_018_format_is_complete(void **state)
{
    (void)state;
    for (size_t i = 0; i < TYPES; i++) {
        const struct defaults defaults = query(types[i]);
        const MLAudioBufferFormat wanted = ml_format_of(types[i]);

        assert_memory_equal(&defaults.format, &wanted, sizeof wanted);
    }
}

static void
ml_019_min_may_be_null(void **state)
{
    MLAudioBufferFormat format;
    uint32_t recommended = 0;

    (void)state;
    ml_assert_ok(MLAudioGetBufferedInputDefaults(1, 48000, &format, &recommended, NULL));
    assert_true(recommended > 0);
}

static void
ml_020_recommended_may_be_null_and_format_may_not(void **state)
{
    MLAudioBufferFormat format;
    uint32_t recommended = 0, min = 0;

    (void)state;
    ml_assert_ok(MLAudioGetBufferedInputDefaults(1, 48000, &format, NULL, &min));
    assert_true(min > 0);
    ml_assert_result(MLAudioGetBufferedInputDefaults(1, 48000, NULL, &recommended, &min),
                     MLResult_InvalidParam);
}

static void
ml_021_other_channel_counts_are_refused(void **state)
{
    static const uint32_t counts[] = {0, 3, 4, 5, 7, 8, UINT32_MAX};
    MLAudioBufferFormat format;

    (void)state;
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
        ml_assert_result(MLAudioGetBufferedInputDefaults(counts[i], 48000, &format, NULL, NULL),
                         MLAudioResult_InvalidChannelCount);
}

static void
ml_022_other_rates_are_refused(void **state)
{
    static const uint32_t rates[] = {0, 8000, 44100, 96000, UINT32_MAX};
    MLAudioBufferFormat format;

    (void)state;
    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++)
        ml_assert_result(MLAudioGetBufferedInputDefaults(1, rates[i], &format, NULL, NULL),
                         MLAudioResult_InvalidSampleRate);
}

static void
ml_023_defaults_need_no_permission_and_create_nothing(void **state)
{
    (void)state;
    ml_deny(true);
    for (int i = 0; i < 100; i++)
        (void)query(MLAudioMicCaptureType_VoiceCapture);
    ml_deny(false);
    /* Nothing was created: there is room for all inputs that there can be. */
    {
        MLHandle inputs[16];

        for (int i = 0; i < 16; i++)
            inputs[i] = ml_create(MLAudioMicCaptureType_VoiceCapture, 0, NULL, NULL);
        for (int i = 0; i < 16; i++)
            ml_assert_ok(MLAudioDestroyInput(inputs[i]));
    }
}

static void
ml_024_defaults_can_be_passed_to_create(void **state)
{
    (void)state;
    for (size_t i = 0; i < TYPES; i++) {
        const struct defaults defaults = query(types[i]);
        MLHandle handle;

        ml_assert_ok(MLAudioCreateInputFromMicCapture(types[i], &defaults.format,
                                                      defaults.recommended, NULL, NULL, &handle));
        ml_assert_ok(MLAudioDestroyInput(handle));
        ml_assert_ok(MLAudioCreateInputFromMicCapture(types[i], &defaults.format, defaults.min,
                                                      NULL, NULL, &handle));
        ml_assert_ok(MLAudioDestroyInput(handle));
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        ml_test(ml_015_defaults_know_the_formats_of_all_inputs),
        ml_test(ml_016_min_is_above_zero_and_not_above_recommended),
        ml_test(ml_017_sizes_are_whole_frames),
        ml_test(ml_018_format_is_complete),
        ml_test(ml_019_min_may_be_null),
        ml_test(ml_020_recommended_may_be_null_and_format_may_not),
        ml_test(ml_021_other_channel_counts_are_refused),
        ml_test(ml_022_other_rates_are_refused),
        ml_test(ml_023_defaults_need_no_permission_and_create_nothing),
        ml_test(ml_024_defaults_can_be_passed_to_create),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
