/* SPDX-License-Identifier: MIT */
/**
 * @file
 * A cyclic buffer of frames between one producer and one consumer, lock-free and without copies.
 *
 * `get` lends contiguous frames of the buffer itself, `release` hands over as many of them as you
 * say. Positions are 64-bit counts of frames that only grow, so a position is also the stream's
 * time. Any capacity may be used, all of it.
 *
 *     struct rondo_ring ring;                                     // on a cache line by its type
 *     rondo_ring_init(&ring, memory, 480, 4);                     // 480 frames of 4 bytes
 *     struct rondo_span room = rondo_ring_get_write(&ring, 64);   // one thread: the producer
 *     rondo_ring_release_write(&ring, room.frames);
 *     struct rondo_span fill = rondo_ring_get_read(&ring, 64);    // another thread: the consumer
 *     rondo_ring_release_read(&ring, fill.frames);
 *
 * Who may call what beside whom:
 *
 *     | calls                                          | by           | beside                  |
 *     | init, init_mirrored, set_producer, reset       | one thread   | nothing else            |
 *     | get_write, release_write, write, warm_write,   | the producer | all of the consumer's   |
 *     |   room, late, catch_up_write                   |              |                         |
 *     | get_read, release_read, read, fill, skip_read, | the consumer | all of the producer's   |
 *     |   release_read_lazy, *_checked                 |              |                         |
 *     | rondo_tap_* (tap.h)                            | any thread   | all of both, a tap each |
 *     | is_empty                                       | any thread   | all of both             |
 *
 * The producer and the consumer may each move to another thread if the two threads synchronise over
 * it.
 *
 * Synchronization: the producer writes write_pos and claim_pos, the consumer writes read_pos;
 * nothing else is shared.
 *   PAIR-FILL   release of write_pos in release_write()  ->  acquire in get_read():
 *               frame data before write_pos
 *   PAIR-ROOM   release of read_pos in release_read()  ->  acquire in get_write():
 *               reads done before read_pos
 *   PAIR-CLAIM  release fence after claim_pos, before frames are overwritten  ->  acquire fence
 *               after they were read, before claim_pos is checked: who read one overwritten byte
 *               sees the claim that announced it
 */
#ifndef RONDO_RING_H
#define RONDO_RING_H

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <rondo/atomic.h>
#include <rondo/cacheline.h>
#include <rondo/span.h>

/** What the producer does when there is no room. */
enum rondo_ring_producer_kind {
    /** It waits for room: frames are never lost. The default. */
    RONDO_PRODUCER_WAITS = 0,
    /** It waits for room, and announces what it is about to overwrite, so that taps (tap.h) may
     * read along. */
    RONDO_PRODUCER_WAITS_TAPPED = 1,
    /** It never looks at the consumer and overwrites the oldest frames, as a DMA engine does. The
     * consumer must use the `_checked` calls, which tell what was lost; the plain ones lend
     * nothing. Taps may read along. */
    RONDO_PRODUCER_FREE_RUNS = 2
};

/*
 * One side's private copy of the geometry, and where its positions stand in memory: `base + pos *
 * frame_bytes`, until `end`. So any capacity needs neither a mask nor a division, and a release has
 * nothing to do with the wrap: the next get that comes to the end moves the lap on.
 */
struct rondo__ring_lap {
    uint64_t end;   /* the position at which memory ends in this lap */
    uintptr_t base; /* the address that position 0 would have in this lap; wraps as positions do */
    uintptr_t frame_bytes;
    uint32_t capacity_frames;
    uint16_t mirrored; /* 1: memory is mapped twice in a row and ends with the second mapping */
    uint16_t kind;     /* enum rondo_ring_producer_kind */
};

/*
 * Four lines. Two carry what one side tells the other, and nothing else: whoever waits polls one of
 * them, and each poll may take it out of its writer's cache. So the writer never needs to load from
 * it, for each side keeps what it works with on a private line.
 */
struct rondo__ring_producer {
    uint64_t pos;       /* write_pos */
    uint64_t lend_end;  /* frames before this are free, announced if need be, and contiguous */
    uint64_t warm_end;  /* frames before this, and free, were fetched by warm_write() */
    uint64_t claim_end; /* claim_pos */
    struct rondo__ring_lap lap;
} RONDO_CACHE_ALIGNED;

