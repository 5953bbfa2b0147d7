/* SPDX-License-Identifier: MIT */
/* Creating inputs: arguments. Numbers: checklist of the facade. */
#include "support/ml_test.h"

#define COMM  MLAudioMicCaptureType_VoiceComm
#define VOICE MLAudioMicCaptureType_VoiceCapture
#define WORLD MLAudioMicCaptureType_WorldCapture
#define RAW   MLAudioMicCaptureType_RawMicsAndAECRef

/* Create, and destroy if that went well. On failure the handle must be the invalid one. */
static MLResult
try_format(MLAudioMicCaptureType type, MLAudioBufferFormat format, uint32_t size)
{
    MLHandle handle = 5;
    const MLResult result =
        MLAudioCreateInputFromMicCapture(type, &format, size, NULL, NULL, &handle);

    if (result == MLResult_Ok) {
        assert_true(MLHandleIsValid(handle));
        ml_assert_ok(MLAudioDestroyInput(handle));
    } else {
        assert_true(handle == ML_INVALID_HANDLE);
    }
    return result;
}

static void
ml_025_format_null_is_an_invalid_parameter(void **state)
{
    MLHandle handle;

    (void)state;
    handle = 5;
    ml_assert_result(MLAudioCreateInputFromMicCapture(VOICE, NULL, 0, NULL, NULL, &handle),
                     MLResult_InvalidParam);
    assert_true(handle == ML_INVALID_HANDLE);
    handle = 5;
    ml_assert_result(MLAudioCreateInputFromVirtualCapture(NULL, 0, NULL, NULL, &handle),
                     MLResult_InvalidParam);
    assert_true(handle == ML_INVALID_HANDLE);
    handle = 5;
    ml_assert_result(MLAudioCreateInputFromMixedCapture(NULL, 0, NULL, NULL, &handle),
                     MLResult_InvalidParam);
    assert_true(handle == ML_INVALID_HANDLE);
}

static void
ml_026_out_handle_null_is_an_invalid_parameter(void **state)
{
    const MLAudioBufferFormat mono = ml_format(1, 48000);
    const MLAudioBufferFormat stereo = ml_format(2, 48000);

    (void)state;
    ml_assert_result(MLAudioCreateInputFromMicCapture(VOICE, &mono, 0, NULL, NULL, NULL),
                     MLResult_InvalidParam);
    ml_assert_result(MLAudioCreateInputFromVirtualCapture(&stereo, 0, NULL, NULL, NULL),
                     MLResult_InvalidParam);
    ml_assert_result(MLAudioCreateInputFromMixedCapture(&stereo, 0, NULL, NULL, NULL),
                     MLResult_InvalidParam);
}

static void
ml_virtual_and_mixed_capture_are_not_implemented(void **state)
{
    const MLAudioBufferFormat stereo = ml_format(2, 48000);
    MLHandle handle = 5;

    (void)state;
    ml_assert_result(MLAudioCreateInputFromVirtualCapture(&stereo, 0, NULL, NULL, &handle),
                     MLAudioResult_NotImplemented);
    assert_true(handle == ML_INVALID_HANDLE);
    handle = 5;
    ml_assert_result(MLAudioCreateInputFromMixedCapture(&stereo, 0, NULL, NULL, &handle),
                     MLAudioResult_NotImplemented);
    assert_true(handle == ML_INVALID_HANDLE);
}

static void
ml_027_other_types_are_invalid_parameters(void **state)
{
    static const int others[] = {2, 3, 6, -1};

    (void)state;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        ml_assert_result(try_format((MLAudioMicCaptureType)others[i], ml_format(2, 48000), 0),
                         MLResult_InvalidParam);
}

static void
ml_028_voice_comm_is_mono_at_16_khz(void **state)
{
    (void)state;
    ml_assert_ok(try_format(COMM, ml_format(1, 16000), 0));
}

static void
ml_029_voice_comm_refuses_48_khz(void **state)
{
    (void)state;
    ml_assert_result(try_format(COMM, ml_format(1, 48000), 0), MLAudioResult_InvalidSampleRate);
}

