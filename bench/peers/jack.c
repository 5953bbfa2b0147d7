/* SPDX-License-Identifier: MIT */
/*
 * JACK's ring of bytes, as in libjack: its calls are not inlined, one byte always stays empty, and
 * it allocates its own memory.
 */
#include <jack/ringbuffer.h>

#include "bench/cases/ring_ops.h"

#define RING_NAME "jack_ringbuffer"
#define RING_ROLE BENCH_PEER
#define RING_HAS_ITEMS
#define RING_HAS_BULK
#define RING_HAS_BLOCKS
#define RING_HAS_SPANS

#define ITEM_RING        jack_ringbuffer_t
#define BLOCK_RING       jack_ringbuffer_t
#define BLOCK_UNIT_BYTES 1u

static inline jack_ringbuffer_t *
block_open(uint32_t capacity_bytes)
{
    return jack_ringbuffer_create(capacity_bytes); /* rounded up to a power of two */
}

static inline void
block_close(jack_ringbuffer_t *ring)
{
    jack_ringbuffer_free(ring);
}

/* Whole blocks only: a part of one would put all that follow off their cache lines. */
static inline uint32_t
block_write(jack_ringbuffer_t *ring, const void *source, uint32_t bytes)
{
    if (jack_ringbuffer_write_space(ring) < bytes)
        return 0;
    return (uint32_t)jack_ringbuffer_write(ring, source, bytes);
}

static inline uint32_t
block_read(jack_ringbuffer_t *ring, void *target, uint32_t bytes)
{
    if (jack_ringbuffer_read_space(ring) < bytes)
        return 0;
    return (uint32_t)jack_ringbuffer_read(ring, target, bytes);
}

static inline struct bench_span
block_get_write(jack_ringbuffer_t *ring, uint32_t bytes)
{
    jack_ringbuffer_data_t vector[2];
    struct bench_span span = {NULL, 0, 0};

    jack_ringbuffer_get_write_vector(ring, vector);
    if (vector[0].len + vector[1].len >= bytes) {
        span.data = vector[0].buf;
        span.units = vector[0].len < bytes ? (uint32_t)vector[0].len : bytes;
    }
    return span;
}

static inline void
block_release_write(jack_ringbuffer_t *ring, struct bench_span span, uint32_t bytes)
{
    (void)span;
    jack_ringbuffer_write_advance(ring, bytes);
}

static inline struct bench_span
block_get_read(jack_ringbuffer_t *ring, uint32_t bytes)
{
    jack_ringbuffer_data_t vector[2];
    struct bench_span span = {NULL, 0, 0};

    jack_ringbuffer_get_read_vector(ring, vector);
    if (vector[0].len + vector[1].len >= bytes) {
        span.data = vector[0].buf;
        span.units = vector[0].len < bytes ? (uint32_t)vector[0].len : bytes;
    }
    return span;
}

static inline void
block_release_read(jack_ringbuffer_t *ring, struct bench_span span, uint32_t bytes)
{
    (void)span;
    jack_ringbuffer_read_advance(ring, bytes);
}

static inline jack_ringbuffer_t *
item_open(uint32_t capacity)
{
    return jack_ringbuffer_create((size_t)capacity * 8);
}

static inline void
item_close(jack_ringbuffer_t *ring)
{
    jack_ringbuffer_free(ring);
}

static inline int
item_push(jack_ringbuffer_t *ring, uint64_t value)
{
    return block_write(ring, &value, 8) != 0;
}

static inline int
item_pop(jack_ringbuffer_t *ring, uint64_t *value)
{
    return block_read(ring, value, 8) != 0;
}

static inline uint32_t
bulk_push(jack_ringbuffer_t *ring, const uint64_t *values, uint32_t n)
{
    return block_write(ring, values, n * 8) / 8;
}

static inline uint32_t
bulk_pop(jack_ringbuffer_t *ring, uint64_t *values, uint32_t n)
{
    return block_read(ring, values, n * 8) / 8;
}

#include "bench/cases/ring_cases.h"
