/* SPDX-License-Identifier: MIT */
/* Latency and mute. Numbers: checklist of the facade. */
#include "support/ml_test.h"

static float
latency_of(MLHandle handle)
{
    float latency_ms = -1;

    ml_assert_ok(MLAudioGetBufferedInputLatency(handle, &latency_ms));
    return latency_ms;
}

static void
ml_101_latency_is_at_least_one_buffer_in_milliseconds(void **state)
{
    const MLHandle handle = ml_create_20ms(NULL, NULL);
    const MLHandle large = ml_create(MLAudioMicCaptureType_VoiceComm, 2 * 16000, NULL, NULL);

    (void)state;
    assert_true(latency_of(handle) >= 20.0f && latency_of(handle) < 60.0f);
    assert_true(latency_of(large) >= 1000.0f && latency_of(large) < 1100.0f);
    ml_assert_ok(MLAudioDestroyInput(handle));
    ml_assert_ok(MLAudioDestroyInput(large));
}

static void
ml_102_latency_works_while_stopped_and_checks_its_arguments(void **state)
{
    const MLHandle handle = ml_create_20ms(NULL, NULL);
    float latency_ms, playing;

    (void)state;
    latency_ms = latency_of(handle);
    ml_assert_ok(MLAudioStartInput(handle));
    playing = latency_of(handle);
    assert_true(latency_ms >= playing && latency_ms <= playing);
    ml_assert_result(MLAudioGetBufferedInputLatency(handle, NULL), MLResult_InvalidParam);
    ml_assert_result(MLAudioGetBufferedInputLatency(0, &latency_ms), MLAudioResult_HandleNotFound);
    ml_assert_ok(MLAudioDestroyInput(handle));
}

/* ---- mute ---- */

static bool
is_muted(void)
{
    bool muted = true;

    ml_assert_ok(MLAudioGetMicMute(&muted));
    return muted;
}

static void
ml_103_microphones_are_not_muted_at_first(void **state)
{
    (void)state;
    assert_false(is_muted()); /* run first, before anything here sets it */
}

static void
ml_104_mute_follows_set(void **state)
{
    (void)state;
    ml_assert_ok(MLAudioSetMicMute(true));
    assert_true(is_muted());
    ml_assert_ok(MLAudioSetMicMute(false));
    assert_false(is_muted());
}

static void
ml_105_mute_to_nowhere_is_an_invalid_parameter(void **state)
{
    (void)state;
    ml_assert_result(MLAudioGetMicMute(NULL), MLResult_InvalidParam);
}

/* What a mute callback saw. */
struct ears {
    pthread_mutex_t lock;
    uint32_t calls;
    bool values[64];
    void *context;
    pthread_t thread;
};

static void
hear(bool muted, void *context)
{
    struct ears *const ears = context;

    pthread_mutex_lock(&ears->lock);
    ears->values[ears->calls % 64] = muted;
    ears->calls++;
    ears->context = context;
    ears->thread = pthread_self();
    pthread_mutex_unlock(&ears->lock);
}

static uint32_t
heard(struct ears *ears)
{
    uint32_t calls;

    pthread_mutex_lock(&ears->lock);
    calls = ears->calls;
    pthread_mutex_unlock(&ears->lock);
    return calls;
}

static void
ml_106_mute_callback_tells_every_change(void **state)
{
    struct ears ears = {.lock = PTHREAD_MUTEX_INITIALIZER};

    (void)state;
    ml_assert_ok(MLAudioSetMicMuteCallback(hear, &ears));
    for (int i = 0; i < 10; i++)
        ml_assert_ok(MLAudioSetMicMute(i % 2 == 0));
    ml_wait_until(heard(&ears) == 10);
    for (int i = 0; i < 10; i++)
        assert_int_equal(ears.values[i], i % 2 == 0);
    ml_assert_ok(MLAudioSetMicMuteCallback(NULL, NULL));
}

