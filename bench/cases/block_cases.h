/* SPDX-License-Identifier: MIT */
/*
 * All cases with blocks of BLOCK_BYTES bytes. Part of ring_cases.h, included once for each size.
 *
 * The sizes are known at run time only, as in most programs; rings whose elements are whole blocks
 * are made for each size.
 */
#define BLOCK_FN(name) BENCH_PASTE(BENCH_PASTE(name, _), BLOCK_BYTES)

/* Write the block's number into its first and its last word. */
static inline void
BLOCK_FN(block_stamp)(void *block, uint32_t bytes, uint64_t number)
{
    memcpy(block, &number, sizeof number);
    memcpy((unsigned char *)block + bytes - sizeof number, &number, sizeof number);
}

static inline int
BLOCK_FN(block_is)(const void *block, uint32_t bytes, uint64_t number)
{
    uint64_t first;
    uint64_t last;

    memcpy(&first, block, sizeof first);
    memcpy(&last, (const unsigned char *)block + bytes - sizeof last, sizeof last);
    return first == number && last == number;
}

#include "bench/cases/block_streams.h"

#if BLOCK_BYTES == 1024
#include "bench/cases/block_trips.h"
#ifdef RING_HAS_SPANS
#include "bench/cases/block_pairs.h"
#endif
#endif

#if BLOCK_BYTES == 1024 || BLOCK_BYTES == 4096
#include "bench/cases/block_paced.h"
#endif

/* Rings that no second thread may use so offer the cases with one thread alone. */
static const struct bench_candidate BLOCK_FN(block_candidates)[] = {
#if BLOCK_BYTES == 3528 /* 441 frames: it divides no power of two */
#ifndef RING_ONE_THREAD_ONLY
    {"mirrored_441", RING_NAME, RING_ROLE, BENCH_BYTES_PER_S, 10000, BLOCK_FN(blocks_run),
     &bench_ring_bytes, 0, 0},
#endif
#else
#ifndef RING_ONE_THREAD_ONLY
    {"blocks", RING_NAME, RING_ROLE, BENCH_BYTES_PER_S, BLOCK_OPERATIONS, BLOCK_FN(blocks_run),
     &bench_ring_bytes, BLOCK_BYTES, RING_QUICK},
#if defined(RING_HAS_SPANS) && !defined(RING_LENDS_SHORT)
    {"blocks_lent", RING_NAME, RING_ROLE, BENCH_BYTES_PER_S, BLOCK_OPERATIONS, BLOCK_FN(lent_run),
     &bench_ring_bytes, BLOCK_BYTES, 0},
#endif
#endif
#if BLOCK_BYTES >= 256 && BLOCK_BYTES <= 8192 /* 32 to 1024 frames */
    {"copy_one_thread", RING_NAME, RING_ROLE, BENCH_BYTES_PER_S, BLOCK_OPERATIONS,
     BLOCK_FN(copy_run), &bench_ring_bytes, BLOCK_BYTES, 0},
#endif
#if BLOCK_BYTES == 256 && !defined(RING_ONE_THREAD_ONLY)
#define CAPACITY(operations, frames)                                                               \
    {                                                                                              \
        "capacity", RING_NAME, RING_ROLE, BENCH_BYTES_PER_S, operations, BLOCK_FN(blocks_run),     \
            &bench_capacity_bytes_##frames, frames, 0                                              \
    }
#if RING_CAPACITY_BYTES_MIN <= 512
    CAPACITY(20000, 64),
    CAPACITY(40000, 256),
#endif
    CAPACITY(40000, 1024),
    CAPACITY(80000, 4096),
    CAPACITY(100000, 16384),
    CAPACITY(100000, 65536),
    CAPACITY(100000, 262144),
    CAPACITY(100000, 1048576),
#undef CAPACITY
#endif
#if BLOCK_BYTES == 1024
#ifdef RING_HAS_SPANS
    {"pair_1k", RING_NAME, RING_ROLE, BENCH_NS_PER_OPERATION, 1000000, BLOCK_FN(pair_run),
     &bench_ring_bytes, 0, RING_QUICK},
    /* Peers as they are best, at a power of two. */
    {"pair_1k_any", RING_NAME, RING_ROLE, BENCH_NS_PER_OPERATION, 1000000, BLOCK_FN(pair_run),
     RING_ROLE == BENCH_OURS ? &bench_any_bytes : &bench_ring_bytes, 0, RING_QUICK},
#endif
#ifndef RING_ONE_THREAD_ONLY
    {"rtt_1k", RING_NAME, RING_ROLE, BENCH_LATENCY, 5000, BLOCK_FN(trip_run), NULL, 0, 0},
    {"rtt_double_1k", RING_NAME, RING_ROLE == BENCH_OURS ? BENCH_VARIANT : RING_ROLE, BENCH_LATENCY,
     5000, BLOCK_FN(trip_run), NULL, 0, RING_QUICK},
#endif
#endif
#if (BLOCK_BYTES == 1024 || BLOCK_BYTES == 4096) && !defined(RING_ONE_THREAD_ONLY)
    {"paced", RING_NAME, RING_ROLE, BENCH_LATENCY, 2500, BLOCK_FN(paced_run), &bench_paced,
     BLOCK_BYTES, RING_QUICK},
    {"paced_write", RING_NAME, RING_ROLE, BENCH_LATENCY, 2500, BLOCK_FN(paced_run),
     &bench_paced_write, BLOCK_BYTES, RING_QUICK},
    {"paced_fenced", RING_NAME, RING_ROLE, BENCH_LATENCY, 2500, BLOCK_FN(paced_run),
     &bench_paced_fenced, BLOCK_BYTES, 0},
#ifdef RING_HAS_WARM
    {"paced", RING_NAME ", not warmed", BENCH_VARIANT, BENCH_LATENCY, 2500, BLOCK_FN(paced_run),
     &bench_paced_cold, BLOCK_BYTES, RING_QUICK},
    {"paced_write", RING_NAME ", not warmed", BENCH_VARIANT, BENCH_LATENCY, 2500,
     BLOCK_FN(paced_run), &bench_paced_cold_write, BLOCK_BYTES, 0},
#endif
#endif
#endif
};

__attribute__((constructor)) static void
BLOCK_FN(offer_block_cases)(void)
{
    for (size_t i = 0; i < sizeof BLOCK_FN(block_candidates) / sizeof BLOCK_FN(block_candidates)[0];
         i++)
        bench_add(&BLOCK_FN(block_candidates)[i]);
}

#undef BLOCK_OPERATIONS
#undef BLOCK_FN
#undef BLOCK_BYTES
