/* SPDX-License-Identifier: MIT */
/*
 * Programs as they are written against this API: what each relies on, on the real clock where it
 * matters. Letters: the client patterns of the facade's specification.
 */
#include "support/ml_test.h"

#include <rondo/atomic.h>

/* ---- starts at once; get, copy, release in the callback; stops, but never destroys ---- */

struct copier {
    RONDO_ATOMIC(uint32_t) copies;
    RONDO_ATOMIC(uint32_t) errors;
    uint32_t size;
    uint8_t destination[65536];
};

static void
copy(MLHandle handle, void *context)
{
    struct copier *const copier = context;
    MLAudioBuffer buffer;

    if (MLAudioGetInputBuffer(handle, &buffer) != MLResult_Ok || buffer.size > copier->size) {
        rondo_store_release_u32(&copier->errors, 1);
        return;
    }
    memcpy(copier->destination, buffer.ptr, buffer.size);
    if (MLAudioReleaseInputBuffer(handle) != MLResult_Ok)
        rondo_store_release_u32(&copier->errors, 1);
    rondo_store_release_u32(&copier->copies, rondo_load_acquire_u32(&copier->copies) + 1);
}

static void
ml_client_that_copies_in_the_callback_and_only_stops(void **state)
{
    static struct copier copier;
    MLAudioBufferFormat format;
    MLHandle input;

    (void)state;
    ml_use("null:", NULL);
    ml_assert_ok(MLAudioGetBufferedInputDefaults(1, 48000, &format, &copier.size, NULL));
    ml_assert_ok(MLAudioCreateInputFromMicCapture(MLAudioMicCaptureType_VoiceCapture, &format,
                                                  copier.size, copy, &copier, &input));
    ml_assert_ok(MLAudioStartInput(input));
    ml_wait_until(rondo_load_acquire_u32(&copier.copies) >= 4);
    ml_assert_ok(MLAudioStopInput(input));
    assert_int_equal(rondo_load_acquire_u32(&copier.errors), 0);
    /* It leaves the input to the end of the program. */
}

/* ---- polls a few times a frame, from the moment of creation; asks for everything every frame ---- */

static uint32_t
poll_one_frame(MLHandle input)
{
    float latency_ms;
    bool muted;
    MLAudioState input_state;
    uint32_t got = 0;

    for (int i = 0; i < 3; i++) {
        MLAudioBuffer buffer;
        const MLResult result = MLAudioGetInputBuffer(input, &buffer);

        if (result == MLAudioResult_BufferNotReady)
            break;
        ml_assert_ok(result);
        got++;
        ml_assert_ok(MLAudioReleaseInputBuffer(input));
    }
    ml_assert_ok(MLAudioGetBufferedInputLatency(input, &latency_ms));
    ml_assert_ok(MLAudioGetMicMute(&muted));
    ml_assert_ok(MLAudioGetInputState(input, &input_state));
    return got;
}

static void
ml_client_that_polls_every_video_frame(void **state)
{
    MLAudioBufferFormat format;
    MLHandle input;
    uint32_t size, got = 0;

    (void)state;
    ml_assert_ok(MLAudioGetBufferedInputDefaults(1, 16000, &format, &size, NULL));
    ml_assert_ok(MLAudioCreateInputFromMicCapture(MLAudioMicCaptureType_VoiceComm, &format, size,
                                                  NULL, NULL, &input));
    for (int frame = 0; frame < 10; frame++) { /* before the start */
        ml_advance_ms(16);
        assert_int_equal(poll_one_frame(input), 0);
    }
    ml_assert_ok(MLAudioStartInput(input));
    for (int frame = 0; frame < 120; frame++) {
        ml_advance_ms(16);
        got += poll_one_frame(input);
    }
    assert_in_range(got, 27, 29); /* 1.92 s of buffers of 67 ms */
    ml_assert_ok(MLAudioStopInput(input));
    for (int frame = 0; frame < 10; frame++) {
        ml_advance_ms(16);
        assert_int_equal(poll_one_frame(input), 0);
    }
    ml_assert_ok(MLAudioStopInput(input));
    ml_assert_ok(MLAudioDestroyInput(input));
}

/* ---- queues what it gets, and releases it later, in order ---- */

static void
ml_client_that_queues_buffers_and_releases_them_later(void **state)
{
    struct ml_file file;
    MLAudioBuffer queue[2];
    uint32_t queued = 0;
    uint64_t next = 0;
    MLHandle input;

    (void)state;
    ml_write_ramp(&file, 2, 48000, 96000);
    ml_use(file.device, ml_clock);
    input = ml_create(MLAudioMicCaptureType_WorldCapture, 4096 * 4, NULL, NULL);
    ml_assert_ok(MLAudioStartInput(input));
    while (next < 60000) {
        MLAudioBuffer buffer;
        uint64_t first;

        ml_advance_ms(30);
        if (MLAudioGetInputBuffer(input, &buffer) == MLResult_Ok)
            queue[queued++] = buffer;
        if (queued < 2) /* always one behind */
            continue;
        /* With one always held the other may overrun: frames are lost, but never mixed up. */
        first = ml_check_ramp(&queue[0]);
        assert_true(first >= next);
        next = first + queue[0].size / 4;
        queue[0] = queue[1];
        queued--;
        ml_assert_ok(MLAudioReleaseInputBuffer(input));
    }
    ml_assert_ok(MLAudioDestroyInput(input));
    ml_remove(&file);
}

/* ---- goes to the background and comes back; trusts buffer.size / 2 samples ---- */

static void
ml_client_that_goes_to_the_background_and_back(void **state)
{
    struct ml_recorder recorder = ML_RECORDER_INIT;
    MLHandle input;

    (void)state;
    recorder.reads = true;
    input = ml_create_20ms(ml_record, &recorder);
    for (int i = 0; i < 10; i++) {
        const uint32_t before = ml_returned(&recorder);

        ml_assert_ok(MLAudioStartInput(input));
        ml_advance_ms(20);
        ml_wait_until(ml_returned(&recorder) == before + 1);
        ml_assert_ok(MLAudioStopInput(input));
        ml_advance_ms(1000);
        assert_int_equal(ml_returned(&recorder), before + 1);
    }
    assert_int_equal(recorder.got, 10);
    ml_assert_ok(MLAudioDestroyInput(input)); /* without a stop, says another one */
}

/* ---- in real time, by polling, as long as a buffer takes ---- */

static void
ml_client_that_polls_in_real_time_keeps_its_pace(void **state)
{
    const uint64_t begin_ns = ml_now_ns();
    MLHandle input;
    uint64_t took_ns;
    uint32_t got = 0;

    (void)state;
    ml_use("null:", NULL);
    input = ml_create_20ms(NULL, NULL);
    ml_assert_ok(MLAudioStartInput(input));
    while (got < 15) {
        if (ml_get(input) == MLResult_Ok) {
            got++;
            ml_assert_ok(MLAudioReleaseInputBuffer(input));
        } else {
            ml_yield();
        }
        assert_true(ml_now_ns() - begin_ns < ML_DEADLINE_S * 1000000000u);
    }
    took_ns = ml_now_ns() - begin_ns;
    assert_true(took_ns >= 300000000u);
    ml_assert_ok(MLAudioDestroyInput(input));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        ml_test(ml_client_that_copies_in_the_callback_and_only_stops),
        ml_test(ml_client_that_polls_every_video_frame),
        ml_test(ml_client_that_queues_buffers_and_releases_them_later),
        ml_test(ml_client_that_goes_to_the_background_and_back),
        ml_test(ml_client_that_polls_in_real_time_keeps_its_pace),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
