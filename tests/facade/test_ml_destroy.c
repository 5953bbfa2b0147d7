/* SPDX-License-Identifier: MIT */
/* Destroying inputs. Numbers: checklist of the facade. */
#include "support/ml_test.h"

#include <errno.h>

#include <rondo/atomic.h>
#include <rondo/handle.h>

/* Every function that takes the handle of an input says that there is none. */
static void
assert_unknown(MLHandle handle)
{
    MLAudioBuffer buffer;
    MLAudioState state;
    float latency_ms;

    ml_assert_result(MLAudioStartInput(handle), MLAudioResult_HandleNotFound);
    ml_assert_result(MLAudioStopInput(handle), MLAudioResult_HandleNotFound);
    ml_assert_result(MLAudioGetInputState(handle, &state), MLAudioResult_HandleNotFound);
    ml_assert_result(MLAudioGetBufferedInputLatency(handle, &latency_ms),
                     MLAudioResult_HandleNotFound);
    ml_assert_result(MLAudioGetInputBuffer(handle, &buffer), MLAudioResult_HandleNotFound);
    ml_assert_result(MLAudioReleaseInputBuffer(handle), MLAudioResult_HandleNotFound);
    ml_assert_result(MLAudioDestroyInput(handle), MLAudioResult_HandleNotFound);
}

static void
ml_054_destroy_works_once(void **state)
{
    const MLHandle handle = ml_create_20ms(NULL, NULL);

    (void)state;
    ml_assert_ok(MLAudioDestroyInput(handle));
    ml_assert_result(MLAudioDestroyInput(handle), MLAudioResult_HandleNotFound);
}

static void
ml_055_destroy_does_not_know_other_numbers(void **state)
{
    const MLHandle handle = ml_create_20ms(NULL, NULL);

    (void)state;
    ml_assert_result(MLAudioDestroyInput(ML_INVALID_HANDLE), MLAudioResult_HandleNotFound);
    ml_assert_result(MLAudioDestroyInput(0), MLAudioResult_HandleNotFound);
    ml_assert_result(MLAudioDestroyInput(0x123456789abcdef0u), MLAudioResult_HandleNotFound);
    for (unsigned bit = 0; bit < 64; bit++)
        ml_assert_result(MLAudioDestroyInput(handle ^ (MLHandle)1 << bit),
                         MLAudioResult_HandleNotFound);
    ml_assert_ok(MLAudioDestroyInput(handle));
}

static void
ml_056_destroy_stops_a_playing_input(void **state)
{
    const MLHandle handle = ml_create_20ms(NULL, NULL);

    (void)state;
    ml_assert_ok(MLAudioStartInput(handle));
    ml_advance_ms(30);
    ml_assert_ok(MLAudioDestroyInput(handle));
    ml_advance_ms(30); /* nothing is left that would use it */
}

static void
ml_057_destroy_takes_a_held_buffer_along(void **state)
{
    (void)state;
    for (int i = 0; i < 50; i++) { /* AddressSanitizer looks for leaks */
        const MLHandle handle = ml_create_20ms(NULL, NULL);

        ml_assert_ok(MLAudioStartInput(handle));
        ml_advance_ms(40);
        ml_assert_ok(ml_get(handle));
        ml_assert_ok(ml_get(handle));
        ml_assert_ok(MLAudioDestroyInput(handle));
    }
}

static void
ml_058_handle_of_another_kind_is_not_an_input(void **state)
{
    int sound = 0; /* as an output would have it */
    uint64_t handle;
    void *removed = NULL;

    (void)state;
    assert_int_equal(rondo_handle_insert(&handle, RONDO_HANDLE_USER, &sound), 0);
    assert_unknown(handle);
    assert_int_equal(rondo_handle_remove(handle, RONDO_HANDLE_USER, &removed), 0);
    assert_ptr_equal(removed, &sound);
}

static void
ml_059_after_destroy_every_function_says_not_found(void **state)
{
    const MLHandle handle = ml_create_20ms(NULL, NULL);
    struct rondo_ml_input_stats stats;

    (void)state;
    ml_assert_ok(MLAudioStartInput(handle));
    ml_assert_ok(MLAudioDestroyInput(handle));
    assert_unknown(handle);
    assert_int_equal(rondo_ml_query_input_stats(handle, &stats), -ESTALE);
}

/* ---- beside callbacks ---- */

struct destroyer {
    MLHandle handle;
    struct ml_recorder *recorder;
    MLResult result;
    uint32_t returned; /* callbacks that had returned when destroy had */
    RONDO_ATOMIC(uint32_t) done;
};

