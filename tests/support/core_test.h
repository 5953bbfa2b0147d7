/* SPDX-License-Identifier: MIT */
/**
 * @file
 * What the tests of the header-only core share: cmocka, exact-sized memory on a cache line, seeded
 * random numbers, and frames that carry their own position.
 */
#ifndef RONDO_TESTS_SUPPORT_CORE_TEST_H
#define RONDO_TESTS_SUPPORT_CORE_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <rondo/cacheline.h>
#include <rondo/span.h>

/* The places at which positions are most likely to go wrong: 32 and 64 bits wrap soon after. */
#define START_BELOW_2_32 (UINT64_C(0x100000000) - 37)
#define START_BELOW_2_64 (UINT64_MAX - 36)

/* Not a byte more than asked for, so that the address sanitizer sees every step beyond; on a cache
 * line. */
static inline void *
test_memory(size_t size_bytes)
{
    void *memory = NULL;

    assert_int_equal(posix_memalign(&memory, RONDO_CACHELINE_BYTES, size_bytes), 0);
    memset(memory, 0xa5, size_bytes);
    return memory;
}

/* splitmix64: every seed gives a good sequence, the same on every machine. */
static inline uint64_t
test_random(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* [0, limit) */
static inline uint32_t
test_random_below(uint64_t *state, uint32_t limit)
{
    return (uint32_t)(test_random(state) % limit);
}

/* The byte at @p offset of the frame at position @p pos: depends on every bit of the position. */
static inline unsigned char
test_frame_byte(uint64_t pos, size_t offset)
{
    uint64_t state = pos ^ ((uint64_t)offset << 56);

    return (unsigned char)test_random(&state);
}

static inline void
test_fill_frames(void *data, uint32_t frame_bytes, uint64_t pos, uint32_t frames)
{
    unsigned char *byte = (unsigned char *)data;

    for (uint32_t frame = 0; frame < frames; frame++)
        for (uint32_t offset = 0; offset < frame_bytes; offset++)
            *byte++ = test_frame_byte(pos + frame, offset);
}

/* Returns how many frames are what test_fill_frames() wrote, up to the first that is not. */
static inline uint32_t
test_check_frames(const void *data, uint32_t frame_bytes, uint64_t pos, uint32_t frames)
{
    const unsigned char *byte = (const unsigned char *)data;

    for (uint32_t frame = 0; frame < frames; frame++)
        for (uint32_t offset = 0; offset < frame_bytes; offset++)
            if (*byte++ != test_frame_byte(pos + frame, offset))
                return frame;
    return frames;
}

#endif
