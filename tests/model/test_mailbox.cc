// SPDX-License-Identifier: MIT
//
// The mailbox: the reader gets values whole, never an older one than before, and in the end the
// newest; no access to a slot races with another.

#include "model.h"

// write() and read() copy values, which are frames here.
#define memcpy(to, from, bytes) model::copy_frames(to, from, bytes)
#include <rondo/mailbox.h>
#undef memcpy

namespace
{

// A slot: two words, so that half a value can be told from a whole one.
struct value {
    model::checked_frame first;
    model::checked_frame second;

    void
    put(uint64_t number)
    {
        first.put(number);
        second.put(number);
    }

    uint64_t
    take() const
    {
        const uint64_t number = first.take();

        RL_ASSERT(second.take() == number);
        return number;
    }
};
static_assert(sizeof(value) == RONDO_CACHELINE_BYTES, "slots in a row");

// In place, or by copies.
template <uint32_t values, uint32_t looks, bool is_copied>
struct exchange : rl::test_suite<exchange<values, looks, is_copied>, 2> {
    model::on_line<struct rondo_mailbox> mailbox;
    model::on_line<value, 3> slots;
    model::on_line<value> source;
    model::on_line<value> sink;
    uint64_t newest = 0; // what the reader has seen; 0: nothing

    void
    before()
    {
        RL_ASSERT(rondo_mailbox_init(mailbox.get(), slots.get(), sizeof(value)) == 0);
    }

    void
    thread(unsigned index)
    {
        if (index == 0) {
            for (uint64_t number = 1; number <= values; number++)
                publish(number);
        } else {
            for (uint32_t i = 0; i < looks; i++)
                look();
        }
    }

    void
    after()
    {
        look();
        RL_ASSERT(newest == values);
        RL_ASSERT(!look());
    }

    void
    publish(uint64_t number)
    {
        if (is_copied) {
            source[0].put(number);
            rondo_mailbox_write(mailbox.get(), source.get());
        } else {
            static_cast<value *>(rondo_mailbox_get_write(mailbox.get()))->put(number);
            rondo_mailbox_release_write(mailbox.get());
        }
    }

    // Whether there was something new.
    bool
    look()
    {
        bool is_fresh = false;
        uint64_t number = 0;

        if (is_copied) {
            is_fresh = rondo_mailbox_read(mailbox.get(), sink.get());
            number = is_fresh || newest > 0 ? sink[0].take() : 0;
        } else {
            const void *const at = rondo_mailbox_get_read(mailbox.get(), &is_fresh);

            number = at != nullptr ? static_cast<const value *>(at)->take() : 0;
        }
        RL_ASSERT(is_fresh ? number > newest : number == newest);
        newest = number;
        return is_fresh;
    }
};

} // namespace

int
main(int argc, char **argv)
{
    model::session session("mailbox", argc, argv);

    session.exhaust<exchange<3, 3, false>>("3 values, 3 looks");
    session.exhaust<exchange<3, 3, true>>("3 values, 3 looks, copied");
    session.exhaust<exchange<5, 3, false>>("5 values, 3 looks");
    session.sample<exchange<12, 12, true>>("12 values, 12 looks, copied", 20000);
    if (session.is_long()) {
        session.exhaust<exchange<5, 5, false>>("5 values, 5 looks");
        session.exhaust<exchange<6, 6, true>>("6 values, 6 looks, copied");
        session.bound<exchange<12, 12, false>>("12 values, 12 looks", 4);
    }
    return session.status();
}
