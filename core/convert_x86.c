/* SPDX-License-Identifier: MIT */
/*
 * Sample formats on x86-64: the loops with F32 at one end.
 *
 * SSE2 is there on every x86-64. AVX2 is asked for at run time, once a buffer, by a plain branch:
 * no resolver has to run while the program is being loaded, where sanitizers are not ready yet.
 *
 * Everything is read and written unaligned. The packed format is moved in 8 or 16 bytes for 6 or
 * 12: such a loop stops while there are samples left that take what is too much.
 */
#include "convert_vector.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define S16_SCALE 32768.0f
#define S24_SCALE 8388608.0f
#define S32_SCALE 2147483648.0f

#define S16_MAX 32767.0f
#define S24_MAX 8388607.0f

#define AVX2 __attribute__((target("avx2")))

/* ---- SSE2 ---- */

static inline __m128i
load(const void *src)
{
    return _mm_loadu_si128((const __m128i *)src);
}

static inline void
store(void *dst, __m128i value)
{
    _mm_storeu_si128((__m128i *)dst, value);
}

static inline void
store_f32_of_s32(float *dst, __m128i value)
{
    _mm_storeu_ps(dst, _mm_mul_ps(_mm_cvtepi32_ps(value), _mm_set1_ps(1 / S32_SCALE)));
}

/* Scaled, with 0 for NaN. */
static inline __m128
load_scaled(const float *src, float scale)
{
    const __m128 value = _mm_mul_ps(_mm_loadu_ps(src), _mm_set1_ps(scale));

    return _mm_and_ps(value, _mm_cmpord_ps(value, value));
}

/* What is below INT32_MIN becomes INT32_MIN in _mm_cvtps_epi32(), which the pack then clips. */
static inline __m128i
load_f32_as_s16(const float *src)
{
    return _mm_cvtps_epi32(_mm_min_ps(load_scaled(src, S16_SCALE), _mm_set1_ps(S16_MAX)));
}

static inline __m128i
load_f32_as_s24(const float *src)
{
    const __m128 value = _mm_min_ps(load_scaled(src, S24_SCALE), _mm_set1_ps(S24_MAX));

    return _mm_cvtps_epi32(_mm_max_ps(value, _mm_set1_ps(-S24_SCALE)));
}

/* What does not fit becomes INT32_MIN; at the upper end all its bits are turned over. */
static inline __m128i
load_f32_as_s32(const float *src)
{
    const __m128 value = load_scaled(src, S32_SCALE);
    const __m128 over = _mm_cmpge_ps(value, _mm_set1_ps(S32_SCALE));

    return _mm_xor_si128(_mm_cvtps_epi32(value), _mm_castps_si128(over));
}

/* Four packed samples, left-justified; reads 14 bytes. */
static inline __m128i
load_packed(const uint8_t *src)
{
    const __m128i low = _mm_loadl_epi64((const __m128i *)(const void *)src);
    const __m128i high = _mm_loadl_epi64((const __m128i *)(const void *)(src + 6));
    const __m128i pairs = _mm_unpacklo_epi64(low, high);
    const __m128i first = _mm_and_si128(_mm_slli_epi64(pairs, 8), _mm_set1_epi64x(0xffffff00));
    const __m128i second =
        _mm_and_si128(_mm_slli_epi64(pairs, 16), _mm_set1_epi64x((int64_t)0xffffff0000000000));

    return _mm_or_si128(first, second);
}

/* Four samples, right-justified, as 12 packed bytes; writes 14 bytes. */
static inline void
store_packed(uint8_t *dst, __m128i value)
{
    const __m128i first = _mm_and_si128(value, _mm_set1_epi64x(0xffffff));
    const __m128i second = _mm_and_si128(_mm_srli_epi64(value, 8), _mm_set1_epi64x(0xffffff000000));
    const __m128i pairs = _mm_or_si128(first, second);

    _mm_storel_epi64((__m128i *)(void *)dst, pairs);
    _mm_storel_epi64((__m128i *)(void *)(dst + 6), _mm_unpackhi_epi64(pairs, pairs));
}

