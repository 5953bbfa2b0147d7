/* SPDX-License-Identifier: MIT */
/* Round trips spin without telling the core. */
#define RING_WAIT(side) pair_wait_hot(side)
#define RING_NAME       "rondo, no pause"
#define RING_ROLE       BENCH_VARIANT
#define RING_QUICK      0
#include "bench/cases/rondo_ops.h"

#include "bench/cases/ring_cases.h"
