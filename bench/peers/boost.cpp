/* SPDX-License-Identifier: MIT */
/*
 * boost::lockfree::spsc_queue: an array of elements, one slot always empty.
 */
#include <boost/lockfree/spsc_queue.hpp>
#include <new>

#include "bench/cases/ring_ops.h"
#include "bench/peers/arena_allocator.hpp"

#define RING_NAME "boost spsc_queue"
#define RING_ROLE BENCH_PEER
#define RING_HAS_ITEMS
#define RING_HAS_BULK
#define RING_HAS_BLOCKS

namespace
{

template <typename T>
using boost_queue = boost::lockfree::spsc_queue<T, boost::lockfree::allocator<arena_allocator<T>>>;

using boost_items = boost_queue<uint64_t>;

/* One element is one block, copied as by everybody else. */
template <std::size_t size> struct boost_block {
    boost_block() = default;
    boost_block(const boost_block &from)
    {
        bench_copy(bytes, from.bytes, size);
    }
    boost_block &
    operator=(const boost_block &from)
    {
        bench_copy(bytes, from.bytes, size);
        return *this;
    }
    unsigned char bytes[size];
};

template <std::size_t size> using boost_blocks = boost_queue<boost_block<size>>;

template <typename Queue>
inline Queue *
make(std::size_t capacity)
{
    return new (bench_memory(sizeof(Queue))) Queue(capacity);
}

inline boost_items *
item_open(uint32_t capacity)
{
    return make<boost_items>(capacity - 1); /* and the empty slot: together a power of two */
}

inline void
item_close(boost_items *queue)
{
    queue->~boost_items();
}

inline bool
item_push(boost_items *queue, uint64_t value)
{
    return queue->push(value);
}

inline bool
item_pop(boost_items *queue, uint64_t *value)
{
    return queue->pop(*value);
}

inline uint32_t
bulk_push(boost_items *queue, const uint64_t *values, uint32_t n)
{
    return static_cast<uint32_t>(queue->push(values, n));
}

inline uint32_t
bulk_pop(boost_items *queue, uint64_t *values, uint32_t n)
{
    return static_cast<uint32_t>(queue->pop(values, n));
}

template <std::size_t size>
inline boost_blocks<size> *
boost_open(uint32_t capacity_bytes)
{
    return make<boost_blocks<size>>(capacity_bytes / size);
}

template <std::size_t size>
inline void
boost_close(boost_blocks<size> *queue)
{
    queue->~spsc_queue();
}

template <std::size_t size>
inline uint32_t
boost_write(boost_blocks<size> *queue, const void *source, uint32_t)
{
    return queue->push(*static_cast<const boost_block<size> *>(source));
}

template <std::size_t size>
inline uint32_t
boost_read(boost_blocks<size> *queue, void *target, uint32_t)
{
    return queue->consume_one(
        [target](const boost_block<size> &block) { bench_copy(target, &block, size); });
}

} // namespace

#define ITEM_RING        boost_items
#define BLOCK_RING       boost_blocks<BLOCK_BYTES>
#define BLOCK_UNIT_BYTES BLOCK_BYTES
#define BLOCK_OP(op)     boost_##op<BLOCK_BYTES>

#include "bench/cases/ring_cases.h"
