/* SPDX-License-Identifier: MIT */
/*
 * PortAudio's ring of elements, as in libportaudio.a: full memory fences, calls not inlined. Debian
 * installs no header for it, so what is needed is declared here.
 */
#include "bench/cases/ring_ops.h"

#define RING_NAME "PaUtilRingBuffer"
#define RING_ROLE BENCH_PEER
#define RING_HAS_ITEMS
#define RING_HAS_BULK
#define RING_HAS_BLOCKS
#define RING_HAS_SPANS

/* The ring is used by its functions alone; this is more than its size. */
struct pa_ring {
    unsigned char bytes[256];
};

long PaUtil_InitializeRingBuffer(struct pa_ring *ring, long element_bytes, long elements,
                                 void *memory);
long PaUtil_WriteRingBuffer(struct pa_ring *ring, const void *source, long elements);
long PaUtil_ReadRingBuffer(struct pa_ring *ring, void *target, long elements);
long PaUtil_GetRingBufferWriteAvailable(const struct pa_ring *ring);
long PaUtil_GetRingBufferReadAvailable(const struct pa_ring *ring);
long PaUtil_GetRingBufferWriteRegions(struct pa_ring *ring, long elements, void **data1,
                                      long *size1, void **data2, long *size2);
long PaUtil_GetRingBufferReadRegions(struct pa_ring *ring, long elements, void **data1, long *size1,
                                     void **data2, long *size2);
long PaUtil_AdvanceRingBufferWriteIndex(struct pa_ring *ring, long elements);
long PaUtil_AdvanceRingBufferReadIndex(struct pa_ring *ring, long elements);

#define ITEM_RING        struct pa_ring
#define BLOCK_RING       struct pa_ring
#define BLOCK_UNIT_BYTES 8u

static inline struct pa_ring *
item_open(uint32_t capacity)
{
    struct pa_ring *const ring = bench_memory(sizeof *ring);

    return PaUtil_InitializeRingBuffer(ring, 8, (long)capacity,
                                       bench_memory((size_t)capacity * 8)) == 0
               ? ring
               : NULL;
}

static inline void
item_close(struct pa_ring *ring)
{
    (void)ring;
}

static inline int
item_push(struct pa_ring *ring, uint64_t value)
{
    return PaUtil_WriteRingBuffer(ring, &value, 1) == 1;
}

static inline int
item_pop(struct pa_ring *ring, uint64_t *value)
{
    return PaUtil_ReadRingBuffer(ring, value, 1) == 1;
}

/* They do as much as they can; blocks divide the ring here, so that is a whole block or nothing. */
static inline uint32_t
bulk_push(struct pa_ring *ring, const uint64_t *values, uint32_t n)
{
    return (uint32_t)PaUtil_WriteRingBuffer(ring, values, n);
}

static inline uint32_t
bulk_pop(struct pa_ring *ring, uint64_t *values, uint32_t n)
{
    return (uint32_t)PaUtil_ReadRingBuffer(ring, values, n);
}

static inline struct pa_ring *
block_open(uint32_t capacity_bytes)
{
    return item_open(capacity_bytes / 8);
}

static inline void
block_close(struct pa_ring *ring)
{
    (void)ring;
}

static inline uint32_t
block_write(struct pa_ring *ring, const void *source, uint32_t units)
{
    return (uint32_t)PaUtil_WriteRingBuffer(ring, source, units);
}

static inline uint32_t
block_read(struct pa_ring *ring, void *target, uint32_t units)
{
    return (uint32_t)PaUtil_ReadRingBuffer(ring, target, units);
}

static inline struct bench_span
block_get_write(struct pa_ring *ring, uint32_t units)
{
    void *data[2];
    long size[2];
    struct bench_span span = {NULL, 0, 0};

    if (PaUtil_GetRingBufferWriteRegions(ring, units, &data[0], &size[0], &data[1], &size[1]) > 0) {
        span.data = data[0];
        span.units = (uint32_t)size[0];
    }
    return span;
}

static inline void
block_release_write(struct pa_ring *ring, struct bench_span span, uint32_t units)
{
    (void)span;
    PaUtil_AdvanceRingBufferWriteIndex(ring, units);
}

static inline struct bench_span
block_get_read(struct pa_ring *ring, uint32_t units)
{
    void *data[2];
    long size[2];
    struct bench_span span = {NULL, 0, 0};

    if (PaUtil_GetRingBufferReadRegions(ring, units, &data[0], &size[0], &data[1], &size[1]) > 0) {
        span.data = data[0];
        span.units = (uint32_t)size[0];
    }
    return span;
}

static inline void
block_release_read(struct pa_ring *ring, struct bench_span span, uint32_t units)
{
    (void)span;
    PaUtil_AdvanceRingBufferReadIndex(ring, units);
}

#include "bench/cases/ring_cases.h"
