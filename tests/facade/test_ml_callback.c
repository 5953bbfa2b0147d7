/* SPDX-License-Identifier: MIT */
/* The buffer callback. Numbers: checklist of the facade. */
#include "support/ml_test.h"

static void
ml_093_callback_runs_on_another_thread(void **state)
{
    struct ml_recorder recorder = ML_RECORDER_INIT;
    const MLHandle handle = ml_create_20ms(ml_record, &recorder);

    (void)state;
    ml_assert_ok(MLAudioStartInput(handle));
    ml_advance_ms(20);
    ml_wait_until(ml_returned(&recorder) == 1);
    assert_false(pthread_equal(recorder.thread, pthread_self()));
    ml_assert_ok(MLAudioDestroyInput(handle));
}

static void
ml_094_callback_gets_its_handle_and_context(void **state)
{
    struct ml_recorder a = ML_RECORDER_INIT, b = ML_RECORDER_INIT;
    const MLHandle input_a = ml_create_20ms(ml_record, &a);
    const MLHandle input_b = ml_create_20ms(ml_record, &b);

    (void)state;
    ml_assert_ok(MLAudioStartInput(input_a));
    ml_assert_ok(MLAudioStartInput(input_b));
    ml_advance_ms(20);
    ml_wait_until(ml_returned(&a) == 1 && ml_returned(&b) == 1);
    assert_true(a.handle == input_a);
    assert_true(b.handle == input_b);
    assert_ptr_equal(a.context, &a);
    assert_ptr_equal(b.context, &b);
    ml_assert_ok(MLAudioDestroyInput(input_a));
    ml_assert_ok(MLAudioDestroyInput(input_b));
}

static void
ml_095_get_inside_the_callback_is_ok(void **state)
{
    struct ml_recorder recorder = ML_RECORDER_INIT;
    MLHandle handle;

    (void)state;
    recorder.reads = true;
    handle = ml_create_20ms(ml_record, &recorder);
    ml_assert_ok(MLAudioStartInput(handle));
    for (uint32_t i = 1; i <= 50; i++) {
        ml_advance_ms(20);
        ml_wait_until(ml_returned(&recorder) == i);
        assert_int_equal(recorder.got, i);
    }
    ml_assert_ok(MLAudioDestroyInput(handle));
}

static void
ml_096_release_inside_the_callback_is_ok(void **state)
{
    struct ml_recorder recorder = ML_RECORDER_INIT;
    struct rondo_ml_input_stats stats;
    MLHandle handle;

    (void)state;
    recorder.reads = true;
    handle = ml_create_20ms(ml_record, &recorder);
    ml_assert_ok(MLAudioStartInput(handle));
    for (uint32_t i = 1; i <= 10; i++) {
        ml_advance_ms(20);
        ml_wait_until(ml_returned(&recorder) == i);
        assert_int_equal(recorder.released, i);
    }
    assert_int_equal(rondo_ml_query_input_stats(handle, &stats), 0);
    assert_int_equal(stats.frames_dropped, 0);
    ml_assert_ok(MLAudioDestroyInput(handle));
}

static void
ml_097_there_is_one_callback_for_each_filled_buffer(void **state)
{
    struct ml_recorder recorder = ML_RECORDER_INIT;
    struct rondo_ml_input_stats stats;
    MLHandle handle;
    uint32_t filled = 0;

    (void)state;
    recorder.reads = true;
    handle = ml_create_20ms(ml_record, &recorder);
    ml_assert_ok(MLAudioStartInput(handle));
    for (int i = 0; i < 30; i++) {
        /* 10 ms fill no buffer at first, then one; 40 ms fill two. */
        const uint32_t ms = i % 3 == 2 ? 40 : 10;

        ml_advance_ms(ms);
        filled += ms == 40 ? 2 : i % 3 == 1 ? 1 : 0;
        ml_wait_until(ml_returned(&recorder) == filled);
    }
    assert_int_equal(rondo_ml_query_input_stats(handle, &stats), 0);
    assert_int_equal(stats.buffers_filled, filled);
    ml_assert_ok(MLAudioDestroyInput(handle));
    assert_int_equal(ml_calls(&recorder), filled);
    assert_int_equal(recorder.got, filled);
}

