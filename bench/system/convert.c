/* SPDX-License-Identifier: MIT */
/*
 * convert_*: samples from one format to another, in bytes of the larger side, beside memcpy() of the
 * larger side. The parameter is the larger side's size.
 *
 * Both run over the same two buffers again and again, so that small ones stay in the first-level
 * cache; the cases called walking take the next block each time, as a stream does, of WALK_BYTES.
 * What comes out is compared with what the first sample formats
 * say of a few known values before anything is measured; the unit tests compare all of them.
 */
#include <string.h>

#include <rondo/convert.h>

#include "bench/arena.h"
#include "bench/bench.h"
#include "bench/timing.h"

#define S24 RONDO_S24_PACKED

/* More than a first-level cache, less than a second. */
#define WALK_BYTES ((size_t)1 << 20)

struct pair {
    enum rondo_sample_format from;
    enum rondo_sample_format to;
    int walks;
};

/* Where the next block begins; 0: at the first one again. */
static size_t
next_place(size_t place, size_t bytes, int walks)
{
    return walks && place + 2 * bytes <= WALK_BYTES ? place + bytes : 0;
}

static void *
buffer(size_t bytes, int walks)
{
    return bench_memory(walks ? WALK_BYTES : bytes);
}

/* Samples of a case's size: the larger side decides. */
static size_t
samples_of(const struct pair *pair, uint64_t bytes)
{
    const uint32_t from = rondo_sample_bytes(pair->from);
    const uint32_t to = rondo_sample_bytes(pair->to);

    return (size_t)bytes / (from > to ? from : to);
}

/* A ramp over most of full scale, in the source's format. */
static int
make_source(void *source, const struct pair *pair, size_t samples)
{
    for (size_t i = 0; i < samples; i++) {
        const float value = (float)(i % 4096) / 4096.0f - 0.5f;
        unsigned char *const place = (unsigned char *)source + i * rondo_sample_bytes(pair->from);

        if (rondo_convert_samples(place, pair->from, &value, RONDO_F32, 1) != 0)
            return -1;
    }
    return 0;
}

/* Sample by sample, which is another path through the library, it must be the same. */
static const char *
check(const void *target, const void *source, const struct pair *pair, size_t samples)
{
    const uint32_t from = rondo_sample_bytes(pair->from);
    const uint32_t to = rondo_sample_bytes(pair->to);

    for (size_t i = 0; i < samples; i++) {
        unsigned char one[4];

        if (rondo_convert_samples(one, pair->to, (const unsigned char *)source + i * from,
                                  pair->from, 1) != 0 ||
            memcmp(one, (const unsigned char *)target + i * to, to) != 0)
            return "a sample was converted to something else than alone";
    }
    return NULL;
}

static const char *
convert_run(const struct bench_candidate *self, uint64_t operations, struct bench_measure *measure)
{
    const struct pair *const pair = self->argument;
    const size_t bytes = (size_t)self->parameter;
    const size_t samples = samples_of(pair, bytes);
    unsigned char *const source = buffer(bytes, pair->walks);
    unsigned char *const target = buffer(bytes, pair->walks);
    size_t place = 0;
    uint64_t start;

    do {
        if (make_source(source + place, pair, samples) != 0)
            return "the source could not be made";
        place = next_place(place, bytes, pair->walks);
    } while (place != 0);
    start = bench_ticks_fenced();
    for (uint64_t i = 0; i < operations; i++) {
        if (rondo_convert_samples(target + place, pair->to, source + place, pair->from, samples) !=
            0)
            return "a conversion was refused";
        place = next_place(place, bytes, pair->walks);
    }
    measure->ns = bench_ticks_to_ns(bench_ticks_fenced() - start);
    measure->operations = operations;
    measure->bytes = operations * self->parameter;
    return check(target, source, pair, samples);
}

