/* SPDX-License-Identifier: MIT */
/*
 * The vector forms against the plain loops, each on its own: on one machine only one of them is ever chosen. The files
 * under test are included, for their functions are static.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The plain loops, without any vector form. */
#define rondo_convert_samples plain_convert_samples
#define rondo__convert_vector no_vector
#include "core/convert.c"
#undef rondo_convert_samples
#undef rondo__convert_vector
#undef S16_SCALE
#undef S24_SCALE
#undef S32_SCALE
#undef S16_MAX
#undef S24_MAX

size_t vector_under_test(void *dst, enum rondo_sample_format dst_sample, const void *src,
                         enum rondo_sample_format src_sample, size_t samples);

/* The library has its own. */
#define rondo__convert_vector vector_under_test
#include "core/convert_x86.c"

size_t
no_vector(void *dst, enum rondo_sample_format dst_sample, const void *src,
          enum rondo_sample_format src_sample, size_t samples)
{
    (void)dst;
    (void)dst_sample;
    (void)src;
    (void)src_sample;
    (void)samples;
    return 0;
}

#if defined(__x86_64__)

enum {
    LONGEST = 300,
    ROUNDS = 4,
    GUARD = 64
};

typedef size_t vector_function(void *dst, enum rondo_sample_format dst_sample, const void *src,
                               enum rondo_sample_format src_sample, size_t samples);

static uint32_t random_state;

static uint32_t
random_bits(void)
{
    random_state = random_state * 1664525u + 1013904223u;
    return random_state >> 8;
}

/* What rounds, clips or is no number. */
static float
special(void)
{
    static const float values[] = {
        0,         -0.0f,      1,        -1,        0.99999994f, -0.99999994f, 1.9999999f,
        2,         -2,         65536,    -65536,    INFINITY,    -INFINITY,    NAN,
        -NAN,      3.4e38f,    -3.4e38f, 1e-45f,    256,         -256,         0.9999695f,
        -1.00003f, 0.9999999f, 255.9f,   0.999985f, 3e9f,        -3e9f,        -1.0000001f,
    };
    static const float steps[] = {1.0f / 65536, 1.0f / 16777216, 1.0f / 4294967296.0f};

    if (random_bits() % 2 == 0)
        return values[random_bits() % (sizeof(values) / sizeof(values[0]))];
    /* A tie of one of the integers. */
    return (float)(2 * (int32_t)(random_bits() % 70000) - 70001) * steps[random_bits() % 3];
}

/* Any bits; where they are floats: tame ones, with specials among them, bits of any kind, or silence with a special here
 * and there. */
static void
fill(unsigned char *memory, size_t bytes, int is_float, unsigned round)
{
    for (size_t i = 0; i < bytes; i++)
        memory[i] = (unsigned char)random_bits();
    for (size_t i = 0; is_float && i + 4 <= bytes; i += 4) {
        float value = ((float)random_bits() / 8388608 - 1) * 1.1f;

        if (round == 2 && i % 8 == 0)
            continue;
        if (round == 1 && random_bits() % 16 == 0)
            value = special();
        if (round == 3)
            value = random_bits() % 64 == 0 ? special() : 0;
        memcpy(memory + i, &value, sizeof(value));
    }
}

/* One buffer, whose ends are those of the memory, so that a sanitizer sees one byte too many. */
static void
check(vector_function *vector, enum rondo_sample_format to, enum rondo_sample_format from,
      size_t samples, size_t offset, unsigned round)
{
    const size_t in_bytes = samples * rondo_sample_bytes(from);
    const size_t out_bytes = samples * rondo_sample_bytes(to);
    unsigned char *const in = malloc(offset + in_bytes + 1);
    unsigned char *const out = malloc(offset + out_bytes + GUARD);
    unsigned char *const exact = malloc(offset + out_bytes + 1);
    unsigned char *const want = malloc(out_bytes + 1);
    size_t done = 0;

    assert_true(in != NULL && out != NULL && exact != NULL && want != NULL);
    fill(in + offset, in_bytes, from == RONDO_F32, round);
    memset(out, 0xa5, offset + out_bytes + GUARD);
    plain_convert_samples(want, to, in + offset, from, samples);
    done = vector(out + offset, to, in + offset, from, samples);
    assert_true(done <= samples && samples - done < 34);
    assert_memory_equal(out + offset, want, done * rondo_sample_bytes(to));
    for (size_t i = 0; i < GUARD; i++)
        assert_int_equal(out[offset + out_bytes + i], 0xa5);
    assert_int_equal(vector(exact + offset, to, in + offset, from, samples), done);
    free(in);
    free(out);
    free(exact);
    free(want);
}

static void
check_all(vector_function *vector)
{
    random_state = 1;
    for (enum rondo_sample_format sample = RONDO_S16; sample < RONDO_F32; sample++) {
        for (unsigned round = 0; round < ROUNDS; round++) {
            for (size_t samples = 0; samples <= LONGEST; samples++) {
                check(vector, RONDO_F32, sample, samples, 0, round);
                check(vector, sample, RONDO_F32, samples, 0, round);
            }
            /* A sample's own alignment is all that there need be; packed ones have none. */
            for (size_t offset = 4; offset < 64; offset += 4) {
                check(vector, RONDO_F32, sample, LONGEST, offset, round);
                check(vector, sample, RONDO_F32, LONGEST, offset, round);
            }
        }
    }
}

static void
avx2_converts_as_the_plain_loops_do(void **state)
{
    (void)state;
    if (!__builtin_cpu_supports("avx2"))
        skip();
    check_all(convert_avx2);
}

static void
avx512_converts_as_the_plain_loops_do(void **state)
{
    (void)state;
    if (!has_avx512())
        skip();
    check_all(convert_avx512);
}

#endif

static void
pairs_without_a_vector_form_are_left_alone(void **state)
{
    int32_t in[64] = {1};
    int32_t out[64] = {0};

    (void)state;
    assert_int_equal(vector_under_test(out, RONDO_S32, in, RONDO_S16, 64), 0);
    assert_int_equal(vector_under_test(out, RONDO_F32, in, RONDO_F32, 64), 0);
    assert_int_equal(out[0], 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
#if defined(__x86_64__)
        cmocka_unit_test(avx2_converts_as_the_plain_loops_do),
        cmocka_unit_test(avx512_converts_as_the_plain_loops_do),
#endif
        cmocka_unit_test(pairs_without_a_vector_form_are_left_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
