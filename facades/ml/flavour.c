/* SPDX-License-Identifier: MIT */
#include "facades/ml/flavour.h"

#include <stddef.h>

static const struct rondo__ml_flavour flavours[] = {
    {MLAudioMicCaptureType_VoiceComm, "VoiceComm", 1, 16000},
    {MLAudioMicCaptureType_VoiceCapture, "VoiceCapture", 1, 48000},
    {MLAudioMicCaptureType_WorldCapture, "WorldCapture", 2, 48000},
    {MLAudioMicCaptureType_RawMicsAndAECRef, "RawMicsAndAECRef", 6, 48000},
};

const struct rondo__ml_flavour *
rondo__ml_flavour(MLAudioMicCaptureType type)
{
    for (size_t i = 0; i < sizeof flavours / sizeof flavours[0]; i++)
        if (flavours[i].type == type)
            return &flavours[i];
    return NULL;
}

MLResult
rondo__ml_flavour_check(const struct rondo__ml_flavour *flavour, const MLAudioBufferFormat *format)
{
    /* channel_format is not looked at: older programs leave that word uninitialised. */
    if (format->sample_format != MLAudioSampleFormat_Int)
        return MLAudioResult_InvalidSampleFormat;
    if (format->bits_per_sample != 16)
        return MLAudioResult_InvalidBitsPerSample;
    if (format->valid_bits_per_sample != 16)
        return MLAudioResult_InvalidValidBits;
    if (format->channel_count != flavour->channels)
        return MLAudioResult_InvalidChannelCount;
    if (format->samples_per_second != flavour->rate_hz)
        return MLAudioResult_InvalidSampleRate;
    return MLResult_Ok;
}

MLResult
rondo__ml_format_exists(uint32_t channels, uint32_t rate_hz)
{
    if (channels != 1 && channels != 2 && channels != 6)
        return MLAudioResult_InvalidChannelCount;
    if (rate_hz != 16000 && rate_hz != 48000)
        return MLAudioResult_InvalidSampleRate;
    return MLResult_Ok;
}

uint32_t
rondo__ml_frame_bytes(uint32_t channels)
{
    return channels * (uint32_t)sizeof(int16_t);
}

uint32_t
rondo__ml_min_frames(uint32_t rate_hz)
{
    return (rate_hz + 119) / 120;
}

uint32_t
rondo__ml_recommended_frames(uint32_t rate_hz)
{
    return 8 * rondo__ml_min_frames(rate_hz);
}

MLResult
rondo__ml_buffer_frames(const struct rondo__ml_flavour *flavour, uint32_t size_bytes,
                        uint32_t *frames)
{
    const uint32_t frame_bytes = rondo__ml_frame_bytes(flavour->channels);
    const uint32_t min_frames = rondo__ml_min_frames(flavour->rate_hz);

    if (size_bytes == 0) {
        *frames = rondo__ml_recommended_frames(flavour->rate_hz);
        return MLResult_Ok;
    }
    if (size_bytes < min_frames * frame_bytes)
        return MLAudioResult_InvalidBufferSize;
    if (size_bytes > RONDO__ML_BUFFER_BYTES_MAX)
        return MLResult_AllocFailed;
    /* Down, never up: the program may own a destination of exactly this size. */
    *frames = size_bytes / frame_bytes;
    return MLResult_Ok;
}
