/* SPDX-License-Identifier: MIT */
/*
 * Sample formats on x86-64: the loops with F32 at one end, for AVX2 and for AVX-512.
 *
 * What the machine has is asked at run time, once a buffer, by plain branches: no resolver has to
 * run while the program is being loaded, where sanitizers are not ready yet.
 *
 * Each format is a function that loads a vector of samples as integers, and one that stores a
 * vector of them; two loops, inlined with these as constants, do the rest. Everything is read and
 * written unaligned. Four vectors in a turn: with fewer, the loop itself costs as much as the work.
 */
#include "convert_vector.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define S16_SCALE 32768.0f
#define S24_SCALE 8388608.0f
#define S32_SCALE 2147483648.0f

#define S16_MAX 32767.0f
#define S24_MAX 8388607.0f

#define INLINE static inline __attribute__((always_inline))

/* ---- AVX2: 8 samples in a vector; ends with up to 33 samples left ---- */

#define AVX2 __attribute__((target("avx2")))

typedef __m256i load_avx2(const uint8_t *src);
typedef void store_avx2(uint8_t *dst, __m256 a, __m256 b);

AVX2 INLINE __m256i
load_s16_avx2(const uint8_t *src)
{
    return _mm256_cvtepi16_epi32(_mm_loadu_si128((const __m128i *)(const void *)src));
}

/* Left-justified; reads 28 bytes. */
AVX2 INLINE __m256i
load_packed_avx2(const uint8_t *src)
{
    const __m256i spread = _mm256_setr_epi8(-1, 0, 1, 2, -1, 3, 4, 5, -1, 6, 7, 8, -1, 9, 10, 11,
                                            -1, 0, 1, 2, -1, 3, 4, 5, -1, 6, 7, 8, -1, 9, 10, 11);
    const __m128i low = _mm_loadu_si128((const __m128i *)(const void *)src);
    const __m128i high = _mm_loadu_si128((const __m128i *)(const void *)(src + 12));

    return _mm256_shuffle_epi8(_mm256_inserti128_si256(_mm256_castsi128_si256(low), high, 1),
                               spread);
}

AVX2 INLINE __m256i
load_s32_avx2(const uint8_t *src)
{
    return _mm256_loadu_si256((const __m256i *)(const void *)src);
}

AVX2 INLINE __m256i
load_s24_avx2(const uint8_t *src)
{
    return _mm256_slli_epi32(load_s32_avx2(src), 8);
}

/* @p unit is what 1 is worth; @p more bytes are read behind the last vector. */
AVX2 INLINE size_t
to_f32_avx2(float *dst, const uint8_t *src, size_t samples, size_t sample_bytes, float unit,
            size_t more, load_avx2 *load)
{
    const __m256 scale = _mm256_set1_ps(unit);
    size_t i = 0;

    for (; samples - i >= 32 + more; i += 32) {
        const uint8_t *const from = src + i * sample_bytes;
        const __m256i a = load(from);
        const __m256i b = load(from + 8 * sample_bytes);
        const __m256i c = load(from + 16 * sample_bytes);
        const __m256i d = load(from + 24 * sample_bytes);

        _mm256_storeu_ps(dst + i, _mm256_mul_ps(_mm256_cvtepi32_ps(a), scale));
        _mm256_storeu_ps(dst + i + 8, _mm256_mul_ps(_mm256_cvtepi32_ps(b), scale));
        _mm256_storeu_ps(dst + i + 16, _mm256_mul_ps(_mm256_cvtepi32_ps(c), scale));
        _mm256_storeu_ps(dst + i + 24, _mm256_mul_ps(_mm256_cvtepi32_ps(d), scale));
    }
    return i;
}

/* 0 for NaN. */
AVX2 INLINE __m256
scale_avx2(__m256 value, float scale)
{
    const __m256 scaled = _mm256_mul_ps(value, _mm256_set1_ps(scale));

    return _mm256_and_ps(scaled, _mm256_cmp_ps(scaled, scaled, _CMP_ORD_Q));
}

