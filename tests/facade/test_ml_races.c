/* SPDX-License-Identifier: MIT */
/* Everything beside everything: for ThreadSanitizer, AddressSanitizer, and deadlocks. */
#include "support/ml_test.h"

#include <rondo/atomic.h>

#define ROUND_NS 300000000u

/* What the threads of a race share. */
struct race {
    RONDO_ATOMIC(uint64_t) input; /* 0: none now */
    RONDO_ATOMIC(uint32_t) stop;
    RONDO_ATOMIC(uint32_t) bad; /* a code that no call may return, or a sample that cannot be */
    RONDO_ATOMIC(uint64_t) buffers;
};

static struct race race;

static bool
goes_on(void)
{
    return rondo_load_acquire_u32(&race.stop) == 0;
}

static MLHandle
current(void)
{
    return rondo_load_acquire(&race.input);
}

static void
expect(bool good)
{
    if (!good)
        rondo_store_release_u32(&race.bad, 1);
}

static void *
start_and_stop(void *context)
{
    (void)context;
    while (goes_on()) {
        MLResult result = MLAudioStartInput(current());

        expect(result == MLResult_Ok || result == MLAudioResult_HandleNotFound);
        ml_yield();
        result = MLAudioStopInput(current());
        expect(result == MLResult_Ok || result == MLAudioResult_HandleNotFound);
    }
    return NULL;
}

/* One consumer: gets up to two buffers, reads them, releases them. */
static void *
get_and_release(void *context)
{
    uint64_t sum = 0, buffers = 0;

    (void)context;
    rondo_ml_prepare_thread();
    while (goes_on()) {
        MLAudioBuffer buffer;
        const MLHandle input = current();
        const MLResult result = MLAudioGetInputBuffer(input, &buffer);

        expect(result == MLResult_Ok || result == MLAudioResult_BufferNotReady ||
               result == MLAudioResult_HandleNotFound);
        expect((result == MLResult_Ok) == (buffer.ptr != NULL));
        if (result != MLResult_Ok) {
            const struct timespec little = {0, 20000};

            nanosleep(&little, NULL);
            continue;
        }
        buffers++;
        expect(buffer.size == ML_20MS_BYTES);
        sum += buffer.size;
        if (MLAudioReleaseInputBuffer(input) == MLResult_Ok)
            expect(MLAudioReleaseInputBuffer(input) != MLResult_InvalidParam);
    }
    rondo_store_release(&race.buffers, buffers);
    expect(sum == buffers * ML_20MS_BYTES);
    return NULL;
}

static void *
mute_and_ask(void *context)
{
    (void)context;
    for (unsigned i = 0; goes_on(); i++) {
        struct rondo_ml_input_stats stats;
        MLAudioState state;
        float latency_ms;
        bool muted;

        expect(MLAudioSetMicMute(i % 2 == 0) == MLResult_Ok);
        expect(MLAudioGetMicMute(&muted) == MLResult_Ok);
        (void)MLAudioGetInputState(current(), &state);
        (void)MLAudioGetBufferedInputLatency(current(), &latency_ms);
        (void)rondo_ml_query_input_stats(current(), &stats);
        ml_yield();
    }
    return NULL;
}

/* Destroys the input and makes another, again and again. */
static void *
destroy_and_create(void *context)
{
    while (goes_on()) {
        const MLAudioBufferFormat format = ml_format(2, 48000);
        const MLHandle old = current();
        MLHandle input = ML_INVALID_HANDLE;

        expect(MLAudioCreateInputFromMicCapture(MLAudioMicCaptureType_WorldCapture, &format,
                                                ML_20MS_BYTES, context != NULL ? ml_record : NULL,
                                                context, &input) == MLResult_Ok);
        rondo_store_release(&race.input, input);
        expect(old == 0 || MLAudioDestroyInput(old) == MLResult_Ok);
        for (int i = 0; i < 50 && goes_on(); i++)
            ml_yield();
    }
    return NULL;
}

static void *
turn_time(void *context)
{
    (void)context;
    while (goes_on())
        rondo_clock_advance(ml_clock, 5000000);
    return NULL;
}

