// SPDX-License-Identifier: MIT
//
// The shared ring, its two endpoints over one header: every frame arrives once, in order, and no
// access to a frame races with another.

#include "model.h"

// write() and read() copy frames.
#define memcpy(to, from, bytes) model::copy_frames(to, from, bytes)
#include <rondo/shared_ring.h>
#undef memcpy

namespace
{

constexpr uint64_t start = UINT64_MAX - 1;

// In all models: a thread gives up after so many attempts, 0: it waits as long as it takes.
template <uint32_t capacity, uint32_t frames, uint32_t attempts> struct pair {
    model::on_line<struct rondo__shared_header> header;
    model::on_line<struct rondo_shared_ring, 2> endpoints;
    model::on_line<model::checked_frame, capacity> memory;
    uint64_t position[2] = {start, start};

    void
    init()
    {
        rondo_store_relaxed(&header[0].write_pos, start);
        rondo_store_relaxed(&header[0].read_pos, start);
        for (unsigned side = 0; side < 2; side++)
            rondo__shared_ring_place(
                &endpoints[side], header.get(), reinterpret_cast<unsigned char *>(memory.get()),
                capacity, sizeof(model::checked_frame),
                side == 0 ? RONDO_SHARED_PRODUCER : RONDO_SHARED_CONSUMER, start);
    }

    // Call `step`, which returns how many frames it moved, until all are moved.
    template <typename step_call>
    void
    move_all(unsigned side, step_call step)
    {
        uint32_t done = 0;

        for (uint32_t i = 0; done < frames && (attempts == 0 || i < attempts); i++) {
            const uint32_t now = step(frames - done);

            if (now == 0 && attempts == 0)
                model::wait_for_others();
            position[side] += now;
            done += now;
        }
    }

    void
    check()
    {
        for (unsigned side = 0; side < 2; side++)
            RL_ASSERT(rondo_shared_ring_corruptions(&endpoints[side]) == 0);
        RL_ASSERT(position[0] - position[1] <= capacity);
        RL_ASSERT(attempts > 0 || position[1] == start + frames);
    }
};

// Blocks of up to `block` frames in place; all but `held_back` frames of a block are released, if
// that leaves any.
template <uint32_t capacity, uint32_t frames, uint32_t block, uint32_t held_back, uint32_t attempts>
struct handover : rl::test_suite<handover<capacity, frames, block, held_back, attempts>, 2> {
    pair<capacity, frames, attempts> shared;

    void
    before()
    {
        shared.init();
    }

    void
    thread(unsigned index)
    {
        struct rondo_shared_ring *const own = &shared.endpoints[index];

        shared.move_all(index, [this, own, index](uint32_t rest) {
            const uint32_t most = rest < block ? rest : block;
            const struct rondo_span span = index == 0 ? rondo_shared_ring_get_write(own, most)
                                                      : rondo_shared_ring_get_read(own, most);
            const uint32_t count = span.frames > held_back ? span.frames - held_back : span.frames;

            for (uint32_t i = 0; i < span.frames; i++) {
                auto &frame = model::frame_at<model::checked_frame>(span, i);

                if (index == 0)
                    frame.put(shared.position[0] + i);
                else
                    RL_ASSERT(frame.take() == shared.position[1] + i);
            }
            if (count == 0)
                return count;
            if (index == 0)
                rondo_shared_ring_release_write(own, count);
            else
                rondo_shared_ring_release_read(own, count);
            return count;
        });
    }

    void
    after()
    {
        shared.check();
    }
};

// The calls that copy, over the wrap.
template <uint32_t capacity, uint32_t frames, uint32_t block, uint32_t attempts>
struct copies : rl::test_suite<copies<capacity, frames, block, attempts>, 2> {
    pair<capacity, frames, attempts> shared;
    model::on_line<model::checked_frame, block> source;
    model::on_line<model::checked_frame, block> sink;

    void
    before()
    {
        shared.init();
    }

    void
    thread(unsigned index)
    {
        shared.move_all(index, [this, index](uint32_t rest) {
            const uint32_t most = rest < block ? rest : block;

            return index == 0 ? write(most) : read(most);
        });
    }

    uint32_t
    write(uint32_t most)
    {
        for (uint32_t i = 0; i < most; i++)
            source[i].put(shared.position[0] + i);
        return rondo_shared_ring_write(&shared.endpoints[0], source.get(), most);
    }

    uint32_t
    read(uint32_t most)
    {
        const uint32_t count = rondo_shared_ring_read(&shared.endpoints[1], sink.get(), most);

        for (uint32_t i = 0; i < count; i++)
            RL_ASSERT(sink[i].take() == shared.position[1] + i);
        return count;
    }

    void
    after()
    {
        shared.check();
    }
};

} // namespace

int
main(int argc, char **argv)
{
    model::session session("shared ring", argc, argv);

    session.exhaust<handover<1, 2, 1, 0, 3>>("capacity 1, 2 frames");
    session.exhaust<handover<3, 4, 2, 0, 3>>("capacity 3, 4 frames in pairs");
    session.exhaust<handover<2, 3, 2, 1, 3>>("capacity 2, 3 frames, released short");
    session.exhaust<copies<3, 4, 2, 3>>("capacity 3, 4 frames copied in pairs");
    session.sample<handover<3, 10, 2, 0, 0>>("capacity 3, 10 frames, with patience", 20000);
    session.sample<copies<3, 10, 2, 0>>("capacity 3, 10 frames copied, with patience", 20000);
    if (session.is_long()) {
        session.exhaust<handover<1, 3, 1, 0, 4>>("capacity 1, 3 frames");
        session.exhaust<handover<3, 6, 2, 0, 4>>("capacity 3, 6 frames in pairs");
        session.exhaust<copies<3, 6, 3, 3>>("capacity 3, 6 frames copied by three");
        session.bound<handover<2, 6, 2, 1, 0>>("capacity 2, 6 frames, with patience", 2);
    }
    return session.status();
}