AVX2 INLINE __m256i
quantise_s24_avx2(__m256 value)
{
    const __m256 scaled = _mm256_min_ps(scale_avx2(value, S24_SCALE), _mm256_set1_ps(S24_MAX));

    return _mm256_cvtps_epi32(_mm256_max_ps(scaled, _mm256_set1_ps(-S24_SCALE)));
}

/* What does not fit becomes INT32_MIN; at the upper end all its bits are turned over. */
AVX2 INLINE __m256i
quantise_s32_avx2(__m256 value)
{
    const __m256 scaled = scale_avx2(value, S32_SCALE);
    const __m256 over = _mm256_cmp_ps(scaled, _mm256_set1_ps(S32_SCALE), _CMP_GE_OQ);

    return _mm256_xor_si256(_mm256_cvtps_epi32(scaled), _mm256_castps_si256(over));
}

/* What is below INT32_MIN becomes INT32_MIN, which the pack then clips. */
AVX2 INLINE void
store_s16_avx2(uint8_t *dst, __m256 a, __m256 b)
{
    const __m256 max = _mm256_set1_ps(S16_MAX);
    const __m256i first = _mm256_cvtps_epi32(_mm256_min_ps(scale_avx2(a, S16_SCALE), max));
    const __m256i second = _mm256_cvtps_epi32(_mm256_min_ps(scale_avx2(b, S16_SCALE), max));

    /* The pack works in each half on its own: a0 b0 a1 b1. */
    _mm256_storeu_si256(
        (__m256i *)(void *)dst,
        _mm256_permute4x64_epi64(_mm256_packs_epi32(first, second), _MM_SHUFFLE(3, 1, 2, 0)));
}

/* Writes 28 bytes for 24. */
AVX2 INLINE void
store_packed_half_avx2(uint8_t *dst, __m256 value)
{
    const __m256i gather = _mm256_setr_epi8(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, -1, -1, -1, -1,
                                            0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, -1, -1, -1, -1);
    const __m256i bytes = _mm256_shuffle_epi8(quantise_s24_avx2(value), gather);

    _mm_storeu_si128((__m128i *)(void *)dst, _mm256_castsi256_si128(bytes));
    _mm_storeu_si128((__m128i *)(void *)(dst + 12), _mm256_extracti128_si256(bytes, 1));
}

AVX2 INLINE void
store_packed_avx2(uint8_t *dst, __m256 a, __m256 b)
{
    store_packed_half_avx2(dst, a);
    store_packed_half_avx2(dst + 24, b);
}

AVX2 INLINE void
store_s24_avx2(uint8_t *dst, __m256 a, __m256 b)
{
    _mm256_storeu_si256((__m256i *)(void *)dst, quantise_s24_avx2(a));
    _mm256_storeu_si256((__m256i *)(void *)(dst + 32), quantise_s24_avx2(b));
}

AVX2 INLINE void
store_s32_avx2(uint8_t *dst, __m256 a, __m256 b)
{
    _mm256_storeu_si256((__m256i *)(void *)dst, quantise_s32_avx2(a));
    _mm256_storeu_si256((__m256i *)(void *)(dst + 32), quantise_s32_avx2(b));
}

AVX2 INLINE size_t
from_f32_avx2(uint8_t *dst, const float *src, size_t samples, size_t sample_bytes, size_t more,
              store_avx2 *put)
{
    size_t i = 0;

    for (; samples - i >= 32 + more; i += 32) {
        uint8_t *const to = dst + i * sample_bytes;

        put(to, _mm256_loadu_ps(src + i), _mm256_loadu_ps(src + i + 8));
        put(to + 16 * sample_bytes, _mm256_loadu_ps(src + i + 16), _mm256_loadu_ps(src + i + 24));
    }
    return i;
}

