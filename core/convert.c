/* SPDX-License-Identifier: MIT */
/*
 * Sample formats.
 *
 * Every format has a loop from and to S32, and one from and to F32; the few pairs that are left go
 * through S32, which holds each integer format exactly, in blocks on the stack.
 *
 * The loops that carry the traffic, those with F32 at one end, have other forms in convert_x86.c,
 * which do all of a buffer or leave a rest to the loops here. All round alike (to nearest, ties to
 * even), so that a sample does not depend on where in a buffer it stands.
 */
#include <errno.h>
#include <limits.h>
#include <string.h>

#include <rondo/convert.h>

#include "convert_vector.h"

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "packed 24-bit samples are read and written as little-endian"
#endif

#define S16_SCALE 32768.0f
#define S24_SCALE 8388608.0f
#define S32_SCALE 2147483648.0f

#define S16_MAX 32767
#define S24_MAX 8388607

/* On the stack, in pairs that go through S32. */
#define BLOCK_SAMPLES 256u

/* ---- one sample ---- */

/* Left-justified: the value in the upper 3 bytes. */
static inline int32_t
load_s24(const uint8_t *src)
{
    return (int32_t)((uint32_t)src[0] << 8 | (uint32_t)src[1] << 16 | (uint32_t)src[2] << 24);
}

static inline void
store_s24(uint8_t *dst, int32_t value)
{
    dst[0] = (uint8_t)value;
    dst[1] = (uint8_t)(value >> 8);
    dst[2] = (uint8_t)(value >> 16);
}

/* The top byte is pushed out. */
static inline int32_t
left_justify_s24(int32_t value)
{
    return (int32_t)((uint32_t)value << 8);
}

/* To nearest, ties up; only the upper end can leave the range. */
static inline int32_t
narrow(int32_t value, unsigned shift, int32_t max)
{
    const int32_t rounded = ((value >> (shift - 1)) + 1) >> 1;

    return rounded > max ? max : rounded;
}

/* To nearest, ties to even: between 2^23 and 2^24 a float has no fraction, so that the sum is
 * rounded to an integer. */
static inline float
round_even(float value)
{
    const float whole = value < 0 ? -8388608.0f : 8388608.0f;

    if (value <= -8388608.0f || value >= 8388608.0f)
        return value;
    return (value + whole) - whole;
}

static inline int32_t
quantise(float value, float scale, int32_t max)
{
    const float scaled = value * scale;

    if (scaled != scaled)
        return 0;
    if (scaled >= (float)max)
        return max;
    if (scaled <= -scale)
        return -max - 1;
    return (int32_t)round_even(scaled);
}

/* ---- integers ---- */

static void
s16_to_s32(void *to, const void *from, size_t samples)
{
    int32_t *const dst = to;
    const int16_t *const src = from;

    for (size_t i = 0; i < samples; i++)
        dst[i] = (int32_t)src[i] * 65536;
}

static void
s32_to_s16(void *to, const void *from, size_t samples)
{
    int16_t *const dst = to;
    const int32_t *const src = from;

    for (size_t i = 0; i < samples; i++)
        dst[i] = (int16_t)narrow(src[i], 16, S16_MAX);
}

static void
s24_packed_to_s32(void *to, const void *from, size_t samples)
{
    int32_t *const dst = to;
    const uint8_t *const src = from;

    for (size_t i = 0; i < samples; i++)
        dst[i] = load_s24(src + 3 * i);
}

static void
s32_to_s24_packed(void *to, const void *from, size_t samples)
{
    uint8_t *const dst = to;
    const int32_t *const src = from;

    for (size_t i = 0; i < samples; i++)
        store_s24(dst + 3 * i, narrow(src[i], 8, S24_MAX));
}

static void
s24_in_32_to_s32(void *to, const void *from, size_t samples)
{
    int32_t *const dst = to;
    const int32_t *const src = from;

    for (size_t i = 0; i < samples; i++)
        dst[i] = left_justify_s24(src[i]);
}

static void
s32_to_s24_in_32(void *to, const void *from, size_t samples)
{
    int32_t *const dst = to;
    const int32_t *const src = from;

    for (size_t i = 0; i < samples; i++)
        dst[i] = narrow(src[i], 8, S24_MAX);
}

/* ---- integers and F32 ---- */

static void
s16_to_f32(void *to, const void *from, size_t samples)
{
    float *const dst = to;
    const int16_t *const src = from;

    for (size_t i = 0; i < samples; i++)
        dst[i] = (float)src[i] / S16_SCALE;
}

