// SPDX-License-Identifier: MIT
//
// The ring with a producer that does not wait: what the consumer is told to be whole is whole, what
// it is told to be lost had been announced, and both together are all frames.

#include <algorithm>

#include "model.h"

#include <rondo/ring.h>

#include "reader_model.h"

namespace
{

constexpr uint64_t near_2_64 = UINT64_MAX;

template <uint32_t capacity, uint32_t frames, uint32_t block, uint32_t looks>
struct overtaken : rl::test_suite<overtaken<capacity, frames, block, looks>, 2> {
    model::announced_ring<capacity> ring;
    model::reader<capacity> reader;

    void
    before()
    {
        ring.init(RONDO_PRODUCER_FREE_RUNS, near_2_64);
        reader.position = near_2_64;
    }

    void
    thread(unsigned index)
    {
        if (index == 0) {
            for (uint32_t done = 0; done < frames;) {
                const uint32_t now = ring.write(std::min(block, frames - done));

                RL_ASSERT(now > 0);
                done += now;
            }
        } else {
            for (uint32_t i = 0; i < looks; i++)
                look();
        }
    }

    // The rest, when the producer has finished.
    void
    after()
    {
        while (look() > 0)
            continue;
        RL_ASSERT(reader.position == near_2_64 + frames);
        RL_ASSERT(reader.whole + reader.lost == frames);
        // The last frame; but a reader that was overtaken jumps over half a ring of one.
        RL_ASSERT(capacity == 1 || reader.whole > 0);
        RL_ASSERT(rondo_ring_read_position(ring.get()) == reader.position);
    }

    uint32_t
    look()
    {
        struct rondo_ring *const shared = ring.get();

        return reader.look(
            ring,
            [shared](uint64_t *lost) {
                return rondo_ring_get_read_checked(shared, UINT32_MAX, lost);
            },
            [shared](uint32_t count) { return rondo_ring_release_read_checked(shared, count); });
    }
};

// A get that is repeated smaller, and a release of less than was lent: the claim does not go back.
template <uint32_t capacity> struct repeated : rl::test_suite<repeated<capacity>, 2> {
    model::announced_ring<capacity> ring;
    model::reader<capacity> reader;

    void
    before()
    {
        ring.init(RONDO_PRODUCER_FREE_RUNS, near_2_64);
        RL_ASSERT(ring.write(capacity) == capacity);
        reader.position = near_2_64;
    }

    void
    thread(unsigned index)
    {
        if (index == 0) {
            ring.write(capacity, capacity - 1);
            ring.write(1);
        } else {
            struct rondo_ring *const shared = ring.get();

            reader.look(
                ring,
                [shared](uint64_t *lost) {
                    return rondo_ring_get_read_checked(shared, UINT32_MAX, lost);
                },
                [shared](uint32_t count) {
                    return rondo_ring_release_read_checked(shared, count);
                });
        }
    }
};

} // namespace

int
main(int argc, char **argv)
{
    model::session session("free-running", argc, argv);

    session.exhaust<overtaken<1, 2, 1, 1>>("capacity 1, 2 frames, 1 look");
    session.exhaust<overtaken<2, 4, 2, 1>>("capacity 2, 4 frames in pairs, 1 look");
    session.sample<overtaken<1, 4, 1, 4>>("capacity 1, 4 frames, 4 looks", 20000);
    session.sample<overtaken<3, 8, 2, 6>>("capacity 3, 8 frames, 6 looks", 20000);
    if (session.is_long()) {
        session.exhaust<overtaken<2, 3, 1, 1>>("capacity 2, 3 frames, 1 look");
        session.exhaust<overtaken<1, 2, 1, 2>>("capacity 1, 2 frames, 2 looks");
        session.exhaust<overtaken<3, 6, 3, 1>>("capacity 3, 6 frames by three, 1 look");
        session.exhaust<repeated<2>>("capacity 2, a get repeated smaller");
        session.bound<overtaken<2, 5, 1, 4>>("capacity 2, 5 frames, 4 looks", 2);
    }
    return session.status();
}
