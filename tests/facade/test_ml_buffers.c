/* SPDX-License-Identifier: MIT */
/* Get and release. Numbers: checklist of the facade. */
#include "support/ml_test.h"

#define FRAMES ML_20MS_FRAMES

static struct ml_file ramp_file;

/* A stereo microphone that hears a ramp, 20 ms a buffer; started. */
static MLHandle
start_ramp(void)
{
    MLHandle handle;

    ml_write_ramp(&ramp_file, 2, 48000, 96000);
    ml_use(ramp_file.device, ml_clock);
    handle = ml_create_20ms(NULL, NULL);
    ml_assert_ok(MLAudioStartInput(handle));
    return handle;
}

static void
end_ramp(MLHandle handle)
{
    ml_assert_ok(MLAudioDestroyInput(handle));
    ml_remove(&ramp_file);
}

static struct rondo_ml_input_stats
stats_of(MLHandle handle)
{
    struct rondo_ml_input_stats stats;

    assert_int_equal(rondo_ml_query_input_stats(handle, &stats), 0);
    return stats;
}

static void
ml_073_get_on_a_never_started_input_is_not_ready(void **state)
{
    const MLHandle handle = ml_create_20ms(NULL, NULL);

    (void)state;
    ml_advance_ms(100);
    ml_assert_result(ml_get(handle), MLAudioResult_BufferNotReady);
    ml_assert_result(MLAudioReleaseInputBuffer(handle), MLAudioResult_BufferNotReady);
    ml_assert_ok(MLAudioDestroyInput(handle));
}

static void
ml_074_get_before_a_buffer_is_full_is_not_ready(void **state)
{
    const MLHandle handle = start_ramp();

    (void)state;
    ml_assert_result(ml_get(handle), MLAudioResult_BufferNotReady);
    ml_advance_ms(10);
    ml_assert_result(ml_get(handle), MLAudioResult_BufferNotReady);
    end_ramp(handle);
}

static void
ml_075_get_delivers_a_full_buffer(void **state)
{
    const MLHandle handle = start_ramp();
    MLAudioBuffer buffer;

    (void)state;
    ml_advance_ms(20);
    ml_assert_ok(MLAudioGetInputBuffer(handle, &buffer));
    assert_non_null(buffer.ptr);
    assert_int_equal(buffer.size, ML_20MS_BYTES);
    end_ramp(handle);
}

static void
ml_076_every_buffer_has_the_same_size(void **state)
{
    const MLHandle handle = start_ramp();
    MLAudioBuffer buffer;

    (void)state;
    for (int i = 0; i < 20; i++) {
        if (i == 10) {
            ml_assert_ok(MLAudioStopInput(handle));
            ml_assert_ok(MLAudioStartInput(handle));
        }
        ml_advance_ms(i % 3 == 0 ? 70 : 20);
        ml_assert_ok(MLAudioGetInputBuffer(handle, &buffer));
        assert_int_equal(buffer.size, ML_20MS_BYTES);
        ml_assert_ok(MLAudioReleaseInputBuffer(handle));
    }
    end_ramp(handle);
}

static void
ml_077_get_to_nowhere_consumes_nothing(void **state)
{
    const MLHandle handle = start_ramp();

    (void)state;
    ml_advance_ms(20);
    ml_assert_result(MLAudioGetInputBuffer(handle, NULL), MLResult_InvalidParam);
    ml_assert_result(MLAudioReleaseInputBuffer(handle), MLAudioResult_BufferNotReady);
    (void)ml_get_ramp(handle, 0);
    end_ramp(handle);
}

static void
ml_078_get_and_release_of_an_unknown_handle_are_not_found(void **state)
{
    static const MLHandle unknown[] = {0, 1, 0xdeadbeef, ML_INVALID_HANDLE};

    (void)state;
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++) {
        ml_assert_result(ml_get(unknown[i]), MLAudioResult_HandleNotFound);
        ml_assert_result(MLAudioReleaseInputBuffer(unknown[i]), MLAudioResult_HandleNotFound);
    }
}

