/* SPDX-License-Identifier: MIT */
#include "bench/timing.h"

#include <stdio.h>

#if defined(__x86_64__)
/* The shorter of two reads around the clock decides: an interruption in between makes it longer. */
static void
read_both(uint64_t *ticks, uint64_t *ns)
{
    uint64_t best = UINT64_MAX;

    for (int i = 0; i < 50; i++) {
        const uint64_t before = bench_ticks_fenced();
        const uint64_t now_ns = bench_clock_ns();
        const uint64_t after = bench_ticks_fenced();

        if (after - before < best) {
            best = after - before;
            *ticks = before + best / 2;
            *ns = now_ns;
        }
    }
}
#endif

double
bench_ns_per_tick(void)
{
#if defined(__x86_64__)
    static double ns_per_tick;

    if (ns_per_tick == 0) {
        uint64_t ticks[2] = {0, 0};
        uint64_t ns[2] = {0, 0};

        read_both(&ticks[0], &ns[0]);
        while (bench_clock_ns() - ns[0] < 50000000)
            bench_pause();
        read_both(&ticks[1], &ns[1]);
        ns_per_tick = (double)(ns[1] - ns[0]) / (double)(ticks[1] - ticks[0]);
    }
    return ns_per_tick;
#else
    return 1;
#endif
}

const char *
bench_clock_name(void)
{
#if defined(__x86_64__)
    static char name[64];

    snprintf(name, sizeof name, "tsc, %.1f MHz", 1e3 / bench_ns_per_tick());
    return name;
#else
    return "CLOCK_MONOTONIC";
#endif
}
