// SPDX-License-Identifier: MIT
//
// The double buffer: every period arrives once, in order, and no access to a period races with
// another, also when a side holds both.

#include "model.h"

#include <rondo/double_buffer.h>

namespace
{

// In all models: a thread gives up after so many attempts, 0: it waits as long as it takes.

struct buffer {
    static constexpr uint32_t period_frames = 2;
    model::on_line<struct rondo_double_buffer> self;
    // Frames of half a line, as a period must begin on one.
    model::on_line<model::checked_frame, 2 * period_frames> frames;
    uint64_t written = 0; // periods
    uint64_t read = 0;    // periods

    void
    init()
    {
        RL_ASSERT(rondo_double_buffer_init(self.get(), frames.get(), period_frames,
                                           sizeof(model::checked_frame)) == 0);
    }

    void
    fill(struct rondo_span span)
    {
        RL_ASSERT(span.frames == period_frames);
        for (uint32_t i = 0; i < span.frames; i++)
            model::frame_at<model::checked_frame>(span, i).put(written * period_frames + i);
        written++;
    }

    void
    look(struct rondo_span span)
    {
        RL_ASSERT(span.frames == period_frames);
        for (uint32_t i = 0; i < span.frames; i++)
            RL_ASSERT(model::frame_at<model::checked_frame>(span, i).take() ==
                      read * period_frames + i);
        read++;
    }
};

// Period by period.
template <uint32_t periods, uint32_t attempts, bool is_warmed>
struct handover : rl::test_suite<handover<periods, attempts, is_warmed>, 2> {
    buffer pair;

    void
    before()
    {
        pair.init();
    }

    void
    thread(unsigned index)
    {
        uint32_t done = 0;

        for (uint32_t i = 0; done < periods && (attempts == 0 || i < attempts); i++) {
            if (index == 0 ? write() : read())
                done++;
            else if (attempts == 0)
                model::wait_for_others();
        }
    }

    bool
    write()
    {
        if (is_warmed)
            rondo_double_buffer_warm(pair.self.get());

        const struct rondo_span span = rondo_double_buffer_get_empty(pair.self.get());

        if (span.frames == 0)
            return false;
        pair.fill(span);
        rondo_double_buffer_release_full(pair.self.get());
        return true;
    }

    bool
    read()
    {
        const struct rondo_span span = rondo_double_buffer_get_full(pair.self.get());

        if (span.frames == 0)
            return false;
        pair.look(span);
        rondo_double_buffer_release_empty(pair.self.get());
        return true;
    }

    void
    after()
    {
        RL_ASSERT(attempts > 0 || pair.read == periods);
        RL_ASSERT(pair.written - pair.read <= 2);
    }
};

// Each side takes all that it gets, up to both buffers, before it releases what it holds.
template <uint32_t periods, uint32_t attempts>
struct hold_both : rl::test_suite<hold_both<periods, attempts>, 2> {
    buffer pair;

    void
    before()
    {
        pair.init();
    }

    void
    thread(unsigned index)
    {
        uint32_t done = 0;

        for (uint32_t i = 0; done < periods && (attempts == 0 || i < attempts); i++) {
            uint32_t held = 0;

            for (; held < 2 && done + held < periods; held++)
                if (!(index == 0 ? take_empty() : take_full()))
                    break;
            if (held == 2)
                RL_ASSERT(!(index == 0 ? take_empty() : take_full()));
            done += held;
            if (held == 0 && attempts == 0)
                model::wait_for_others();
            for (; held > 0; held--) {
                if (index == 0)
                    rondo_double_buffer_release_full(pair.self.get());
                else
                    rondo_double_buffer_release_empty(pair.self.get());
            }
        }
    }

    bool
    take_empty()
    {
        const struct rondo_span span = rondo_double_buffer_get_empty(pair.self.get());

        if (span.frames > 0)
            pair.fill(span);
        return span.frames > 0;
    }

    bool
    take_full()
    {
        const struct rondo_span span = rondo_double_buffer_get_full(pair.self.get());

        if (span.frames > 0)
            pair.look(span);
        return span.frames > 0;
    }
};

} // namespace

int
main(int argc, char **argv)
{
    model::session session("double buffer", argc, argv);

    session.exhaust<handover<3, 4, false>>("3 periods");
    session.exhaust<handover<3, 3, true>>("3 periods, warmed");
    session.exhaust<hold_both<4, 3>>("4 periods, both held");
    session.sample<handover<8, 0, true>>("8 periods, with patience", 20000);
    session.sample<hold_both<8, 0>>("8 periods, both held, with patience", 20000);
    if (session.is_long()) {
        session.exhaust<handover<4, 5, false>>("4 periods");
        session.exhaust<hold_both<4, 4>>("4 periods, both held");
        session.bound<handover<6, 0, true>>("6 periods, with patience", 4);
        session.bound<hold_both<6, 0>>("6 periods, both held, with patience", 4);
    }
    return session.status();
}