AVX2 static size_t
convert_avx2(void *dst, enum rondo_sample_format dst_sample, const void *src,
             enum rondo_sample_format src_sample, size_t samples)
{
    switch (src_sample == RONDO_F32 ? dst_sample : RONDO_SAMPLE_DEFAULT) {
    case RONDO_S16:
        return from_f32_avx2(dst, src, samples, 2, 0, store_s16_avx2);
    case RONDO_S24_PACKED:
        return from_f32_avx2(dst, src, samples, 3, 2, store_packed_avx2);
    case RONDO_S24_IN_32:
        return from_f32_avx2(dst, src, samples, 4, 0, store_s24_avx2);
    case RONDO_S32:
        return from_f32_avx2(dst, src, samples, 4, 0, store_s32_avx2);
    default:
        break;
    }
    switch (dst_sample == RONDO_F32 ? src_sample : RONDO_SAMPLE_DEFAULT) {
    case RONDO_S16:
        return to_f32_avx2(dst, src, samples, 2, 1 / S16_SCALE, 0, load_s16_avx2);
    case RONDO_S24_PACKED:
        return to_f32_avx2(dst, src, samples, 3, 1 / S32_SCALE, 2, load_packed_avx2);
    case RONDO_S24_IN_32:
        return to_f32_avx2(dst, src, samples, 4, 1 / S32_SCALE, 0, load_s24_avx2);
    case RONDO_S32:
        return to_f32_avx2(dst, src, samples, 4, 1 / S32_SCALE, 0, load_s32_avx2);
    default:
        return 0;
    }
}

/* ---- AVX-512: 16 samples in a vector; masks do all of a buffer ---- */

#define AVX512 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi")))

#define WHOLE 0xffffu /* the mask of a whole vector */

typedef __m512i load_avx512(const uint8_t *src, __mmask16 which);
typedef void store_avx512(uint8_t *dst, __m512 value, __mmask16 which);

/* The mask of the first samples of a vector. */
INLINE __mmask16
first_of(size_t samples)
{
    return (__mmask16)(samples >= 16 ? WHOLE : (1u << samples) - 1);
}

/* The bytes of packed samples. */
INLINE __mmask64
packed_mask(__mmask16 which)
{
    return ((__mmask64)1 << 3 * __builtin_popcount(which)) - 1;
}

AVX512 INLINE __m512i
load_s16_avx512(const uint8_t *src, __mmask16 which)
{
    return _mm512_cvtepi16_epi32(_mm256_maskz_loadu_epi16(which, src));
}

/* Left-justified. */
AVX512 INLINE __m512i
load_packed_avx512(const uint8_t *src, __mmask16 which)
{
    const __m512i spread =
        _mm512_set_epi32(0x2f2e2d00, 0x2c2b2a00, 0x29282700, 0x26252400, 0x23222100, 0x201f1e00,
                         0x1d1c1b00, 0x1a191800, 0x17161500, 0x14131200, 0x11100f00, 0x0e0d0c00,
                         0x0b0a0900, 0x08070600, 0x05040300, 0x02010000);

    const __m512i bytes = which == WHOLE ? _mm512_maskz_loadu_epi32(0x0fff, src) /* words: faster */
                                         : _mm512_maskz_loadu_epi8(packed_mask(which), src);

    return _mm512_maskz_permutexvar_epi8(0xeeeeeeeeeeeeeeee, spread, bytes);
}

AVX512 INLINE __m512i
load_s32_avx512(const uint8_t *src, __mmask16 which)
{
    return _mm512_maskz_loadu_epi32(which, src);
}

AVX512 INLINE __m512i
load_s24_avx512(const uint8_t *src, __mmask16 which)
{
    return _mm512_slli_epi32(load_s32_avx512(src, which), 8);
}

AVX512 INLINE size_t
to_f32_avx512(float *dst, const uint8_t *src, size_t samples, size_t sample_bytes, float unit,
              load_avx512 *load)
{
    const __m512 scale = _mm512_set1_ps(unit);
    size_t i = 0;

    for (; samples - i >= 64; i += 64) {
        const uint8_t *const from = src + i * sample_bytes;
        const __m512i a = load(from, WHOLE);
        const __m512i b = load(from + 16 * sample_bytes, WHOLE);
        const __m512i c = load(from + 32 * sample_bytes, WHOLE);
        const __m512i d = load(from + 48 * sample_bytes, WHOLE);

        _mm512_storeu_ps(dst + i, _mm512_mul_ps(_mm512_cvtepi32_ps(a), scale));
        _mm512_storeu_ps(dst + i + 16, _mm512_mul_ps(_mm512_cvtepi32_ps(b), scale));
        _mm512_storeu_ps(dst + i + 32, _mm512_mul_ps(_mm512_cvtepi32_ps(c), scale));
        _mm512_storeu_ps(dst + i + 48, _mm512_mul_ps(_mm512_cvtepi32_ps(d), scale));
    }
    for (; i < samples; i += 16) {
        const __mmask16 which = first_of(samples - i);
        const __m512i a = load(src + i * sample_bytes, which);

        _mm512_mask_storeu_ps(dst + i, which, _mm512_mul_ps(_mm512_cvtepi32_ps(a), scale));
    }
    return samples;
}

