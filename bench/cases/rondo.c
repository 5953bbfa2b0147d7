/* SPDX-License-Identifier: MIT */
#define RING_NAME "rondo"
#define RING_ROLE BENCH_OURS
#include "bench/cases/rondo_ops.h"

#include "bench/cases/ring_cases.h"
