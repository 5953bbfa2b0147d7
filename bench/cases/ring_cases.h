/* SPDX-License-Identifier: MIT */
/*
 * All cases of a ring, instantiated for the one that the including file defines (ring_ops.h).
 */
#include "bench/cases/paced.h"
#include "bench/cases/ring_ops.h"
#include "bench/cases/trip.h"
#include "bench/pair.h"
#include "bench/timing.h"

#ifndef RING_QUICK
#define RING_QUICK 1
#endif
#ifndef RING_WAIT
#define RING_WAIT(side) pair_wait(side)
#endif
#ifndef RING_CAPACITY_BYTES_MIN
#define RING_CAPACITY_BYTES_MIN 0
#endif

#ifdef __cplusplus
namespace
{
#endif

#ifdef RING_HAS_ITEMS
#include "bench/cases/item_cases.h"
#endif

#ifdef RING_HAS_BLOCKS
#ifndef BLOCK_OP
#define BLOCK_OP(op) block_##op
#endif

/* What the candidates' arguments point to. */
static const uint32_t bench_ring_bytes = BENCH_RING_BYTES;
#ifdef RING_HAS_SPANS
static const uint32_t bench_any_bytes = 8000 * 8; /* a capacity of no special kind */
#endif
#ifndef RING_ONE_THREAD_ONLY
#if RING_CAPACITY_BYTES_MIN <= 512
static const uint32_t bench_capacity_bytes_64 = 64 * 8;
static const uint32_t bench_capacity_bytes_256 = 256 * 8;
#endif
static const uint32_t bench_capacity_bytes_1024 = 1024 * 8;
static const uint32_t bench_capacity_bytes_4096 = 4096 * 8;
static const uint32_t bench_capacity_bytes_16384 = 16384 * 8;
static const uint32_t bench_capacity_bytes_65536 = 65536 * 8;
static const uint32_t bench_capacity_bytes_262144 = 262144 * 8;
static const uint32_t bench_capacity_bytes_1048576 = 1048576 * 8;
static const struct paced_kind bench_paced = {1, 0, 0};
static const struct paced_kind bench_paced_write = {1, 1, 0};
static const struct paced_kind bench_paced_fenced = {1, 0, 1};
#ifdef RING_HAS_WARM
static const struct paced_kind bench_paced_cold = {0, 0, 0};
static const struct paced_kind bench_paced_cold_write = {0, 1, 0};
#endif
#endif

#define BLOCK_BYTES 64
#include "bench/cases/block_cases.h"
#define BLOCK_BYTES 128
#include "bench/cases/block_cases.h"
#define BLOCK_BYTES 256
#include "bench/cases/block_cases.h"
#define BLOCK_BYTES 512
#include "bench/cases/block_cases.h"
#define BLOCK_BYTES 1024
#include "bench/cases/block_cases.h"
#define BLOCK_BYTES 2048
#include "bench/cases/block_cases.h"
#ifndef RING_ONE_THREAD_ONLY
#define BLOCK_BYTES 3528
#include "bench/cases/block_cases.h"
#endif
#define BLOCK_BYTES 4096
#include "bench/cases/block_cases.h"
#define BLOCK_BYTES 8192
#include "bench/cases/block_cases.h"
#define BLOCK_BYTES 16384
#include "bench/cases/block_cases.h"
#endif

#ifdef __cplusplus
} // namespace
#endif