static void
ml_030_voice_comm_refuses_two_channels(void **state)
{
    (void)state;
    ml_assert_result(try_format(COMM, ml_format(2, 16000), 0), MLAudioResult_InvalidChannelCount);
}

static void
ml_031_voice_capture_is_mono_at_48_khz(void **state)
{
    (void)state;
    ml_assert_ok(try_format(VOICE, ml_format(1, 48000), 0));
    ml_assert_result(try_format(VOICE, ml_format(1, 16000), 0), MLAudioResult_InvalidSampleRate);
}

static void
ml_032_world_capture_is_stereo_at_48_khz(void **state)
{
    (void)state;
    ml_assert_ok(try_format(WORLD, ml_format(2, 48000), 0));
    ml_assert_result(try_format(WORLD, ml_format(1, 48000), 0), MLAudioResult_InvalidChannelCount);
}

static void
ml_033_raw_capture_has_six_channels_at_48_khz(void **state)
{
    (void)state;
    ml_assert_ok(try_format(RAW, ml_format(6, 48000), 0));
    ml_assert_result(try_format(RAW, ml_format(2, 48000), 0), MLAudioResult_InvalidChannelCount);
    ml_assert_result(try_format(RAW, ml_format(4, 48000), 0), MLAudioResult_InvalidChannelCount);
}

static void
ml_039_bits_other_than_16_are_refused(void **state)
{
    static const uint32_t others[] = {8, 24, 32, 0};
    MLAudioBufferFormat format = ml_format(1, 48000);

    (void)state;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        format.bits_per_sample = others[i];
        ml_assert_result(try_format(VOICE, format, 0), MLAudioResult_InvalidBitsPerSample);
    }
}

static void
ml_040_valid_bits_other_than_16_are_refused(void **state)
{
    static const uint32_t others[] = {0, 12, 17};
    MLAudioBufferFormat format = ml_format(1, 48000);

    (void)state;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        format.valid_bits_per_sample = others[i];
        ml_assert_result(try_format(VOICE, format, 0), MLAudioResult_InvalidValidBits);
    }
}

static void
ml_041_float_is_refused(void **state)
{
    MLAudioBufferFormat format = ml_format(1, 48000);

    (void)state;
    format.sample_format = MLAudioSampleFormat_Float;
    ml_assert_result(try_format(VOICE, format, 0), MLAudioResult_InvalidSampleFormat);
}

static void
ml_042_channel_format_is_not_looked_at(void **state)
{
    MLAudioBufferFormat format = ml_format(1, 48000);
    const uint32_t garbage = 0x5eedf00d;

    (void)state;
    memcpy(&format.channel_format, &garbage, sizeof garbage);
    ml_assert_ok(try_format(VOICE, format, 0));
}

/* The size of the first buffer that an input of a requested size delivers. */
static uint32_t
delivered_size(uint32_t size)
{
    const MLHandle handle = ml_create(WORLD, size, NULL, NULL);
    MLAudioBuffer buffer;

    ml_assert_ok(MLAudioStartInput(handle));
    ml_advance_ms(200);
    ml_assert_ok(MLAudioGetInputBuffer(handle, &buffer));
    ml_assert_ok(MLAudioDestroyInput(handle));
    return buffer.size;
}

static void
ml_043_size_zero_selects_the_recommended_size(void **state)
{
    MLAudioBufferFormat format;
    uint32_t recommended;

    (void)state;
    ml_assert_ok(MLAudioGetBufferedInputDefaults(2, 48000, &format, &recommended, NULL));
    assert_int_equal(delivered_size(0), recommended);
}

static void
ml_044_sizes_below_the_minimum_are_refused(void **state)
{
    MLAudioBufferFormat format;
    uint32_t min;

    (void)state;
    ml_assert_ok(MLAudioGetBufferedInputDefaults(2, 48000, &format, NULL, &min));
    assert_int_equal(delivered_size(min), min);
    ml_assert_result(try_format(WORLD, format, min - 1), MLAudioResult_InvalidBufferSize);
    ml_assert_result(try_format(WORLD, format, 1), MLAudioResult_InvalidBufferSize);
}

