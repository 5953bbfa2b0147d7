/* SPDX-License-Identifier: MIT */
/**
 * @file
 * A double buffer: two periods that a producer and a consumer hand back and forth, whole.
 *
 * There is no index between the two sides: each buffer has one state flag on a cache line of its
 * own, so a hand-off costs the transfer of one line, which is the least that two cores can do. Both
 * sides take the buffers in turn.
 *
 *     struct rondo_span empty = rondo_double_buffer_get_empty(&db);     // producer
 *     rondo_double_buffer_release_full(&db);
 *     struct rondo_span full = rondo_double_buffer_get_full(&db);       // consumer
 *     rondo_double_buffer_release_empty(&db);
 *
 * A second get before a release lends the other buffer if it is ready, otherwise nothing. Releases
 * are first in, first out; a release with nothing held does nothing.
 *
 * Who may call what beside whom:
 *
 *     | calls                    | by           | beside                 |
 *     | init                     | one thread   | nothing else           |
 *     | get_empty, release_full  | the producer | both of the consumer's |
 *     | get_full, release_empty  | the consumer | both of the producer's |
 *
 * Synchronization: each side writes a flag only while the flag says that the buffer is its own.
 *   PAIR-FULL   release in release_full()   ->  acquire in get_full():   frames before the flag
 *   PAIR-EMPTY  release in release_empty()  ->  acquire in get_empty():  reads done before the flag
 */
#ifndef RONDO_DOUBLE_BUFFER_H
#define RONDO_DOUBLE_BUFFER_H

#include <errno.h>
#include <stddef.h>
#include <stdint.h>

#include <rondo/atomic.h>
#include <rondo/cacheline.h>
#include <rondo/span.h>

/* One buffer's state. */
struct rondo__double_buffer_flag {
    RONDO_ATOMIC(uint32_t) full; /* 0: the producer's, 1: the consumer's */
} RONDO_CACHE_ALIGNED;

/* One side's private words. */
struct rondo__double_buffer_side {
    unsigned char *memory;
    size_t period_bytes;
    uint32_t period_frames;
    uint32_t got;      /* buffers lent so far; its lowest bit is the next buffer to lend */
    uint32_t released; /* buffers released so far; its lowest bit is the next buffer to release */
} RONDO_CACHE_ALIGNED;

/** A double buffer. Public so that it may be embedded; its fields are private. The storage is the
 * caller's. */
struct rondo_double_buffer {
    struct rondo__double_buffer_flag flag[2];
    struct rondo__double_buffer_side producer;
    struct rondo__double_buffer_side consumer;
};

#ifndef RONDO_ATOMIC_HEADER
RONDO_STATIC_ASSERT(sizeof(struct rondo_double_buffer) == 4 * RONDO_CACHELINE_BYTES,
                    "a line a flag, a line a side");
#endif

/**
 * Make a double buffer, both buffers empty.
 *
 * @param buffer         on a cache line (its type sees to that, except in memory of malloc())
 * @param memory         2 * period_frames * frame_bytes bytes on a cache line; the second period
 * follows the first. A period of a multiple of 64 bytes keeps the two on lines of their own.
 * @param period_frames  [1, RONDO_CAPACITY_FRAMES_MAX] frames of each buffer
 * @param frame_bytes    [1, RONDO_FRAME_BYTES_MAX]
 * @return 0; -EINVAL: NULL, a size of 0, or not on a cache line; -EOVERFLOW: a size above its
 * range, or more bytes than an address space has. The double buffer is untouched on error.
 *
 * @thread one thread, nobody else uses the buffer
 * @rt     wait-free
 */
static inline int
rondo_double_buffer_init(struct rondo_double_buffer *buffer, void *memory, uint32_t period_frames,
                         uint32_t frame_bytes)
{
    size_t bytes = 0;

    if (buffer == NULL || memory == NULL || period_frames == 0 || frame_bytes == 0 ||
        (uintptr_t)memory % RONDO_CACHELINE_BYTES != 0 ||
        (uintptr_t)buffer % RONDO_CACHELINE_BYTES != 0)
        return -EINVAL;
    if (period_frames > RONDO_CAPACITY_FRAMES_MAX || frame_bytes > RONDO_FRAME_BYTES_MAX ||
        __builtin_mul_overflow((size_t)period_frames, (size_t)frame_bytes, &bytes) ||
        bytes > PTRDIFF_MAX / 2)
        return -EOVERFLOW;

    buffer->producer.memory = buffer->consumer.memory = (unsigned char *)memory;
    buffer->producer.period_bytes = buffer->consumer.period_bytes = bytes;
    buffer->producer.period_frames = buffer->consumer.period_frames = period_frames;
    buffer->producer.got = buffer->consumer.got = 0;
    buffer->producer.released = buffer->consumer.released = 0;
    /* relaxed: nobody else uses the buffer now; the caller hands it to the other thread. */
    rondo_store_relaxed_u32(&buffer->flag[0].full, 0);
    rondo_store_relaxed_u32(&buffer->flag[1].full, 0);
    return 0;
}