static void
ml_079_release_without_get_is_not_ready(void **state)
{
    const MLHandle handle = start_ramp();

    (void)state;
    ml_assert_result(MLAudioReleaseInputBuffer(handle), MLAudioResult_BufferNotReady);
    ml_advance_ms(40); /* both full: still nothing is held */
    ml_assert_result(MLAudioReleaseInputBuffer(handle), MLAudioResult_BufferNotReady);
    (void)ml_get_ramp(handle, 0);
    end_ramp(handle);
}

static void
ml_080_a_second_release_is_not_ready(void **state)
{
    const MLHandle handle = start_ramp();

    (void)state;
    ml_advance_ms(40);
    ml_assert_ok(ml_get(handle));
    ml_assert_ok(MLAudioReleaseInputBuffer(handle));
    ml_assert_result(MLAudioReleaseInputBuffer(handle), MLAudioResult_BufferNotReady);
    end_ramp(handle);
}

static void
ml_081_a_second_get_with_one_full_buffer_is_not_ready(void **state)
{
    const MLHandle handle = start_ramp();

    (void)state;
    ml_advance_ms(30);
    ml_assert_ok(ml_get(handle));
    ml_assert_result(ml_get(handle), MLAudioResult_BufferNotReady);
    end_ramp(handle);
}

static void
ml_082_two_gets_lend_both_buffers_in_capture_order(void **state)
{
    const MLHandle handle = start_ramp();
    MLAudioBuffer first, second;

    (void)state;
    ml_advance_ms(60);
    first = ml_get_ramp(handle, 0);
    second = ml_get_ramp(handle, FRAMES);
    assert_ptr_not_equal(first.ptr, second.ptr);
    ml_assert_result(ml_get(handle), MLAudioResult_BufferNotReady);
    end_ramp(handle);
}

static void
ml_083_releases_are_in_order_of_acquisition(void **state)
{
    const MLHandle handle = start_ramp();
    MLAudioBuffer first, second, third;

    (void)state;
    ml_advance_ms(40);
    first = ml_get_ramp(handle, 0);
    second = ml_get_ramp(handle, FRAMES);
    ml_assert_ok(MLAudioReleaseInputBuffer(handle));
    /* What was got first was released: it is filled again, and the second is not touched. */
    ml_advance_ms(20);
    third = ml_get_ramp(handle, 2 * FRAMES);
    assert_ptr_equal(third.ptr, first.ptr);
    assert_int_equal(ml_check_ramp(&second), FRAMES);
    ml_assert_ok(MLAudioReleaseInputBuffer(handle));
    ml_assert_ok(MLAudioReleaseInputBuffer(handle));
    ml_assert_result(MLAudioReleaseInputBuffer(handle), MLAudioResult_BufferNotReady);
    end_ramp(handle);
}

static void
ml_084_there_are_two_pointers_in_a_run(void **state)
{
    const MLHandle handle = start_ramp();
    const uint8_t *seen[2] = {NULL, NULL};

    (void)state;
    for (int i = 0; i < 20; i++) {
        MLAudioBuffer buffer;

        ml_advance_ms(20);
        ml_assert_ok(MLAudioGetInputBuffer(handle, &buffer));
        if (i < 2)
            seen[i] = buffer.ptr;
        assert_ptr_equal(buffer.ptr, seen[i % 2]);
        ml_assert_ok(MLAudioReleaseInputBuffer(handle));
    }
    assert_ptr_not_equal(seen[0], seen[1]);
    end_ramp(handle);
}

static void
ml_085_consecutive_buffers_join_seamlessly(void **state)
{
    /* Sizes that fit a period, do not fit it, and have nothing in common with it. */
    static const uint32_t sizes_frames[] = {480, 500, 997, 2048};

    (void)state;
    for (size_t i = 0; i < sizeof sizes_frames / sizeof sizes_frames[0]; i++) {
        const uint32_t frames = sizes_frames[i];
        uint64_t next = 0;
        MLHandle handle;

        ml_write_ramp(&ramp_file, 2, 48000, 96000);
        ml_use(ramp_file.device, ml_clock);
        handle = ml_create(MLAudioMicCaptureType_WorldCapture, frames * 4, NULL, NULL);
        ml_assert_ok(MLAudioStartInput(handle));
        while (next + frames <= 72000) {
            MLAudioBuffer buffer;

            if (MLAudioGetInputBuffer(handle, &buffer) != MLResult_Ok) {
                ml_advance_ms(10);
                continue;
            }
            assert_int_equal(buffer.size, frames * 4);
            assert_int_equal(ml_check_ramp(&buffer), next);
            next += frames;
            ml_assert_ok(MLAudioReleaseInputBuffer(handle));
        }
        assert_int_equal(stats_of(handle).frames_dropped, 0);
        end_ramp(handle);
    }
}