struct rondo__ring_consumer {
    uint64_t pos;        /* read_pos, or ahead of it while releases are held back */
    uint64_t lend_end;   /* frames before this are filled and contiguous; may lie behind pos */
    uint64_t origin_pos; /* constant: a position that stood at the start of memory; a tap finds its
                            lap by it */
    unsigned char *memory;      /* constant, too */
    struct rondo__ring_lap lap; /* its end is kept rondo__ring_shift() behind */
} RONDO_CACHE_ALIGNED;

/* Written by the producer. */
struct rondo__ring_written {
    RONDO_ATOMIC(uint64_t) write_pos;
    /* Frames before claim_pos - capacity may be overwritten by now. */
    RONDO_ATOMIC(uint64_t) claim_pos;
} RONDO_CACHE_ALIGNED;

/* Written by the consumer. */
struct rondo__ring_consumed {
    RONDO_ATOMIC(uint64_t) read_pos;
} RONDO_CACHE_ALIGNED;

/** A ring. Public so that it may be embedded; its fields are private. The storage is the caller's.
 */
struct rondo_ring {
    struct rondo__ring_producer producer;
    struct rondo__ring_consumer consumer;
    struct rondo__ring_written written;
    struct rondo__ring_consumed consumed;
};

#ifndef RONDO_ATOMIC_HEADER
RONDO_STATIC_ASSERT(sizeof(struct rondo_ring) == 4 * RONDO_CACHELINE_BYTES,
                    "each side has a private line and one that it tells the other by");
#endif

