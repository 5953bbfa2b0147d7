/* SPDX-License-Identifier: MIT */
/*
 * rondo's ring between two processes, here with both ends in one: what its checks cost.
 */
#include <rondo/shared_ring.h>

#include "bench/cases/ring_ops.h"

#define RING_NAME  "rondo shared ring"
#define RING_ROLE  BENCH_VARIANT
#define RING_QUICK 0
#define RING_HAS_ITEMS
#define RING_HAS_BULK
#define RING_HAS_BLOCKS
#define RING_HAS_SPANS

struct shared_pair {
    struct rondo_shared_ring producer;
    struct rondo_shared_ring consumer;
};

#define ITEM_RING        struct shared_pair
#define BLOCK_RING       struct shared_pair
#define BLOCK_UNIT_BYTES 8u

static inline struct shared_pair *
item_open(uint32_t capacity)
{
    struct shared_pair *const pair = bench_memory(sizeof *pair);

    if (rondo_shared_ring_create(&pair->producer, capacity, 8, RONDO_SHARED_PRODUCER) != 0)
        return NULL;
    if (rondo_shared_ring_attach(&pair->consumer, rondo_shared_ring_fd(&pair->producer),
                                 RONDO_SHARED_CONSUMER) != 0) {
        rondo_shared_ring_destroy(&pair->producer);
        return NULL;
    }
    memset(pair->producer.memory, 0, (size_t)capacity * 8); /* the pages are there */
    return pair;
}

static inline void
item_close(struct shared_pair *pair)
{
    rondo_shared_ring_destroy(&pair->consumer);
    rondo_shared_ring_destroy(&pair->producer);
}

static inline int
item_push(struct shared_pair *pair, uint64_t value)
{
    const struct rondo_span span = rondo_shared_ring_get_write(&pair->producer, 1);

    if (span.frames == 0)
        return 0;
    memcpy(span.data, &value, sizeof value);
    rondo_shared_ring_release_write(&pair->producer, 1);
    return 1;
}

static inline int
item_pop(struct shared_pair *pair, uint64_t *value)
{
    const struct rondo_span span = rondo_shared_ring_get_read(&pair->consumer, 1);

    if (span.frames == 0)
        return 0;
    memcpy(value, span.data, sizeof *value);
    rondo_shared_ring_release_read(&pair->consumer, 1);
    return 1;
}

static inline struct shared_pair *
block_open(uint32_t capacity_bytes)
{
    return item_open(capacity_bytes / BLOCK_UNIT_BYTES);
}

static inline void
block_close(struct shared_pair *pair)
{
    item_close(pair);
}

static inline uint32_t
block_write(struct shared_pair *pair, const void *source, uint32_t frames)
{
    return rondo_shared_ring_write(&pair->producer, source, frames);
}

static inline uint32_t
block_read(struct shared_pair *pair, void *target, uint32_t frames)
{
    return rondo_shared_ring_read(&pair->consumer, target, frames);
}

static inline uint32_t
bulk_push(struct shared_pair *pair, const uint64_t *values, uint32_t n)
{
    return block_write(pair, values, n);
}

static inline uint32_t
bulk_pop(struct shared_pair *pair, uint64_t *values, uint32_t n)
{
    return block_read(pair, values, n);
}

static inline struct bench_span
block_get_write(struct shared_pair *pair, uint32_t frames)
{
    const struct rondo_span span = rondo_shared_ring_get_write(&pair->producer, frames);
    const struct bench_span lent = {span.data, span.frames, 0};

    return lent;
}

static inline void
block_release_write(struct shared_pair *pair, struct bench_span span, uint32_t frames)
{
    (void)span;
    rondo_shared_ring_release_write(&pair->producer, frames);
}

static inline struct bench_span
block_get_read(struct shared_pair *pair, uint32_t frames)
{
    const struct rondo_span span = rondo_shared_ring_get_read(&pair->consumer, frames);
    const struct bench_span lent = {span.data, span.frames, 0};

    return lent;
}

static inline void
block_release_read(struct shared_pair *pair, struct bench_span span, uint32_t frames)
{
    (void)span;
    rondo_shared_ring_release_read(&pair->consumer, frames);
}

#include "bench/cases/ring_cases.h"