static void
ml_107_the_same_value_again_is_no_change(void **state)
{
    struct ears ears = {.lock = PTHREAD_MUTEX_INITIALIZER};

    (void)state;
    ml_assert_ok(MLAudioSetMicMuteCallback(hear, &ears));
    ml_assert_ok(MLAudioSetMicMute(false));
    ml_assert_ok(MLAudioSetMicMute(true));
    ml_assert_ok(MLAudioSetMicMute(true));
    ml_assert_ok(MLAudioSetMicMute(true));
    ml_assert_ok(MLAudioSetMicMute(false));
    ml_wait_until(heard(&ears) >= 2);
    ml_assert_ok(MLAudioSetMicMute(true));
    ml_wait_until(heard(&ears) >= 3);
    assert_int_equal(heard(&ears), 3);
    assert_true(ears.values[0] && !ears.values[1] && ears.values[2]);
    ml_assert_ok(MLAudioSetMicMuteCallback(NULL, NULL));
}

static void
ml_108_null_takes_the_mute_callback_away(void **state)
{
    struct ears first = {.lock = PTHREAD_MUTEX_INITIALIZER};
    struct ears second = {.lock = PTHREAD_MUTEX_INITIALIZER};

    (void)state;
    ml_assert_ok(MLAudioSetMicMuteCallback(NULL, NULL)); /* nothing to take away is fine */
    ml_assert_ok(MLAudioSetMicMuteCallback(hear, &first));
    ml_assert_ok(MLAudioSetMicMute(true));
    ml_wait_until(heard(&first) == 1);
    ml_assert_ok(MLAudioSetMicMuteCallback(NULL, NULL));
    ml_assert_ok(MLAudioSetMicMute(false));
    /* One slot: a new registration is told in the old one's place, and only what comes after it. */
    ml_assert_ok(MLAudioSetMicMuteCallback(hear, &first));
    ml_assert_ok(MLAudioSetMicMuteCallback(hear, &second));
    ml_assert_ok(MLAudioSetMicMute(true));
    ml_wait_until(heard(&second) == 1);
    assert_true(second.values[0]);
    ml_assert_ok(MLAudioSetMicMuteCallback(NULL, NULL));
    assert_int_equal(heard(&first), 1);
}

static void
ml_109_mute_callback_runs_on_another_thread_with_its_context(void **state)
{
    struct ears ears = {.lock = PTHREAD_MUTEX_INITIALIZER};

    (void)state;
    ml_assert_ok(MLAudioSetMicMuteCallback(hear, &ears));
    ml_assert_ok(MLAudioSetMicMute(true));
    ml_wait_until(heard(&ears) == 1);
    assert_ptr_equal(ears.context, &ears);
    assert_false(pthread_equal(ears.thread, pthread_self()));
    ml_assert_ok(MLAudioSetMicMuteCallback(NULL, NULL));
}

static void
change_inside(bool muted, void *context)
{
    bool now;

    MLAudioGetMicMute(&now);
    if (muted)
        MLAudioSetMicMute(false);
    hear(muted, context);
    if (!muted)
        MLAudioSetMicMuteCallback(NULL, NULL);
}

static void
ml_mute_calls_work_inside_the_mute_callback(void **state)
{
    struct ears ears = {.lock = PTHREAD_MUTEX_INITIALIZER};

    (void)state;
    ml_assert_ok(MLAudioSetMicMuteCallback(change_inside, &ears));
    ml_assert_ok(MLAudioSetMicMute(true));
    ml_wait_until(heard(&ears) == 2);
    assert_true(ears.values[0] && !ears.values[1]);
}

static bool
is_silent(const MLAudioBuffer *buffer)
{
    for (uint32_t i = 0; i < buffer->size; i++)
        if (buffer->ptr[i] != 0)
            return false;
    return true;
}

