/* SPDX-License-Identifier: MIT */
/**
 * @file
 * What a ring's file gives to ring_cases.h: names, and operations that are inlined into the loops.
 *
 * Every ring, ours and the peers', has a file of its own. It defines what of the following its ring
 * can do, each as well as its API allows, and then includes ring_cases.h, which instantiates the
 * measured loops. So each ring is compiled as in a user's program: its calls inlined if its header
 * lets them be. Valid C11 and C++17, for some peers are C++.
 *
 *     RING_NAME, RING_ROLE        "spa_ringbuffer", BENCH_PEER
 *     RING_WAITS                  its calls return only when they have succeeded
 *     RING_QUICK                  0: no part of --quick; otherwise 1
 *     RING_ONE_THREAD_ONLY        offer only the cases with one thread
 *     RING_LENDS_SHORT            its blocks do not divide it, so some are lent in two parts
 *     RING_WAIT(side)             how it waits in round trips and paced streams; else pair_wait()
 *     RING_CAPACITY_BYTES_MIN     it cannot be smaller
 *     RING_IS_NO_INDEX_RING       it has no indices that go from core to core
 *
 *     RING_HAS_ITEMS              items of 8 bytes
 *       ITEM_RING                 its type
 *       item_open(capacity)       a ring of so many items (one less is allowed); NULL: cannot
 *       item_close(ring)
 *       item_push(ring, value)    whether there was room
 *       item_pop(ring, &value)    whether there was one
 *     RING_HAS_BULK               many items by one call; on an ITEM_RING
 *       bulk_push(ring, values, n), bulk_pop(ring, values, n): how many, of at most n
 *
 *     RING_HAS_BLOCKS             blocks of BLOCK_BYTES bytes, copied in and out
 *       BLOCK_RING                its type; may depend on BLOCK_BYTES
 *       BLOCK_UNIT_BYTES          what the calls count in: a frame, a byte, or a whole block
 *       BLOCK_OP(open)(capacity_bytes), BLOCK_OP(close)(ring)
 *       BLOCK_OP(write)(ring, source, units), BLOCK_OP(read)(ring, target, units): how many
 *     RING_HAS_WARM               BLOCK_OP(warm)(ring, units): in the producer's idle time
 *     RING_HAS_SPANS              lends its own memory; on a BLOCK_RING
 *       BLOCK_OP(get_write)(ring, units), BLOCK_OP(get_read)(ring, units): a struct bench_span
 *       BLOCK_OP(release_write)(ring, span, units), BLOCK_OP(release_read)(ring, span, units)
 */
#ifndef RONDO_BENCH_RING_OPS_H
#define RONDO_BENCH_RING_OPS_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "bench/arena.h"
#include "bench/bench.h"

/** Memory that a ring lends. */
struct bench_span {
    void *data;
    uint32_t units; /* 0: none */
    uint32_t index; /* the ring's own: what its user would keep in a variable until the release */
};

/** A value that the compiler does not know, so that it cannot specialise a loop for it. */
static inline uint32_t
bench_opaque(uint32_t value)
{
    __asm__ volatile("" : "+r"(value));
    return value;
}

/** Let the compiler believe that @p pointer and all memory are used here. */
static inline void
bench_keep(const void *pointer)
{
    __asm__ volatile("" : : "r"(pointer) : "memory");
}

/** memcpy() as it is called with a size that is known at run time only: for rings whose elements
 * are whole blocks. */
static inline void
bench_copy(void *target, const void *source, size_t bytes)
{
    __asm__ volatile("" : "+r"(bytes));
    memcpy(target, source, bytes);
}

#define BENCH_PASTE_(a, b) a##b
#define BENCH_PASTE(a, b)  BENCH_PASTE_(a, b)

/** Bytes of ring in the cases that do not say otherwise. */
#define BENCH_RING_BYTES 65536u

#endif
