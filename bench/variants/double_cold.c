/* SPDX-License-Identifier: MIT */
#define DOUBLE_NAME                  ", not warmed"
#define DOUBLE_ROLE                  BENCH_VARIANT
#define DOUBLE_QUICK                 0
#define DOUBLE_PREFETCH(data, bytes) rondo_prefetch_write_range(data, bytes)
#define DOUBLE_WARM(buffer)          ((void)(buffer))
#define DOUBLE_WAIT(side)            pair_wait(side)
#include "bench/cases/double_cases.h"