static size_t
sse2_s16_to_f32(void *to, const void *from, size_t samples)
{
    float *const dst = to;
    const int16_t *const src = from;
    size_t i = 0;

    for (; samples - i >= 16; i += 16) {
        const __m128i a = load(src + i);
        const __m128i b = load(src + i + 8);

        store_f32_of_s32(dst + i, _mm_unpacklo_epi16(_mm_setzero_si128(), a));
        store_f32_of_s32(dst + i + 4, _mm_unpackhi_epi16(_mm_setzero_si128(), a));
        store_f32_of_s32(dst + i + 8, _mm_unpacklo_epi16(_mm_setzero_si128(), b));
        store_f32_of_s32(dst + i + 12, _mm_unpackhi_epi16(_mm_setzero_si128(), b));
    }
    return i;
}

static size_t
sse2_f32_to_s16(void *to, const void *from, size_t samples)
{
    int16_t *const dst = to;
    const float *const src = from;
    size_t i = 0;

    for (; samples - i >= 16; i += 16) {
        store(dst + i, _mm_packs_epi32(load_f32_as_s16(src + i), load_f32_as_s16(src + i + 4)));
        store(dst + i + 8,
              _mm_packs_epi32(load_f32_as_s16(src + i + 8), load_f32_as_s16(src + i + 12)));
    }
    return i;
}

static size_t
sse2_s24_packed_to_f32(void *to, const void *from, size_t samples)
{
    float *const dst = to;
    const uint8_t *const src = from;
    size_t i = 0;

    for (; samples - i > 16; i += 16) {
        store_f32_of_s32(dst + i, load_packed(src + 3 * i));
        store_f32_of_s32(dst + i + 4, load_packed(src + 3 * i + 12));
        store_f32_of_s32(dst + i + 8, load_packed(src + 3 * i + 24));
        store_f32_of_s32(dst + i + 12, load_packed(src + 3 * i + 36));
    }
    return i;
}

static size_t
sse2_f32_to_s24_packed(void *to, const void *from, size_t samples)
{
    uint8_t *const dst = to;
    const float *const src = from;
    size_t i = 0;

    for (; samples - i > 16; i += 16) {
        store_packed(dst + 3 * i, load_f32_as_s24(src + i));
        store_packed(dst + 3 * i + 12, load_f32_as_s24(src + i + 4));
        store_packed(dst + 3 * i + 24, load_f32_as_s24(src + i + 8));
        store_packed(dst + 3 * i + 36, load_f32_as_s24(src + i + 12));
    }
    return i;
}

static size_t
sse2_s24_in_32_to_f32(void *to, const void *from, size_t samples)
{
    float *const dst = to;
    const int32_t *const src = from;
    size_t i = 0;

    for (; samples - i >= 8; i += 8) {
        store_f32_of_s32(dst + i, _mm_slli_epi32(load(src + i), 8));
        store_f32_of_s32(dst + i + 4, _mm_slli_epi32(load(src + i + 4), 8));
    }
    return i;
}

static size_t
sse2_f32_to_s24_in_32(void *to, const void *from, size_t samples)
{
    int32_t *const dst = to;
    const float *const src = from;
    size_t i = 0;

    for (; samples - i >= 8; i += 8) {
        store(dst + i, load_f32_as_s24(src + i));
        store(dst + i + 4, load_f32_as_s24(src + i + 4));
    }
    return i;
}

static size_t
sse2_s32_to_f32(void *to, const void *from, size_t samples)
{
    float *const dst = to;
    const int32_t *const src = from;
    size_t i = 0;

    for (; samples - i >= 8; i += 8) {
        store_f32_of_s32(dst + i, load(src + i));
        store_f32_of_s32(dst + i + 4, load(src + i + 4));
    }
    return i;
}

static size_t
sse2_f32_to_s32(void *to, const void *from, size_t samples)
{
    int32_t *const dst = to;
    const float *const src = from;
    size_t i = 0;

    for (; samples - i >= 8; i += 8) {
        store(dst + i, load_f32_as_s32(src + i));
        store(dst + i + 4, load_f32_as_s32(src + i + 4));
    }
    return i;
}

/* ---- AVX2 ---- */

AVX2 static inline __m256
load_scaled_8(const float *src, float scale)
{
    const __m256 value = _mm256_mul_ps(_mm256_loadu_ps(src), _mm256_set1_ps(scale));

    return _mm256_and_ps(value, _mm256_cmp_ps(value, value, _CMP_ORD_Q));
}

