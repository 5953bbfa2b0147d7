/* SPDX-License-Identifier: MIT */
/*
 * The formats that inputs have, and the sizes of their buffers.
 */
#ifndef RONDO_FACADES_ML_FLAVOUR_H
#define RONDO_FACADES_ML_FLAVOUR_H

#include <stdbool.h>
#include <stdint.h>

#include "ml_audio.h"

/* Most bytes of one buffer. The API names no limit; ours keeps an absurd size from taking all RAM.
 */
#define RONDO__ML_BUFFER_BYTES_MAX (32u << 20)

/* What a microphone input captures. */
struct rondo__ml_flavour {
    MLAudioMicCaptureType type;
    const char *name;
    uint32_t channels;
    uint32_t rate_hz;
};

/* The flavour of a type; NULL: there is no such type. */
const struct rondo__ml_flavour *rondo__ml_flavour(MLAudioMicCaptureType type);

/* Whether a format is the flavour's: MLResult_Ok, or the code of the first field that is not. */
MLResult rondo__ml_flavour_check(const struct rondo__ml_flavour *flavour,
                                 const MLAudioBufferFormat *format);

/* Whether there are inputs of so many channels and such a rate: MLResult_Ok, or the field's code.
 */
MLResult rondo__ml_format_exists(uint32_t channels, uint32_t rate_hz);

/* Bytes of one frame: 16-bit samples. */
uint32_t rondo__ml_frame_bytes(uint32_t channels);

/* Frames of the smallest buffer: a 120th of a second. */
uint32_t rondo__ml_min_frames(uint32_t rate_hz);

/* Frames of the buffer that size 0 asks for: eight times the smallest. */
uint32_t rondo__ml_recommended_frames(uint32_t rate_hz);

/*
 * Frames of a buffer of the size that the program asks for.
 *
 * Returns MLResult_Ok; MLAudioResult_InvalidBufferSize: too small; MLResult_AllocFailed: too large.
 */
MLResult rondo__ml_buffer_frames(const struct rondo__ml_flavour *flavour, uint32_t size_bytes,
                                 uint32_t *frames);

#endif
