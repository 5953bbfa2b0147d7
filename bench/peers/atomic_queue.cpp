/* SPDX-License-Identifier: MIT */
/*
 * atomic_queue for one producer and one consumer, with its waiting calls: a slot is its own flag,
 * so an item is handed over by one cache line. The anchor for latency. Items alone; its spins
 * pause.
 */
#include <atomic_queue/atomic_queue.h>
#include <new>

#include "bench/cases/ring_ops.h"
#include "bench/peers/arena_allocator.hpp"

#define RING_NAME "atomic_queue"
#define RING_ROLE BENCH_PEER
#define RING_HAS_ITEMS
#define RING_IS_NO_INDEX_RING
#define RING_WAITS /* its calls return only when they have succeeded */

namespace
{

constexpr uint64_t nothing = ~UINT64_C(0);
using waiting_queue =
    atomic_queue::AtomicQueueB<uint64_t, arena_allocator<uint64_t>, nothing, true, false, true>;

inline waiting_queue *
item_open(uint32_t capacity)
{
    return new (bench_memory(sizeof(waiting_queue))) waiting_queue(capacity);
}

inline void
item_close(waiting_queue *queue)
{
    queue->~waiting_queue();
}

inline bool
item_push(waiting_queue *queue, uint64_t value)
{
    queue->push(value);
    return true;
}

inline bool
item_pop(waiting_queue *queue, uint64_t *value)
{
    *value = queue->pop();
    return true;
}

} // namespace

#define ITEM_RING waiting_queue

#include "bench/cases/ring_cases.h"
