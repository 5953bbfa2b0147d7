/* SPDX-License-Identifier: MIT */
/* The producer's words and the consumer's meet on one cache line. (The prefetch then takes two steps a line.) */
#define RONDO_ATOMIC_HEADER   "bench/variants/atomic_relaxed_layout.h"
#define RONDO_CACHELINE_BYTES 32
#define RONDO_OPS_RING(bytes) ((void *)((unsigned char *)bench_memory((bytes) + 64) + 32))
#define RING_NAME             "rondo, sides share a line"
#define RING_ROLE             BENCH_VARIANT
#define RING_QUICK            0
#include "bench/cases/rondo_ops.h"

#include "bench/cases/ring_cases.h"
