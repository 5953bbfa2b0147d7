/* SPDX-License-Identifier: MIT */
/**
 * @file
 * A ring with its frames for models; a frame's value is its position.
 *
 * Include rondo/ring.h first.
 */
#ifndef RONDO_TESTS_MODEL_RING_MODEL_H
#define RONDO_TESTS_MODEL_RING_MODEL_H

#include <algorithm>

#include <rondo/ring.h>

namespace model
{

template <typename frame, uint32_t capacity> class ring
{
  public:
    /** Positions begin at @p start. */
    void
    init(enum rondo_ring_producer_kind kind, uint64_t start)
    {
        RL_ASSERT(rondo_ring_init(get(), frames_.get(), capacity, sizeof(frame)) == 0);
        RL_ASSERT(rondo_ring_set_producer(get(), kind) == 0);
        rondo_ring_reset(get(), start);
        write_position = start;
        read_position = start;
    }

    struct rondo_ring *
    get()
    {
        return ring_.get();
    }

    /** Write up to @p max_frames frames, hand over all but @p held_back of them if that leaves any.
     * @return frames handed over */
    uint32_t
    write(uint32_t max_frames, uint32_t held_back = 0)
    {
        const struct rondo_span span = rondo_ring_get_write(get(), max_frames);
        const uint32_t frames = span.frames > held_back ? span.frames - held_back : span.frames;

        RL_ASSERT(span.frames <= max_frames);
        for (uint32_t i = 0; i < span.frames; i++)
            frame_at<frame>(span, i).put(write_position + i);
        if (span.frames > 0)
            rondo_ring_release_write(get(), frames);
        write_position += frames;
        return frames;
    }

    /** Read up to @p max_frames frames, give back all but @p held_back of them if that leaves any.
     * @return frames given back */
    uint32_t
    read(uint32_t max_frames, uint32_t held_back = 0)
    {
        const struct rondo_span span = rondo_ring_get_read(get(), max_frames);
        const uint32_t frames = span.frames > held_back ? span.frames - held_back : span.frames;

        look(span);
        if (span.frames > 0)
            rondo_ring_release_read(get(), frames);
        read_position += frames;
        return frames;
    }

    /** Each frame of a span that the consumer was lent is the one of its position. */
    void
    look(struct rondo_span span)
    {
        for (uint32_t i = 0; i < span.frames; i++)
            RL_ASSERT(frame_at<frame>(span, i).take() == read_position + i);
    }

    /** Write that many frames in blocks; give up after @p attempts gets, 0: wait for the consumer
     * as long as it takes. */
    void
    write_all(uint32_t frames, uint32_t block, uint32_t attempts, uint32_t held_back = 0)
    {
        uint32_t done = 0;

        for (uint32_t i = 0; done < frames && (attempts == 0 || i < attempts); i++) {
            const uint32_t now = write(std::min(block, frames - done), held_back);

            if (now == 0 && attempts == 0)
                wait_for_others();
            done += now;
        }
    }

    /** As write_all(). */
    void
    read_all(uint32_t frames, uint32_t block, uint32_t attempts, uint32_t held_back = 0)
    {
        uint32_t done = 0;

        for (uint32_t i = 0; done < frames && (attempts == 0 || i < attempts); i++) {
            const uint32_t now = read(block, held_back);

            if (now == 0 && attempts == 0)
                wait_for_others();
            done += now;
        }
    }

    uint64_t write_position = 0; /* the producer's own */
    uint64_t read_position = 0;  /* the consumer's own */

  private:
    on_line<struct rondo_ring> ring_;
    on_line<frame, capacity> frames_;
};

} // namespace model

#endif