static void
ml_086_held_buffers_never_change(void **state)
{
    const MLHandle handle = start_ramp();
    MLAudioBuffer first, second;

    (void)state;
    ml_advance_ms(20);
    first = ml_get_ramp(handle, 0);
    ml_advance_ms(200);
    assert_int_equal(ml_check_ramp(&first), 0);
    second = ml_get_ramp(handle, FRAMES);
    ml_advance_ms(200);
    assert_int_equal(ml_check_ramp(&first), 0);
    assert_int_equal(ml_check_ramp(&second), FRAMES);
    end_ramp(handle);
}

static void
ml_087_overrun_keeps_the_two_oldest_buffers(void **state)
{
    const MLHandle handle = start_ramp();

    (void)state;
    ml_advance_ms(500);
    (void)ml_get_ramp(handle, 0);
    (void)ml_get_ramp(handle, FRAMES);
    ml_assert_result(ml_get(handle), MLAudioResult_BufferNotReady);
    assert_int_equal(stats_of(handle).buffers_filled, 2);
    assert_int_equal(stats_of(handle).frames_dropped, 24000 - 2 * FRAMES);
    end_ramp(handle);
}

static void
ml_088_capture_continues_after_an_overrun(void **state)
{
    const MLHandle handle = start_ramp();

    (void)state;
    ml_advance_ms(500);
    ml_assert_ok(ml_get(handle));
    ml_assert_ok(ml_get(handle));
    ml_assert_ok(MLAudioReleaseInputBuffer(handle));
    ml_assert_ok(MLAudioReleaseInputBuffer(handle));
    ml_assert_result(ml_get(handle), MLAudioResult_BufferNotReady);
    ml_advance_ms(20);
    (void)ml_get_ramp(handle, 24000); /* the very next frame after the release */
    end_ramp(handle);
}

static void
ml_089_overrun_is_no_error(void **state)
{
    const MLHandle handle = start_ramp();

    (void)state;
    for (int i = 0; i < 10; i++) {
        ml_advance_ms(100);
        ml_assert_ok(ml_get(handle));
        ml_assert_ok(ml_get(handle));
        ml_assert_result(ml_get(handle), MLAudioResult_BufferNotReady);
        ml_advance_ms(100);
        ml_assert_ok(MLAudioReleaseInputBuffer(handle));
        ml_assert_ok(MLAudioReleaseInputBuffer(handle));
    }
    assert_int_equal(ml_state(handle), MLAudioState_Playing);
    end_ramp(handle);
}

static void
ml_090_get_on_a_stopped_input_is_not_ready(void **state)
{
    const MLHandle handle = start_ramp();

    (void)state;
    ml_advance_ms(40);
    ml_assert_ok(MLAudioStopInput(handle));
    ml_assert_result(ml_get(handle), MLAudioResult_BufferNotReady);
    end_ramp(handle);
}

static void
ml_091_a_failing_get_clears_the_buffer(void **state)
{
    const MLHandle handle = start_ramp();
    MLAudioBuffer buffer = {(uint8_t *)&buffer, 5};

    (void)state;
    ml_assert_result(MLAudioGetInputBuffer(handle, &buffer), MLAudioResult_BufferNotReady);
    assert_null(buffer.ptr);
    assert_int_equal(buffer.size, 0);
    buffer = (MLAudioBuffer){(uint8_t *)&buffer, 5};
    ml_assert_result(MLAudioGetInputBuffer(0, &buffer), MLAudioResult_HandleNotFound);
    assert_null(buffer.ptr);
    assert_int_equal(buffer.size, 0);
    end_ramp(handle);
}