/* NaN becomes 0. */
AVX512 INLINE __m512i
to_int_avx512(__m512 scaled, __m512 clipped)
{
    return _mm512_maskz_cvtps_epi32(_mm512_cmp_ps_mask(scaled, scaled, _CMP_ORD_Q), clipped);
}

AVX512 INLINE __m512i
quantise_s24_avx512(__m512 value)
{
    const __m512 scaled = _mm512_mul_ps(value, _mm512_set1_ps(S24_SCALE));
    const __m512 below = _mm512_min_ps(scaled, _mm512_set1_ps(S24_MAX));

    return to_int_avx512(scaled, _mm512_max_ps(below, _mm512_set1_ps(-S24_SCALE)));
}

/* What is below INT32_MIN becomes INT32_MIN, which is then clipped. */
AVX512 INLINE void
store_s16_avx512(uint8_t *dst, __m512 value, __mmask16 which)
{
    const __m512 scaled = _mm512_mul_ps(value, _mm512_set1_ps(S16_SCALE));
    const __m512 below = _mm512_min_ps(scaled, _mm512_set1_ps(S16_MAX));

    _mm512_mask_cvtsepi32_storeu_epi16(dst, which, to_int_avx512(scaled, below));
}

AVX512 INLINE void
store_packed_avx512(uint8_t *dst, __m512 value, __mmask16 which)
{
    const __m512i gather = _mm512_set_epi32(
        0, 0, 0, 0, 0x3e3d3c3a, 0x39383635, 0x34323130, 0x2e2d2c2a, 0x29282625, 0x24222120,
        0x1e1d1c1a, 0x19181615, 0x14121110, 0x0e0d0c0a, 0x09080605, 0x04020100);

    const __m512i bytes = _mm512_permutexvar_epi8(gather, quantise_s24_avx512(value));

    if (which == WHOLE) /* words: faster */
        _mm512_mask_storeu_epi32(dst, 0x0fff, bytes);
    else
        _mm512_mask_storeu_epi8(dst, packed_mask(which), bytes);
}

AVX512 INLINE void
store_s24_avx512(uint8_t *dst, __m512 value, __mmask16 which)
{
    _mm512_mask_storeu_epi32(dst, which, quantise_s24_avx512(value));
}

/* What does not fit becomes INT32_MIN; at the upper end all its bits are turned over. */
AVX512 INLINE void
store_s32_avx512(uint8_t *dst, __m512 value, __mmask16 which)
{
    const __m512 scaled = _mm512_mul_ps(value, _mm512_set1_ps(S32_SCALE));
    const __m512i whole = to_int_avx512(scaled, scaled);
    const __mmask16 over = _mm512_cmp_ps_mask(scaled, _mm512_set1_ps(S32_SCALE), _CMP_GE_OQ);

    _mm512_mask_storeu_epi32(dst, which,
                             _mm512_mask_xor_epi32(whole, over, whole, _mm512_set1_epi32(-1)));
}

/* Two vectors between -2 and 2, which the pack clips. */
AVX512 INLINE void
store_s16_pair_avx512(uint8_t *dst, __m512 a, __m512 b)
{
    const __m512 scale = _mm512_set1_ps(S16_SCALE);
    const __m512i packed = _mm512_packs_epi32(_mm512_cvtps_epi32(_mm512_mul_ps(a, scale)),
                                              _mm512_cvtps_epi32(_mm512_mul_ps(b, scale)));

    /* The pack works in each quarter on its own: a0 b0 a1 b1 a2 b2 a3 b3. */
    _mm512_storeu_si512(
        dst, _mm512_permutexvar_epi64(_mm512_setr_epi64(0, 2, 4, 6, 1, 3, 5, 7), packed));
}

