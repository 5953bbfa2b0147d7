/* SPDX-License-Identifier: MIT */
/*
 * Sample formats, against a reference that knows a sample only as a number in a double and a way to store it.
 */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <rondo/convert.h>

#define FIRST   RONDO_S16
#define LAST    RONDO_F32
#define SAMPLES 4099u /* no multiple of any vector */

static const int bits[] = {0, 16, 24, 24, 32, 0};

static uint64_t random_state = 0x9e3779b97f4a7c15u;

static uint32_t
random_bits(void)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(random_state >> 32);
}

static double
power_of_two(int exponent)
{
    double value = 1;

    for (; exponent > 0; exponent--)
        value *= 2;
    return value;
}

/* The integer in a stored sample, byte by byte. */
static int64_t
integer_at(enum rondo_sample_format sample, const unsigned char *at)
{
    const int bytes = bits[sample] / 8;
    int64_t value = 0;

    for (int i = 0; i < bytes; i++)
        value += (int64_t)at[i] << (8 * i);
    return value >= (int64_t)1 << (bits[sample] - 1) ? value - ((int64_t)1 << bits[sample]) : value;
}

static float
float_at(const unsigned char *at)
{
    float value;

    memcpy(&value, at, sizeof(value));
    return value;
}

/* In units of the format: full scale of 16 bits is 32768. */
static double
number_at(enum rondo_sample_format sample, const unsigned char *at, int as_bits)
{
    if (sample == RONDO_F32)
        return (double)float_at(at) * power_of_two(as_bits - 1);
    return (double)integer_at(sample, at) * power_of_two(as_bits - 1) /
           power_of_two(bits[sample] - 1);
}

static void
check_sample(enum rondo_sample_format to, const unsigned char *out, enum rondo_sample_format from,
             const unsigned char *in)
{
    double want, got, highest;

    if (to == from) {
        assert_memory_equal(out, in, rondo_sample_bytes(to));
        return;
    }
    if (to == RONDO_F32) {
        assert_true(float_at(out) == (float)number_at(from, in, 1));
        return;
    }
    want = number_at(from, in, bits[to]);
    got = (double)integer_at(to, out);
    highest = power_of_two(bits[to] - 1) - 1;
    if (want != want)
        want = 0;
    if (want > highest)
        want = highest;
    if (want < -highest - 1)
        want = -highest - 1;
    assert_true(got - want <= 0.5 && want - got <= 0.5);
    if (to == RONDO_S24_IN_32)
        assert_int_equal(out[3], (out[2] & 0x80) != 0 ? 0xff : 0);
}

/* Samples with all that can go wrong: any bits for integers; around each rounding and each end for floats. */
static void
fill(enum rondo_sample_format sample, unsigned char *memory, size_t samples)
{
    static const float scales[] = {1.0f / 32768, 1.0f / 8388608, 1.0f / 2147483648.0f, 1, 2, 1e9f};
    static const float specials[] = {
        0,          -0.0f,       1,           -1,          0.99999994f, -0.99999994f, 1.0000001f,
        INFINITY,   -INFINITY,   NAN,         -NAN,        3.4e38f,     -3.4e38f,     1e-45f,
        0.9999695f, -0.9999695f, 0.99998474f, -1.0000153f, 0.9999999f,  -1.0000001f,  1.2e-38f,
    };
    const size_t bytes = rondo_sample_bytes(sample);
    const size_t special_count = sizeof(specials) / sizeof(specials[0]);

    for (size_t i = 0; i < samples; i++) {
        float value;
        uint32_t word = random_bits();

        if (sample != RONDO_F32) {
            if (word % 8 == 0)
                word = (random_bits() & 1) != 0 ? 0x7fffffff : 0x80000000;
            else if (word % 8 == 1)
                word = (random_bits() & 1) != 0 ? 0x00ffffff - random_bits() % 3
                                                : 0x7f800000 + random_bits() % 3;
            else
                word = random_bits();
            memcpy(memory + i * bytes, (unsigned char *)&word + (4 - bytes), bytes);
            continue;
        }
        if (word % 4 == 0)
            value = specials[random_bits() % special_count];
        else if (word % 4 == 1) /* halves of a step: ties */
            value = ((float)(random_bits() % 131072) - 65536) / 2 * scales[random_bits() % 3];
        else
            value = ((float)random_bits() / 2147483648.0f - 1) * scales[random_bits() % 6];
        memcpy(memory + i * bytes, &value, sizeof(value));
    }
}