static inline uint64_t
rondo__min_u64(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* Whether [pos, end) holds @p frames frames, and at least one. It is no number of frames if pos has
 * passed end, so the difference is signed; 0 - 1 frames are more than any memory has. */
static inline int
rondo__ring_holds(uint64_t end, uint64_t pos, uint32_t frames)
{
    return (int64_t)(end - pos) > (int64_t)(uint32_t)(frames - 1u);
}

/* The span of @p frames > 0 frames at @p pos. */
static inline struct rondo_span
rondo__ring_span(const struct rondo__ring_lap *lap, uint64_t pos, uint32_t frames)
{
    struct rondo_span span;

    span.data = (void *)(lap->base + (uintptr_t)pos * lap->frame_bytes);
    span.frames = frames;
    return span;
}

/* Frames that memory holds without a seam. */
static inline uint64_t
rondo__ring_reach(const struct rondo__ring_lap *lap)
{
    return (uint64_t)lap->capacity_frames << lap->mirrored;
}

/* Begin a lap at the start of @p memory with position @p pos. */
static inline void
rondo__ring_lap_begin(struct rondo__ring_lap *lap, const unsigned char *memory, uint64_t pos)
{
    lap->end = pos + rondo__ring_reach(lap);
    lap->base = (uintptr_t)memory - (uintptr_t)pos * lap->frame_bytes;
}

static inline void
rondo__ring_lap_move(struct rondo__ring_lap *lap, uint64_t frames)
{
    lap->end += frames;
    lap->base -= (uintptr_t)frames * lap->frame_bytes;
}

/* Move the lap on for a position in it or at its end: then there is at least one frame before the
 * end, and in mirrored memory a whole capacity. */
static inline void
rondo__ring_lap_follow(struct rondo__ring_lap *lap, uint64_t pos)
{
    if (lap->end - pos <= (lap->mirrored ? lap->capacity_frames : 0))
        rondo__ring_lap_move(lap, lap->capacity_frames);
}

/* The same for a position any number of laps on. */
static inline void
rondo__ring_lap_jump(struct rondo__ring_lap *lap, uint64_t pos)
{
    const uint64_t begin = lap->end - rondo__ring_reach(lap);

    rondo__ring_lap_move(lap, (pos - begin) / lap->capacity_frames * lap->capacity_frames);
}

/* A consumer keeps its lap's end this far behind where the producer runs free: get_read() then finds
 * the lap over, always, and learns on the seldom way that it must not lend. Costs it nothing. */
static inline uint64_t
rondo__ring_shift(const struct rondo__ring_consumer *own)
{
    return (uint64_t)(own->lap.kind == RONDO_PRODUCER_FREE_RUNS) << 62;
}

/* Both sides empty, the next frame has position @p pos and stands at the start of memory; geometry
 * kept. */
static inline void
rondo__ring_place(struct rondo_ring *ring, uint64_t pos)
{
    /* relaxed: nobody else uses the ring now; the caller hands it to the other thread. */
    rondo_store_relaxed(&ring->written.write_pos, pos);
    rondo_store_relaxed(&ring->written.claim_pos, pos);
    ring->producer.pos = pos;
    ring->producer.warm_end = pos;
    ring->producer.claim_end = pos;
    ring->producer.lend_end = ring->producer.lap.kind == RONDO_PRODUCER_WAITS
                                  ? pos + ring->producer.lap.capacity_frames
                                  : pos;
    rondo__ring_lap_begin(&ring->producer.lap, ring->consumer.memory, pos);
    rondo_store_relaxed(&ring->consumed.read_pos, pos);
    ring->consumer.pos = pos;
    ring->consumer.lend_end = pos;
    ring->consumer.origin_pos = pos;
    ring->consumer.lap = ring->producer.lap;
    ring->consumer.lap.end -= rondo__ring_shift(&ring->consumer);
}

static inline int
rondo__ring_init(struct rondo_ring *ring, void *memory, uint32_t capacity_frames,
                 uint32_t frame_bytes, uint16_t mirrored)
{
    size_t bytes = 0;

    if (ring == NULL || memory == NULL || capacity_frames == 0 || frame_bytes == 0 ||
        (uintptr_t)memory % RONDO_CACHELINE_BYTES != 0 ||
        (uintptr_t)ring % RONDO_CACHELINE_BYTES != 0)
        return -EINVAL;
    if (capacity_frames > RONDO_CAPACITY_FRAMES_MAX || frame_bytes > RONDO_FRAME_BYTES_MAX ||
        __builtin_mul_overflow((size_t)capacity_frames, (size_t)frame_bytes, &bytes) ||
        bytes > (size_t)PTRDIFF_MAX >> mirrored)
        return -EOVERFLOW;

    ring->producer.lap.frame_bytes = frame_bytes;
    ring->producer.lap.capacity_frames = capacity_frames;
    ring->producer.lap.mirrored = mirrored;
    ring->producer.lap.kind = RONDO_PRODUCER_WAITS;
    ring->consumer.memory = (unsigned char *)memory;
    rondo__ring_place(ring, 0);
    return 0;
}

/**
 * Make an empty ring over the caller's memory, both positions 0.
 *
 * @param ring             on a cache line (its type sees to that, except in memory of malloc())
 * @param memory           capacity_frames * frame_bytes bytes on a cache line, alive as long as the
 * ring is used
 * @param capacity_frames  [1, RONDO_CAPACITY_FRAMES_MAX] frames, not only powers of two
 * @param frame_bytes      [1, RONDO_FRAME_BYTES_MAX]; a multiple of 64 / capacity keeps blocks on
 * cache lines
 * @return 0; -EINVAL: NULL, a size of 0, or ring or memory is not on a cache line; -EOVERFLOW: a
 * size above its range, or more bytes than an address space has. The ring is untouched on error.
 *
 * @thread one thread, nobody else uses the ring
 * @rt     wait-free
 */
static inline int
rondo_ring_init(struct rondo_ring *ring, void *memory, uint32_t capacity_frames,
                uint32_t frame_bytes)
{
    return rondo__ring_init(ring, memory, capacity_frames, frame_bytes, 0);
}

/**
 * Make a ring over memory that is mapped twice in a row (memory.h): spans never stop at the wrap.
 *
 * A convenience for code that needs whole blocks; not faster.
 *
 * @param memory  capacity_frames * frame_bytes bytes, followed by a second mapping of the same
 * bytes
 * @return as rondo_ring_init()
 */
static inline int
rondo_ring_init_mirrored(struct rondo_ring *ring, void *memory, uint32_t capacity_frames,
                         uint32_t frame_bytes)
{
    return rondo__ring_init(ring, memory, capacity_frames, frame_bytes, 1);
}

/**
 * Say what the producer does when there is no room; empties the ring, as rondo_ring_reset() does.
 *
 * @return 0; -EINVAL: no such kind
 * @thread as rondo_ring_init()
 */
static inline int
rondo_ring_set_producer(struct rondo_ring *ring, enum rondo_ring_producer_kind kind)
{
    if (kind != RONDO_PRODUCER_WAITS && kind != RONDO_PRODUCER_WAITS_TAPPED &&
        kind != RONDO_PRODUCER_FREE_RUNS)
        return -EINVAL;
    ring->producer.lap.kind = (uint16_t)kind;
    rondo__ring_place(ring, ring->producer.pos);
    return 0;
}

/**
 * Empty the ring and set both positions. Taps do not notice: hang them on the ring again.
 *
 * @param pos  position of the next frame, any value; 0 to start a stream's time anew
 * @thread     as rondo_ring_init(): both sides rest. To drop frames while the producer runs, the
 * consumer releases them.
 */
static inline void
rondo_ring_reset(struct rondo_ring *ring, uint64_t pos)
{
    rondo__ring_place(ring, pos);
}

/**
 * Whether nothing is waiting in the ring: all that was handed over has been given back.
 *
 * A glance, true of a moment that may be over; it makes no frame visible. What the consumer holds
 * back (release_read_lazy) is still waiting.
 *
 * @thread any, beside all calls but those that stand alone
 * @rt     wait-free
 */
static inline int
rondo_ring_is_empty(const struct rondo_ring *ring)
{
    /* relaxed: two numbers; who wants the frames behind them gets them by get_read(). */
    const uint64_t read_pos = rondo_load_relaxed(&ring->consumed.read_pos);

    return (int64_t)(rondo_load_relaxed(&ring->written.write_pos) - read_pos) <= 0;
}

/** Frames that the ring holds. @rt wait-free; producer or consumer */
static inline uint32_t
rondo_ring_capacity(const struct rondo_ring *ring)
{
    return ring->producer.lap.capacity_frames;
}

/* ---- producer ---- */

/* Frames that the producer may write now. */
static inline uint64_t
rondo__ring_room(const struct rondo_ring *ring, uint64_t pos)
{
    const struct rondo__ring_producer *const own = &ring->producer;

    if (own->lap.kind == RONDO_PRODUCER_FREE_RUNS)
        return own->lap.capacity_frames;
    /* PAIR-ROOM acquire: the consumer's reads of the frames that we may now overwrite happened before
     * it advanced read_pos. A consumer that has skipped ahead of us (skip_read) leaves all free. */
    return rondo__min_u64(own->lap.capacity_frames -
                              (pos - rondo_load_acquire(&ring->consumed.read_pos)),
                          own->lap.capacity_frames);
}

/* Where what is known to be free does not suffice: move the lap on, look at the consumer, announce
 * what may be read while we overwrite it. */
RONDO__OUT_OF_LINE struct rondo_span
rondo__ring_get_write_look(struct rondo_ring *ring, uint32_t max_frames)
{
    struct rondo__ring_producer *const own = &ring->producer;
    const struct rondo_span none = {0, 0};
    const uint64_t pos = own->pos;
    uint64_t frames = rondo__ring_room(ring, pos);

    rondo__ring_lap_follow(&own->lap, pos);
    frames = rondo__min_u64(frames, own->lap.end - pos);
    if (own->lap.kind != RONDO_PRODUCER_WAITS) {
        frames = rondo__min_u64(frames, max_frames);
        /* It never goes back, though a get may be repeated smaller. */
        if ((int64_t)(pos + frames - own->claim_end) > 0) {
            own->claim_end = pos + frames;
            /* relaxed: the fence below orders it. */
            rondo_store_relaxed(&ring->written.claim_pos, own->claim_end);
        }
        rondo_fence_release(); /* PAIR-CLAIM release: the claim is seen before any frame that
                                  overwrites */
    }
    own->lend_end = pos + frames;
    frames = rondo__min_u64(frames, max_frames);
    return frames > 0 ? rondo__ring_span(&own->lap, pos, (uint32_t)frames) : none;
}

/**
 * Borrow contiguous room for up to @p max_frames frames, without copying.
 *
 * In plain memory the room stops at the wrap: release it and get again for the rest. In mirrored
 * memory it never does. Getting again before a release lends the same frames again (and more, if
 * there is more room now). A free-running producer always gets room; what it overwrites is lost
 * from this call on.
 *
 * @param ring        initialised ring; this thread is its producer
 * @param max_frames  [0, UINT32_MAX] frames; more than the capacity is allowed and means "all there
 * is"
 * @return            data: interleaved, frames * frame_bytes bytes; frames 0 (data NULL) when full;
 * never an error
 *
 * @thread   producer only; runs beside any consumer call (table at the top of this file)
 * @rt       wait-free, bounded: no loop, at most one cache miss
 * @lifetime the span is valid until rondo_ring_release_write() or the memory ends
 */
static inline struct rondo_span
rondo_ring_get_write(struct rondo_ring *ring, uint32_t max_frames)
{
    struct rondo__ring_producer *const own = &ring->producer;
    const uint64_t pos = own->pos;

    if (RONDO_UNLIKELY(!rondo__ring_holds(own->lend_end, pos, max_frames)))
        return rondo__ring_get_write_look(ring, max_frames);
    return rondo__ring_span(&own->lap, pos, max_frames);
}

/**
 * Hand the first @p frames frames of the room over to the consumer.
 *
 * @param frames  [0, frames lent by the last get]; 0 hands over nothing, the rest stays free
 * @thread producer only
 * @rt     wait-free: one release store
 */
static inline void
rondo_ring_release_write(struct rondo_ring *ring, uint32_t frames)
{
    struct rondo__ring_producer *const own = &ring->producer;

    own->pos += frames;
    /* PAIR-FILL release: the frames are in memory before the consumer sees them. */
    rondo_store_release(&ring->written.write_pos, own->pos);
}

/**
 * Frames that can be written now.
 *
 * @return [0, capacity]; may only grow until this thread writes. With a free-running producer: the
 * capacity.
 * @thread producer only
 * @rt     wait-free
 */
static inline uint32_t
rondo_ring_room(const struct rondo_ring *ring)
{
    return (uint32_t)rondo__ring_room(ring, ring->producer.pos);
}

/**
 * Fetch the cache lines of the next @p frames free frames for writing, in idle time.
 *
 * A paced producer calls it when it has nothing else to do, well before the block is due: the
 * block's way to the consumer then takes about half the time. Getting the span early and filling it
 * late is equivalent. Touches only frames that are known to be free; with a free-running producer
 * it does nothing.
 *
 * @param frames  [0, UINT32_MAX]; clipped to the room
 * @thread producer only
 * @rt     rt-bounded: one instruction a cache line
 */
static inline void
rondo_ring_warm_write(struct rondo_ring *ring, uint32_t frames)
{
    struct rondo__ring_producer *const own = &ring->producer;
    const uint64_t pos = own->pos;
    const uint64_t room = rondo__ring_room(ring, pos);
    const uint64_t wanted = rondo__min_u64(room, frames);
    uint64_t contiguous;
    size_t first_bytes;

    if (own->lap.kind == RONDO_PRODUCER_FREE_RUNS)
        return;
    rondo__ring_lap_follow(&own->lap, pos);
    contiguous = own->lap.end - pos;
    if (own->lap.kind == RONDO_PRODUCER_WAITS)
        own->lend_end = pos + rondo__min_u64(room, contiguous);
    own->warm_end = pos + wanted;
    first_bytes = (size_t)(rondo__min_u64(wanted, contiguous) * own->lap.frame_bytes);
    rondo_prefetch_write_range(rondo__ring_span(&own->lap, pos, 1).data, first_bytes);
    /* What goes on at the start of memory; nothing does so in mirrored memory. */
    rondo_prefetch_write_range(ring->consumer.memory,
                               (size_t)(wanted * own->lap.frame_bytes) - first_bytes);
}

/* Copies from a line on prefetch their span for writing: all its lines are on their way from the
 * consumer's core at once, and not one after the other (measured: 2 to 3.8 times the best peer). */
#define RONDO__PREFETCH_BYTES_MIN RONDO_CACHELINE_BYTES

/* Fill what get_write() has lent. */
static inline void
rondo__ring_fill_span(const struct rondo_ring *ring, struct rondo_span span, const void *src)
{
    const struct rondo__ring_producer *const own = &ring->producer;
    const size_t bytes = span.frames * own->lap.frame_bytes;

    if (bytes >= RONDO__PREFETCH_BYTES_MIN &&
        (int64_t)(own->warm_end - own->pos) < (int64_t)span.frames)
        rondo_prefetch_write_range(span.data, bytes);
    memcpy(span.data, src, bytes);
}

/**
 * Copy up to @p frames frames into the ring, over the wrap if need be.
 *
 * @param src     interleaved, frames * frame_bytes bytes
 * @return        frames copied and handed over, [0, frames]: fewer when the ring is full
 * @thread producer only
 * @rt     wait-free: at most two copies
 */
static inline uint32_t
rondo_ring_write(struct rondo_ring *ring, const void *src, uint32_t frames)
{
    const struct rondo_span first = rondo_ring_get_write(ring, frames);
    struct rondo_span second;

    if (first.frames == 0)
        return 0;
    rondo__ring_fill_span(ring, first, src);
    rondo_ring_release_write(ring, first.frames);
    if (RONDO_LIKELY(first.frames == frames))
        return frames;

    second = rondo_ring_get_write(ring, frames - first.frames);
    if (second.frames > 0) {
        rondo__ring_fill_span(ring, second,
                              (const unsigned char *)src +
                                  first.frames * ring->producer.lap.frame_bytes);
        rondo_ring_release_write(ring, second.frames);
    }
    return first.frames + second.frames;
}

/** Position of the next frame to be written. @thread producer only @rt wait-free */
static inline uint64_t
rondo_ring_write_position(const struct rondo_ring *ring)
{
    return ring->producer.pos;
}

/**
 * Frames by which the consumer has skipped ahead of the next frame to be written; 0: it has not.
 *
 * @thread producer only
 * @rt     wait-free
 */
static inline uint64_t
rondo_ring_late(const struct rondo_ring *ring)
{
    /* PAIR-ROOM acquire: as in get_write(). */
    const int64_t late =
        (int64_t)(rondo_load_acquire(&ring->consumed.read_pos) - ring->producer.pos);

    return late > 0 ? (uint64_t)late : 0;
}

/**
 * Follow a consumer that has skipped ahead (rondo_ring_skip_read()): the next frame written is the
 * next one it reads.
 *
 * To a tap that has not come so far, all frames before that one are lost.
 *
 * @return frames by which the producer was late, and which it jumped over; 0: it was not late,
 * nothing changed
 * @thread producer only, no span held
 * @rt     wait-free; divides only if it was late
 */
static inline uint64_t
rondo_ring_catch_up_write(struct rondo_ring *ring)
{
    struct rondo__ring_producer *const own = &ring->producer;
    const uint64_t late = rondo_ring_late(ring);
    uint64_t pos;

    if (late == 0)
        return 0;
    pos = own->pos + late;
    own->pos = pos;
    rondo__ring_lap_jump(&own->lap, pos);
    /* Nothing was written at the positions jumped over: to a tap, all before the new one counts as
     * overwritten. relaxed: claim_pos is written by this thread only; the release below orders it.
     */
    own->claim_end = pos + own->lap.capacity_frames;
    rondo_store_relaxed(&ring->written.claim_pos, own->claim_end);
    /* PAIR-FILL release: as in release_write(), though it hands over no frame. */
    rondo_store_release(&ring->written.write_pos, pos);
    return late;
}

/* ---- consumer ---- */

/* Where there are fewer frames than asked for, or memory ends: lend what there is, move the lap on. */
RONDO__OUT_OF_LINE struct rondo_span
rondo__ring_get_read_less(struct rondo_ring *ring, uint64_t fill_end, uint32_t max_frames)
{
    struct rondo__ring_consumer *const own = &ring->consumer;
    const struct rondo_span none = {0, 0};
    const uint64_t pos = own->pos;
    const int64_t fill = (int64_t)(fill_end - pos);
    uint64_t frames;

    if (own->lap.kind == RONDO_PRODUCER_FREE_RUNS)
        return none;
    /* PAIR-ROOM release: an empty ring holds no release back, so that a producer that waits for
     * room gets it. relaxed: read_pos is written by this thread only. */
    if (fill == 0 && rondo_load_relaxed(&ring->consumed.read_pos) != pos)
        rondo_store_release(&ring->consumed.read_pos, pos);
    if (fill <= 0)
        return none;
    rondo__ring_lap_follow(&own->lap, pos);
    frames = rondo__min_u64((uint64_t)fill, own->lap.end - pos);
    own->lend_end = pos + frames;
    frames = rondo__min_u64(frames, max_frames);
    return frames > 0 ? rondo__ring_span(&own->lap, pos, (uint32_t)frames) : none;
}

/**
 * Borrow up to @p max_frames contiguous filled frames, without copying.
 *
 * The mirror image of rondo_ring_get_write(). With a free-running producer it lends nothing, for it
 * could not tell whether the frames are whole: use rondo_ring_get_read_checked().
 *
 * @param max_frames  [0, UINT32_MAX] frames; more than the capacity means "all there is"
 * @return            frames 0 (data NULL) when empty; never an error
 *
 * @thread   consumer only
 * @rt       wait-free, bounded: no loop, at most one cache miss
 * @lifetime the span is valid until the release
 */
static inline struct rondo_span
rondo_ring_get_read(struct rondo_ring *ring, uint32_t max_frames)
{
    struct rondo__ring_consumer *const own = &ring->consumer;
    const uint64_t pos = own->pos;

    /* A consumer that keeps up finds nothing known, and looks. */
    if (RONDO_LIKELY(!rondo__ring_holds(own->lend_end, pos, max_frames))) {
        /* PAIR-FILL acquire: the producer wrote the frames before it advanced write_pos. */
        const uint64_t fill_end = rondo_load_acquire(&ring->written.write_pos);

        if (RONDO_UNLIKELY((int64_t)(fill_end - own->lap.end) > 0 ||
                           !rondo__ring_holds(fill_end, pos, max_frames)))
            return rondo__ring_get_read_less(ring, fill_end, max_frames);
        own->lend_end = fill_end;
    }
    return rondo__ring_span(&own->lap, pos, max_frames);
}

/**
 * Give the first @p frames frames of the span back to the producer.
 *
 * @param frames  [0, frames lent by the last get]; the rest is lent again by the next get
 * @thread consumer only
 * @rt     wait-free: one release store
 */
static inline void
rondo_ring_release_read(struct rondo_ring *ring, uint32_t frames)
{
    struct rondo__ring_consumer *const own = &ring->consumer;

    own->pos += frames;
    /* PAIR-ROOM release: our reads of the frames are done before the producer may overwrite them. */
    rondo_store_release(&ring->consumed.read_pos, own->pos);
}

/**
 * rondo_ring_release_read() with hysteresis: tells the producer only every quarter of the capacity.
 *
 * For consumers that take item by item from a fast producer: the producer's line then moves between
 * the cores once a quarter lap and not once an item (1.8 to 6 times the rate, measured). Room
 * appears late, but always before a get (of either kind) finds the ring empty; rondo_ring_fill()
 * alone tells nothing. May be mixed with rondo_ring_release_read(), which tells all that was held
 * back.
 */
static inline void
rondo_ring_release_read_lazy(struct rondo_ring *ring, uint32_t frames)
{
    struct rondo__ring_consumer *const own = &ring->consumer;
    const uint64_t pos = own->pos + frames;

    own->pos = pos;
    /* relaxed: read_pos is written by this thread only. PAIR-ROOM release: as in release_read(). */
    if (pos - rondo_load_relaxed(&ring->consumed.read_pos) >= (own->lap.capacity_frames + 3) / 4)
        rondo_store_release(&ring->consumed.read_pos, pos);
}

/**
 * Frames that can be read now.
 *
 * @return [0, capacity]; with a producer that waits it may only grow until this thread reads
 * @thread consumer only
 * @rt     wait-free
 */
static inline uint32_t
rondo_ring_fill(const struct rondo_ring *ring)
{
    /* PAIR-FILL acquire: as in get_read(). */
    const uint64_t write_pos = rondo_load_acquire(&ring->written.write_pos);
    const int64_t fill = (int64_t)(write_pos - ring->consumer.pos);

    if (fill <= 0)
        return 0;
    return fill > (int64_t)ring->consumer.lap.capacity_frames ? ring->consumer.lap.capacity_frames
                                                              : (uint32_t)fill;
}

/**
 * Copy up to @p frames frames out of the ring, over the wrap if need be.
 *
 * @param dst     receives frames * frame_bytes bytes at most
 * @return        frames copied and given back, [0, frames]: fewer when the ring runs empty
 * @thread consumer only; a producer that waits
 * @rt     wait-free: at most two copies
 */
static inline uint32_t
rondo_ring_read(struct rondo_ring *ring, void *dst, uint32_t frames)
{
    const struct rondo_span first = rondo_ring_get_read(ring, frames);
    const size_t first_bytes = (size_t)first.frames * ring->consumer.lap.frame_bytes;
    struct rondo_span second;

    if (first.frames == 0)
        return 0;
    memcpy(dst, first.data, first_bytes);
    rondo_ring_release_read(ring, first.frames);
    if (RONDO_LIKELY(first.frames == frames))
        return frames;

    second = rondo_ring_get_read(ring, frames - first.frames);
    if (second.frames > 0) {
        memcpy((unsigned char *)dst + first_bytes, second.data,
               (size_t)second.frames * ring->consumer.lap.frame_bytes);
        rondo_ring_release_read(ring, second.frames);
    }
    return first.frames + second.frames;
}

/** Position of the next frame to be read. @thread consumer only @rt wait-free */
static inline uint64_t
rondo_ring_read_position(const struct rondo_ring *ring)
{
    return ring->consumer.pos;
}

/**
 * Go on by @p frames frames whether or not they have been written: a consumer that does not wait,
 * as a DAC.
 *
 * Frames that the producer writes at positions skipped are late and never read. The producer
 * follows by rondo_ring_catch_up_write().
 *
 * @param frames  [0, UINT32_MAX]
 * @thread consumer only, no span held; a producer that waits
 * @rt     wait-free, but has a division
 */
static inline void
rondo_ring_skip_read(struct rondo_ring *ring, uint32_t frames)
{
    struct rondo__ring_consumer *const own = &ring->consumer;

    own->pos += frames;
    own->lap.end += rondo__ring_shift(own);
    rondo__ring_lap_jump(&own->lap, own->pos);
    own->lap.end -= rondo__ring_shift(own);
    /* PAIR-ROOM release: as in release_read(). */
    rondo_store_release(&ring->consumed.read_pos, own->pos);
}

/* ---- a consumer that may be overtaken ---- */

/* If frames before the position of a reader (the consumer here, a tap in tap.h) may be overwritten,
 * jump. Returns how far. */
static inline uint64_t
rondo__reader_overtaken(const struct rondo_ring *ring, struct rondo__ring_lap *lap, uint64_t *pos)
{
    /* relaxed: only a first look; the release checks what was read. */
    const uint64_t oldest = rondo_load_relaxed(&ring->written.claim_pos) - lap->capacity_frames;
    uint64_t write_pos;
    uint64_t resume;
    uint64_t lost;

    if (RONDO_LIKELY((int64_t)(oldest - *pos) <= 0))
        return 0;
    /* PAIR-FILL acquire: as in get_read(). */
    write_pos = rondo_load_acquire(&ring->written.write_pos);
    resume = write_pos - lap->capacity_frames / 2;
    if ((int64_t)(oldest - resume) > 0)
        resume = oldest;
    if ((int64_t)(write_pos - resume) < 0)
        resume = write_pos;
    lost = resume - *pos;
    *pos = resume;
    rondo__ring_lap_jump(lap, resume);
    return lost;
}

/* How many of the first @p frames frames at @p pos may have been overwritten while they were read.
 */
static inline uint32_t
rondo__reader_lapped(const struct rondo_ring *ring, uint64_t pos, uint32_t capacity_frames,
                     uint32_t frames)
{
    int64_t lapped;

    rondo_fence_acquire(); /* PAIR-CLAIM acquire: our reads of the frames are done before the claim
                              is looked at */
    /* relaxed: the fence above orders it. */
    lapped = (int64_t)(rondo_load_relaxed(&ring->written.claim_pos) - capacity_frames - pos);
    if (lapped <= 0)
        return 0;
    return lapped < (int64_t)frames ? (uint32_t)lapped : frames;
}

/**
 * rondo_ring_get_read() for a producer that may overtake us.
 *
 * If the producer has overwritten, or begun to overwrite, the next frame, the consumer jumps
 * forward to half a capacity behind the producer. Whether the frames lent are whole, and stay so,
 * the release tells. While the span is held a free-running producer may write into it: in C's terms
 * the reads race, so read it by code that takes any value (a copy, a sum), and act on it only after
 * the release has said that it was whole.
 *
 * @param lost_frames  receives the frames jumped over, 0 if none
 * @thread consumer only; any kind of producer
 * @rt     wait-free; divides only if it was overtaken
 */
static inline struct rondo_span
rondo_ring_get_read_checked(struct rondo_ring *ring, uint32_t max_frames, uint64_t *lost_frames)
{
    struct rondo__ring_consumer *const own = &ring->consumer;
    const struct rondo_span none = {0, 0};
    uint64_t frames;

    own->lap.end += rondo__ring_shift(own);
    *lost_frames = rondo__reader_overtaken(ring, &own->lap, &own->pos);
    rondo__ring_lap_follow(&own->lap, own->pos);
    frames = own->lap.end - own->pos;
    own->lap.end -= rondo__ring_shift(own);
    if (*lost_frames > 0)
        rondo_store_release(&ring->consumed.read_pos,
                            own->pos); /* PAIR-ROOM release: as in release_read() */
    frames = rondo__min_u64(frames, rondo_ring_fill(ring));
    /* PAIR-ROOM release: as in get_read(), an empty ring holds no release back.
     * relaxed: read_pos is written by this thread only. */
    if (frames == 0 && rondo_load_relaxed(&ring->consumed.read_pos) != own->pos)
        rondo_store_release(&ring->consumed.read_pos, own->pos);
    frames = rondo__min_u64(frames, max_frames);
    return frames > 0 ? rondo__ring_span(&own->lap, own->pos, (uint32_t)frames) : none;
}

/**
 * rondo_ring_release_read() for a producer that may overtake us.
 *
 * @return how many of these frames, counted from the first, may have been overwritten while the
 * span was held: they are lost and must not be used. 0: all of them are whole.
 * @thread consumer only; any kind of producer
 * @rt     wait-free
 */
static inline uint32_t
rondo_ring_release_read_checked(struct rondo_ring *ring, uint32_t frames)
{
    const uint32_t lapped =
        rondo__reader_lapped(ring, ring->consumer.pos, ring->consumer.lap.capacity_frames, frames);

    rondo_ring_release_read(ring, frames);
    return lapped;
}

#endif
