/* SPDX-License-Identifier: MIT */
/**
 * @file
 * A tap: a second, read-only consumer of a ring, for meters, loopback and recording.
 *
 * A tap may lag and lose frames; it never disturbs the producer or the consumer, for it writes
 * nothing that they read. The ring's producer must announce what it overwrites:
 * rondo_ring_set_producer() with RONDO_PRODUCER_WAITS_TAPPED or RONDO_PRODUCER_FREE_RUNS. Any
 * number of taps may hang on one ring, each used by one thread. After a reset of the ring they must
 * be initialised again.
 *
 * Synchronization: as in ring.h, PAIR-FILL and PAIR-CLAIM with the ring's producer.
 */
#ifndef RONDO_TAP_H
#define RONDO_TAP_H

#include <rondo/ring.h>

/** A tap. Its fields are private. */
struct rondo_tap {
    const struct rondo_ring *ring;
    uint64_t pos;
    uint64_t lap_pos;
    unsigned char
        *memory; /* the geometry is copied, so that the tap reads no line but the producer's */
    uint32_t capacity_frames;
    uint32_t reach_frames;
    uint32_t frame_bytes;
};

/**
 * Hang a tap on a ring; it begins at the next frame that is written.
 *
 * @return 0; -EINVAL: NULL; -ENOTSUP: the ring's producer does not announce what it overwrites
 * @thread any, beside all of the ring's own calls
 * @rt     wait-free, but has a division
 */
static inline int
rondo_tap_init(struct rondo_tap *tap, const struct rondo_ring *ring)
{
    if (tap == NULL || ring == NULL)
        return -EINVAL;
    if (ring->producer.kind == RONDO_PRODUCER_WAITS)
        return -ENOTSUP;
    tap->ring = ring;
    /* PAIR-FILL acquire: what the producer did before this position is behind us. */
    tap->pos = rondo_load_acquire(&ring->producer.write_pos);
    tap->lap_pos = ring->consumer.origin_pos;
    tap->lap_pos +=
        (tap->pos - tap->lap_pos) / ring->consumer.capacity_frames * ring->consumer.capacity_frames;
    tap->memory = ring->consumer.memory;
    tap->capacity_frames = ring->consumer.capacity_frames;
    tap->reach_frames = ring->consumer.reach_frames;
    tap->frame_bytes = ring->consumer.frame_bytes;
    return 0;
}

/**
 * Borrow up to @p max_frames contiguous frames: rondo_ring_get_read_checked() for a tap.
 *
 * @param lost_frames  receives the frames that were overwritten before the tap came to them
 * @rt wait-free; divides only if it was overtaken
 */
static inline struct rondo_span
rondo_tap_get(struct rondo_tap *tap, uint32_t max_frames, uint64_t *lost_frames)
{
    const struct rondo__reader reader = {&tap->pos, &tap->lap_pos, tap->capacity_frames};
    uint64_t fill;
    uint32_t offset;

    *lost_frames = rondo__reader_overtaken(tap->ring, reader);
    /* PAIR-FILL acquire: as in rondo_ring_get_read(). */
    fill = rondo_load_acquire(&tap->ring->producer.write_pos) - tap->pos;
    if (fill > tap->capacity_frames)
        fill = tap->capacity_frames;
    offset = (uint32_t)(tap->pos - tap->lap_pos);
    return rondo__span(
        tap->memory, offset, tap->frame_bytes,
        rondo__min_u32(rondo__min_u32(max_frames, (uint32_t)fill), tap->reach_frames - offset));
}

/**
 * Go on by @p frames frames of the span: rondo_ring_release_read_checked() for a tap.
 *
 * @return how many of them, from the first, may have been overwritten while the span was held
 * @rt wait-free
 */
static inline uint32_t
rondo_tap_release(struct rondo_tap *tap, uint32_t frames)
{
    const uint32_t lapped = rondo__reader_lapped(tap->ring, tap->pos, tap->capacity_frames, frames);

    tap->pos += frames;
    if (tap->pos - tap->lap_pos >= tap->capacity_frames)
        tap->lap_pos += tap->capacity_frames;
    return lapped;
}

/** Position of the next frame that the tap reads. @rt wait-free */
static inline uint64_t
rondo_tap_position(const struct rondo_tap *tap)
{
    return tap->pos;
}

#endif