static void *
allocate(size_t bytes)
{
    void *const memory = malloc(bytes == 0 ? 1 : bytes);

    assert_non_null(memory);
    return memory;
}

static void
each_pair_of_formats_agrees_with_the_reference(void **state)
{
    (void)state;
    for (enum rondo_sample_format from = FIRST; from <= LAST; from++) {
        for (enum rondo_sample_format to = FIRST; to <= LAST; to++) {
            const size_t in_bytes = rondo_sample_bytes(from);
            const size_t out_bytes = rondo_sample_bytes(to);
            unsigned char *const in = allocate(SAMPLES * in_bytes);
            unsigned char *const out = allocate(SAMPLES * out_bytes);

            fill(from, in, SAMPLES);
            assert_int_equal(rondo_convert_samples(out, to, in, from, SAMPLES), 0);
            for (size_t i = 0; i < SAMPLES; i++)
                check_sample(to, out + i * out_bytes, from, in + i * in_bytes);
            free(in);
            free(out);
        }
    }
}

static void
every_s16_is_converted_right_and_comes_back(void **state)
{
    enum {
        ALL = 65536
    };
    int16_t *const all = allocate(ALL * sizeof(*all));
    int16_t *const back = allocate(ALL * sizeof(*back));
    unsigned char *const out = allocate(ALL * (size_t)4);

    (void)state;
    for (int i = 0; i < ALL; i++)
        all[i] = (int16_t)(i - 32768);
    for (enum rondo_sample_format to = FIRST; to <= LAST; to++) {
        const size_t bytes = rondo_sample_bytes(to);

        rondo_convert_samples(out, to, all, RONDO_S16, ALL);
        for (size_t i = 0; i < ALL; i++)
            check_sample(to, out + i * bytes, RONDO_S16, (unsigned char *)&all[i]);
        rondo_convert_samples(back, RONDO_S16, out, to, ALL);
        assert_memory_equal(back, all, ALL * sizeof(*all));
    }
    free(all);
    free(back);
    free(out);
}

static void
every_s24_comes_back_from_wider_formats(void **state)
{
    enum {
        BLOCK = 65536
    };
    static const enum rondo_sample_format narrow[] = {RONDO_S24_PACKED, RONDO_S24_IN_32};
    int32_t *const in_32 = allocate(BLOCK * sizeof(*in_32));
    unsigned char *const all = allocate(BLOCK * (size_t)4);
    unsigned char *const out = allocate(BLOCK * (size_t)4);
    unsigned char *const back = allocate(BLOCK * (size_t)4);

    (void)state;
    for (int32_t first = -8388608; first < 8388608; first += BLOCK) {
        for (int32_t i = 0; i < BLOCK; i++)
            in_32[i] = first + i;
        for (size_t n = 0; n < 2; n++) {
            const size_t bytes = rondo_sample_bytes(narrow[n]);

            rondo_convert_samples(all, narrow[n], in_32, RONDO_S24_IN_32, BLOCK);
            for (enum rondo_sample_format to = RONDO_S24_PACKED; to <= LAST; to++) {
                rondo_convert_samples(out, to, all, narrow[n], BLOCK);
                rondo_convert_samples(back, narrow[n], out, to, BLOCK);
                assert_memory_equal(back, all, BLOCK * bytes);
            }
        }
    }
    free(in_32);
    free(all);
    free(out);
    free(back);
}

static void
widening_shifts(void **state)
{
    static const int16_t in[] = {0x1234, -0x1234, -1, 1};
    int32_t out[4];

    (void)state;
    rondo_convert_samples(out, RONDO_S32, in, RONDO_S16, 4);
    assert_int_equal(out[0], 0x12340000);
    assert_int_equal(out[1], -0x12340000);
    rondo_convert_samples(out, RONDO_S24_IN_32, in, RONDO_S16, 4);
    assert_int_equal(out[0], 0x123400);
    assert_int_equal(out[2], -0x100);
    assert_int_equal(out[3], 0x100);
}

static void
narrowing_rounds_up_at_a_tie_and_clips_above(void **state)
{
    static const int32_t in[] = {0x00007fff, 0x00008000, -0x00008000, -0x00008001,
                                 INT32_MAX,  INT32_MIN,  0x7fff7fff,  0x7fff8000};
    static const int16_t want[] = {0, 1, 0, -1, 32767, -32768, 32767, 32767};
    static const int32_t s24_in[] = {0x7f, 0x80, -0x80, -0x81, INT32_MAX, INT32_MIN};
    static const int32_t s24_want[] = {0, 1, 0, -1, 8388607, -8388608};
    int16_t out[8];
    int32_t s24_out[6];

    (void)state;
    rondo_convert_samples(out, RONDO_S16, in, RONDO_S32, 8);
    assert_memory_equal(out, want, sizeof(want));
    rondo_convert_samples(s24_out, RONDO_S24_IN_32, s24_in, RONDO_S32, 6);
    assert_memory_equal(s24_out, s24_want, sizeof(s24_want));
}

