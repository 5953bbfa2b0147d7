/* SPDX-License-Identifier: MIT */
/*
 * DPDK's rte_ring for one producer and one consumer, by its zero-copy calls. Everything that these
 * need is inline, so the ring is set up by hand and neither DPDK's environment nor its library is
 * used. Elements of 8 bytes; one slot always stays empty.
 */
#include <rte_config.h>

#include <rte_ring.h>
#include <rte_ring_peek_zc.h>

#include "bench/cases/ring_ops.h"

#define RING_NAME "rte_ring"
#define RING_ROLE BENCH_PEER
#define RING_HAS_ITEMS
#define RING_HAS_BULK
#define RING_HAS_BLOCKS
#define RING_HAS_SPANS

#define ITEM_RING        struct rte_ring
#define BLOCK_RING       struct rte_ring
#define BLOCK_UNIT_BYTES 8u

static inline struct rte_ring *
item_open(uint32_t capacity)
{
    struct rte_ring *const ring = bench_memory(sizeof *ring + (size_t)capacity * 8);

    if ((capacity & (capacity - 1)) != 0)
        return NULL;
    ring->size = capacity;
    ring->mask = capacity - 1;
    ring->capacity = capacity - 1;
    ring->prod.sync_type = RTE_RING_SYNC_ST;
    ring->cons.sync_type = RTE_RING_SYNC_ST;
    return ring;
}

static inline void
item_close(struct rte_ring *ring)
{
    (void)ring;
}

static inline struct rte_ring *
block_open(uint32_t capacity_bytes)
{
    return item_open(capacity_bytes / 8);
}

static inline void
block_close(struct rte_ring *ring)
{
    (void)ring;
}

/* All of it or nothing. */
static inline uint32_t
block_write(struct rte_ring *ring, const void *source, uint32_t units)
{
    struct rte_ring_zc_data room;

    if (rte_ring_enqueue_zc_bulk_elem_start(ring, 8, units, &room, NULL) == 0)
        return 0;
    memcpy(room.ptr1, source, (size_t)room.n1 * 8);
    if (unlikely(room.ptr2 != NULL))
        memcpy(room.ptr2, (const unsigned char *)source + (size_t)room.n1 * 8,
               (size_t)(units - room.n1) * 8);
    rte_ring_enqueue_zc_elem_finish(ring, units);
    return units;
}

static inline uint32_t
block_read(struct rte_ring *ring, void *target, uint32_t units)
{
    struct rte_ring_zc_data fill;

    if (rte_ring_dequeue_zc_bulk_elem_start(ring, 8, units, &fill, NULL) == 0)
        return 0;
    memcpy(target, fill.ptr1, (size_t)fill.n1 * 8);
    if (unlikely(fill.ptr2 != NULL))
        memcpy((unsigned char *)target + (size_t)fill.n1 * 8, fill.ptr2,
               (size_t)(units - fill.n1) * 8);
    rte_ring_dequeue_zc_elem_finish(ring, units);
    return units;
}

/* Blocks never cross the end here, so the first part is the whole. */
static inline struct bench_span
block_get_write(struct rte_ring *ring, uint32_t units)
{
    struct rte_ring_zc_data room;
    struct bench_span span = {NULL, 0, 0};

    if (rte_ring_enqueue_zc_bulk_elem_start(ring, 8, units, &room, NULL) != 0) {
        span.data = room.ptr1;
        span.units = room.n1;
    }
    return span;
}

static inline void
block_release_write(struct rte_ring *ring, struct bench_span span, uint32_t units)
{
    (void)span;
    rte_ring_enqueue_zc_elem_finish(ring, units);
}

static inline struct bench_span
block_get_read(struct rte_ring *ring, uint32_t units)
{
    struct rte_ring_zc_data fill;
    struct bench_span span = {NULL, 0, 0};

    if (rte_ring_dequeue_zc_bulk_elem_start(ring, 8, units, &fill, NULL) != 0) {
        span.data = fill.ptr1;
        span.units = fill.n1;
    }
    return span;
}

static inline void
block_release_read(struct rte_ring *ring, struct bench_span span, uint32_t units)
{
    (void)span;
    rte_ring_dequeue_zc_elem_finish(ring, units);
}

static inline int
item_push(struct rte_ring *ring, uint64_t value)
{
    return rte_ring_sp_enqueue_elem(ring, &value, 8) == 0;
}

static inline int
item_pop(struct rte_ring *ring, uint64_t *value)
{
    return rte_ring_sc_dequeue_elem(ring, value, 8) == 0;
}

static inline uint32_t
bulk_push(struct rte_ring *ring, const uint64_t *values, uint32_t n)
{
    return block_write(ring, values, n);
}

static inline uint32_t
bulk_pop(struct rte_ring *ring, uint64_t *values, uint32_t n)
{
    return block_read(ring, values, n);
}

#include "bench/cases/ring_cases.h"
