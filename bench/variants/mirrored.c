/* SPDX-License-Identifier: MIT */
/* In memory that is mapped twice in a row: spans never stop at the wrap. */
#include <rondo/memory.h>
#include <rondo/ring.h>

#include "bench/cases/ring_ops.h"

struct mirrored_ring {
    struct rondo_ring ring; /* first: it stands for the whole */
    struct rondo_memory memory;
};

static inline struct rondo_ring *
mirrored_open(uint32_t frames)
{
    struct mirrored_ring *const mirrored = bench_memory(sizeof *mirrored);

    if (rondo_memory_create(&mirrored->memory, (size_t)frames * 8, RONDO_MEMORY_MIRRORED) != 0 ||
        rondo_ring_init_mirrored(&mirrored->ring, mirrored->memory.data, frames, 8) != 0)
        return NULL;
    memset(mirrored->memory.data, 0, (size_t)frames * 8);
    return &mirrored->ring;
}

static inline void
mirrored_close(struct rondo_ring *ring)
{
    rondo_memory_destroy(&((struct mirrored_ring *)ring)->memory);
}

#define RING_NAME               "rondo, mirrored"
#define RING_ROLE               BENCH_VARIANT
#define RING_QUICK              0
#define RING_CAPACITY_BYTES_MIN 4096
#define RONDO_OPS_OPEN(frames)  mirrored_open(frames)
#define RONDO_OPS_CLOSE(ring)   mirrored_close(ring)
#include "bench/cases/rondo_ops.h"

#include "bench/cases/ring_cases.h"
