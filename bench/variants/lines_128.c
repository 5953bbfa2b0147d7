/* SPDX-License-Identifier: MIT */
/* Words of the two sides 128 bytes apart. Items alone: the prefetch would take every other line. */
#define RONDO_ATOMIC_HEADER   "bench/variants/atomic_relaxed_layout.h"
#define RONDO_CACHELINE_BYTES 128
#define RING_NAME             "rondo, 128-byte lines"
#define RING_ROLE             BENCH_VARIANT
#define RING_QUICK            0
#include "bench/cases/rondo_ops.h"
#undef RING_HAS_BLOCKS

#include "bench/cases/ring_cases.h"