static void
ml_097_restarts_leave_no_callback_behind(void **state)
{
    struct ml_recorder recorder = ML_RECORDER_INIT;
    MLHandle handle;

    (void)state;
    /* A callback is held, another buffer is full: after stop and start its callback is not due. */
    recorder.held = true;
    handle = ml_create_20ms(ml_record, &recorder);
    ml_assert_ok(MLAudioStartInput(handle));
    ml_advance_ms(20);
    ml_wait_until(ml_calls(&recorder) == 1);
    ml_advance_ms(20);
    ml_assert_ok(MLAudioStopInput(handle));
    ml_assert_ok(MLAudioStartInput(handle));
    ml_let_go(&recorder);
    ml_wait_until(ml_returned(&recorder) == 1);
    ml_advance_ms(20);
    ml_wait_until(ml_returned(&recorder) == 2);
    ml_assert_ok(MLAudioDestroyInput(handle));
    assert_int_equal(ml_calls(&recorder), 2);
}

static void
ml_097_stop_leaves_no_callback_behind(void **state)
{
    struct ml_recorder recorder = ML_RECORDER_INIT;
    MLHandle handle;

    (void)state;
    /* A callback is held, another buffer is full: after stop its callback is not due. */
    recorder.held = true;
    handle = ml_create_20ms(ml_record, &recorder);
    ml_assert_ok(MLAudioStartInput(handle));
    ml_advance_ms(20);
    ml_wait_until(ml_calls(&recorder) == 1);
    ml_advance_ms(20);
    ml_assert_ok(MLAudioStopInput(handle));
    ml_let_go(&recorder);
    ml_wait_until(ml_returned(&recorder) == 1);
    for (int i = 0; i < 100; i++) { /* another has time to go wrong */
        ml_yield();
        assert_int_equal(ml_calls(&recorder), 1);
    }
    ml_assert_ok(MLAudioDestroyInput(handle));
    assert_int_equal(ml_calls(&recorder), 1);
}

static void
ml_098_a_callback_that_does_not_read_is_not_repeated(void **state)
{
    struct ml_recorder recorder = ML_RECORDER_INIT;
    const MLHandle handle = ml_create_20ms(ml_record, &recorder);

    (void)state;
    ml_assert_ok(MLAudioStartInput(handle));
    ml_advance_ms(500); /* overrun: two buffers are filled, and no more */
    ml_wait_until(ml_returned(&recorder) == 2);
    ml_advance_ms(500);
    ml_assert_ok(ml_get(handle));
    ml_assert_ok(ml_get(handle));
    ml_assert_ok(MLAudioDestroyInput(handle));
    assert_int_equal(ml_calls(&recorder), 2);
}

static void
ml_099_callbacks_of_an_input_never_overlap(void **state)
{
    struct ml_recorder recorder = ML_RECORDER_INIT;
    MLHandle handle;

    (void)state;
    recorder.held = true;
    handle = ml_create_20ms(ml_record, &recorder);
    ml_assert_ok(MLAudioStartInput(handle));
    ml_advance_ms(20);
    ml_wait_until(ml_calls(&recorder) == 1);
    ml_advance_ms(20);
    for (int i = 0; i < 100; i++) { /* the second has time to go wrong */
        ml_yield();
        assert_int_equal(ml_calls(&recorder), 1);
    }
    ml_let_go(&recorder);
    ml_wait_until(ml_returned(&recorder) == 2);
    assert_int_equal(recorder.inside_max, 1);
    ml_assert_ok(MLAudioDestroyInput(handle));
}

static void
ml_a_slow_callback_does_not_block_capture(void **state)
{
    struct ml_recorder recorder = ML_RECORDER_INIT;
    MLHandle handle;

    (void)state;
    recorder.held = true;
    handle = ml_create_20ms(ml_record, &recorder);
    ml_assert_ok(MLAudioStartInput(handle));
    ml_advance_ms(20);
    ml_wait_until(ml_calls(&recorder) == 1);
    for (int i = 0; i < 10; i++) { /* with the callback still inside, another thread reads */
        ml_assert_ok(ml_get(handle));
        ml_assert_ok(MLAudioReleaseInputBuffer(handle));
        ml_advance_ms(20);
    }
    assert_int_equal(ml_calls(&recorder), 1);
    ml_let_go(&recorder);
    ml_wait_until(ml_returned(&recorder) == 11); /* late, but none is missing */
    ml_assert_ok(MLAudioDestroyInput(handle));
}