static void
ml_110_a_muted_input_delivers_silence_at_the_normal_pace(void **state)
{
    struct ml_file file;
    MLAudioBuffer buffer;
    MLHandle handle;

    (void)state;
    ml_write_ramp(&file, 2, 48000, 48000);
    ml_use(file.device, ml_clock);
    handle = ml_create_20ms(NULL, NULL);
    ml_assert_ok(MLAudioStartInput(handle));
    ml_assert_ok(MLAudioSetMicMute(true));
    assert_int_equal(ml_state(handle), MLAudioState_Playing);
    for (int i = 0; i < 5; i++) {
        ml_advance_ms(10);
        ml_assert_result(ml_get(handle), MLAudioResult_BufferNotReady);
        ml_advance_ms(10);
        ml_assert_ok(MLAudioGetInputBuffer(handle, &buffer));
        assert_true(is_silent(&buffer));
        ml_assert_ok(MLAudioReleaseInputBuffer(handle));
    }
    assert_int_equal(ml_state(handle), MLAudioState_Playing);
    ml_assert_ok(MLAudioSetMicMute(false));
    ml_advance_ms(20);
    (void)ml_get_ramp(handle, 5 * ML_20MS_FRAMES); /* time went on meanwhile */
    ml_assert_ok(MLAudioDestroyInput(handle));
    ml_remove(&file);
}

static void
ml_112_mute_is_for_inputs_before_and_after_it(void **state)
{
    struct ml_file file;
    MLHandle before, after;
    MLAudioBuffer buffer;

    (void)state;
    ml_write_ramp(&file, 2, 48000, 48000);
    ml_use(file.device, ml_clock);
    before = ml_create_20ms(NULL, NULL);
    ml_assert_ok(MLAudioSetMicMute(true));
    after = ml_create_20ms(NULL, NULL);
    ml_assert_ok(MLAudioStartInput(before));
    ml_assert_ok(MLAudioStartInput(after));
    ml_advance_ms(20);
    ml_assert_ok(MLAudioGetInputBuffer(before, &buffer));
    assert_true(is_silent(&buffer));
    ml_assert_ok(MLAudioGetInputBuffer(after, &buffer));
    assert_true(is_silent(&buffer));
    ml_assert_ok(MLAudioDestroyInput(before));
    ml_assert_ok(MLAudioDestroyInput(after));
    ml_remove(&file);
}

static void
ml_113_denied_permission_refuses_all_mute_functions(void **state)
{
    struct ears ears = {.lock = PTHREAD_MUTEX_INITIALIZER};
    bool muted;

    (void)state;
    ml_deny(true);
    ml_assert_result(MLAudioSetMicMute(true), MLResult_PermissionDenied);
    ml_assert_result(MLAudioGetMicMute(&muted), MLResult_PermissionDenied);
    ml_assert_result(MLAudioSetMicMuteCallback(hear, &ears), MLResult_PermissionDenied);
    ml_assert_result(MLAudioSetMicMuteCallback(NULL, NULL), MLResult_PermissionDenied);
    ml_deny(false);
    assert_false(is_muted());
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ml_103_microphones_are_not_muted_at_first),
        ml_test(ml_101_latency_is_at_least_one_buffer_in_milliseconds),
        ml_test(ml_102_latency_works_while_stopped_and_checks_its_arguments),
        ml_test(ml_104_mute_follows_set),
        ml_test(ml_105_mute_to_nowhere_is_an_invalid_parameter),
        ml_test(ml_106_mute_callback_tells_every_change),
        ml_test(ml_107_the_same_value_again_is_no_change),
        ml_test(ml_108_null_takes_the_mute_callback_away),
        ml_test(ml_109_mute_callback_runs_on_another_thread_with_its_context),
        ml_test(ml_mute_calls_work_inside_the_mute_callback),
        ml_test(ml_110_a_muted_input_delivers_silence_at_the_normal_pace),
        ml_test(ml_112_mute_is_for_inputs_before_and_after_it),
        ml_test(ml_113_denied_permission_refuses_all_mute_functions),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
