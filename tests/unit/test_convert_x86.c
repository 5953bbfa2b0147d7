/* SPDX-License-Identifier: MIT */
/*
 * The vector forms, each on its own: on one machine only one of them is ever chosen. The file under test is included,
 * for its functions are static.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <rondo/convert.h>

/* The library has its own. */
#define rondo__convert_vector vector_under_test
#include "core/convert_x86.c"

#if defined(__x86_64__)

enum {
    LONGEST = 200
};

/* Bits of any kind: infinities, NaN and numbers of any size. */
static void
fill(unsigned char *memory, size_t bytes, uint32_t seed)
{
    for (size_t i = 0; i < bytes; i++) {
        seed = seed * 1664525u + 1013904223u;
        memory[i] = (unsigned char)(seed >> 24);
    }
    /* Every other word is of an ordinary size. */
    for (size_t i = 0; i + 4 <= bytes; i += 8) {
        float value;

        seed = seed * 1664525u + 1013904223u;
        value = ((float)(seed >> 8) / 8388608 - 1) * 1.1f;
        memcpy(memory + i, &value, sizeof(value));
    }
}

static void
check_against_plain(vector_function *vector, enum rondo_sample_format to,
                    enum rondo_sample_format from)
{
    const size_t in_bytes = rondo_sample_bytes(from);
    const size_t out_bytes = rondo_sample_bytes(to);

    for (size_t samples = 0; samples <= LONGEST; samples++) {
        unsigned char *const in = malloc(samples * in_bytes + 1);
        unsigned char *const out = malloc(samples * out_bytes + 1);
        unsigned char want[4];
        size_t done = 0;

        assert_true(in != NULL && out != NULL);
        fill(in, samples * in_bytes, (uint32_t)samples);
        out[samples * out_bytes] = 0xa5;
        done = vector(out, in, samples);
        assert_true(done <= samples && samples - done < 32);
        assert_int_equal(out[samples * out_bytes], 0xa5);
        for (size_t i = 0; i < done; i++) {
            rondo_convert_samples(want, to, in + i * in_bytes, from, 1);
            assert_memory_equal(out + i * out_bytes, want, out_bytes);
        }
        free(in);
        free(out);
    }
}

static void
check_table(int avx2)
{
    for (enum rondo_sample_format sample = RONDO_S16; sample < RONDO_F32; sample++) {
        check_against_plain(to_f32[avx2][sample], RONDO_F32, sample);
        check_against_plain(from_f32[avx2][sample], sample, RONDO_F32);
    }
}

static void
sse2_converts_as_the_plain_loops_do(void **state)
{
    (void)state;
    check_table(0);
}

static void
avx2_converts_as_the_plain_loops_do(void **state)
{
    (void)state;
    if (!__builtin_cpu_supports("avx2"))
        skip();
    check_table(1);
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
        cmocka_unit_test(sse2_converts_as_the_plain_loops_do),
        cmocka_unit_test(avx2_converts_as_the_plain_loops_do),
#endif
        cmocka_unit_test(pairs_without_a_vector_form_are_left_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