static void
ml_045_sizes_are_rounded_down_to_whole_frames(void **state)
{
    (void)state;
    assert_int_equal(delivered_size(4000 + 1), 4000);
    assert_int_equal(delivered_size(4000 + 3), 4000);
    assert_int_equal(delivered_size(4000), 4000);
}

static void
ml_046_an_absurd_size_is_an_allocation_failure(void **state)
{
    (void)state;
    ml_assert_result(try_format(VOICE, ml_format(1, 48000), 0xFFFFFFF0u), MLResult_AllocFailed);
    ml_assert_result(try_format(RAW, ml_format(6, 48000), UINT32_MAX), MLResult_AllocFailed);
}

static void
ml_047_callback_may_be_null(void **state)
{
    (void)state;
    assert_int_equal(delivered_size(ML_20MS_BYTES), ML_20MS_BYTES);
}

static void
ml_048_success_writes_a_valid_handle_that_is_not_zero(void **state)
{
    const MLHandle handle = ml_create(VOICE, 0, NULL, NULL);

    (void)state;
    assert_true(MLHandleIsValid(handle));
    assert_true(handle != 0);
    ml_assert_ok(MLAudioDestroyInput(handle));
}

static void
ml_049_failure_writes_the_invalid_handle(void **state)
{
    MLAudioBufferFormat format = ml_format(1, 48000);

    (void)state;
    /* try_format() asserts it. */
    ml_assert_result(try_format((MLAudioMicCaptureType)2, format, 0), MLResult_InvalidParam);
    ml_assert_result(try_format(VOICE, format, 1), MLAudioResult_InvalidBufferSize);
    ml_deny(true);
    ml_assert_result(try_format(VOICE, format, 0), MLResult_PermissionDenied);
    ml_use("file:/nonexistent/take.wav", ml_clock);
    ml_assert_result(try_format(VOICE, format, 0), MLAudioResult_InternalConfigError);
}

static void
ml_050_handles_differ_and_are_not_used_again_soon(void **state)
{
    MLHandle seen[64];
    const MLHandle first = ml_create(VOICE, 0, NULL, NULL);

    (void)state;
    for (int i = 0; i < 64; i++) {
        seen[i] = ml_create(VOICE, 0, NULL, NULL);
        assert_true(seen[i] != first);
        for (int j = 0; j < i; j++)
            assert_true(seen[i] != seen[j]);
        ml_assert_ok(MLAudioDestroyInput(seen[i]));
    }
    ml_assert_ok(MLAudioDestroyInput(first));
}

static void
ml_051_several_inputs_run_at_once(void **state)
{
    static const MLAudioMicCaptureType types[] = {VOICE, VOICE, COMM, WORLD, RAW};
    enum {
        INPUTS = sizeof types / sizeof types[0]
    };
    MLHandle inputs[INPUTS];
    MLAudioBuffer buffer;

    (void)state;
    for (int i = 0; i < INPUTS; i++) {
        inputs[i] = ml_create(types[i], 0, NULL, NULL);
        ml_assert_ok(MLAudioStartInput(inputs[i]));
    }
    ml_advance_ms(150);
    for (int i = 0; i < INPUTS; i++) {
        assert_int_equal(ml_state(inputs[i]), MLAudioState_Playing);
        ml_assert_ok(MLAudioGetInputBuffer(inputs[i], &buffer));
        ml_assert_ok(MLAudioReleaseInputBuffer(inputs[i]));
    }
    for (int i = 0; i < INPUTS; i++)
        ml_assert_ok(MLAudioDestroyInput(inputs[i]));
}

static void
ml_052_denied_permission_refuses_the_microphone(void **state)
{
    MLHandle inputs[16];

    (void)state;
    ml_deny(true);
    for (int i = 0; i < 100; i++)
        ml_assert_result(try_format(VOICE, ml_format(1, 48000), 0), MLResult_PermissionDenied);
    /* No input was created: there is room for all that there can be. */
    ml_deny(false);
    for (int i = 0; i < 16; i++)
        inputs[i] = ml_create(VOICE, 0, NULL, NULL);
    for (int i = 0; i < 16; i++)
        ml_assert_ok(MLAudioDestroyInput(inputs[i]));
}