/* Each value alone, for the plain loop, and 40 times, for the vector one. */
static void
check_float(float value, enum rondo_sample_format to, int32_t want)
{
    const size_t bytes = rondo_sample_bytes(to);
    float in[40];
    unsigned char out[40 * 4];

    for (size_t i = 0; i < 40; i++)
        in[i] = value;
    for (size_t samples = 1; samples <= 40; samples += 39) {
        rondo_convert_samples(out, to, in, RONDO_F32, samples);
        for (size_t i = 0; i < samples; i++)
            assert_int_equal(integer_at(to, out + i * bytes), want);
    }
}

static void
float_clips_at_both_ends(void **state)
{
    static const float above[] = {1, 1.0000001f, 2, 3e9f, 1e30f, INFINITY};
    static const float below[] = {-1, -1.0000001f, -2, -3e9f, -1e30f, -INFINITY};

    (void)state;
    for (size_t i = 0; i < 6; i++) {
        check_float(above[i], RONDO_S16, 32767);
        check_float(above[i], RONDO_S24_PACKED, 8388607);
        check_float(above[i], RONDO_S24_IN_32, 8388607);
        check_float(above[i], RONDO_S32, INT32_MAX);
        check_float(below[i], RONDO_S16, -32768);
        check_float(below[i], RONDO_S24_PACKED, -8388608);
        check_float(below[i], RONDO_S24_IN_32, -8388608);
        check_float(below[i], RONDO_S32, INT32_MIN);
    }
}

static void
nan_becomes_silence(void **state)
{
    (void)state;
    for (enum rondo_sample_format to = FIRST; to < RONDO_F32; to++) {
        check_float(NAN, to, 0);
        check_float(-NAN, to, 0);
    }
}

static void
float_rounds_to_nearest_and_ties_to_even(void **state)
{
    (void)state;
    check_float(0.5f / 32768, RONDO_S16, 0);
    check_float(1.5f / 32768, RONDO_S16, 2);
    check_float(-0.5f / 32768, RONDO_S16, 0);
    check_float(-1.5f / 32768, RONDO_S16, -2);
    check_float(0.49999997f / 32768, RONDO_S16, 0);
    check_float(0.50000006f / 32768, RONDO_S16, 1);
    check_float(32766.5f / 32768, RONDO_S16, 32766);
    check_float(4194304.5f / 8388608, RONDO_S24_PACKED, 4194304);
    check_float(-4194305.5f / 8388608, RONDO_S24_IN_32, -4194306);
    check_float(0.99999994f, RONDO_S32, 2147483520);
    check_float(2.5f / 2147483648.0f, RONDO_S32, 2);
}

static void
the_top_byte_of_s24_in_32_is_ignored(void **state)
{
    int32_t clean[40];
    int32_t dirty[40];
    unsigned char want[40 * 4];
    unsigned char got[40 * 4];

    (void)state;
    for (size_t i = 0; i < 40; i++) {
        clean[i] = (int32_t)(random_bits() % 16777216) - 8388608;
        dirty[i] = (int32_t)(((uint32_t)clean[i] & 0xffffff) | random_bits() << 24);
    }
    for (enum rondo_sample_format to = FIRST; to <= LAST; to++) {
        if (to == RONDO_S24_IN_32)
            continue;
        rondo_convert_samples(want, to, clean, RONDO_S24_IN_32, 40);
        rondo_convert_samples(got, to, dirty, RONDO_S24_IN_32, 40);
        assert_memory_equal(got, want, 40 * rondo_sample_bytes(to));
    }
}

static void
a_sample_converts_alike_wherever_it_stands(void **state)
{
    enum {
        LONGEST = 70
    };

    (void)state;
    for (enum rondo_sample_format from = FIRST; from <= LAST; from++) {
        for (enum rondo_sample_format to = FIRST; to <= LAST; to++) {
            const size_t in_bytes = rondo_sample_bytes(from);
            const size_t out_bytes = rondo_sample_bytes(to);
            unsigned char one_by_one[LONGEST * 4];

            for (size_t samples = 0; samples <= LONGEST; samples++) {
                /* Exactly as large as allowed, so that a sanitizer sees one byte too many. */
                unsigned char *const in = allocate(samples * in_bytes);
                unsigned char *const out = allocate(samples * out_bytes);

                fill(from, in, samples);
                for (size_t i = 0; i < samples; i++)
                    rondo_convert_samples(one_by_one + i * out_bytes, to, in + i * in_bytes, from,
                                          1);
                rondo_convert_samples(out, to, in, from, samples);
                assert_memory_equal(out, one_by_one, samples * out_bytes);
                free(in);
                free(out);
            }
        }
    }
}