static void
ml_092_samples_are_interleaved_little_endian_int16(void **state)
{
    const MLHandle handle = start_ramp();
    MLAudioBuffer buffer;

    (void)state;
    ml_advance_ms(20);
    ml_assert_ok(MLAudioGetInputBuffer(handle, &buffer));
    for (uint32_t frame = 0; frame < FRAMES; frame++)
        for (uint32_t channel = 0; channel < 2; channel++) {
            const uint8_t *const bytes = buffer.ptr + 4 * frame + 2 * channel;
            const uint16_t sample = (uint16_t)ml_ramp(frame, channel);

            assert_int_equal(bytes[0], sample & 0xff);
            assert_int_equal(bytes[1], sample >> 8);
        }
    end_ramp(handle);
}

/* ---- buffers across stop and start ---- */

static void
ml_buffers_held_across_stop_are_released_once_each(void **state)
{
    const MLHandle handle = start_ramp();
    MLAudioBuffer first, second;

    (void)state;
    ml_advance_ms(40);
    first = ml_get_ramp(handle, 0);
    second = ml_get_ramp(handle, FRAMES);
    ml_assert_ok(MLAudioStopInput(handle));
    /* Still there for who reads them. */
    assert_int_equal(ml_check_ramp(&first), 0);
    assert_int_equal(ml_check_ramp(&second), FRAMES);
    ml_assert_ok(MLAudioReleaseInputBuffer(handle));
    ml_assert_ok(MLAudioReleaseInputBuffer(handle));
    ml_assert_result(MLAudioReleaseInputBuffer(handle), MLAudioResult_BufferNotReady);
    end_ramp(handle);
}

static void
ml_buffers_held_across_a_restart_are_reclaimed(void **state)
{
    const MLHandle handle = start_ramp();

    (void)state;
    for (int i = 0; i < 5; i++) {
        ml_advance_ms(40);
        (void)ml_get_ramp(handle, 0);
        ml_assert_ok(MLAudioStopInput(handle));
        ml_assert_ok(MLAudioStartInput(handle));
        ml_assert_result(MLAudioReleaseInputBuffer(handle), MLAudioResult_BufferNotReady);
        ml_advance_ms(40);
        (void)ml_get_ramp(handle, 0);
        (void)ml_get_ramp(handle, FRAMES);
        ml_assert_ok(MLAudioStopInput(handle));
        ml_assert_ok(MLAudioStartInput(handle));
    }
    end_ramp(handle);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        ml_test(ml_073_get_on_a_never_started_input_is_not_ready),
        ml_test(ml_074_get_before_a_buffer_is_full_is_not_ready),
        ml_test(ml_075_get_delivers_a_full_buffer),
        ml_test(ml_076_every_buffer_has_the_same_size),
        ml_test(ml_077_get_to_nowhere_consumes_nothing),
        ml_test(ml_078_get_and_release_of_an_unknown_handle_are_not_found),
        ml_test(ml_079_release_without_get_is_not_ready),
        ml_test(ml_080_a_second_release_is_not_ready),
        ml_test(ml_081_a_second_get_with_one_full_buffer_is_not_ready),
        ml_test(ml_082_two_gets_lend_both_buffers_in_capture_order),
        ml_test(ml_083_releases_are_in_order_of_acquisition),
        ml_test(ml_084_there_are_two_pointers_in_a_run),
        ml_test(ml_085_consecutive_buffers_join_seamlessly),
        ml_test(ml_086_held_buffers_never_change),
        ml_test(ml_087_overrun_keeps_the_two_oldest_buffers),
        ml_test(ml_088_capture_continues_after_an_overrun),
        ml_test(ml_089_overrun_is_no_error),
        ml_test(ml_090_get_on_a_stopped_input_is_not_ready),
        ml_test(ml_091_a_failing_get_clears_the_buffer),
        ml_test(ml_092_samples_are_interleaved_little_endian_int16),
        ml_test(ml_buffers_held_across_stop_are_released_once_each),
        ml_test(ml_buffers_held_across_a_restart_are_reclaimed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