static void
stop_and_ask(struct ml_recorder *recorder)
{
    MLAudioState state = MLAudioState_Paused;
    float latency_ms = -1;

    recorder->result = MLAudioGetInputState(recorder->handle, &state);
    if (recorder->result == MLResult_Ok && state != MLAudioState_Playing)
        recorder->result = MLResult_UnspecifiedFailure;
    if (recorder->result == MLResult_Ok)
        recorder->result = MLAudioGetBufferedInputLatency(recorder->handle, &latency_ms);
    if (recorder->result == MLResult_Ok)
        recorder->result = MLAudioStopInput(recorder->handle);
}

static void
ml_100_stop_state_and_latency_work_inside_the_callback(void **state)
{
    struct ml_recorder recorder = ML_RECORDER_INIT;
    MLHandle handle;

    (void)state;
    recorder.action = stop_and_ask;
    recorder.result = MLResult_Pending;
    handle = ml_create_20ms(ml_record, &recorder);
    ml_assert_ok(MLAudioStartInput(handle));
    ml_advance_ms(20);
    ml_wait_until(ml_returned(&recorder) == 1);
    ml_assert_ok(recorder.result);
    assert_int_equal(ml_state(handle), MLAudioState_Stopped);
    ml_assert_ok(MLAudioDestroyInput(handle));
}

static void
start_again(struct ml_recorder *recorder)
{
    recorder->result = MLAudioStopInput(recorder->handle);
    if (recorder->result == MLResult_Ok)
        recorder->result = MLAudioStartInput(recorder->handle);
}

static void
ml_restart_works_inside_the_callback(void **state)
{
    struct ml_recorder recorder = ML_RECORDER_INIT;
    MLHandle handle;

    (void)state;
    recorder.action = start_again;
    handle = ml_create_20ms(ml_record, &recorder);
    ml_assert_ok(MLAudioStartInput(handle));
    for (uint32_t i = 1; i <= 20; i++) {
        ml_advance_ms(20);
        ml_wait_until(ml_returned(&recorder) == i);
        ml_assert_ok(recorder.result);
    }
    ml_assert_ok(MLAudioDestroyInput(handle));
    assert_int_equal(ml_calls(&recorder), 20);
}

static void
ml_callbacks_come_in_real_time_too(void **state)
{
    struct ml_recorder recorder = ML_RECORDER_INIT;
    const uint64_t begin_ns = ml_now_ns();
    MLHandle handle;

    (void)state;
    recorder.reads = true;
    ml_use("null:", NULL);
    handle = ml_create_20ms(ml_record, &recorder);
    ml_assert_ok(MLAudioStartInput(handle));
    ml_wait_until(ml_returned(&recorder) >= 10);
    assert_true(ml_now_ns() - begin_ns >= 200000000u); /* not faster than the sound */
    ml_assert_ok(MLAudioDestroyInput(handle));
    assert_int_equal(recorder.inside_max, 1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        ml_test(ml_093_callback_runs_on_another_thread),
        ml_test(ml_094_callback_gets_its_handle_and_context),
        ml_test(ml_095_get_inside_the_callback_is_ok),
        ml_test(ml_096_release_inside_the_callback_is_ok),
        ml_test(ml_097_there_is_one_callback_for_each_filled_buffer),
        ml_test(ml_097_restarts_leave_no_callback_behind),
        ml_test(ml_097_stop_leaves_no_callback_behind),
        ml_test(ml_098_a_callback_that_does_not_read_is_not_repeated),
        ml_test(ml_099_callbacks_of_an_input_never_overlap),
        ml_test(ml_a_slow_callback_does_not_block_capture),
        ml_test(ml_100_stop_state_and_latency_work_inside_the_callback),
        ml_test(ml_restart_works_inside_the_callback),
        ml_test(ml_callbacks_come_in_real_time_too),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