AVX2 static inline __m256i
load_f32_as_s16_8(const float *src)
{
    return _mm256_cvtps_epi32(
        _mm256_min_ps(load_scaled_8(src, S16_SCALE), _mm256_set1_ps(S16_MAX)));
}

AVX2 static inline __m256i
load_f32_as_s24_8(const float *src)
{
    const __m256 value = _mm256_min_ps(load_scaled_8(src, S24_SCALE), _mm256_set1_ps(S24_MAX));

    return _mm256_cvtps_epi32(_mm256_max_ps(value, _mm256_set1_ps(-S24_SCALE)));
}

AVX2 static inline __m256i
load_f32_as_s32_8(const float *src)
{
    const __m256 value = load_scaled_8(src, S32_SCALE);
    const __m256 over = _mm256_cmp_ps(value, _mm256_set1_ps(S32_SCALE), _CMP_GE_OQ);

    return _mm256_xor_si256(_mm256_cvtps_epi32(value), _mm256_castps_si256(over));
}

AVX2 static inline void
store_8(void *dst, __m256i value)
{
    _mm256_storeu_si256((__m256i *)dst, value);
}

AVX2 static inline __m256i
load_8(const void *src)
{
    return _mm256_loadu_si256((const __m256i *)src);
}

AVX2 static inline void
store_f32_of_s32_8(float *dst, __m256i value)
{
    const __m256 scale = _mm256_set1_ps(1 / S32_SCALE);

    _mm256_storeu_ps(dst, _mm256_mul_ps(_mm256_cvtepi32_ps(value), scale));
}

/* Left-justified. */
AVX2 static inline __m256i
load_s16_8(const int16_t *src)
{
    return _mm256_slli_epi32(_mm256_cvtepi16_epi32(load(src)), 16);
}

/* Eight packed samples, left-justified; reads 28 bytes. */
AVX2 static inline __m256i
load_packed_8(const uint8_t *src)
{
    const __m256i spread = _mm256_setr_epi8(-1, 0, 1, 2, -1, 3, 4, 5, -1, 6, 7, 8, -1, 9, 10, 11,
                                            -1, 0, 1, 2, -1, 3, 4, 5, -1, 6, 7, 8, -1, 9, 10, 11);
    const __m256i bytes =
        _mm256_inserti128_si256(_mm256_castsi128_si256(load(src)), load(src + 12), 1);

    return _mm256_shuffle_epi8(bytes, spread);
}

/* Eight samples, right-justified, as 24 packed bytes; writes 28 bytes. */
AVX2 static inline void
store_packed_8(uint8_t *dst, __m256i value)
{
    const __m256i gather = _mm256_setr_epi8(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, -1, -1, -1, -1,
                                            0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, -1, -1, -1, -1);
    const __m256i bytes = _mm256_shuffle_epi8(value, gather);

    store(dst, _mm256_castsi256_si128(bytes));
    store(dst + 12, _mm256_extracti128_si256(bytes, 1));
}

AVX2 static size_t
avx2_s16_to_f32(void *to, const void *from, size_t samples)
{
    float *const dst = to;
    const int16_t *const src = from;
    size_t i = 0;

    for (; samples - i >= 16; i += 16) {
        store_f32_of_s32_8(dst + i, load_s16_8(src + i));
        store_f32_of_s32_8(dst + i + 8, load_s16_8(src + i + 8));
    }
    return i;
}

AVX2 static size_t
avx2_f32_to_s16(void *to, const void *from, size_t samples)
{
    int16_t *const dst = to;
    const float *const src = from;
    size_t i = 0;

    for (; samples - i >= 16; i += 16) {
        /* The pack works in each half on its own: a0 b0 a1 b1. */
        const __m256i packed =
            _mm256_packs_epi32(load_f32_as_s16_8(src + i), load_f32_as_s16_8(src + i + 8));

        store_8(dst + i, _mm256_permute4x64_epi64(packed, _MM_SHUFFLE(3, 1, 2, 0)));
    }
    return i;
}

AVX2 static size_t
avx2_s24_packed_to_f32(void *to, const void *from, size_t samples)
{
    float *const dst = to;
    const uint8_t *const src = from;
    size_t i = 0;

    for (; samples - i >= 16 + 2; i += 16) {
        store_f32_of_s32_8(dst + i, load_packed_8(src + 3 * i));
        store_f32_of_s32_8(dst + i + 8, load_packed_8(src + 3 * i + 24));
    }
    return i;
}

