/* SPDX-License-Identifier: MIT */
/**
 * @file
 * A producer and a consumer of numbered frames over any ring with get and release: each call form in random order, odd
 * chunks, short releases. Every loss, tear or repetition shows, for a frame's number is its position.
 */
#ifndef RONDO_TESTS_SUPPORT_STRESS_RING_H
#define RONDO_TESTS_SUPPORT_STRESS_RING_H

#include "support/stress.h"

/* The calls of one kind of ring. `lazy` and `warm` may be NULL. */
struct stress_ring_calls {
    struct rondo_span (*get_write)(void *ring, uint32_t max_frames);
    void (*release_write)(void *ring, uint32_t frames);
    struct rondo_span (*get_read)(void *ring, uint32_t max_frames);
    void (*release_read)(void *ring, uint32_t frames);
    uint32_t (*write)(void *ring, const void *src, uint32_t frames);
    uint32_t (*read)(void *ring, void *dst, uint32_t frames);
    void (*release_read_lazy)(void *ring, uint32_t frames);
    void (*warm_write)(void *ring, uint32_t frames);
};

/* One run. In shared memory if the sides are processes. */
struct stress_ring_run {
    const struct stress_ring_calls *calls;
    void *producer_ring;
    void *consumer_ring;
    uint64_t start_pos;
    uint64_t frames_min; /* so many at least, then until the time is over */
    int64_t end_ns;
    uint32_t capacity_frames;
    uint32_t words;
    enum stress_placement placement;
    struct stress_failure producer_failure RONDO_CACHE_ALIGNED;
    struct stress_failure consumer_failure RONDO_CACHE_ALIGNED;
    uint64_t stop RONDO_CACHE_ALIGNED; /* somebody failed */
    uint64_t ended;                    /* end_pos is valid */
    uint64_t end_pos;
};

#define STRESS_BLOCK_FRAMES 257u

static inline uint32_t
stress_chunk(const struct stress_ring_run *run, uint64_t *random)
{
    const uint32_t most = run->capacity_frames + 2 < STRESS_BLOCK_FRAMES ? run->capacity_frames + 2
                                                                         : STRESS_BLOCK_FRAMES;

    return test_random_below(random, 64) == 0 ? UINT32_MAX : 1 + test_random_below(random, most);
}

static inline bool
stress_ring_produce(struct stress_ring_run *run)
{
    const struct stress_ring_calls *const calls = run->calls;
    uint64_t block[STRESS_BLOCK_FRAMES * STRESS_WORDS_MAX];
    struct stress_wait wait = {0, 0, run->placement};
    uint64_t random = run->capacity_frames;
    uint64_t pos = run->start_pos;

    for (uint64_t turn = 0;; turn++) {
        uint32_t chunk = stress_chunk(run, &random);
        uint32_t done;

        if (turn % 64 == 0 && pos - run->start_pos >= run->frames_min &&
            stress_now_ns() >= run->end_ns)
            break;
        if (calls->warm_write != NULL && test_random_below(&random, 8) == 0)
            calls->warm_write(run->producer_ring, chunk);
        if (test_random_below(&random, 3) == 0) {
            chunk = chunk > STRESS_BLOCK_FRAMES ? STRESS_BLOCK_FRAMES : chunk;
            stress_generate(block, run->words, pos, chunk);
            done = calls->write(run->producer_ring, block, chunk);
            if (done > chunk)
                return stress_fail(&run->producer_failure, &run->stop,
                                   "write took more than it was given", pos);
        } else {
            const struct rondo_span span = calls->get_write(run->producer_ring, chunk);

            if (span.frames > chunk || span.frames > run->capacity_frames)
                return stress_fail(&run->producer_failure, &run->stop, "too much room", pos);
            done = test_random_below(&random, 4) == 0 ? test_random_below(&random, span.frames + 1)
                                                      : span.frames;
            stress_generate(span.data, run->words, pos, done);
            calls->release_write(run->producer_ring, done);
        }
        pos += done;
        if (done > 0) {
            stress_wait_reset(&wait);
        } else if (!stress_wait_turn(&wait)) {
            return stress_fail(&run->producer_failure, &run->stop, "room never came", pos);
        } else if (rondo_load_acquire(&run->stop) != 0) {
            return false;
        }
    }
    run->end_pos = pos;
    rondo_store_release(&run->ended, 1);
    return true;
}

static inline bool
stress_ring_consume(struct stress_ring_run *run)
{
    const struct stress_ring_calls *const calls = run->calls;
    uint64_t block[STRESS_BLOCK_FRAMES * STRESS_WORDS_MAX];
    struct stress_wait wait = {0, 0, run->placement};
    uint64_t random = run->capacity_frames + 1;
    uint64_t pos = run->start_pos;

    for (;;) {
        /* Read before the ring: once the producer has ended, a ring found empty stays so. */
        const bool ended = rondo_load_acquire(&run->ended) != 0;
        uint32_t chunk = stress_chunk(run, &random);
        uint32_t got;
        uint32_t done;

        if (test_random_below(&random, 3) == 0) {
            chunk = chunk > STRESS_BLOCK_FRAMES ? STRESS_BLOCK_FRAMES : chunk;
            got = done = calls->read(run->consumer_ring, block, chunk);
            if (got > chunk)
                return stress_fail(&run->consumer_failure, &run->stop,
                                   "read gave more than was asked for", pos);
            if (stress_verify(block, run->words, pos, got) != got)
                return stress_fail(&run->consumer_failure, &run->stop, "wrong frame read", pos);
        } else {
            const struct rondo_span span = calls->get_read(run->consumer_ring, chunk);

            got = span.frames;
            if (got > chunk || got > run->capacity_frames)
                return stress_fail(&run->consumer_failure, &run->stop, "too many frames lent", pos);
            if (stress_verify(span.data, run->words, pos, got) != got)
                return stress_fail(&run->consumer_failure, &run->stop, "wrong frame lent", pos);
            done = test_random_below(&random, 4) == 0 ? test_random_below(&random, got + 1) : got;
            if (calls->release_read_lazy != NULL && test_random_below(&random, 2) == 0)
                calls->release_read_lazy(run->consumer_ring, done);
            else
                calls->release_read(run->consumer_ring, done);
        }
        pos += done;
        if (got > 0) {
            stress_wait_reset(&wait);
            continue;
        }
        if (ended)
            break;
        if (!stress_wait_turn(&wait))
            return stress_fail(&run->consumer_failure, &run->stop, "frames never came", pos);
        if (rondo_load_acquire(&run->stop) != 0)
            return false;
    }
    if (pos != run->end_pos)
        return stress_fail(&run->consumer_failure, &run->stop, "frames missing at the end", pos);
    return true;
}

/* The capacities that the stress tests run: 1 to 64, and a few of audio's. */
#define STRESS_CAPACITIES 68u

static inline uint32_t
stress_capacity(uint32_t i)
{
    static const uint32_t large[] = {441, 480, 1021, 65536};

    return i < 64 ? i + 1 : large[i - 64];
}

/* So that the wrap of 32 or 64 bits is in the middle, after a turn or two of the ring. */
static inline uint64_t
stress_start(unsigned which, uint32_t capacity_frames)
{
    return (which == 0 ? UINT64_C(0x100000000) : 0) - 2 * (uint64_t)capacity_frames - 37;
}

#endif
