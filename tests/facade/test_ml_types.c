/* SPDX-License-Identifier: MIT */
/* Types, values and names of the ML audio API. Numbers: checklist of the facade. */
#include "support/ml_test.h"

static const MLResult codes[] = {
    MLResult_Ok,
    MLResult_Pending,
    MLResult_Timeout,
    MLResult_Locked,
    MLResult_UnspecifiedFailure,
    MLResult_InvalidParam,
    MLResult_AllocFailed,
    MLResult_PermissionDenied,
    MLResult_NotImplemented,
    MLResult_ClientLimitExceeded,
    MLResult_PoseNotFound,
    MLResult_IncompatibleSKU,
    MLResult_PerceptionSystemNotStarted,
    MLResult_IllegalState,
    MLResult_LicenseError,
    MLResult_InvalidTimestamp,
    MLAudioResult_NotImplemented,
    MLAudioResult_HandleNotFound,
    MLAudioResult_InvalidSampleRate,
    MLAudioResult_InvalidBitsPerSample,
    MLAudioResult_InvalidValidBits,
    MLAudioResult_InvalidSampleFormat,
    MLAudioResult_InvalidChannelCount,
    MLAudioResult_InvalidBufferSize,
    MLAudioResult_BufferNotReady,
    MLAudioResult_FileNotFound,
    MLAudioResult_FileNotRecognized,
    MLAudioResult_ResourceNotFound,
    MLAudioResult_ResourceDiscarded,
    MLAudioResult_OperationUnavailable,
    MLAudioResult_OperationNotReady,
    MLAudioResult_InternalConfigError,
};
#define CODES (sizeof codes / sizeof codes[0])

static int32_t
bits(uint32_t value)
{
    return (int32_t)value;
}

static void
ml_001_base_types_have_their_sizes_and_result_is_signed(void **state)
{
    (void)state;
    assert_int_equal(sizeof(MLHandle), 8);
    assert_int_equal(sizeof(MLResult), 4);
    assert_true((MLResult)-1 < 0);
}

static void
ml_002_only_the_invalid_handle_is_not_valid(void **state)
{
    (void)state;
    assert_true(ML_INVALID_HANDLE == UINT64_MAX);
    assert_false(MLHandleIsValid(ML_INVALID_HANDLE));
    assert_true(MLHandleIsValid(0));
    assert_true(MLHandleIsValid(1));
    assert_true(MLHandleIsValid(UINT64_MAX - 1));
}

static void
ml_003_buffer_format_is_six_words(void **state)
{
    (void)state;
    assert_int_equal(sizeof(MLAudioBufferFormat), 24);
    assert_int_equal(offsetof(MLAudioBufferFormat, channel_count), 0);
    assert_int_equal(offsetof(MLAudioBufferFormat, samples_per_second), 4);
    assert_int_equal(offsetof(MLAudioBufferFormat, bits_per_sample), 8);
    assert_int_equal(offsetof(MLAudioBufferFormat, valid_bits_per_sample), 12);
    assert_int_equal(offsetof(MLAudioBufferFormat, sample_format), 16);
    assert_int_equal(offsetof(MLAudioBufferFormat, channel_format), 20);
}

static void
ml_004_buffer_is_a_pointer_and_a_size(void **state)
{
    (void)state;
    assert_int_equal(sizeof(MLAudioBuffer), sizeof(void *) == 8 ? 16 : 8);
    assert_int_equal(offsetof(MLAudioBuffer, ptr), 0);
    assert_int_equal(offsetof(MLAudioBuffer, size), sizeof(void *));
}

static void
ml_005_every_enum_is_four_bytes_wide(void **state)
{
    (void)state;
    assert_int_equal(sizeof(MLAudioResult), 4);
    assert_int_equal(sizeof(MLResultGlobal), 4);
    assert_int_equal(sizeof(MLAudioState), 4);
    assert_int_equal(sizeof(MLAudioMicCaptureType), 4);
    assert_int_equal(sizeof(MLAudioSampleFormat), 4);
    assert_int_equal(sizeof(MLAudioChannelFormat), 4);
}

static void
ml_006_not_implemented_is_negative_with_the_audio_prefix(void **state)
{
    (void)state;
    assert_int_equal(MLAudioResult_NotImplemented, bits(0x9E110000u));
    assert_true(MLAudioResult_NotImplemented < 0);
}

static void
ml_007_handle_not_found_has_its_value(void **state)
{
    (void)state;
    assert_int_equal(MLAudioResult_HandleNotFound, bits(0x9E110001u));
}

static void
ml_008_buffer_not_ready_has_its_value(void **state)
{
    (void)state;
    assert_int_equal(MLAudioResult_BufferNotReady, bits(0x9E110008u));
}

static void
ml_009_operation_unavailable_has_its_value(void **state)
{
    (void)state;
    assert_int_equal(MLAudioResult_OperationUnavailable, bits(0x9E11000Du));
}