static void
nothing_is_written_beyond_the_last_sample(void **state)
{
    enum {
        LONGEST = 70,
        GUARD = 64
    };
    unsigned char in[LONGEST * 4];
    unsigned char out[LONGEST * 4 + GUARD];

    (void)state;
    memset(in, 0x11, sizeof(in));
    for (enum rondo_sample_format from = FIRST; from <= LAST; from++) {
        for (enum rondo_sample_format to = FIRST; to <= LAST; to++) {
            for (size_t samples = 0; samples <= LONGEST; samples++) {
                const size_t end = samples * rondo_sample_bytes(to);

                memset(out, 0xa5, sizeof(out));
                rondo_convert_samples(out, to, in, from, samples);
                for (size_t i = end; i < end + GUARD; i++)
                    assert_int_equal(out[i], 0xa5);
            }
        }
    }
}

static void
packed_samples_stand_anywhere(void **state)
{
    enum {
        COUNT = 53
    };
    unsigned char in[COUNT * 4 + 16];
    unsigned char want[COUNT * 4];
    unsigned char got[COUNT * 4];
    unsigned char packed[COUNT * 3 + 16];

    (void)state;
    for (size_t offset = 0; offset < 16; offset++) {
        for (enum rondo_sample_format other = FIRST; other <= LAST; other++) {
            fill(RONDO_S24_PACKED, in, COUNT);
            rondo_convert_samples(want, other, in, RONDO_S24_PACKED, COUNT);
            memcpy(packed + offset, in, (size_t)COUNT * 3);
            rondo_convert_samples(got, other, packed + offset, RONDO_S24_PACKED, COUNT);
            assert_memory_equal(got, want, COUNT * rondo_sample_bytes(other));

            fill(other, in, COUNT);
            rondo_convert_samples(want, RONDO_S24_PACKED, in, other, COUNT);
            rondo_convert_samples(packed + offset, RONDO_S24_PACKED, in, other, COUNT);
            assert_memory_equal(packed + offset, want, (size_t)COUNT * 3);
        }
    }
}

static void
what_is_no_format_is_refused_and_nothing_written(void **state)
{
    static const int wrong[] = {-1, 0, 6, 1000};
    const int32_t in = 0x01020304;
    int32_t out = 0x55555555;

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        const enum rondo_sample_format bad = (enum rondo_sample_format)wrong[i];

        assert_int_equal(rondo_convert_samples(&out, bad, &in, RONDO_S32, 1), -EINVAL);
        assert_int_equal(rondo_convert_samples(&out, RONDO_S32, &in, bad, 1), -EINVAL);
        assert_int_equal(rondo_convert_samples(&out, bad, &in, bad, 1), -EINVAL);
    }
    assert_int_equal(out, 0x55555555);
}

static void
no_samples_need_no_memory(void **state)
{
    (void)state;
    for (enum rondo_sample_format from = FIRST; from <= LAST; from++) {
        for (enum rondo_sample_format to = FIRST; to <= LAST; to++)
            assert_int_equal(rondo_convert_samples(NULL, to, NULL, from, 0), 0);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_pair_of_formats_agrees_with_the_reference),
        cmocka_unit_test(every_s16_is_converted_right_and_comes_back),
        cmocka_unit_test(every_s24_comes_back_from_wider_formats),
        cmocka_unit_test(widening_shifts),
        cmocka_unit_test(narrowing_rounds_up_at_a_tie_and_clips_above),
        cmocka_unit_test(float_clips_at_both_ends),
        cmocka_unit_test(nan_becomes_silence),
        cmocka_unit_test(float_rounds_to_nearest_and_ties_to_even),
        cmocka_unit_test(the_top_byte_of_s24_in_32_is_ignored),
        cmocka_unit_test(a_sample_converts_alike_wherever_it_stands),
        cmocka_unit_test(nothing_is_written_beyond_the_last_sample),
        cmocka_unit_test(packed_samples_stand_anywhere),
        cmocka_unit_test(what_is_no_format_is_refused_and_nothing_written),
        cmocka_unit_test(no_samples_need_no_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
