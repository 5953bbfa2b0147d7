/* SPDX-License-Identifier: MIT */
/* The producer announces what it overwrites, as it must for taps; so it looks at the consumer at every get. */
#define RONDO_OPS_KIND RONDO_PRODUCER_WAITS_TAPPED
#define RING_NAME      "rondo, tapped"
#define RING_ROLE      BENCH_VARIANT
#define RING_QUICK     0
#include "bench/cases/rondo_ops.h"

#include "bench/cases/ring_cases.h"
