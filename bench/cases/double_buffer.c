/* SPDX-License-Identifier: MIT */
#define DOUBLE_NAME  ""
#define DOUBLE_ROLE  BENCH_OURS
#define DOUBLE_QUICK 1
#define DOUBLE_PACED
#define DOUBLE_PREFETCH(data, bytes) rondo_prefetch_write_range(data, bytes)
#define DOUBLE_WARM(buffer)          rondo_double_buffer_warm(buffer)
#define DOUBLE_WAIT(side)            pair_wait(side)
#include "bench/cases/double_cases.h"
