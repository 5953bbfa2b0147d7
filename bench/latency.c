/* SPDX-License-Identifier: MIT */
#include "bench/latency.h"

#include <stdlib.h>
#include <string.h>

#define EXACT_BITS 12u /* below 2^12 ns each nanosecond has its bin */
#define STEP_BITS  6u  /* above, each octave has 2^6 */
#define EXACT_BINS (1u << EXACT_BITS)
#define STEP_BINS  (1u << STEP_BITS)
#define BINS       (EXACT_BINS + (64u - EXACT_BITS) * STEP_BINS)

struct bench_latency {
    uint64_t count;
    uint64_t max_ns;
    uint64_t bin[BINS];
};

unsigned
bench_latency_bins(void)
{
    return BINS;
}

struct bench_latency *
bench_latency_create(void)
{
    return calloc(1, sizeof(struct bench_latency));
}

void
bench_latency_destroy(struct bench_latency *latency)
{
    free(latency);
}

void
bench_latency_clear(struct bench_latency *latency)
{
    memset(latency, 0, sizeof *latency);
}

static unsigned
bin_of(uint64_t ns)
{
    unsigned octave;

    if (ns < EXACT_BINS)
        return (unsigned)ns;
    octave = 63u - (unsigned)__builtin_clzll(ns);
    return EXACT_BINS + (octave - EXACT_BITS) * STEP_BINS +
           (unsigned)((ns >> (octave - STEP_BITS)) & (STEP_BINS - 1));
}

uint64_t
bench_latency_bin_ns(unsigned bin)
{
    unsigned octave;
    uint64_t width;

    if (bin < EXACT_BINS)
        return bin;
    octave = EXACT_BITS + (bin - EXACT_BINS) / STEP_BINS;
    width = UINT64_C(1) << (octave - STEP_BITS);
    return (UINT64_C(1) << octave) + (bin - EXACT_BINS) % STEP_BINS * width + width / 2;
}

void
bench_latency_add(struct bench_latency *latency, uint64_t ns)
{
    latency->bin[bin_of(ns)]++;
    latency->count++;
    if (ns > latency->max_ns)
        latency->max_ns = ns;
}

void
bench_latency_merge(struct bench_latency *into, const struct bench_latency *from)
{
    for (unsigned i = 0; i < BINS; i++)
        into->bin[i] += from->bin[i];
    into->count += from->count;
    if (from->max_ns > into->max_ns)
        into->max_ns = from->max_ns;
}

uint64_t
bench_latency_count(const struct bench_latency *latency)
{
    return latency->count;
}

uint64_t
bench_latency_max(const struct bench_latency *latency)
{
    return latency->max_ns;
}

uint64_t
bench_latency_quantile(const struct bench_latency *latency, double quantile)
{
    const double wanted = quantile * (double)latency->count;
    uint64_t seen = 0;

    for (unsigned i = 0; i < BINS; i++) {
        seen += latency->bin[i];
        if (seen > 0 && (double)seen >= wanted) {
            const uint64_t ns = bench_latency_bin_ns(i);

            return ns < latency->max_ns ? ns : latency->max_ns;
        }
    }
    return latency->max_ns;
}

uint64_t
bench_latency_bin(const struct bench_latency *latency, unsigned bin)
{
    return latency->bin[bin];
}
