/* SPDX-License-Identifier: MIT */
/* The consumer tells what it gave back every quarter of the capacity. */
#define RONDO_OPS_LAZY_READ
#define RING_NAME  "rondo, lazy release"
#define RING_ROLE  BENCH_VARIANT
#define RING_QUICK 0
#include "bench/cases/rondo_ops.h"

#include "bench/cases/ring_cases.h"