/* Lend the side's next buffer; the caller has seen that it is its own. */
static inline struct rondo_span
rondo__double_buffer_lend(struct rondo__double_buffer_side *own)
{
    struct rondo_span span;

    span.data = own->memory + (own->got & 1u) * own->period_bytes;
    span.frames = own->period_frames;
    own->got++;
    return span;
}

/**
 * Borrow the next empty buffer.
 *
 * @return a whole period; frames 0 (data NULL) when the next buffer is not empty, or both are held
 * @thread   producer only
 * @rt       wait-free
 * @lifetime valid until its release_full()
 */
static inline struct rondo_span
rondo_double_buffer_get_empty(struct rondo_double_buffer *buffer)
{
    struct rondo__double_buffer_side *const own = &buffer->producer;
    const struct rondo_span none = {0, 0};

    if (own->got - own->released == 2)
        return none;
    /* PAIR-EMPTY acquire: the consumer's reads of the buffer were done before it set the flag. */
    if (rondo_load_acquire_u32(&buffer->flag[own->got & 1u].full) != 0)
        return none;
    return rondo__double_buffer_lend(own);
}

/**
 * Hand the oldest buffer that the producer holds to the consumer, as a whole.
 *
 * @thread producer only; does nothing when none is held
 * @rt     wait-free: one release store
 */
static inline void
rondo_double_buffer_release_full(struct rondo_double_buffer *buffer)
{
    struct rondo__double_buffer_side *const own = &buffer->producer;

    if (own->got == own->released)
        return;
    /* PAIR-FULL release: the period's frames are in memory before the consumer sees the flag. */
    rondo_store_release_u32(&buffer->flag[own->released & 1u].full, 1);
    own->released++;
}

/**
 * Borrow the next full buffer.
 *
 * @return a whole period; frames 0 (data NULL) when the next buffer is not full, or both are held
 * @thread   consumer only
 * @rt       wait-free
 * @lifetime valid until its release_empty()
 */
static inline struct rondo_span
rondo_double_buffer_get_full(struct rondo_double_buffer *buffer)
{
    struct rondo__double_buffer_side *const own = &buffer->consumer;
    const struct rondo_span none = {0, 0};

    if (own->got - own->released == 2)
        return none;
    /* PAIR-FULL acquire: the producer wrote the period before it set the flag. */
    if (rondo_load_acquire_u32(&buffer->flag[own->got & 1u].full) != 1)
        return none;
    return rondo__double_buffer_lend(own);
}

/**
 * Give the oldest buffer that the consumer holds back to the producer.
 *
 * @thread consumer only; does nothing when none is held
 * @rt     wait-free: one release store
 */
static inline void
rondo_double_buffer_release_empty(struct rondo_double_buffer *buffer)
{
    struct rondo__double_buffer_side *const own = &buffer->consumer;

    if (own->got == own->released)
        return;
    /* PAIR-EMPTY release: our reads of the buffer are done before the producer may fill it again.
     */
    rondo_store_release_u32(&buffer->flag[own->released & 1u].full, 0);
    own->released++;
}

/** Buffers that the consumer holds, [0, 2]. @thread consumer only @rt wait-free */
static inline uint32_t
rondo_double_buffer_held(const struct rondo_double_buffer *buffer)
{
    return buffer->consumer.got - buffer->consumer.released;
}

/**
 * Fetch the next buffer's cache lines for writing, in idle time, if the consumer has given it back.
 *
 * @thread producer only
 * @rt     rt-bounded: one instruction a cache line
 */
static inline void
rondo_double_buffer_warm(struct rondo_double_buffer *buffer)
{
    const struct rondo__double_buffer_side *const own = &buffer->producer;
    const uint32_t next = own->got & 1u;

    /* PAIR-EMPTY acquire: as in get_empty(). */
    if (own->got - own->released < 2 && rondo_load_acquire_u32(&buffer->flag[next].full) == 0)
        rondo_prefetch_write_range(own->memory + next * own->period_bytes, own->period_bytes);
}

#endif
