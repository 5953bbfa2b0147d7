/* SPDX-License-Identifier: MIT */
/* A capacity of no special kind: a tenth less than a power of two, so spans stop short at the wrap. */
#define RONDO_OPS_CAPACITY(frames)                                                                 \
    ((frames) >= 512 ? (frames) / 1024 * 1000 + (frames) % 1024 : (frames))
#define RING_LENDS_SHORT
#define RING_NAME  "rondo, 8000 frames for 8192"
#define RING_ROLE  BENCH_VARIANT
#define RING_QUICK 0
#include "bench/cases/rondo_ops.h"

#include "bench/cases/ring_cases.h"
