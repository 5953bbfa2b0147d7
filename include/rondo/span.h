/* SPDX-License-Identifier: MIT */
/**
 * @file
 * A span: contiguous frames, lent and not copied.
 */
#ifndef RONDO_SPAN_H
#define RONDO_SPAN_H

#include <stddef.h>
#include <stdint.h>

#include <rondo/cacheline.h>

/** Frames that somebody lends. 16 bytes: returned in two registers. */
struct rondo_span {
    void *data;      /**< first frame, interleaved; NULL when frames is 0 */
    uint32_t frames; /**< frames from data on; 0 says empty, full, or nothing now */
};

RONDO_STATIC_ASSERT(sizeof(void *) != 8 || sizeof(struct rondo_span) == 16,
                    "a span fits two registers");

/** Largest capacity of a ring, in frames. */
#define RONDO_CAPACITY_FRAMES_MAX 0x80000000u
/** Largest frame, in bytes. */
#define RONDO_FRAME_BYTES_MAX 4096u

static inline struct rondo_span
rondo__span(unsigned char *memory, uint32_t offset_frames, uint32_t frame_bytes, uint32_t frames)
{
    struct rondo_span span = {0, 0};

    if (RONDO_LIKELY(frames > 0)) {
        span.data = memory + (size_t)offset_frames * frame_bytes;
        span.frames = frames;
    }
    return span;
}

#endif