static void *
destroy_in_thread(void *context)
{
    struct destroyer *const destroyer = context;

    destroyer->result = MLAudioDestroyInput(destroyer->handle);
    destroyer->returned = ml_returned(destroyer->recorder);
    rondo_store_release_u32(&destroyer->done, 1);
    return NULL;
}

static void
ml_060_destroy_waits_for_a_running_callback(void **state)
{
    struct ml_recorder recorder = ML_RECORDER_INIT;
    struct destroyer destroyer = {.recorder = &recorder};
    MLAudioState ignored;
    pthread_t thread;

    (void)state;
    recorder.held = true;
    destroyer.handle = ml_create_20ms(ml_record, &recorder);
    ml_assert_ok(MLAudioStartInput(destroyer.handle));
    ml_advance_ms(20);
    ml_wait_until(ml_calls(&recorder) == 1);

    assert_int_equal(pthread_create(&thread, NULL, destroy_in_thread, &destroyer), 0);
    ml_wait_until(MLAudioGetInputState(destroyer.handle, &ignored) == MLAudioResult_HandleNotFound);
    for (int i = 0; i < 200; i++) { /* destroy has time to go wrong */
        ml_yield();
        assert_int_equal(rondo_load_acquire_u32(&destroyer.done), 0);
    }
    ml_let_go(&recorder);
    pthread_join(thread, NULL);
    ml_assert_ok(destroyer.result);
    assert_int_equal(destroyer.returned, 1);
}

static void
destroy_it(struct ml_recorder *recorder)
{
    recorder->result = MLAudioDestroyInput(recorder->handle);
}

static void
ml_061_destroy_works_inside_the_callback(void **state)
{
    (void)state;
    for (int i = 0; i < 20; i++) {
        struct ml_recorder recorder = ML_RECORDER_INIT;
        MLHandle handle;

        recorder.action = destroy_it;
        handle = ml_create_20ms(ml_record, &recorder);
        ml_assert_ok(MLAudioStartInput(handle));
        ml_advance_ms(20);
        ml_wait_until(ml_returned(&recorder) == 1);
        ml_assert_ok(recorder.result);
        assert_unknown(handle);
        ml_advance_ms(100);
        assert_int_equal(ml_calls(&recorder), 1);
    }
}

static void
ml_061_destroy_inside_the_callback_frees_its_place(void **state)
{
    struct ml_recorder recorder = ML_RECORDER_INIT;
    MLHandle inputs[16];

    (void)state;
    recorder.action = destroy_it;
    inputs[0] = ml_create_20ms(ml_record, &recorder);
    for (int i = 1; i < 16; i++)
        inputs[i] = ml_create_20ms(NULL, NULL);
    ml_assert_ok(MLAudioStartInput(inputs[0]));
    ml_advance_ms(20);
    ml_wait_until(ml_returned(&recorder) == 1);
    inputs[0] = ml_create_20ms(NULL, NULL);
    for (int i = 0; i < 16; i++)
        ml_assert_ok(MLAudioDestroyInput(inputs[i]));
}

static void
ml_062_no_callback_runs_after_destroy(void **state)
{
    (void)state;
    for (int i = 0; i < 50; i++) {
        struct ml_recorder recorder = ML_RECORDER_INIT;
        const MLHandle handle = ml_create_20ms(ml_record, &recorder);
        uint32_t calls;

        ml_assert_ok(MLAudioStartInput(handle));
        ml_advance_ms(40); /* callbacks are due, and may have begun or not */
        ml_assert_ok(MLAudioDestroyInput(handle));
        calls = ml_calls(&recorder);
        assert_int_equal(ml_returned(&recorder), calls);
        ml_advance_ms(40);
        ml_yield();
        assert_int_equal(ml_calls(&recorder), calls);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        ml_test(ml_054_destroy_works_once),
        ml_test(ml_055_destroy_does_not_know_other_numbers),
        ml_test(ml_056_destroy_stops_a_playing_input),
        ml_test(ml_057_destroy_takes_a_held_buffer_along),
        ml_test(ml_058_handle_of_another_kind_is_not_an_input),
        ml_test(ml_059_after_destroy_every_function_says_not_found),
        ml_test(ml_060_destroy_waits_for_a_running_callback),
        ml_test(ml_061_destroy_works_inside_the_callback),
        ml_test(ml_061_destroy_inside_the_callback_frees_its_place),
        ml_test(ml_062_no_callback_runs_after_destroy),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
