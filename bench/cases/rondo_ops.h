/* SPDX-License-Identifier: MIT */
/*
 * rondo's ring behind the bench's operations (ring_ops.h). Frames are two floats: 8 bytes.
 *
 * The variants (variants/) define before they include this file:
 *
 *     RONDO_OPS_RING(bytes), RONDO_OPS_MEMORY(bytes)  where the ring and its frames lie
 *     RONDO_OPS_CAPACITY(frames)                      another capacity than asked for
 *     RONDO_OPS_OPEN(frames), RONDO_OPS_CLOSE(ring)   or all of it
 *     RONDO_OPS_KIND                                  what its producer does
 *     RONDO_OPS_PLAIN_WRITE                           fill what get_write() lends by memcpy()
 *     RONDO_OPS_LAZY_READ                             give back by release_read_lazy()
 */
#include <rondo/ring.h>

#include "bench/cases/ring_ops.h"

#define RING_HAS_ITEMS
#define RING_HAS_BULK
#define RING_HAS_BLOCKS
#define RING_HAS_SPANS
#define RING_HAS_WARM

#ifndef RONDO_OPS_RING
#define RONDO_OPS_RING(bytes) bench_memory(bytes)
#endif
#ifndef RONDO_OPS_MEMORY
#define RONDO_OPS_MEMORY(bytes) bench_memory(bytes)
#endif
#ifndef RONDO_OPS_CAPACITY
#define RONDO_OPS_CAPACITY(frames) (frames)
#endif
#ifndef RONDO_OPS_KIND
#define RONDO_OPS_KIND RONDO_PRODUCER_WAITS
#endif
#ifdef RONDO_OPS_LAZY_READ
#define RONDO_OPS_RELEASE_READ rondo_ring_release_read_lazy
#else
#define RONDO_OPS_RELEASE_READ rondo_ring_release_read
#endif

#define ITEM_RING        struct rondo_ring
#define BLOCK_RING       struct rondo_ring
#define BLOCK_UNIT_BYTES 8u

static inline struct rondo_ring *
item_open(uint32_t capacity)
{
#ifdef RONDO_OPS_OPEN
    return RONDO_OPS_OPEN(capacity);
#else
    struct rondo_ring *const ring = (struct rondo_ring *)RONDO_OPS_RING(sizeof *ring);
    const uint32_t frames = RONDO_OPS_CAPACITY(capacity);

    if (rondo_ring_init(ring, RONDO_OPS_MEMORY((size_t)frames * 8), frames, 8) != 0 ||
        (RONDO_OPS_KIND != RONDO_PRODUCER_WAITS &&
         rondo_ring_set_producer(ring, RONDO_OPS_KIND) != 0))
        return NULL;
    return ring;
#endif
}

static inline void
item_close(struct rondo_ring *ring)
{
#ifdef RONDO_OPS_CLOSE
    RONDO_OPS_CLOSE(ring);
#else
    (void)ring;
#endif
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
    RONDO_OPS_RELEASE_READ(ring, 1);
    return 1;
}

static inline struct rondo_ring *
block_open(uint32_t capacity_bytes)
{
    return item_open(capacity_bytes / BLOCK_UNIT_BYTES);
}

static inline void
block_close(struct rondo_ring *ring)
{
    item_close(ring);
}

static inline uint32_t
block_write(struct rondo_ring *ring, const void *source, uint32_t frames)
{
#ifdef RONDO_OPS_PLAIN_WRITE
    const struct rondo_span span = rondo_ring_get_write(ring, frames);

    if (span.frames == 0)
        return 0;
    memcpy(span.data, source, (size_t)span.frames * 8);
    rondo_ring_release_write(ring, span.frames);
    return span.frames;
#else
    return rondo_ring_write(ring, source, frames);
#endif
}

static inline uint32_t
block_read(struct rondo_ring *ring, void *target, uint32_t frames)
{
#ifdef RONDO_OPS_LAZY_READ
    const struct rondo_span span = rondo_ring_get_read(ring, frames);

    if (span.frames == 0)
        return 0;
    memcpy(target, span.data, (size_t)span.frames * 8);
    rondo_ring_release_read_lazy(ring, span.frames);
    return span.frames;
#else
    return rondo_ring_read(ring, target, frames);
#endif
}

static inline uint32_t
bulk_push(struct rondo_ring *ring, const uint64_t *values, uint32_t n)
{
    return block_write(ring, values, n);
}

static inline uint32_t
bulk_pop(struct rondo_ring *ring, uint64_t *values, uint32_t n)
{
    return block_read(ring, values, n);
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
    RONDO_OPS_RELEASE_READ(ring, frames);
}
