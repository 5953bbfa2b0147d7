/* SPDX-License-Identifier: MIT */
/* Start, stop, state. Numbers: checklist of the facade. */
#include "support/ml_test.h"

#include <dirent.h>

static void
ml_063_state_after_create_is_stopped(void **state)
{
    const MLHandle handle = ml_create_20ms(NULL, NULL);

    (void)state;
    assert_int_equal(ml_state(handle), MLAudioState_Stopped);
    ml_assert_ok(MLAudioDestroyInput(handle));
}

static void
ml_064_state_follows_start_and_stop(void **state)
{
    const MLHandle handle = ml_create_20ms(NULL, NULL);

    (void)state;
    ml_assert_ok(MLAudioStartInput(handle));
    assert_int_equal(ml_state(handle), MLAudioState_Playing);
    ml_assert_ok(MLAudioStopInput(handle));
    assert_int_equal(ml_state(handle), MLAudioState_Stopped);
    ml_assert_ok(MLAudioDestroyInput(handle));
}

static void
ml_065_start_on_a_playing_input_loses_nothing(void **state)
{
    struct ml_file file;
    MLHandle handle;

    (void)state;
    ml_write_ramp(&file, 2, 48000, 48000);
    ml_use(file.device, ml_clock);
    handle = ml_create_20ms(NULL, NULL);
    ml_assert_ok(MLAudioStartInput(handle));
    ml_advance_ms(30); /* one buffer is full, the next half */
    ml_assert_ok(MLAudioStartInput(handle));
    assert_int_equal(ml_state(handle), MLAudioState_Playing);
    ml_advance_ms(10);
    (void)ml_get_ramp(handle, 0);
    (void)ml_get_ramp(handle, ML_20MS_FRAMES);
    ml_assert_ok(MLAudioDestroyInput(handle));
    ml_remove(&file);
}

static void
ml_066_stop_on_a_stopped_input_is_ok(void **state)
{
    const MLHandle handle = ml_create_20ms(NULL, NULL);

    (void)state;
    ml_assert_ok(MLAudioStopInput(handle));
    ml_assert_ok(MLAudioStartInput(handle));
    ml_assert_ok(MLAudioStopInput(handle));
    ml_assert_ok(MLAudioStopInput(handle));
    assert_int_equal(ml_state(handle), MLAudioState_Stopped);
    ml_assert_ok(MLAudioDestroyInput(handle));
}

static void
ml_067_state_is_never_paused(void **state)
{
    const MLHandle handle = ml_create_20ms(NULL, NULL);

    (void)state;
    assert_int_not_equal(ml_state(handle), MLAudioState_Paused);
    for (int i = 0; i < 3; i++) {
        ml_assert_ok(MLAudioStartInput(handle));
        assert_int_not_equal(ml_state(handle), MLAudioState_Paused);
        ml_advance_ms(100); /* overrun */
        assert_int_not_equal(ml_state(handle), MLAudioState_Paused);
        ml_assert_ok(MLAudioSetMicMute(true));
        assert_int_not_equal(ml_state(handle), MLAudioState_Paused);
        ml_assert_ok(MLAudioStopInput(handle));
        assert_int_not_equal(ml_state(handle), MLAudioState_Paused);
    }
    ml_assert_ok(MLAudioDestroyInput(handle));
}

static void
ml_068_state_to_nowhere_is_an_invalid_parameter(void **state)
{
    const MLHandle handle = ml_create_20ms(NULL, NULL);

    (void)state;
    ml_assert_result(MLAudioGetInputState(handle, NULL), MLResult_InvalidParam);
    ml_assert_ok(MLAudioDestroyInput(handle));
}

static void
ml_069_control_of_an_unknown_handle_is_not_found(void **state)
{
    static const MLHandle unknown[] = {0, 1, 0xdeadbeef, ML_INVALID_HANDLE};
    MLAudioState ignored;

    (void)state;
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++) {
        ml_assert_result(MLAudioStartInput(unknown[i]), MLAudioResult_HandleNotFound);
        ml_assert_result(MLAudioStopInput(unknown[i]), MLAudioResult_HandleNotFound);
        ml_assert_result(MLAudioGetInputState(unknown[i], &ignored), MLAudioResult_HandleNotFound);
    }
}

static void
ml_070_no_callback_comes_before_the_first_start(void **state)
{
    struct ml_recorder recorder = ML_RECORDER_INIT;
    const MLHandle handle = ml_create_20ms(ml_record, &recorder);

    (void)state;
    ml_advance_ms(200);
    assert_int_equal(ml_calls(&recorder), 0);
    ml_assert_ok(MLAudioStartInput(handle));
    assert_int_equal(ml_calls(&recorder), 0);
    ml_advance_ms(20);
    ml_wait_until(ml_returned(&recorder) == 1);
    ml_assert_ok(MLAudioDestroyInput(handle));
    assert_int_equal(ml_calls(&recorder), 1);
}