AVX512 INLINE size_t
from_f32_avx512(uint8_t *dst, const float *src, size_t samples, size_t sample_bytes,
                store_avx512 *put)
{
    size_t i = 0;

    for (; samples - i >= 64; i += 64) {
        uint8_t *const to = dst + i * sample_bytes;
        const __m512 a = _mm512_loadu_ps(src + i);
        const __m512 b = _mm512_loadu_ps(src + i + 16);
        const __m512 c = _mm512_loadu_ps(src + i + 32);
        const __m512 d = _mm512_loadu_ps(src + i + 48);

        if (sample_bytes == 2) {
            const __m512 any = _mm512_or_ps(_mm512_or_ps(a, b), _mm512_or_ps(c, d));

            /* This bit of the exponent is set from 2 on, and in infinities and NaN. */
            if (__builtin_expect(_mm512_test_epi32_mask(_mm512_castps_si512(any),
                                                        _mm512_set1_epi32(0x40000000)) == 0,
                                 1)) {
                store_s16_pair_avx512(to, a, b);
                store_s16_pair_avx512(to + 64, c, d);
                continue;
            }
        }
        put(to, a, WHOLE);
        put(to + 16 * sample_bytes, b, WHOLE);
        put(to + 32 * sample_bytes, c, WHOLE);
        put(to + 48 * sample_bytes, d, WHOLE);
    }
    for (; i < samples; i += 16) {
        const __mmask16 which = first_of(samples - i);

        put(dst + i * sample_bytes, _mm512_maskz_loadu_ps(which, src + i), which);
    }
    return samples;
}

AVX512 static size_t
convert_avx512(void *dst, enum rondo_sample_format dst_sample, const void *src,
               enum rondo_sample_format src_sample, size_t samples)
{
    switch (src_sample == RONDO_F32 ? dst_sample : RONDO_SAMPLE_DEFAULT) {
    case RONDO_S16:
        return from_f32_avx512(dst, src, samples, 2, store_s16_avx512);
    case RONDO_S24_PACKED:
        return from_f32_avx512(dst, src, samples, 3, store_packed_avx512);
    case RONDO_S24_IN_32:
        return from_f32_avx512(dst, src, samples, 4, store_s24_avx512);
    case RONDO_S32:
        return from_f32_avx512(dst, src, samples, 4, store_s32_avx512);
    default:
        break;
    }
    switch (dst_sample == RONDO_F32 ? src_sample : RONDO_SAMPLE_DEFAULT) {
    case RONDO_S16:
        return to_f32_avx512(dst, src, samples, 2, 1 / S16_SCALE, load_s16_avx512);
    case RONDO_S24_PACKED:
        return to_f32_avx512(dst, src, samples, 3, 1 / S32_SCALE, load_packed_avx512);
    case RONDO_S24_IN_32:
        return to_f32_avx512(dst, src, samples, 4, 1 / S32_SCALE, load_s24_avx512);
    case RONDO_S32:
        return to_f32_avx512(dst, src, samples, 4, 1 / S32_SCALE, load_s32_avx512);
    default:
        return 0;
    }
}

/* A virtual machine may hide any of them. */
static int
has_avx512(void)
{
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("avx512vbmi");
}

size_t
rondo__convert_vector(void *dst, enum rondo_sample_format dst_sample, const void *src,
                      enum rondo_sample_format src_sample, size_t samples)
{
    if (has_avx512())
        return convert_avx512(dst, dst_sample, src, src_sample, samples);
    if (__builtin_cpu_supports("avx2"))
        return convert_avx2(dst, dst_sample, src, src_sample, samples);
    return 0;
}

#else

size_t
rondo__convert_vector(void *dst, enum rondo_sample_format dst_sample, const void *src,
                      enum rondo_sample_format src_sample, size_t samples)
{
    (void)dst;
    (void)dst_sample;
    (void)src;
    (void)src_sample;
    (void)samples;
    return 0;
}

#endif
