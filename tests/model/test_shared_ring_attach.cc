// SPDX-License-Identifier: MIT
//
// A side that attaches to a shared ring while the other one is at work: what it learns of the other
// side's position then is enough to use the frames, and the race-free handover begins at once.
//
// The memory is a memfd, mapped once for each endpoint. relacy keeps its books within its objects,
// so two mappings of an object are one object to it.

#include "model.h"

#include <rondo/shared_ring.h>

namespace
{

template <uint32_t capacity> struct shared_memory {
    model::on_line<struct rondo_shared_ring> creator;

    void
    init(enum rondo_shared_role role)
    {
        RL_ASSERT(rondo_shared_ring_create(creator.get(), capacity, sizeof(model::checked_frame),
                                           role) == 0);
        ::new (&header()->write_pos) RONDO_ATOMIC(uint64_t);
        ::new (&header()->read_pos) RONDO_ATOMIC(uint64_t);
        for (uint32_t i = 0; i < capacity; i++)
            ::new (frames() + i) model::checked_frame;
        rondo_shared_ring_start_at(creator.get(), 0);
    }

    void
    finish()
    {
        using atomic_position = RONDO_ATOMIC(uint64_t);

        for (uint32_t i = 0; i < capacity; i++)
            frames()[i].~checked_frame();
        header()->write_pos.~atomic_position();
        header()->read_pos.~atomic_position();
        rondo_shared_ring_destroy(creator.get());
    }

    struct rondo__shared_header *
    header()
    {
        return static_cast<struct rondo__shared_header *>(creator[0].mapping);
    }

    model::checked_frame *
    frames()
    {
        return reinterpret_cast<model::checked_frame *>(creator[0].memory);
    }
};

bool
write_one(struct rondo_shared_ring *ring, uint64_t value)
{
    const struct rondo_span span = rondo_shared_ring_get_write(ring, 1);

    if (span.frames > 0) {
        model::frame_at<model::checked_frame>(span, 0).put(value);
        rondo_shared_ring_release_write(ring, 1);
    }
    return span.frames > 0;
}

bool
read_one(struct rondo_shared_ring *ring, uint64_t value)
{
    const struct rondo_span span = rondo_shared_ring_get_read(ring, 1);

    if (span.frames > 0) {
        RL_ASSERT(model::frame_at<model::checked_frame>(span, 0).take() == value);
        rondo_shared_ring_release_read(ring, 1);
    }
    return span.frames > 0;
}

// The consumer attaches while the producer writes.
struct consumer_attaches : rl::test_suite<consumer_attaches, 2> {
    shared_memory<2> shared;
    model::on_line<struct rondo_shared_ring> consumer;

    void
    before()
    {
        shared.init(RONDO_SHARED_PRODUCER);
    }

    void
    thread(unsigned index)
    {
        if (index == 0) {
            write_one(shared.creator.get(), 0);
            write_one(shared.creator.get(), 1);
        } else {
            RL_ASSERT(rondo_shared_ring_attach(consumer.get(),
                                               rondo_shared_ring_fd(shared.creator.get()),
                                               RONDO_SHARED_CONSUMER) == 0);
            if (read_one(consumer.get(), 0))
                read_one(consumer.get(), 1);
        }
    }

    void
    after()
    {
        rondo_shared_ring_destroy(consumer.get());
        shared.finish();
    }
};

// A producer leaves and another one takes its place while the consumer reads.
struct producer_attaches : rl::test_suite<producer_attaches, 2> {
    shared_memory<1> shared;
    model::on_line<struct rondo_shared_ring> producer;

    void
    before()
    {
        shared.init(RONDO_SHARED_CONSUMER);
        attach();
        RL_ASSERT(write_one(producer.get(), 0));
        rondo_shared_ring_destroy(producer.get());
    }

    void
    thread(unsigned index)
    {
        if (index == 0) {
            attach();
            write_one(producer.get(), 1);
        } else {
            RL_ASSERT(read_one(shared.creator.get(), 0));
            read_one(shared.creator.get(), 1);
        }
    }

    void
    after()
    {
        rondo_shared_ring_destroy(producer.get());
        shared.finish();
    }

    void
    attach()
    {
        RL_ASSERT(rondo_shared_ring_attach(producer.get(),
                                           rondo_shared_ring_fd(shared.creator.get()),
                                           RONDO_SHARED_PRODUCER) == 0);
    }
};

} // namespace

int
main(int argc, char **argv)
{
    model::session session("shared ring", argc, argv);

    session.exhaust<consumer_attaches>("capacity 2, the consumer attaches");
    session.exhaust<producer_attaches>("capacity 1, another producer attaches");
    return session.status();
}
