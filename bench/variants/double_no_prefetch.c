/* SPDX-License-Identifier: MIT */
#define DOUBLE_NAME                  ", no write prefetch"
#define DOUBLE_ROLE                  BENCH_VARIANT
#define DOUBLE_QUICK                 0
#define DOUBLE_PREFETCH(data, bytes) ((void)(data), (void)(bytes))
#define DOUBLE_WARM(buffer)          ((void)(buffer))
#define DOUBLE_WAIT(side)            pair_wait(side)
#include "bench/cases/double_cases.h"
