/* SPDX-License-Identifier: MIT */
#define DOUBLE_NAME                  ", no pause"
#define DOUBLE_ROLE                  BENCH_VARIANT
#define DOUBLE_QUICK                 0
#define DOUBLE_PREFETCH(data, bytes) rondo_prefetch_write_range(data, bytes)
#define DOUBLE_WARM(buffer)          rondo_double_buffer_warm(buffer)
#define DOUBLE_WAIT(side)            pair_wait_hot(side)
#include "bench/cases/double_cases.h"
