/* SPDX-License-Identifier: MIT */
/**
 * @file
 * Readers that may be overtaken, and a producer that tells the truth about what it overwrites.
 *
 * Such a reader races with the producer by design, so frames are racing_frame: a read gets any
 * value that memory could give. What the calls then say of it is compared with the truth, which the
 * producer keeps in plain words beside the ring: relacy runs its threads one at a time, so they are
 * exact. What is called whole is whole, and what is called lost was at least announced.
 *
 * Include rondo/ring.h first.
 */
#ifndef RONDO_TESTS_MODEL_READER_MODEL_H
#define RONDO_TESTS_MODEL_READER_MODEL_H

#include "ring_model.h"

namespace model
{

template <uint32_t capacity> class announced_ring : public ring<racing_frame, capacity>
{
  public:
    /** ring::write() that keeps the truth. */
    uint32_t
    write(uint32_t max_frames, uint32_t held_back = 0)
    {
        /* Before the call, for within it the reader may already see the claim. */
        announce(this->write_position + max_frames);
        return ring<racing_frame, capacity>::write(max_frames, held_back);
    }

    /** rondo_ring_catch_up_write() that keeps the truth. */
    void
    catch_up(uint64_t late)
    {
        if (late > 0)
            announce(this->write_position + late + capacity);
        RL_ASSERT(rondo_ring_catch_up_write(this->get()) == late);
        this->write_position += late;
    }

    /** Frames from @p position on that may have been overwritten. */
    uint64_t
    overwritten(uint64_t position) const
    {
        const int64_t frames = static_cast<int64_t>(announced_ - capacity - position);

        return frames > 0 ? static_cast<uint64_t>(frames) : 0;
    }

    /** As ring::init(). */
    void
    init(enum rondo_ring_producer_kind kind, uint64_t start)
    {
        ring<racing_frame, capacity>::init(kind, start);
        announced_ = start;
    }

  private:
    void
    announce(uint64_t end)
    {
        if (static_cast<int64_t>(end - announced_) > 0)
            announced_ = end;
    }

    uint64_t announced_ = 0;
};

/** Where a reader has got, and what it was told. */
template <uint32_t capacity> struct reader {
    uint64_t position = 0;
    uint64_t whole = 0;
    uint64_t lost = 0;

    /** One get and one release by @p get and @p release. @return frames lent */
    template <typename get_call, typename release_call>
    uint32_t
    look(const announced_ring<capacity> &ring, get_call get, release_call release)
    {
        uint64_t values[capacity];
        uint64_t jumped = 0;
        const struct rondo_span span = get(&jumped);

        RL_ASSERT(span.frames <= capacity);
        RL_ASSERT(jumped == 0 || ring.overwritten(position) > 0);
        position += jumped;
        lost += jumped;
        for (uint32_t i = 0; i < span.frames; i++)
            values[i] = frame_at<racing_frame>(span, i).take();
        if (span.frames == 0)
            return 0;

        const uint32_t lapped = release(span.frames);

        RL_ASSERT(lapped <= span.frames);
        RL_ASSERT(lapped <= ring.overwritten(position));
        for (uint32_t i = lapped; i < span.frames; i++)
            RL_ASSERT(values[i] == position + i);
        position += span.frames;
        lost += lapped;
        whole += span.frames - lapped;
        return span.frames;
    }
};

} // namespace model

#endif
