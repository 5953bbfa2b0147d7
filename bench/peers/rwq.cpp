/* SPDX-License-Identifier: MIT */
/*
 * moodycamel::ReaderWriterQueue: circular blocks of elements in a circular list, each with one slot
 * always empty. Only the calls that never allocate are used.
 */
#include <new>
#include <readerwriterqueue.h>

#include "bench/cases/ring_ops.h"

#define RING_NAME "ReaderWriterQueue"
#define RING_ROLE BENCH_PEER
#define RING_HAS_ITEMS
#define RING_HAS_BLOCKS

namespace
{

using rwq_items = moodycamel::ReaderWriterQueue<uint64_t>;

/* One element is one block. */
template <std::size_t size> struct alignas(64) rwq_block {
    rwq_block(const rwq_block &from)
    {
        bench_copy(bytes, from.bytes, size);
    }
    unsigned char bytes[size];
};

template <std::size_t size> using rwq_blocks = moodycamel::ReaderWriterQueue<rwq_block<size>>;

template <typename Queue>
inline Queue *
make(std::size_t capacity)
{
    return new (bench_memory(sizeof(Queue))) Queue(capacity - 1); /* and the empty slot */
}

inline rwq_items *
item_open(uint32_t capacity)
{
    return make<rwq_items>(capacity);
}

inline void
item_close(rwq_items *queue)
{
    queue->~rwq_items();
}

inline bool
item_push(rwq_items *queue, uint64_t value)
{
    return queue->try_enqueue(value);
}

inline bool
item_pop(rwq_items *queue, uint64_t *value)
{
    return queue->try_dequeue(*value);
}

template <std::size_t size>
inline rwq_blocks<size> *
rwq_open(uint32_t capacity_bytes)
{
    return make<rwq_blocks<size>>(capacity_bytes / size);
}

template <std::size_t size>
inline void
rwq_close(rwq_blocks<size> *queue)
{
    queue->~ReaderWriterQueue();
}

template <std::size_t size>
inline uint32_t
rwq_write(rwq_blocks<size> *queue, const void *source, uint32_t)
{
    return queue->try_enqueue(*static_cast<const rwq_block<size> *>(source));
}

template <std::size_t size>
inline uint32_t
rwq_read(rwq_blocks<size> *queue, void *target, uint32_t)
{
    const rwq_block<size> *const front = queue->peek();

    if (front == nullptr)
        return 0;
    bench_copy(target, front, size);
    queue->pop();
    return 1;
}

} // namespace

#define ITEM_RING        rwq_items
#define BLOCK_RING       rwq_blocks<BLOCK_BYTES>
#define BLOCK_UNIT_BYTES BLOCK_BYTES
#define BLOCK_OP(op)     rwq_##op<BLOCK_BYTES>

#include "bench/cases/ring_cases.h"