static void
ml_010_internal_config_error_has_its_value(void **state)
{
    (void)state;
    assert_int_equal(MLAudioResult_InternalConfigError, bits(0x9E11000Fu));
    for (uint32_t i = 0; i < 16; i++)
        assert_int_equal(codes[CODES - 16 + i], bits(0x9E110000u + i));
}

static void
ml_011_global_codes_have_their_values(void **state)
{
    (void)state;
    for (int i = 0; i < 16; i++)
        assert_int_equal(codes[i], i);
}

static void
ml_012_enumerators_have_their_values(void **state)
{
    (void)state;
    assert_int_equal(MLAudioMicCaptureType_VoiceComm, 0);
    assert_int_equal(MLAudioMicCaptureType_VoiceCapture, 1);
    assert_int_equal(MLAudioMicCaptureType_WorldCapture, 4);
    assert_int_equal(MLAudioMicCaptureType_RawMicsAndAECRef, 5);
    assert_int_equal(MLAudioState_Stopped, 0);
    assert_int_equal(MLAudioState_Playing, 1);
    assert_int_equal(MLAudioState_Paused, 2);
    assert_int_equal(MLAudioSampleFormat_Int, 0);
    assert_int_equal(MLAudioSampleFormat_Float, 1);
    assert_int_equal(MLAudioChannelFormat_Default, 0);
    assert_int_equal(MLAudioChannelFormat_AmbisonicAmbix, 1);
}

static void
ml_013_every_code_has_a_name(void **state)
{
    (void)state;
    for (size_t i = 0; i < CODES; i++) {
        assert_non_null(MLAudioGetResultString(codes[i]));
        assert_string_not_equal(MLAudioGetResultString(codes[i]), "");
        assert_string_not_equal(MLAudioGetResultString(codes[i]), "Unknown");
    }
    assert_string_equal(MLAudioGetResultString(MLAudioResult_BufferNotReady),
                        "MLAudioResult_BufferNotReady");
    assert_string_equal(MLAudioGetResultString(MLResult_InvalidParam), "MLResult_InvalidParam");
}

static void
ml_014_names_are_distinct_and_other_numbers_are_unknown(void **state)
{
    (void)state;
    for (size_t i = 0; i < CODES; i++)
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(MLAudioGetResultString(codes[i]),
                                    MLAudioGetResultString(codes[j]));
    assert_string_equal(MLAudioGetResultString(16), "Unknown");
    assert_string_equal(MLAudioGetResultString(-1), "Unknown");
    assert_string_equal(MLAudioGetResultString(bits(0x9E110010u)), "Unknown");
    assert_string_equal(MLAudioGetResultString(INT32_MAX), "Unknown");
}

static void
ml_global_names_leave_audio_codes_unknown(void **state)
{
    (void)state;
    assert_string_equal(MLGetResultString(MLResult_AllocFailed), "MLResult_AllocFailed");
    assert_string_equal(MLGlobalGetResultString(MLResult_Timeout), "MLResult_Timeout");
    assert_string_equal(MLGlobalGetResultString(MLAudioResult_BufferNotReady), "Unknown");
}

static void
ml_geometric_types_have_their_layout(void **state)
{
    MLVec3f vector = {{{1, 2, 3}}};
    MLQuaternionf rotation = {{{1, 2, 3, 4}}};

    (void)state;
    assert_int_equal(sizeof vector, 12);
    assert_true(vector.z == 3.0f && vector.xyz.z == 3.0f && vector.values[2] == 3.0f);
    assert_int_equal(sizeof rotation, 16);
    assert_true(rotation.w == 4.0f && rotation.values[3] == 4.0f);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ml_001_base_types_have_their_sizes_and_result_is_signed),
        cmocka_unit_test(ml_002_only_the_invalid_handle_is_not_valid),
        cmocka_unit_test(ml_003_buffer_format_is_six_words),
        cmocka_unit_test(ml_004_buffer_is_a_pointer_and_a_size),
        cmocka_unit_test(ml_005_every_enum_is_four_bytes_wide),
        cmocka_unit_test(ml_006_not_implemented_is_negative_with_the_audio_prefix),
        cmocka_unit_test(ml_007_handle_not_found_has_its_value),
        cmocka_unit_test(ml_008_buffer_not_ready_has_its_value),
        cmocka_unit_test(ml_009_operation_unavailable_has_its_value),
        cmocka_unit_test(ml_010_internal_config_error_has_its_value),
        cmocka_unit_test(ml_011_global_codes_have_their_values),
        cmocka_unit_test(ml_012_enumerators_have_their_values),
        cmocka_unit_test(ml_013_every_code_has_a_name),
        cmocka_unit_test(ml_014_names_are_distinct_and_other_numbers_are_unknown),
        cmocka_unit_test(ml_global_names_leave_audio_codes_unknown),
        cmocka_unit_test(ml_geometric_types_have_their_layout),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
