/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "bench/system/place.h"

#include <sched.h>

#include "bench/pair.h"

const char *
place_threads(void)
{
    int cpu[2];
    cpu_set_t set;
    const char *const what = pair_cpus(cpu);

    if (what != NULL)
        return what;
    CPU_ZERO(&set);
    CPU_SET((unsigned)cpu[1], &set);
    return sched_setaffinity(0, sizeof set, &set) == 0 ? NULL
                                                       : "a thread cannot be moved to its CPU";
}

const char *
place_caller(void)
{
    return pair_pin_first();
}