static void
f32_to_s16(void *to, const void *from, size_t samples)
{
    int16_t *const dst = to;
    const float *const src = from;

    for (size_t i = 0; i < samples; i++)
        dst[i] = (int16_t)quantise(src[i], S16_SCALE, S16_MAX);
}

static void
s24_packed_to_f32(void *to, const void *from, size_t samples)
{
    float *const dst = to;
    const uint8_t *const src = from;

    for (size_t i = 0; i < samples; i++)
        dst[i] = (float)load_s24(src + 3 * i) / S32_SCALE;
}

static void
f32_to_s24_packed(void *to, const void *from, size_t samples)
{
    uint8_t *const dst = to;
    const float *const src = from;

    for (size_t i = 0; i < samples; i++)
        store_s24(dst + 3 * i, quantise(src[i], S24_SCALE, S24_MAX));
}

static void
s24_in_32_to_f32(void *to, const void *from, size_t samples)
{
    float *const dst = to;
    const int32_t *const src = from;

    for (size_t i = 0; i < samples; i++)
        dst[i] = (float)left_justify_s24(src[i]) / S32_SCALE;
}

static void
f32_to_s24_in_32(void *to, const void *from, size_t samples)
{
    int32_t *const dst = to;
    const float *const src = from;

    for (size_t i = 0; i < samples; i++)
        dst[i] = quantise(src[i], S24_SCALE, S24_MAX);
}

static void
s32_to_f32(void *to, const void *from, size_t samples)
{
    float *const dst = to;
    const int32_t *const src = from;

    for (size_t i = 0; i < samples; i++)
        dst[i] = (float)src[i] / S32_SCALE;
}

static void
f32_to_s32(void *to, const void *from, size_t samples)
{
    int32_t *const dst = to;
    const float *const src = from;

    for (size_t i = 0; i < samples; i++)
        dst[i] = quantise(src[i], S32_SCALE, INT32_MAX);
}

/* ---- all pairs ---- */

typedef void convert_function(void *to, const void *from, size_t samples);

/* [from][to]; a pair without a loop of its own goes through S32. */
static convert_function *const loops[RONDO_F32 + 1][RONDO_F32 + 1] = {
    [RONDO_S16] = {[RONDO_S32] = s16_to_s32, [RONDO_F32] = s16_to_f32},
    [RONDO_S24_PACKED] = {[RONDO_S32] = s24_packed_to_s32, [RONDO_F32] = s24_packed_to_f32},
    [RONDO_S24_IN_32] = {[RONDO_S32] = s24_in_32_to_s32, [RONDO_F32] = s24_in_32_to_f32},
    [RONDO_S32] = {[RONDO_S16] = s32_to_s16,
                   [RONDO_S24_PACKED] = s32_to_s24_packed,
                   [RONDO_S24_IN_32] = s32_to_s24_in_32,
                   [RONDO_F32] = s32_to_f32},
    [RONDO_F32] = {[RONDO_S16] = f32_to_s16,
                   [RONDO_S24_PACKED] = f32_to_s24_packed,
                   [RONDO_S24_IN_32] = f32_to_s24_in_32,
                   [RONDO_S32] = f32_to_s32},
};

int
rondo_convert_samples(void *dst, enum rondo_sample_format dst_sample, const void *src,
                      enum rondo_sample_format src_sample, size_t samples)
{
    const size_t dst_bytes = rondo_sample_bytes(dst_sample);
    const size_t src_bytes = rondo_sample_bytes(src_sample);
    unsigned char *to = dst;
    const unsigned char *from = src;
    int32_t block[BLOCK_SAMPLES];
    size_t done = 0;

    if (dst_bytes == 0 || src_bytes == 0)
        return -EINVAL;
    if (samples == 0)
        return 0;
    if (dst_sample == src_sample) {
        memcpy(dst, src, samples * dst_bytes);
        return 0;
    }
    if (loops[src_sample][dst_sample] != NULL) {
        done = rondo__convert_vector(dst, dst_sample, src, src_sample, samples);
        if (done < samples)
            loops[src_sample][dst_sample](to + done * dst_bytes, from + done * src_bytes,
                                          samples - done);
        return 0;
    }
    while (done < samples) {
        const size_t left = samples - done;
        const size_t count = left < BLOCK_SAMPLES ? left : BLOCK_SAMPLES;

        /* Every format has a loop to S32 and one from it.
         * NOLINTNEXTLINE(clang-analyzer-core.CallAndMessage) */
        loops[src_sample][RONDO_S32](block, from + done * src_bytes, count);
        /* NOLINTNEXTLINE(clang-analyzer-core.CallAndMessage) */
        loops[RONDO_S32][dst_sample](to + done * dst_bytes, block, count);
        done += count;
    }
    return 0;
}
