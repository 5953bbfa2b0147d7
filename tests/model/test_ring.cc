// SPDX-License-Identifier: MIT
//
// The ring with a producer that waits: every frame arrives once, in order, and no access to a frame
// races with another.

#include <algorithm>

#include "model.h"

// write() and read() copy frames.
#define memcpy(to, from, bytes) model::copy_frames(to, from, bytes)
#include <rondo/ring.h>
#undef memcpy

#include "ring_model.h"

namespace
{

constexpr uint64_t near_2_64 = UINT64_MAX - 1;
constexpr uint64_t near_2_32 = UINT32_MAX - UINT64_C(1);
constexpr enum rondo_ring_producer_kind waits = RONDO_PRODUCER_WAITS;
constexpr enum rondo_ring_producer_kind announces = RONDO_PRODUCER_WAITS_TAPPED;

// In all models: a thread gives up after so many attempts, 0: it waits as long as it takes.

// Blocks of up to `block` frames.
template <uint32_t capacity, uint32_t frames, uint32_t block, uint32_t attempts,
          enum rondo_ring_producer_kind kind = waits, uint64_t start = near_2_64>
struct handover : rl::test_suite<handover<capacity, frames, block, attempts, kind, start>, 2> {
    model::ring<model::checked_frame, capacity> ring;

    void
    before()
    {
        ring.init(kind, start);
    }

    void
    thread(unsigned index)
    {
        if (index == 0)
            ring.write_all(frames, block, attempts);
        else
            ring.read_all(frames, block, attempts);
    }

    void
    after()
    {
        const uint64_t fill = ring.write_position - ring.read_position;

        RL_ASSERT(attempts > 0 || ring.read_position == start + frames);
        RL_ASSERT(rondo_ring_fill(ring.get()) == fill);
        RL_ASSERT(rondo_ring_room(ring.get()) == capacity - fill);
    }
};

// All that is lent is written and read; all but one frame of it is released: it is lent again.
template <uint32_t capacity, uint32_t frames, uint32_t attempts>
struct short_releases : rl::test_suite<short_releases<capacity, frames, attempts>, 2> {
    model::ring<model::checked_frame, capacity> ring;

    void
    before()
    {
        ring.init(waits, near_2_64);
    }

    void
    thread(unsigned index)
    {
        if (index == 0)
            ring.write_all(frames, capacity, attempts, 1);
        else
            ring.read_all(frames, capacity, attempts, 1);
    }
};

// The calls that copy, over the wrap.
template <uint32_t capacity, uint32_t frames, uint32_t block, uint32_t attempts>
struct copies : rl::test_suite<copies<capacity, frames, block, attempts>, 2> {
    model::ring<model::checked_frame, capacity> ring;
    model::on_line<model::checked_frame, block> source;
    model::on_line<model::checked_frame, block> sink;

    void
    before()
    {
        ring.init(waits, near_2_64);
    }

    void
    thread(unsigned index)
    {
        uint32_t done = 0;

        for (uint32_t i = 0; done < frames && (attempts == 0 || i < attempts); i++) {
            const uint32_t now = index == 0 ? write(std::min(block, frames - done)) : read(block);

            if (now == 0 && attempts == 0)
                model::wait_for_others();
            done += now;
        }
    }

    uint32_t
    write(uint32_t count)
    {
        for (uint32_t i = 0; i < count; i++)
            source[i].put(ring.write_position + i);
        count = rondo_ring_write(ring.get(), source.get(), count);
        ring.write_position += count;
        return count;
    }

    uint32_t
    read(uint32_t count)
    {
        count = rondo_ring_read(ring.get(), sink.get(), count);
        for (uint32_t i = 0; i < count; i++)
            RL_ASSERT(sink[i].take() == ring.read_position + i);
        ring.read_position += count;
        return count;
    }
};

// A consumer that releases lazily holds back one frame of five; a producer that wants a whole turn
// gets it nevertheless, when the consumer finds the ring empty.
template <bool is_checked, uint32_t attempts>
struct lazy_turn : rl::test_suite<lazy_turn<is_checked, attempts>, 2> {
    static constexpr uint32_t capacity = 5;
    model::ring<model::checked_frame, capacity> ring;

    void
    before()
    {
        ring.init(waits, near_2_64);
        RL_ASSERT(ring.write(capacity) == capacity);
        RL_ASSERT(ring.read(capacity - 1) == capacity - 1);
    }

    void
    thread(unsigned index)
    {
        for (uint32_t i = 0; attempts == 0 || i < attempts; i++) {
            if (index == 0 ? write_turn() : read_one())
                return;
            if (attempts == 0)
                model::wait_for_others();
        }
    }

