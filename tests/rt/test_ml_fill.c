/* SPDX-License-Identifier: MIT */
/*
 * What the device thread does for a Magic Leap input, on the real-time thread: filling buffers, with
 * and without a conversion, beside a client that takes them.
 *
 * The input's own device thread stands still meanwhile: nobody turns its clock.
 */
#include <string.h>

#include <rondo/handle.h>

#include "facades/ml/input.h"
#include "facades/ml/mute.h"
#include "rt/realtime.h"
#include "support/file_test.h"
#include "support/ml_test.h"

#define FRAMES 441u

struct device {
    MLHandle handle;
    uint64_t other_turn;
    int16_t frames[6 * FRAMES];
    RONDO_ATOMIC(uint64_t) taken; /* frames of the device */
    RONDO_ATOMIC(uint64_t) buffers;
};

static void *
set_up(const void *parameter)
{
    static const int16_t samples[100];
    const MLAudioBufferFormat format = ml_format_of(MLAudioMicCaptureType_WorldCapture);
    struct device *const device = rt_memory(sizeof *device);
    struct rondo_ml_config config = RONDO_ML_CONFIG_INIT;

    file_test_enter_folder();
    file_test_store("take.raw", samples, sizeof samples);
    RT_ASSERT(rondo_clock_virtual_create(&config.clock) == 0);
    config.mic = parameter;
    RT_ASSERT(rondo_ml_configure(&config) == 0);
    RT_ASSERT(MLAudioCreateInputFromMicCapture(MLAudioMicCaptureType_WorldCapture, &format,
                                               ML_20MS_BYTES, NULL, NULL,
                                               &device->handle) == MLResult_Ok);
    RT_ASSERT(MLAudioStartInput(device->handle) == MLResult_Ok);
    file_test_leave_folder();
    return device;
}

/* So that the look-ups of a test can be in the same place as the device thread's work. */
static void
prepare(void *context)
{
    (void)context;
    rondo_handle_prepare_thread();
}

static void
fill(void *context)
{
    struct device *const device = context;
    const struct rondo_span span = {device->frames, FRAMES};
    struct rondo__ml_input *input;

    rondo_handle_enter();
    input = RT_CALL(rondo__ml_input_find)(device->handle);
    RT_REQUIRE(input != NULL);
    if (input != NULL) {
        RT_REQUIRE(RT_CALL(rondo__ml_input_run)(input) != NULL);
        /* What a microphone cannot keep it drops: it takes all. */
        RT_REQUIRE(RT_CALL(rondo__ml_fill)(NULL, span, input) == FRAMES);
    }
    rondo_handle_leave();
    RT_CALL(rondo__ml_mic_is_muted)();
    rondo_store_relaxed(&device->taken, rondo_load_relaxed(&device->taken) + FRAMES);
}

static void
take(void *context)
{
    struct device *const device = context;

    if (ml_get(device->handle) == MLResult_Ok) {
        RT_ASSERT(MLAudioReleaseInputBuffer(device->handle) == MLResult_Ok);
        rondo_store_relaxed(&device->buffers, rondo_load_relaxed(&device->buffers) + 1);
    }
    if (device->other_turn++ % 64 == 0)
        MLAudioSetMicMute(device->other_turn % 128 == 1);
    if (device->other_turn % 8 == 0)
        rt_yield(); /* so that frames are dropped, too */
}

static bool
has_filled_much(const void *context)
{
    const struct device *const device = context;

    return rondo_load_relaxed(&device->buffers) > 100 &&
           rondo_load_relaxed(&device->taken) > (uint64_t)1000 * FRAMES;
}

int
main(void)
{
    static const struct rt_case cases[] = {
        {.name = "fill_directly",
         .set_up = set_up,
         .parameter = "null:",
         .prepare = prepare,
         .realtime = fill,
         .beside = take,
         .enough = has_filled_much},
        {.name = "fill_converted",
         .set_up = set_up,
         .parameter = "file:take.raw?format=s16&channels=1&rate=44100&loop=1",
         .prepare = prepare,
         .realtime = fill,
         .beside = take,
         .enough = has_filled_much},
    };

    return rt_run(cases, sizeof cases / sizeof cases[0]);
}
