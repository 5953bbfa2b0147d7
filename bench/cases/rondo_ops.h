/* SPDX-License-Identifier: MIT */
/*
 * rondo's ring behind the bench's operations (ring_ops.h). Frames are two floats: 8 bytes.
 */
#include <rondo/ring.h>

#include "bench/cases/ring_ops.h"

#define RING_HAS_ITEMS
#define RING_HAS_BULK
#define RING_HAS_BLOCKS
#define RING_HAS_SPANS
#define RING_HAS_WARM

#define ITEM_RING        struct rondo_ring
#define BLOCK_RING       struct rondo_ring
#define BLOCK_UNIT_BYTES 8u

static inline struct rondo_ring *
item_open(uint32_t capacity)
{
    struct rondo_ring *const ring = (struct rondo_ring *)bench_memory(sizeof *ring);

    return rondo_ring_init(ring, bench_memory((size_t)capacity * 8), capacity, 8) == 0 ? ring
                                                                                       : NULL;
}

static inline void
item_close(struct rondo_ring *ring)
{
    (void)ring;
}

static inline int
item_push(struct rondo_ring *ring, uint64_t value)
{
    const struct rondo_span span = rondo_ring_get_write(ring, 1);

    if (span.frames == 0)
        return 0;
    memcpy(span.data, &value, sizeof value);
    rondo_ring_release_write(ring, 1);
    return 1;
}

static inline int
item_pop(struct rondo_ring *ring, uint64_t *value)
{
    const struct rondo_span span = rondo_ring_get_read(ring, 1);

    if (span.frames == 0)
        return 0;
    memcpy(value, span.data, sizeof *value);
    rondo_ring_release_read(ring, 1);
    return 1;
}

static inline uint32_t
bulk_push(struct rondo_ring *ring, const uint64_t *values, uint32_t n)
{
    return rondo_ring_write(ring, values, n);
}

static inline uint32_t
bulk_pop(struct rondo_ring *ring, uint64_t *values, uint32_t n)
{
    return rondo_ring_read(ring, values, n);
}

static inline struct rondo_ring *
block_open(uint32_t capacity_bytes)
{
    return item_open(capacity_bytes / BLOCK_UNIT_BYTES);
}

static inline void
block_close(struct rondo_ring *ring)
{
    (void)ring;
}

static inline uint32_t
block_write(struct rondo_ring *ring, const void *source, uint32_t frames)
{
    return rondo_ring_write(ring, source, frames);
}

static inline uint32_t
block_read(struct rondo_ring *ring, void *target, uint32_t frames)
{
    return rondo_ring_read(ring, target, frames);
}

static inline void
block_warm(struct rondo_ring *ring, uint32_t frames)
{
    rondo_ring_warm_write(ring, frames);
}

static inline struct bench_span
block_get_write(struct rondo_ring *ring, uint32_t frames)
{
    const struct rondo_span span = rondo_ring_get_write(ring, frames);
    const struct bench_span lent = {span.data, span.frames, 0};

    return lent;
}

static inline void
block_release_write(struct rondo_ring *ring, struct bench_span span, uint32_t frames)
{
    (void)span;
    rondo_ring_release_write(ring, frames);
}

static inline struct bench_span
block_get_read(struct rondo_ring *ring, uint32_t frames)
{
    const struct rondo_span span = rondo_ring_get_read(ring, frames);
    const struct bench_span lent = {span.data, span.frames, 0};

    return lent;
}

static inline void
block_release_read(struct rondo_ring *ring, struct bench_span span, uint32_t frames)
{
    (void)span;
    rondo_ring_release_read(ring, frames);
}
