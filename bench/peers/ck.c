/* SPDX-License-Identifier: MIT */
/*
 * Concurrency Kit's ck_ring: an array of elements, one slot always empty. The producer may fill an
 * element in place (reserve, commit), the consumer gets a copy.
 */
#include <stdalign.h>

#include <ck_ring.h>

#include "bench/cases/ring_ops.h"

#define RING_NAME "ck_ring"
#define RING_ROLE BENCH_PEER
#define RING_HAS_ITEMS
#define RING_HAS_BLOCKS

struct ck_item {
    uint64_t value;
};

CK_RING_PROTOTYPE(item, ck_item)

struct ck_items {
    struct ck_ring ring __attribute__((aligned(64)));
    struct ck_item *slots;
};

#define ITEM_RING struct ck_items

static inline struct ck_items *
item_open(uint32_t capacity)
{
    struct ck_items *const peer = bench_memory(sizeof *peer);

    ck_ring_init(&peer->ring, capacity);
    peer->slots = bench_memory(capacity * sizeof *peer->slots);
    return peer;
}

static inline void
item_close(struct ck_items *peer)
{
    (void)peer;
}

static inline int
item_push(struct ck_items *peer, uint64_t value)
{
    struct ck_item item = {value};

    return CK_RING_ENQUEUE_SPSC(item, &peer->ring, peer->slots, &item);
}

static inline int
item_pop(struct ck_items *peer, uint64_t *value)
{
    struct ck_item item;

    if (!CK_RING_DEQUEUE_SPSC(item, &peer->ring, peer->slots, &item))
        return 0;
    *value = item.value;
    return 1;
}

/* The greatest power of two of at most @p number. */
static inline uint32_t
ck_power(uint32_t number)
{
    return UINT32_C(1) << (31 - __builtin_clz(number));
}

/* One element is one block. */
#define CK_BLOCKS(size)                                                                            \
    struct ck_block_##size {                                                                       \
        unsigned char bytes[size];                                                                 \
    };                                                                                             \
    CK_RING_PROTOTYPE(block_##size, ck_block_##size)                                               \
    struct ck_blocks_##size {                                                                      \
        struct ck_ring ring __attribute__((aligned(64)));                                          \
        struct ck_block_##size *slots;                                                             \
    };                                                                                             \
    static inline struct ck_blocks_##size *ck_open_##size(uint32_t capacity_bytes)                 \
    {                                                                                              \
        struct ck_blocks_##size *const peer = bench_memory(sizeof *peer);                          \
                                                                                                   \
        ck_ring_init(&peer->ring, ck_power(capacity_bytes / (size)));                              \
        peer->slots = bench_memory(capacity_bytes);                                                \
        return peer;                                                                               \
    }                                                                                              \
    static inline void ck_close_##size(struct ck_blocks_##size *peer)                              \
    {                                                                                              \
        (void)peer;                                                                                \
    }                                                                                              \
    static inline uint32_t ck_write_##size(struct ck_blocks_##size *peer, const void *source,      \
                                           uint32_t one)                                           \
    {                                                                                              \
        void *const slot = ck_ring_enqueue_reserve_spsc_block_##size(&peer->ring, peer->slots);    \
                                                                                                   \
        (void)one;                                                                                 \
        if (slot == NULL)                                                                          \
            return 0;                                                                              \
        bench_copy(slot, source, size);                                                            \
        ck_ring_enqueue_commit_spsc(&peer->ring);                                                  \
        return 1;                                                                                  \
    }                                                                                              \
    static inline uint32_t ck_read_##size(struct ck_blocks_##size *peer, void *target,             \
                                          uint32_t one)                                            \
    {                                                                                              \
        (void)one;                                                                                 \
        return CK_RING_DEQUEUE_SPSC(block_##size, &peer->ring, peer->slots, target);               \
    }

CK_BLOCKS(64)
CK_BLOCKS(128)
CK_BLOCKS(256)
CK_BLOCKS(512)
CK_BLOCKS(1024)
CK_BLOCKS(2048)
CK_BLOCKS(3528)
CK_BLOCKS(4096)
CK_BLOCKS(8192)
CK_BLOCKS(16384)

#define BLOCK_RING       struct BENCH_PASTE(ck_blocks_, BLOCK_BYTES)
#define BLOCK_UNIT_BYTES BLOCK_BYTES
#define BLOCK_OP(op)     BENCH_PASTE(ck_##op##_, BLOCK_BYTES)

#include "bench/cases/ring_cases.h"
