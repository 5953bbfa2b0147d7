/* SPDX-License-Identifier: MIT */
/*
 * libsoundio's ring of bytes: mirrored memory, so a span never stops at the wrap. Its calls are not
 * inlined, its capacity is whole pages.
 */
#include <soundio/soundio.h>

#include "bench/cases/ring_ops.h"

#define RING_NAME "libsoundio ring"
#define RING_ROLE BENCH_PEER
#define RING_HAS_ITEMS
#define RING_HAS_BULK
#define RING_HAS_BLOCKS
#define RING_HAS_SPANS
#define RING_CAPACITY_BYTES_MIN 4096

#define ITEM_RING        struct SoundIoRingBuffer
#define BLOCK_RING       struct SoundIoRingBuffer
#define BLOCK_UNIT_BYTES 1u

static inline struct SoundIoRingBuffer *
block_open(uint32_t capacity_bytes)
{
    static struct SoundIo *soundio; /* never connected; it learns the size of a page */

    if (soundio == NULL)
        soundio = soundio_create();
    return soundio == NULL ? NULL : soundio_ring_buffer_create(soundio, (int)capacity_bytes);
}

static inline void
block_close(struct SoundIoRingBuffer *ring)
{
    soundio_ring_buffer_destroy(ring);
}

static inline struct bench_span
block_get_write(struct SoundIoRingBuffer *ring, uint32_t bytes)
{
    struct bench_span span = {NULL, 0, 0};

    if ((uint32_t)soundio_ring_buffer_free_count(ring) >= bytes) {
        span.data = soundio_ring_buffer_write_ptr(ring);
        span.units = bytes;
    }
    return span;
}

static inline void
block_release_write(struct SoundIoRingBuffer *ring, struct bench_span span, uint32_t bytes)
{
    (void)span;
    soundio_ring_buffer_advance_write_ptr(ring, (int)bytes);
}

static inline struct bench_span
block_get_read(struct SoundIoRingBuffer *ring, uint32_t bytes)
{
    struct bench_span span = {NULL, 0, 0};

    if ((uint32_t)soundio_ring_buffer_fill_count(ring) >= bytes) {
        span.data = soundio_ring_buffer_read_ptr(ring);
        span.units = bytes;
    }
    return span;
}

static inline void
block_release_read(struct SoundIoRingBuffer *ring, struct bench_span span, uint32_t bytes)
{
    (void)span;
    soundio_ring_buffer_advance_read_ptr(ring, (int)bytes);
}

static inline uint32_t
block_write(struct SoundIoRingBuffer *ring, const void *source, uint32_t bytes)
{
    const struct bench_span span = block_get_write(ring, bytes);

    if (span.units == 0)
        return 0;
    memcpy(span.data, source, bytes);
    block_release_write(ring, span, bytes);
    return bytes;
}

static inline uint32_t
block_read(struct SoundIoRingBuffer *ring, void *target, uint32_t bytes)
{
    const struct bench_span span = block_get_read(ring, bytes);

    if (span.units == 0)
        return 0;
    memcpy(target, span.data, bytes);
    block_release_read(ring, span, bytes);
    return bytes;
}

static inline struct SoundIoRingBuffer *
item_open(uint32_t capacity)
{
    return block_open(capacity * 8);
}

static inline void
item_close(struct SoundIoRingBuffer *ring)
{
    block_close(ring);
}

static inline int
item_push(struct SoundIoRingBuffer *ring, uint64_t value)
{
    return block_write(ring, &value, 8) != 0;
}

static inline int
item_pop(struct SoundIoRingBuffer *ring, uint64_t *value)
{
    return block_read(ring, value, 8) != 0;
}

static inline uint32_t
bulk_push(struct SoundIoRingBuffer *ring, const uint64_t *values, uint32_t n)
{
    return block_write(ring, values, n * 8) / 8;
}

static inline uint32_t
bulk_pop(struct SoundIoRingBuffer *ring, uint64_t *values, uint32_t n)
{
    return block_read(ring, values, n * 8) / 8;
}

#include "bench/cases/ring_cases.h"