static const char *
memcpy_run(const struct bench_candidate *self, uint64_t operations, struct bench_measure *measure)
{
    const struct pair *const pair = self->argument;
    const size_t bytes = (size_t)self->parameter;
    unsigned char *const source = buffer(bytes, pair->walks);
    unsigned char *const target = buffer(bytes, pair->walks);
    size_t place = 0;
    uint64_t start;

    for (size_t i = 0; i < (pair->walks ? WALK_BYTES : bytes); i++)
        source[i] = (unsigned char)(i * 31);
    start = bench_ticks_fenced();
    for (uint64_t i = 0; i < operations; i++) {
        memcpy(target + place, source + place, bytes);
        __asm__ volatile("" : : "r"(target), "r"(source) : "memory");
        place = next_place(place, bytes, pair->walks);
    }
    measure->ns = bench_ticks_to_ns(bench_ticks_fenced() - start);
    measure->operations = operations;
    measure->bytes = operations * self->parameter;
    return memcmp(target, source, bytes) == 0 ? NULL : "memcpy did not copy";
}

static const struct pair s16_f32 = {RONDO_S16, RONDO_F32, 0};
static const struct pair f32_s16 = {RONDO_F32, RONDO_S16, 0};
static const struct pair s24_f32 = {S24, RONDO_F32, 0};
static const struct pair f32_s24 = {RONDO_F32, S24, 0};
static const struct pair s24_in_32_f32 = {RONDO_S24_IN_32, RONDO_F32, 0};
static const struct pair f32_s24_in_32 = {RONDO_F32, RONDO_S24_IN_32, 0};
static const struct pair s32_f32 = {RONDO_S32, RONDO_F32, 0};
static const struct pair f32_s32 = {RONDO_F32, RONDO_S32, 0};
static const struct pair s16_f32_walking = {RONDO_S16, RONDO_F32, 1};
static const struct pair f32_s16_walking = {RONDO_F32, RONDO_S16, 1};
static const struct pair s24_f32_walking = {S24, RONDO_F32, 1};
static const struct pair f32_s24_walking = {RONDO_F32, S24, 1};

/* About 2 MB an operation's run, whatever the size. */
#define SIZE(name, pair, bytes, quick)                                                             \
    {name, "rondo", BENCH_OURS, BENCH_BYTES_PER_S, (2 << 20) / (bytes), convert_run,               \
     pair, bytes,   quick},                                                                        \
    {                                                                                              \
        name, "memcpy", BENCH_BOUND, BENCH_BYTES_PER_S, (2 << 20) / (bytes), memcpy_run, pair,     \
            bytes, quick                                                                           \
    }
#define PAIR(name, pair)                                                                           \
    SIZE(name, pair, 1 << 10, 0), SIZE(name, pair, 8 << 10, 1), SIZE(name, pair, 64 << 10, 1),     \
        SIZE(name, pair, 1 << 20, 0)
#define WALKING(name, pair) SIZE(name, pair, 1 << 10, 0), SIZE(name, pair, 8 << 10, 1)

static const struct bench_candidate candidates[] = {
    PAIR("convert_s16_f32", &s16_f32),
    PAIR("convert_f32_s16", &f32_s16),
    PAIR("convert_s24_f32", &s24_f32),
    PAIR("convert_f32_s24", &f32_s24),
    WALKING("convert_s16_f32_walking", &s16_f32_walking),
    WALKING("convert_f32_s16_walking", &f32_s16_walking),
    WALKING("convert_s24_f32_walking", &s24_f32_walking),
    WALKING("convert_f32_s24_walking", &f32_s24_walking),
    PAIR("convert_s24_f32_in_32", &s24_in_32_f32),
    PAIR("convert_f32_s24_in_32", &f32_s24_in_32),
    PAIR("convert_s32_f32", &s32_f32),
    PAIR("convert_f32_s32", &f32_s32),
};

__attribute__((constructor)) static void
offer(void)
{
    for (size_t i = 0; i < sizeof candidates / sizeof candidates[0]; i++)
        bench_add(&candidates[i]);
}