AVX2 static size_t
avx2_f32_to_s24_packed(void *to, const void *from, size_t samples)
{
    uint8_t *const dst = to;
    const float *const src = from;
    size_t i = 0;

    for (; samples - i >= 16 + 2; i += 16) {
        store_packed_8(dst + 3 * i, load_f32_as_s24_8(src + i));
        store_packed_8(dst + 3 * i + 24, load_f32_as_s24_8(src + i + 8));
    }
    return i;
}

AVX2 static size_t
avx2_s24_in_32_to_f32(void *to, const void *from, size_t samples)
{
    float *const dst = to;
    const int32_t *const src = from;
    size_t i = 0;

    for (; samples - i >= 16; i += 16) {
        store_f32_of_s32_8(dst + i, _mm256_slli_epi32(load_8(src + i), 8));
        store_f32_of_s32_8(dst + i + 8, _mm256_slli_epi32(load_8(src + i + 8), 8));
    }
    return i;
}

AVX2 static size_t
avx2_f32_to_s24_in_32(void *to, const void *from, size_t samples)
{
    int32_t *const dst = to;
    const float *const src = from;
    size_t i = 0;

    for (; samples - i >= 16; i += 16) {
        store_8(dst + i, load_f32_as_s24_8(src + i));
        store_8(dst + i + 8, load_f32_as_s24_8(src + i + 8));
    }
    return i;
}

AVX2 static size_t
avx2_s32_to_f32(void *to, const void *from, size_t samples)
{
    float *const dst = to;
    const int32_t *const src = from;
    size_t i = 0;

    for (; samples - i >= 16; i += 16) {
        store_f32_of_s32_8(dst + i, load_8(src + i));
        store_f32_of_s32_8(dst + i + 8, load_8(src + i + 8));
    }
    return i;
}

AVX2 static size_t
avx2_f32_to_s32(void *to, const void *from, size_t samples)
{
    int32_t *const dst = to;
    const float *const src = from;
    size_t i = 0;

    for (; samples - i >= 16; i += 16) {
        store_8(dst + i, load_f32_as_s32_8(src + i));
        store_8(dst + i + 8, load_f32_as_s32_8(src + i + 8));
    }
    return i;
}

/* ---- all pairs ---- */

typedef size_t vector_function(void *to, const void *from, size_t samples);

static vector_function *const from_f32[2][RONDO_F32 + 1] = {
    {
        [RONDO_S16] = sse2_f32_to_s16,
        [RONDO_S24_PACKED] = sse2_f32_to_s24_packed,
        [RONDO_S24_IN_32] = sse2_f32_to_s24_in_32,
        [RONDO_S32] = sse2_f32_to_s32,
    },
    {
        [RONDO_S16] = avx2_f32_to_s16,
        [RONDO_S24_PACKED] = avx2_f32_to_s24_packed,
        [RONDO_S24_IN_32] = avx2_f32_to_s24_in_32,
        [RONDO_S32] = avx2_f32_to_s32,
    },
};

static vector_function *const to_f32[2][RONDO_F32 + 1] = {
    {
        [RONDO_S16] = sse2_s16_to_f32,
        [RONDO_S24_PACKED] = sse2_s24_packed_to_f32,
        [RONDO_S24_IN_32] = sse2_s24_in_32_to_f32,
        [RONDO_S32] = sse2_s32_to_f32,
    },
    {
        [RONDO_S16] = avx2_s16_to_f32,
        [RONDO_S24_PACKED] = avx2_s24_packed_to_f32,
        [RONDO_S24_IN_32] = avx2_s24_in_32_to_f32,
        [RONDO_S32] = avx2_s32_to_f32,
    },
};

size_t
rondo__convert_vector(void *dst, enum rondo_sample_format dst_sample, const void *src,
                      enum rondo_sample_format src_sample, size_t samples)
{
    const int avx2 = __builtin_cpu_supports("avx2") != 0;
    vector_function *convert = NULL;

    if (src_sample == RONDO_F32)
        convert = from_f32[avx2][dst_sample];
    else if (dst_sample == RONDO_F32)
        convert = to_f32[avx2][src_sample];
    return convert == NULL ? 0 : convert(dst, src, samples);
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
