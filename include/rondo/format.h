/* SPDX-License-Identifier: MIT */
/**
 * @file
 * Sample formats, and the arithmetic between frames and bytes.
 *
 * A frame is one sample of every channel, interleaved; everything here is interleaved and in the
 * machine's own byte order. All functions are pure.
 */
#ifndef RONDO_FORMAT_H
#define RONDO_FORMAT_H

#include <errno.h>
#include <stddef.h>
#include <stdint.h>

#include <rondo/span.h>

/** How one sample is stored. */
enum rondo_sample_format {
    RONDO_SAMPLE_DEFAULT = 0, /**< in a request: whatever the device has */
    RONDO_S16 = 1,            /**< signed 16 bit */
    RONDO_S24_PACKED = 2,     /**< signed 24 bit in 3 bytes */
    RONDO_S24_IN_32 = 3, /**< signed 24 bit in the low 3 bytes of 4, sign extended (ALSA's S24, not
                            left-justified) */
    RONDO_S32 = 4,       /**< signed 32 bit; fewer valid bits are left-justified */
    RONDO_F32 = 5        /**< IEEE 754 single, full scale is [-1, 1) */
};

/** Largest channel count. */
#define RONDO_CHANNELS_MAX 256u
/** Largest rate, in Hz. */
#define RONDO_RATE_HZ_MAX 1536000u

/** Format of a stream. In a request each field may be 0, which means the device's own. */
struct rondo_format {
    enum rondo_sample_format sample;
    uint32_t channels; /**< [1, RONDO_CHANNELS_MAX] */
    uint32_t rate_hz;  /**< [1, RONDO_RATE_HZ_MAX] */
};

/** Bytes of one sample; 0 for a value that is no sample format. @rt wait-free */
static inline RONDO_RT uint32_t
rondo_sample_bytes(enum rondo_sample_format sample)
{
    switch (sample) {
    case RONDO_S16:
        return 2;
    case RONDO_S24_PACKED:
        return 3;
    case RONDO_S24_IN_32:
    case RONDO_S32:
    case RONDO_F32:
        return 4;
    case RONDO_SAMPLE_DEFAULT:
        break;
    }
    return 0;
}

/** Name as device strings spell it ("s16", "s24", "s24_32", "s32", "f32"); "default" for 0,
 * "unknown" otherwise. @rt wait-free */
static inline RONDO_RT const char *
rondo_sample_name(enum rondo_sample_format sample)
{
    switch (sample) {
    case RONDO_SAMPLE_DEFAULT:
        return "default";
    case RONDO_S16:
        return "s16";
    case RONDO_S24_PACKED:
        return "s24";
    case RONDO_S24_IN_32:
        return "s24_32";
    case RONDO_S32:
        return "s32";
    case RONDO_F32:
        return "f32";
    }
    return "unknown";
}

/**
 * Whether a format is complete and every field is in its range.
 *
 * @return 0; -EINVAL: a field is 0 or out of range
 * @rt     wait-free
 */
static inline RONDO_RT int
rondo_format_check(const struct rondo_format *format)
{
    if (format == NULL || rondo_sample_bytes(format->sample) == 0 || format->channels == 0 ||
        format->channels > RONDO_CHANNELS_MAX || format->rate_hz == 0 ||
        format->rate_hz > RONDO_RATE_HZ_MAX)
        return -EINVAL;
    return 0;
}

/** Bytes of one frame; 0 for an incomplete format. @rt wait-free */
static inline RONDO_RT uint32_t
rondo_frame_bytes(const struct rondo_format *format)
{
    return format->channels > RONDO_CHANNELS_MAX
               ? 0
               : format->channels * rondo_sample_bytes(format->sample);
}

/**
 * Bytes of @p frames frames.
 *
 * @param bytes  receives the product; untouched on error
 * @return       0; -EINVAL: frame_bytes is 0; -EOVERFLOW: the product does not fit a size_t
 * @rt           wait-free
 */
static inline RONDO_RT int
rondo_frames_to_bytes(uint64_t frames, uint32_t frame_bytes, size_t *bytes)
{
    size_t product = 0;

    if (frame_bytes == 0)
        return -EINVAL;
    if (__builtin_mul_overflow(frames, (uint64_t)frame_bytes, &product))
        return -EOVERFLOW;
    *bytes = product;
    return 0;
}

/** Whole frames in @p bytes, rounded down; 0 when @p frame_bytes is 0. @rt wait-free */
static inline RONDO_RT uint64_t
rondo_bytes_to_frames(size_t bytes, uint32_t frame_bytes)
{
    return frame_bytes == 0 ? 0 : bytes / frame_bytes;
}

/** Frames that begin within @p ns nanoseconds at @p rate_hz, rounded down. @p ns up to 10^18 (31
 * years). @rt wait-free */
static inline RONDO_RT uint64_t
rondo_ns_to_frames(uint64_t ns, uint32_t rate_hz)
{
    return ns / 1000000000u * rate_hz + ns % 1000000000u * rate_hz / 1000000000u;
}

/** The first nanosecond at which @p frames frames have passed: the inverse of rondo_ns_to_frames().
 * @rt wait-free */
static inline RONDO_RT uint64_t
rondo_frames_to_ns(uint64_t frames, uint32_t rate_hz)
{
    return frames / rate_hz * 1000000000u +
           (frames % rate_hz * 1000000000u + rate_hz - 1) / rate_hz;
}

#endif