static void
ml_071_restart_begins_with_fresh_audio(void **state)
{
    struct ml_recorder recorder = ML_RECORDER_INIT;
    struct ml_file file;
    MLHandle handle;

    (void)state;
    ml_write_ramp(&file, 2, 48000, 48000);
    ml_use(file.device, ml_clock);
    handle = ml_create_20ms(ml_record, &recorder);
    ml_assert_ok(MLAudioStartInput(handle));
    ml_advance_ms(20);
    (void)ml_get_ramp(handle, 0);
    ml_assert_ok(MLAudioReleaseInputBuffer(handle));
    ml_advance_ms(30); /* frames from 960 on: one buffer is full, the other half */
    ml_wait_until(ml_returned(&recorder) == 2);
    ml_assert_ok(MLAudioStopInput(handle));

    ml_assert_ok(MLAudioStartInput(handle));
    ml_assert_result(ml_get(handle), MLAudioResult_BufferNotReady);
    ml_advance_ms(10);
    ml_assert_result(ml_get(handle), MLAudioResult_BufferNotReady);
    ml_advance_ms(10);
    (void)ml_get_ramp(handle, 0); /* the file begins anew with each start */
    ml_assert_result(ml_get(handle), MLAudioResult_BufferNotReady);
    ml_wait_until(ml_returned(&recorder) == 3);
    ml_assert_ok(MLAudioDestroyInput(handle));
    assert_int_equal(ml_calls(&recorder), 3); /* none for the half buffer, none twice */
    ml_remove(&file);
}

static unsigned
open_descriptors(void)
{
    DIR *const folder = opendir("/proc/self/fd");
    unsigned count = 0;

    assert_non_null(folder);
    while (readdir(folder) != NULL)
        count++;
    closedir(folder);
    return count;
}

static void
ml_072_start_and_stop_many_times_leak_nothing(void **state)
{
    const unsigned before = open_descriptors();
    const MLHandle handle = ml_create_20ms(NULL, NULL);
    unsigned within;

    (void)state;
    ml_assert_ok(MLAudioStartInput(handle));
    within = open_descriptors();
    ml_assert_ok(MLAudioStopInput(handle));
    for (int i = 0; i < 200; i++) {
        ml_assert_ok(MLAudioStartInput(handle));
        ml_advance_ms(20);
        ml_assert_ok(ml_get(handle));
        ml_assert_ok(MLAudioStopInput(handle));
    }
    assert_in_range(open_descriptors(), 0, within);
    ml_assert_ok(MLAudioDestroyInput(handle));
    assert_int_equal(open_descriptors(), before);
}

static void
ml_permission_taken_back_refuses_start_and_nothing_else(void **state)
{
    const MLHandle handle = ml_create_20ms(NULL, NULL);

    (void)state;
    ml_assert_ok(MLAudioStartInput(handle));
    ml_deny(true);
    ml_advance_ms(20);
    ml_assert_ok(ml_get(handle));
    ml_assert_ok(MLAudioReleaseInputBuffer(handle));
    ml_assert_ok(MLAudioStopInput(handle));
    ml_assert_result(MLAudioStartInput(handle), MLResult_PermissionDenied);
    ml_assert_result(MLAudioStartInput(0), MLAudioResult_HandleNotFound);
    assert_int_equal(ml_state(handle), MLAudioState_Stopped);
    ml_deny(false);
    ml_assert_ok(MLAudioStartInput(handle));
    ml_deny(true);
    ml_assert_ok(MLAudioDestroyInput(handle));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        ml_test(ml_063_state_after_create_is_stopped),
        ml_test(ml_064_state_follows_start_and_stop),
        ml_test(ml_065_start_on_a_playing_input_loses_nothing),
        ml_test(ml_066_stop_on_a_stopped_input_is_ok),
        ml_test(ml_067_state_is_never_paused),
        ml_test(ml_068_state_to_nowhere_is_an_invalid_parameter),
        ml_test(ml_069_control_of_an_unknown_handle_is_not_found),
        ml_test(ml_070_no_callback_comes_before_the_first_start),
        ml_test(ml_071_restart_begins_with_fresh_audio),
        ml_test(ml_072_start_and_stop_many_times_leak_nothing),
        ml_test(ml_permission_taken_back_refuses_start_and_nothing_else),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
