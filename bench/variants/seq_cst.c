/* SPDX-License-Identifier: MIT */
/* Every release store is sequentially consistent. */
#undef __ATOMIC_RELEASE
#define __ATOMIC_RELEASE __ATOMIC_SEQ_CST
#define RING_NAME        "rondo, seq_cst publish"
#define RING_ROLE        BENCH_VARIANT
#define RING_QUICK       0
#include "bench/cases/rondo_ops.h"

#include "bench/cases/ring_cases.h"
