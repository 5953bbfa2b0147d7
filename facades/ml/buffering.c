/* SPDX-License-Identifier: MIT */
/*
 * Defaults, latency, and the two real-time calls: get and release.
 */
#include <stddef.h>

#include <rondo/cacheline.h>
#include <rondo/handle.h>

#include "facades/ml/flavour.h"
#include "facades/ml/input.h"
#include "ml_audio.h"

/* How often a call looks whether another one that is in its way has left, before it gives up. */
#define ENTRY_ATTEMPTS 1000

/*
 * One thread gets or releases at a time, says the contract; this sees to it. Alone, it costs one
 * exchange; two threads that break the contract wait for each other a bounded while.
 */
static bool
enter_consumer(struct rondo__ml_run *run)
{
    for (int attempt = 0; attempt < ENTRY_ATTEMPTS; attempt++) {
        /* PAIR-CONSUMER acquire: what the last consumer did is seen. */
        if (rondo_exchange_acq_rel_u32(&run->consumer, 1) == 0)
            return true;
        rondo_spin_pause();
    }
    return false;
}

static void
leave_consumer(struct rondo__ml_run *run)
{
    /* PAIR-CONSUMER release. */
    rondo_store_release_u32(&run->consumer, 0);
}

static bool
is_over(const struct rondo__ml_run *run)
{
    /* PAIR-OVER acquire. */
    return rondo_load_acquire_u32(&run->over) != 0;
}

static MLResult
get(struct rondo__ml_input *input, MLAudioBuffer *out)
{
    struct rondo__ml_run *const run = rondo__ml_input_run(input);
    struct rondo_span span = {0};

    if (run == NULL || is_over(run) || !enter_consumer(run))
        return MLAudioResult_BufferNotReady;
    span = rondo_double_buffer_get_full(&run->buffers);
    leave_consumer(run);
    if (span.frames == 0)
        return MLAudioResult_BufferNotReady;
    out->ptr = span.data;
    out->size = span.frames * input->frame_bytes;
    return MLResult_Ok;
}

static MLResult
release(struct rondo__ml_input *input)
{
    struct rondo__ml_run *const run = rondo__ml_input_run(input);
    bool held;

    if (run == NULL || !enter_consumer(run))
        return MLAudioResult_BufferNotReady;
    held = rondo_double_buffer_held(&run->buffers) > 0;
    rondo_double_buffer_release_empty(&run->buffers);
    leave_consumer(run);
    if (!held)
        return MLAudioResult_BufferNotReady;
    /* There is room for what the device kept back. */
    if (input->offline && !is_over(run))
        rondo_stream_kick(input->stream);
    return MLResult_Ok;
}

MLResult ML_CALL
MLAudioGetInputBuffer(MLHandle handle, MLAudioBuffer *out_buf)
{
    struct rondo__ml_input *input;
    MLResult result = MLAudioResult_HandleNotFound;

    if (out_buf == NULL)
        return MLResult_InvalidParam;
    out_buf->ptr = NULL;
    out_buf->size = 0;
    rondo_handle_enter();
    input = rondo__ml_input_find(handle);
    if (input != NULL)
        result = get(input, out_buf);
    rondo_handle_leave();
    return result;
}

MLResult ML_CALL
MLAudioReleaseInputBuffer(MLHandle handle)
{
    struct rondo__ml_input *input;
    MLResult result = MLAudioResult_HandleNotFound;

    rondo_handle_enter();
    input = rondo__ml_input_find(handle);
    if (input != NULL)
        result = release(input);
    rondo_handle_leave();
    return result;
}

MLResult ML_CALL
MLAudioGetBufferedInputLatency(MLHandle handle, float *out_latency_in_msec)
{
    const struct rondo__ml_input *input;

    if (out_latency_in_msec == NULL)
        return MLResult_InvalidParam;
    rondo_handle_enter();
    input = rondo__ml_input_find(handle);
    if (input != NULL)
        *out_latency_in_msec = input->latency_ms;
    rondo_handle_leave();
    return input != NULL ? MLResult_Ok : MLAudioResult_HandleNotFound;
}

MLResult ML_CALL
MLAudioGetBufferedInputDefaults(uint32_t channel_count, uint32_t samples_per_second,
                                MLAudioBufferFormat *out_format,
                                uint32_t *out_recommended_size_in_bytes,
                                uint32_t *out_min_size_in_bytes)
{
    const uint32_t frame_bytes = rondo__ml_frame_bytes(channel_count);
    MLResult result;

    if (out_format == NULL)
        return MLResult_InvalidParam;
    result = rondo__ml_format_exists(channel_count, samples_per_second);
    if (result != MLResult_Ok)
        return result;
    *out_format = (MLAudioBufferFormat){
        .channel_count = channel_count,
        .samples_per_second = samples_per_second,
        .bits_per_sample = 16,
        .valid_bits_per_sample = 16,
        .sample_format = MLAudioSampleFormat_Int,
        .channel_format = MLAudioChannelFormat_Default,
    };
    if (out_recommended_size_in_bytes != NULL)
        *out_recommended_size_in_bytes =
            rondo__ml_recommended_frames(samples_per_second) * frame_bytes;
    if (out_min_size_in_bytes != NULL)
        *out_min_size_in_bytes = rondo__ml_min_frames(samples_per_second) * frame_bytes;
    return MLResult_Ok;
}
