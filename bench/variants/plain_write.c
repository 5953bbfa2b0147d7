/* SPDX-License-Identifier: MIT */
/* The span that is lent is filled by memcpy(), with no prefetch before it. */
#define RONDO_OPS_PLAIN_WRITE
#define RING_NAME  "rondo, no write prefetch"
#define RING_ROLE  BENCH_VARIANT
#define RING_QUICK 0
#include "bench/cases/rondo_ops.h"

#include "bench/cases/ring_cases.h"