    bool
    write_turn()
    {
        const struct rondo_span span = rondo_ring_get_write(ring.get(), capacity);

        if (span.frames < capacity)
            return false;
        for (uint32_t i = 0; i < capacity; i++)
            model::frame_at<model::checked_frame>(span, i).put(ring.write_position + i);
        rondo_ring_release_write(ring.get(), capacity);
        return true;
    }

    // Whether a frame of the new turn was read.
    bool
    read_one()
    {
        uint64_t lost = 0;
        const struct rondo_span span = is_checked
                                           ? rondo_ring_get_read_checked(ring.get(), 1, &lost)
                                           : rondo_ring_get_read(ring.get(), 1);

        RL_ASSERT(lost == 0);
        ring.look(span);
        if (span.frames > 0)
            rondo_ring_release_read_lazy(ring.get(), 1);
        ring.read_position += span.frames;
        return ring.read_position - near_2_64 > capacity;
    }
};

// Lazy releases, frame by frame over the wrap.
template <uint32_t capacity, uint32_t frames, uint32_t block, uint32_t attempts>
struct lazy_handover : rl::test_suite<lazy_handover<capacity, frames, block, attempts>, 2> {
    model::ring<model::checked_frame, capacity> ring;

    void
    before()
    {
        ring.init(waits, near_2_64);
        RL_ASSERT(ring.write(capacity) == capacity);
    }

    void
    thread(unsigned index)
    {
        if (index == 0) {
            ring.write_all(frames, block, attempts);
            return;
        }
        for (uint32_t i = 0; attempts == 0 || i < attempts; i++) {
            const struct rondo_span span = rondo_ring_get_read(ring.get(), 1);

            ring.look(span);
            if (span.frames > 0)
                rondo_ring_release_read_lazy(ring.get(), 1);
            else if (attempts == 0)
                model::wait_for_others();
            ring.read_position += span.frames;
            if (ring.read_position - near_2_64 == capacity + frames)
                return;
        }
    }
};

// A consumer with a clock goes on by a frame at each tick, written or not; the producer follows.
template <uint32_t capacity, uint32_t ticks, uint32_t writes>
struct clocked : rl::test_suite<clocked<capacity, ticks, writes>, 2> {
    model::ring<model::checked_frame, capacity> ring;

    void
    before()
    {
        ring.init(waits, near_2_64);
    }

    void
    thread(unsigned index)
    {
        if (index == 0) {
            for (uint32_t i = 0; i < writes; i++) {
                ring.write_position += rondo_ring_catch_up_write(ring.get());
                ring.write(1);
            }
        } else {
            for (uint32_t i = 0; i < ticks; i++) {
                ring.look(rondo_ring_get_read(ring.get(), 1));
                rondo_ring_release_read(ring.get(), 0);
                rondo_ring_skip_read(ring.get(), 1);
                ring.read_position++;
            }
        }
    }

    void
    after()
    {
        ring.write_position += rondo_ring_catch_up_write(ring.get());
        RL_ASSERT(rondo_ring_late(ring.get()) == 0);
        RL_ASSERT(rondo_ring_write_position(ring.get()) == ring.write_position);
        RL_ASSERT(ring.write_position - near_2_64 >= ticks);
    }
};

// The same, as it releases lazily what it has read: going on tells what was held back.
struct clocked_lazy : rl::test_suite<clocked_lazy, 2> {
    static constexpr uint32_t capacity = 5;
    model::ring<model::checked_frame, capacity> ring;

    void
    before()
    {
        ring.init(waits, 0);
        RL_ASSERT(ring.write(capacity) == capacity);
    }

    void
    thread(unsigned index)
    {
        if (index == 0) {
            ring.write_all(1, 1, 2);
        } else {
            ring.look(rondo_ring_get_read(ring.get(), 1));
            rondo_ring_release_read_lazy(ring.get(), 1);
            rondo_ring_skip_read(ring.get(), 0);
        }
    }
};

// A producer that warms up before it writes: what warming learned of the room is used.
template <uint32_t capacity, uint32_t frames, uint32_t attempts>
struct warmed : rl::test_suite<warmed<capacity, frames, attempts>, 2> {
    model::ring<model::checked_frame, capacity> ring;

    void
    before()
    {
        ring.init(waits, 0);
    }

    void
    thread(unsigned index)
    {
        if (index == 1) {
            ring.read_all(frames, 1, attempts);
            return;
        }
        for (uint32_t i = 0; i < frames; i++) {
            rondo_ring_warm_write(ring.get(), 1);
            ring.write_all(1, 1, attempts);
        }
    }
};

// Room for a whole turn says that every frame has been read: their memory may be used for something
// else.
struct drained : rl::test_suite<drained, 2> {
    model::ring<model::checked_frame, 1> ring;

    void
    before()
    {
        ring.init(waits, 0);
    }

