// SPDX-License-Identifier: MIT
//
// A tap beside a ring: it disturbs nobody, and what it is told to be whole is whole.

#include "model.h"

#include <rondo/ring.h>
#include <rondo/tap.h>

#include "reader_model.h"

namespace
{

constexpr uint64_t start = UINT64_MAX;

// A tap, and what it does in turn.
template <uint32_t capacity> struct tap {
    struct rondo_tap self = {};
    model::reader<capacity> reader;

    void
    init(model::announced_ring<capacity> &ring)
    {
        RL_ASSERT(rondo_tap_init(&self, ring.get()) == 0);
        reader.position = rondo_tap_position(&self);
    }

    uint32_t
    look(const model::announced_ring<capacity> &ring)
    {
        const uint32_t frames = reader.look(
            ring, [this](uint64_t *lost) { return rondo_tap_get(&self, UINT32_MAX, lost); },
            [this](uint32_t count) { return rondo_tap_release(&self, count); });

        RL_ASSERT(rondo_tap_position(&self) == reader.position);
        return frames;
    }
};

// A tap hung on in time, beside a thread that is producer and consumer of its own ring, or a
// producer that does not wait.
template <uint32_t capacity, uint32_t frames, uint32_t looks, enum rondo_ring_producer_kind kind>
struct beside : rl::test_suite<beside<capacity, frames, looks, kind>, 2>
{
    model::announced_ring<capacity> ring;
    tap<capacity> tapped;

    void before()
    {
        ring.init(kind, start);
        tapped.init(ring);
    }

    void thread(unsigned index)
    {
        if (index == 0) {
            for (uint32_t i = 0; i < frames; i++) {
                RL_ASSERT(ring.write(1) == 1);
                if (kind == RONDO_PRODUCER_WAITS_TAPPED)
                    RL_ASSERT(ring.read(1) == 1);
            }
        } else {
            for (uint32_t i = 0; i < looks; i++)
                tapped.look(ring);
        }
    }

    void after()
    {
        while (tapped.look(ring) > 0)
            continue;
        RL_ASSERT(tapped.reader.position == start + frames);
        RL_ASSERT(tapped.reader.whole + tapped.reader.lost == frames);
        // The last frame; but a reader that was overtaken jumps over half a ring of one.
        RL_ASSERT(capacity == 1 || tapped.reader.whole > 0);
    }
};

// Three threads: producer, consumer, tap.
template <uint32_t capacity, uint32_t frames, uint32_t attempts, uint32_t looks>
struct third : rl::test_suite<third<capacity, frames, attempts, looks>, 3> {
    model::announced_ring<capacity> ring;
    tap<capacity> tapped;

    void
    before()
    {
        ring.init(RONDO_PRODUCER_WAITS_TAPPED, start);
        tapped.init(ring);
    }

    void
    thread(unsigned index)
    {
        if (index == 0) {
            uint32_t done = 0;

            for (uint32_t i = 0; done < frames && i < attempts; i++)
                done += ring.write(1);
        } else if (index == 1) {
            ring.read_all(frames, 1, attempts);
        } else {
            for (uint32_t i = 0; i < looks; i++)
                tapped.look(ring);
        }
    }
};

// A tap that is hung on while the producer is at work begins where the producer is.
template <uint32_t capacity, uint32_t frames>
struct late_tap : rl::test_suite<late_tap<capacity, frames>, 2> {
    model::announced_ring<capacity> ring;
    tap<capacity> tapped;

    void
    before()
    {
        ring.init(RONDO_PRODUCER_FREE_RUNS, start);
    }

    void
    thread(unsigned index)
    {
        if (index == 0) {
            for (uint32_t i = 0; i < frames; i++)
                RL_ASSERT(ring.write(1) == 1);
        } else {
            tapped.init(ring);
            tapped.look(ring);
        }
    }

    void
    after()
    {
        while (tapped.look(ring) > 0)
            continue;
        RL_ASSERT(tapped.reader.position == start + frames);
    }
};

// The consumer goes on without the producer, which follows: frames that were jumped over were never
// written, and the tap is not told that they are whole.
template <uint32_t capacity, uint32_t frames, uint32_t skipped>
struct jump : rl::test_suite<jump<capacity, frames, skipped>, 2> {
    model::announced_ring<capacity> ring;
    tap<capacity> tapped;

    void
    before()
    {
        ring.init(RONDO_PRODUCER_WAITS_TAPPED, start);
        tapped.init(ring);
    }

    void
    thread(unsigned index)
    {
        if (index == 0) {
            rondo_ring_skip_read(ring.get(), skipped);
            ring.read_position += skipped;
            ring.catch_up(skipped);
            for (uint32_t i = 0; i < frames; i++)
                RL_ASSERT(ring.write(1) == 1);
        } else {
            tapped.look(ring);
            tapped.look(ring);
        }
    }

    void
    after()
    {
        while (tapped.look(ring) > 0)
            continue;
        RL_ASSERT(tapped.reader.position == start + skipped + frames);
    }
};

} // namespace

int
main(int argc, char **argv)
{
    constexpr enum rondo_ring_producer_kind waits = RONDO_PRODUCER_WAITS_TAPPED;
    constexpr enum rondo_ring_producer_kind runs = RONDO_PRODUCER_FREE_RUNS;
    model::session session("tap", argc, argv);

    session.exhaust<beside<1, 2, 1, waits>>("capacity 1, 2 frames, 1 look");
    session.exhaust<beside<1, 2, 1, runs>>("capacity 1, 2 frames, 1 look, free-running");
    session.exhaust<late_tap<1, 2>>("capacity 1, hung on late");
    session.exhaust<jump<2, 0, 1>>("capacity 2, 1 frame jumped");
    session.sample<jump<3, 3, 2>>("capacity 3, 2 frames jumped", 20000);
    session.sample<third<2, 6, 12, 6>>("capacity 2, producer, consumer and tap", 20000);
    session.sample<beside<3, 8, 6, runs>>("capacity 3, 8 frames, 6 looks, free-running", 20000);
    if (session.is_long()) {
        session.exhaust<beside<2, 3, 1, runs>>("capacity 2, 3 frames, 1 look, free-running");
        session.exhaust<beside<1, 2, 2, runs>>("capacity 1, 2 frames, 2 looks, free-running");
        session.exhaust<jump<1, 1, 1>>("capacity 1, 1 frame jumped");
        session.bound<third<1, 2, 2, 2>>("capacity 1, producer, consumer and tap", 2);
        session.bound<beside<2, 5, 4, runs>>("capacity 2, 5 frames, 4 looks, free-running", 2);
    }
    return session.status();
}