static void
run_race(struct rondo_clock *clock, struct ml_recorder *recorder, unsigned consumers)
{
    pthread_t threads[8];
    unsigned count = 0;
    const uint64_t end_ns = ml_now_ns() + ROUND_NS;

    memset(&race, 0, sizeof race);
    ml_use("null:", clock);
    pthread_create(&threads[count++], NULL, destroy_and_create, recorder);
    pthread_create(&threads[count++], NULL, start_and_stop, NULL);
    pthread_create(&threads[count++], NULL, mute_and_ask, NULL);
    if (clock == ml_clock)
        pthread_create(&threads[count++], NULL, turn_time, NULL);
    while (consumers-- > 0)
        pthread_create(&threads[count++], NULL, get_and_release, NULL);
    while (ml_now_ns() < end_ns)
        ml_yield();
    rondo_store_release_u32(&race.stop, 1);
    while (count > 0)
        pthread_join(threads[--count], NULL);
    ml_assert_ok(MLAudioDestroyInput(current()));
    assert_int_equal(rondo_load_acquire_u32(&race.bad), 0);
}

static void
ml_races_on_the_virtual_clock_are_harmless(void **state)
{
    (void)state;
    run_race(ml_clock, NULL, 1);
}

static void
ml_races_in_real_time_are_harmless(void **state)
{
    struct ml_recorder recorder = ML_RECORDER_INIT;

    (void)state;
    run_race(NULL, &recorder, 1);
}

static void
ml_races_on_the_offline_clock_are_harmless(void **state)
{
    struct ml_recorder recorder = ML_RECORDER_INIT;

    (void)state;
    run_race(rondo_clock_offline(), &recorder, 1);
    assert_true(rondo_load_acquire(&race.buffers) > 0);
}

static void
ml_two_consumers_at_once_do_no_harm(void **state)
{
    struct ml_recorder recorder = ML_RECORDER_INIT;

    (void)state;
    recorder.reads = true; /* a third one */
    run_race(rondo_clock_offline(), &recorder, 2);
}

/* ---- destroying from everywhere at once ---- */

struct destroyers {
    MLHandle input;
    RONDO_ATOMIC(uint32_t) go;
    MLResult results[3];
};

struct destroyer {
    struct destroyers *all;
    int number;
};

static void *
destroy_one(void *context)
{
    struct destroyer *const destroyer = context;

    while (rondo_load_acquire_u32(&destroyer->all->go) == 0)
        ml_yield();
    destroyer->all->results[destroyer->number] = MLAudioDestroyInput(destroyer->all->input);
    return NULL;
}

static void
destroy_in_callback(struct ml_recorder *recorder)
{
    recorder->result = MLAudioDestroyInput(recorder->handle);
}

static void
ml_of_many_destroyers_one_succeeds(void **state)
{
    (void)state;
    for (int round = 0; round < 30; round++) {
        struct ml_recorder recorder = ML_RECORDER_INIT;
        struct destroyers all = {.go = 0};
        struct destroyer each[3];
        pthread_t threads[3];
        int successes = 0;

        recorder.held = true;
        recorder.action = destroy_in_callback;
        recorder.result = MLResult_Pending;
        all.input = ml_create_20ms(ml_record, &recorder);
        for (int i = 0; i < 3; i++) {
            each[i] = (struct destroyer){&all, i};
            assert_int_equal(pthread_create(&threads[i], NULL, destroy_one, &each[i]), 0);
        }
        ml_assert_ok(MLAudioStartInput(all.input));
        ml_advance_ms(20);
        ml_wait_until(ml_calls(&recorder) == 1);
        rondo_store_release_u32(&all.go, 1);
        ml_let_go(&recorder); /* and the callback destroys, too */
        for (int i = 0; i < 3; i++) {
            pthread_join(threads[i], NULL);
            successes += all.results[i] == MLResult_Ok;
        }
        ml_wait_until(ml_returned(&recorder) == 1);
        successes += recorder.result == MLResult_Ok;
        assert_int_equal(successes, 1);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        ml_test(ml_races_on_the_virtual_clock_are_harmless),
        ml_test(ml_races_in_real_time_are_harmless),
        ml_test(ml_races_on_the_offline_clock_are_harmless),
        ml_test(ml_two_consumers_at_once_do_no_harm),
        ml_test(ml_of_many_destroyers_one_succeeds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