    void
    thread(unsigned index)
    {
        if (index == 0) {
            const struct rondo_span span = rondo_ring_get_write(ring.get(), 1);

            model::frame_at<model::checked_frame>(span, 0).put(0);
            rondo_ring_release_write(ring.get(), 1);
            if (rondo_ring_room(ring.get()) == 1)
                model::frame_at<model::checked_frame>(span, 0).put(1);
        } else {
            ring.read_all(1, 1, 2);
        }
    }
};

// The consumer's calls for any kind of producer, beside one that waits: they lose nothing.
template <uint32_t capacity, uint32_t frames, uint32_t attempts, enum rondo_ring_producer_kind kind>
struct checked_consumer : rl::test_suite<checked_consumer<capacity, frames, attempts, kind>, 2>
{
    model::ring<model::checked_frame, capacity> ring;

    void before()
    {
        ring.init(kind, near_2_32);
    }

    void thread(unsigned index)
    {
        if (index == 0) {
            ring.write_all(frames, 1, attempts);
            return;
        }
        for (uint32_t i = 0; attempts == 0 || i < attempts; i++) {
            uint64_t lost = 0;
            const struct rondo_span span = rondo_ring_get_read_checked(ring.get(), capacity, &lost);

            RL_ASSERT(lost == 0);
            ring.look(span);
            if (span.frames > 0)
                RL_ASSERT(rondo_ring_release_read_checked(ring.get(), span.frames) == 0);
            else if (attempts == 0)
                model::wait_for_others();
            ring.read_position += span.frames;
            if (ring.read_position - near_2_32 == frames)
                return;
        }
    }
};

} // namespace

int
main(int argc, char **argv)
{
    model::session session("ring", argc, argv);

    session.exhaust<handover<1, 2, 1, 3>>("capacity 1, 2 frames");
    session.exhaust<handover<3, 4, 2, 3>>("capacity 3, 4 frames in pairs");
    session.exhaust<handover<2, 3, 1, 3, waits, 0>>("capacity 2, 3 frames");
    session.exhaust<short_releases<2, 3, 3>>("capacity 2, released short");
    session.exhaust<copies<3, 4, 2, 2>>("capacity 3, 4 frames copied in pairs, 2 tries");
    session.exhaust<lazy_turn<false, 3>>("capacity 5, a turn at once, lazy");
    session.exhaust<lazy_turn<true, 2>>("capacity 5, a turn at once, lazy, checked");
    session.exhaust<lazy_handover<5, 2, 1, 3>>("capacity 5, lazy releases");
    session.exhaust<clocked<1, 2, 2>>("capacity 1, 2 ticks of a clock");
    session.exhaust<clocked_lazy>("capacity 5, lazy releases and a clock");
    session.exhaust<warmed<1, 2, 2>>("capacity 1, 2 frames, warmed");
    session.exhaust<drained>("capacity 1, drained");
    session.exhaust<checked_consumer<1, 2, 2, waits>>("capacity 1, checked");
    session.exhaust<checked_consumer<1, 2, 2, announces>>("capacity 1, checked, announced");
    session.sample<handover<3, 10, 2, 0>>("capacity 3, 10 frames, with patience", 20000);
    session.sample<short_releases<3, 10, 0>>("capacity 3, released short, with patience", 20000);
    session.sample<lazy_turn<false, 0>>("capacity 5, a turn at once, with patience", 20000);
    session.sample<lazy_turn<true, 0>>("capacity 5, a turn at once, checked, patience", 20000);
    session.sample<checked_consumer<3, 8, 0, announces>>("capacity 3, checked, with patience",
                                                         20000);
    session.sample<clocked<3, 8, 8>>("capacity 3, 8 ticks of a clock", 20000);
    if (session.is_long()) {
        session.exhaust<handover<1, 3, 1, 4>>("capacity 1, 3 frames");
        session.exhaust<handover<3, 6, 3, 3>>("capacity 3, 6 frames by three");
        session.exhaust<handover<3, 4, 1, 4>>("capacity 3, 4 frames");
        session.exhaust<handover<2, 3, 2, 3, announces>>("capacity 2, 3 frames, announced");
        session.exhaust<copies<3, 4, 2, 3>>("capacity 3, 4 frames copied in pairs");
        session.exhaust<lazy_handover<5, 3, 2, 4>>("capacity 5, lazy releases, longer");
        session.bound<handover<1, 4, 1, 0>>("capacity 1, 4 frames, with patience", 2);
        session.bound<handover<3, 7, 2, 0>>("capacity 3, 7 frames, with patience", 2);
        session.bound<clocked<2, 4, 4>>("capacity 2, 4 ticks of a clock", 2);
        session.bound<lazy_handover<6, 8, 3, 0>>("capacity 6, lazy releases, with patience", 2);
    }
    return session.status();
}
