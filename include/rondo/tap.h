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
    struct rondo__ring_lap lap; /* a copy, so that the tap reads no line but the producer's */
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
    if (ring->producer.lap.kind == RONDO_PRODUCER_WAITS)
        return -ENOTSUP;
    tap->ring = ring;
    /* PAIR-FILL acquire: what the producer did before this position is behind us. */
    tap->pos = rondo_load_acquire(&ring->written.write_pos);
    /* Constants alone: the ring's own laps move on while we look. */
    tap->lap.frame_bytes = ring->consumer.lap.frame_bytes;
    tap->lap.capacity_frames = ring->consumer.lap.capacity_frames;
    tap->lap.mirrored = ring->consumer.lap.mirrored;
    tap->lap.kind = ring->consumer.lap.kind;
    rondo__ring_lap_begin(&tap->lap, ring->consumer.memory, ring->consumer.origin_pos);
    rondo__ring_lap_jump(&tap->lap, tap->pos);
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
    const struct rondo_span none = {0, 0};
    uint64_t frames;

    *lost_frames = rondo__reader_overtaken(tap->ring, &tap->lap, &tap->pos);
    rondo__ring_lap_follow(&tap->lap, tap->pos);
    /* PAIR-FILL acquire: as in rondo_ring_get_read(). */
    frames = rondo_load_acquire(&tap->ring->written.write_pos) - tap->pos;
    frames = rondo__min_u64(frames, tap->lap.capacity_frames);
    frames = rondo__min_u64(frames, tap->lap.end - tap->pos);
    frames = rondo__min_u64(frames, max_frames);
    return frames > 0 ? rondo__ring_span(&tap->lap, tap->pos, (uint32_t)frames) : none;
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
    const uint32_t lapped =
        rondo__reader_lapped(tap->ring, tap->pos, tap->lap.capacity_frames, frames);

    tap->pos += frames;
    return lapped;
}

/** Position of the next frame that the tap reads. @rt wait-free */
static inline uint64_t
rondo_tap_position(const struct rondo_tap *tap)
{
    return tap->pos;
}

#endif