static void
ml_checks_come_in_their_order(void **state)
{
    MLAudioBufferFormat format = {
        3, 44100, 8, 7, MLAudioSampleFormat_Float, MLAudioChannelFormat_Default};

    (void)state;
    ml_deny(true);
    ml_assert_result(try_format((MLAudioMicCaptureType)2, format, 1), MLResult_InvalidParam);
    ml_assert_result(try_format(VOICE, format, 1), MLResult_PermissionDenied);
    ml_deny(false);
    ml_assert_result(try_format(VOICE, format, 1), MLAudioResult_InvalidSampleFormat);
    format.sample_format = MLAudioSampleFormat_Int;
    ml_assert_result(try_format(VOICE, format, 1), MLAudioResult_InvalidBitsPerSample);
    format.bits_per_sample = 16;
    ml_assert_result(try_format(VOICE, format, 1), MLAudioResult_InvalidValidBits);
    format.valid_bits_per_sample = 16;
    ml_assert_result(try_format(VOICE, format, 1), MLAudioResult_InvalidChannelCount);
    format.channel_count = 1;
    ml_assert_result(try_format(VOICE, format, 1), MLAudioResult_InvalidSampleRate);
    format.samples_per_second = 48000;
    ml_assert_result(try_format(VOICE, format, 1), MLAudioResult_InvalidBufferSize);
    ml_assert_ok(try_format(VOICE, format, 0));
}

static void
ml_the_seventeenth_input_is_an_allocation_failure(void **state)
{
    const MLAudioBufferFormat format = ml_format(1, 48000);
    MLHandle inputs[16];
    MLHandle handle = 5;

    (void)state;
    for (int i = 0; i < 16; i++)
        inputs[i] = ml_create(VOICE, 0, NULL, NULL);
    ml_assert_result(MLAudioCreateInputFromMicCapture(VOICE, &format, 0, NULL, NULL, &handle),
                     MLResult_AllocFailed);
    assert_true(handle == ML_INVALID_HANDLE);
    ml_assert_ok(MLAudioDestroyInput(inputs[7]));
    inputs[7] = ml_create(VOICE, 0, NULL, NULL);
    for (int i = 0; i < 16; i++)
        ml_assert_ok(MLAudioDestroyInput(inputs[i]));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        ml_test(ml_025_format_null_is_an_invalid_parameter),
        ml_test(ml_026_out_handle_null_is_an_invalid_parameter),
        ml_test(ml_virtual_and_mixed_capture_are_not_implemented),
        ml_test(ml_027_other_types_are_invalid_parameters),
        ml_test(ml_028_voice_comm_is_mono_at_16_khz),
        ml_test(ml_029_voice_comm_refuses_48_khz),
        ml_test(ml_030_voice_comm_refuses_two_channels),
        ml_test(ml_031_voice_capture_is_mono_at_48_khz),
        ml_test(ml_032_world_capture_is_stereo_at_48_khz),
        ml_test(ml_033_raw_capture_has_six_channels_at_48_khz),
        ml_test(ml_039_bits_other_than_16_are_refused),
        ml_test(ml_040_valid_bits_other_than_16_are_refused),
        ml_test(ml_041_float_is_refused),
        ml_test(ml_042_channel_format_is_not_looked_at),
        ml_test(ml_043_size_zero_selects_the_recommended_size),
        ml_test(ml_044_sizes_below_the_minimum_are_refused),
        ml_test(ml_045_sizes_are_rounded_down_to_whole_frames),
        ml_test(ml_046_an_absurd_size_is_an_allocation_failure),
        ml_test(ml_047_callback_may_be_null),
        ml_test(ml_048_success_writes_a_valid_handle_that_is_not_zero),
        ml_test(ml_049_failure_writes_the_invalid_handle),
        ml_test(ml_050_handles_differ_and_are_not_used_again_soon),
        ml_test(ml_051_several_inputs_run_at_once),
        ml_test(ml_052_denied_permission_refuses_the_microphone),
        ml_test(ml_checks_come_in_their_order),
        ml_test(ml_the_seventeenth_input_is_an_allocation_failure),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
