/* SPDX-License-Identifier: MIT */
/*
 * PipeWire's spa_ringbuffer: two free-running 32-bit indices; the memory is the caller's.
 */
#include <spa/utils/ringbuffer.h>

#include "bench/cases/ring_ops.h"

#define RING_NAME "spa_ringbuffer"
#define RING_ROLE BENCH_PEER
#define RING_HAS_ITEMS
#define RING_HAS_BULK
#define RING_HAS_BLOCKS
#define RING_HAS_SPANS

struct spa_peer {
    struct spa_ringbuffer ring;
    uint32_t size_bytes;
    unsigned char *memory;
};

#define ITEM_RING        struct spa_peer
#define BLOCK_RING       struct spa_peer
#define BLOCK_UNIT_BYTES 1u

static inline struct spa_peer *
block_open(uint32_t capacity_bytes)
{
    struct spa_peer *const peer = bench_memory(sizeof *peer);

    if ((capacity_bytes & (capacity_bytes - 1)) != 0)
        return NULL;
    spa_ringbuffer_init(&peer->ring);
    peer->size_bytes = capacity_bytes;
    peer->memory = bench_memory(capacity_bytes);
    return peer;
}

static inline void
block_close(struct spa_peer *peer)
{
    (void)peer;
}

/* All of it or nothing. */
static inline uint32_t
block_write(struct spa_peer *peer, const void *source, uint32_t bytes)
{
    uint32_t index;
    const int32_t filled = spa_ringbuffer_get_write_index(&peer->ring, &index);

    if (peer->size_bytes - (uint32_t)filled < bytes)
        return 0;
    spa_ringbuffer_write_data(&peer->ring, peer->memory, peer->size_bytes,
                              index & (peer->size_bytes - 1), source, bytes);
    spa_ringbuffer_write_update(&peer->ring, (int32_t)(index + bytes));
    return bytes;
}

static inline uint32_t
block_read(struct spa_peer *peer, void *target, uint32_t bytes)
{
    uint32_t index;
    const int32_t filled = spa_ringbuffer_get_read_index(&peer->ring, &index);

    if ((uint32_t)filled < bytes)
        return 0;
    spa_ringbuffer_read_data(&peer->ring, peer->memory, peer->size_bytes,
                             index & (peer->size_bytes - 1), target, bytes);
    spa_ringbuffer_read_update(&peer->ring, (int32_t)(index + bytes));
    return bytes;
}

static inline struct bench_span
block_get_write(struct spa_peer *peer, uint32_t bytes)
{
    struct bench_span span = {NULL, 0, 0};
    uint32_t index;
    const int32_t filled = spa_ringbuffer_get_write_index(&peer->ring, &index);
    const uint32_t offset = index & (peer->size_bytes - 1);

    if (SPA_UNLIKELY(peer->size_bytes - (uint32_t)filled < bytes))
        return span;
    span.data = peer->memory + offset;
    span.units = bytes < peer->size_bytes - offset ? bytes : peer->size_bytes - offset;
    span.index = index;
    return span;
}

static inline void
block_release_write(struct spa_peer *peer, struct bench_span span, uint32_t bytes)
{
    spa_ringbuffer_write_update(&peer->ring, (int32_t)(span.index + bytes));
}

static inline struct bench_span
block_get_read(struct spa_peer *peer, uint32_t bytes)
{
    struct bench_span span = {NULL, 0, 0};
    uint32_t index;
    const int32_t filled = spa_ringbuffer_get_read_index(&peer->ring, &index);
    const uint32_t offset = index & (peer->size_bytes - 1);

    if (SPA_UNLIKELY((uint32_t)filled < bytes))
        return span;
    span.data = peer->memory + offset;
    span.units = bytes < peer->size_bytes - offset ? bytes : peer->size_bytes - offset;
    span.index = index;
    return span;
}

static inline void
block_release_read(struct spa_peer *peer, struct bench_span span, uint32_t bytes)
{
    spa_ringbuffer_read_update(&peer->ring, (int32_t)(span.index + bytes));
}

static inline struct spa_peer *
item_open(uint32_t capacity)
{
    return block_open(capacity * 8);
}

static inline void
item_close(struct spa_peer *peer)
{
    (void)peer;
}

static inline int
item_push(struct spa_peer *peer, uint64_t value)
{
    uint32_t index;
    const int32_t filled = spa_ringbuffer_get_write_index(&peer->ring, &index);

    if ((uint32_t)filled >= peer->size_bytes)
        return 0;
    memcpy(peer->memory + (index & (peer->size_bytes - 1)), &value, sizeof value);
    spa_ringbuffer_write_update(&peer->ring, (int32_t)(index + 8));
    return 1;
}

static inline int
item_pop(struct spa_peer *peer, uint64_t *value)
{
    uint32_t index;

    if (spa_ringbuffer_get_read_index(&peer->ring, &index) <= 0)
        return 0;
    memcpy(value, peer->memory + (index & (peer->size_bytes - 1)), sizeof *value);
    spa_ringbuffer_read_update(&peer->ring, (int32_t)(index + 8));
    return 1;
}

/* Bulks and capacities are multiples of each other here, so all of it or nothing will do. */
static inline uint32_t
bulk_push(struct spa_peer *peer, const uint64_t *values, uint32_t n)
{
    return block_write(peer, values, n * 8) / 8;
}

static inline uint32_t
bulk_pop(struct spa_peer *peer, uint64_t *values, uint32_t n)
{
    return block_read(peer, values, n * 8) / 8;
}

#include "bench/cases/ring_cases.h"
