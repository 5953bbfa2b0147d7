/* SPDX-License-Identifier: MIT */
/*
 * A producer that never waits, as a DMA engine, and a consumer that reads along as well as it can:
 * the producer's rate, through 64 KB. And what the calls cost one thread.
 */
#include <rondo/ring.h>

#include <string.h>

#include "bench/cases/ring_ops.h"
#include "bench/pair.h"
#include "bench/timing.h"

struct flow {
    struct rondo_ring *ring;
    unsigned char *source;
    unsigned char *target;
    uint32_t bytes;
    uint64_t blocks;
    uint64_t *ticks; /* the producer's */
    uint64_t *done;  /* set at the end */
};

static struct rondo_ring *
make_ring(void)
{
    struct rondo_ring *const ring = bench_memory(sizeof *ring);

    if (rondo_ring_init(ring, bench_memory(BENCH_RING_BYTES), BENCH_RING_BYTES / 8, 8) != 0 ||
        rondo_ring_set_producer(ring, RONDO_PRODUCER_FREE_RUNS) != 0)
        return NULL;
    return ring;
}

static void
flow_producer(struct pair_side *side, void *context_)
{
    const struct flow context = *(struct flow *)context_;
    const uint32_t frames = context.bytes / 8;
    uint64_t start;

    (void)side;
    start = bench_ticks_fenced();
    for (uint64_t i = 0; i < context.blocks; i++) {
        memcpy(context.source, &i, sizeof i);
        memcpy(context.source + context.bytes - sizeof i, &i, sizeof i);
        rondo_ring_write(context.ring, context.source, frames);
    }
    *context.ticks = bench_ticks_fenced() - start;
    __atomic_store_n(context.done, 1, __ATOMIC_RELEASE);
}

/* What is whole must be right; how much of it there is depends on the two cores. */
static void
flow_consumer(struct pair_side *side, void *context_)
{
    const struct flow context = *(struct flow *)context_;
    const uint32_t frames = context.bytes / 8;

    while (__atomic_load_n(context.done, __ATOMIC_ACQUIRE) == 0) {
        uint64_t lost = 0;
        const struct rondo_span span = rondo_ring_get_read_checked(context.ring, frames, &lost);
        const uint64_t number = rondo_ring_read_position(context.ring) / frames;

        if (span.frames < frames) {
            rondo_ring_release_read_checked(context.ring, 0);
            if (pair_wait_hot(side))
                return;
            continue;
        }
        memcpy(context.target, span.data, context.bytes);
        if (rondo_ring_release_read_checked(context.ring, frames) != 0)
            continue;
        if (__builtin_expect(memcmp(context.target, &number, sizeof number) != 0 ||
                                 memcmp(context.target + context.bytes - sizeof number, &number,
                                        sizeof number) != 0,
                             0)) {
            pair_fail(side, "a block that was called whole is not");
            return;
        }
    }
}

static const char *
flow_run(const struct bench_candidate *self, uint64_t operations, struct bench_measure *measure)
{
    uint64_t ticks = 0;
    struct flow context = {
        .ring = make_ring(),
        .source = bench_memory((size_t)self->parameter),
        .target = bench_memory((size_t)self->parameter),
        .bytes = bench_opaque((uint32_t)self->parameter),
        .blocks = operations,
        .ticks = &ticks,
        .done = bench_memory(128),
    };
    const char *error;

    if (context.ring == NULL)
        return "the ring could not be made";
    error = pair_run(flow_producer, flow_consumer, &context, NULL);
    measure->ns = bench_ticks_to_ns(ticks);
    measure->operations = operations;
    measure->bytes = operations * self->parameter;
    return error;
}

/* The bound: memcpy() into the same memory, round and round, and nobody reads. */
static const char *
memcpy_run(const struct bench_candidate *self, uint64_t operations, struct bench_measure *measure)
{
    const uint32_t bytes = bench_opaque((uint32_t)self->parameter);
    unsigned char *const memory = bench_memory(BENCH_RING_BYTES);
    unsigned char *const source = bench_memory(bytes);
    uint32_t offset = 0;
    uint64_t start;

    start = bench_ticks_fenced();
    for (uint64_t i = 0; i < operations; i++) {
        memcpy(source, &i, sizeof i);
        memcpy(memory + offset, source, bytes);
        bench_keep(memory);
        offset = (offset + bytes) % BENCH_RING_BYTES;
    }
    measure->ns = bench_ticks_to_ns(bench_ticks_fenced() - start);
    measure->operations = operations;
    measure->bytes = operations * bytes;
    return NULL;
}

/* ---- one thread: lent and given back, both sides in turn ---- */

static const char *
pair_1k_run(const struct bench_candidate *self, uint64_t operations, struct bench_measure *measure)
{
    struct rondo_ring *const ring = make_ring();
    const uint32_t frames = bench_opaque(1024) / 8;
    uint64_t lost_frames = 0;
    uint64_t start;

    (void)self;
    if (ring == NULL)
        return "the ring could not be made";
    start = bench_ticks_fenced();
    for (uint64_t i = 0; i < operations; i++) {
        struct rondo_span span = rondo_ring_get_write(ring, frames);
        uint64_t lost = 0;

        if (__builtin_expect(span.frames != frames, 0))
            return "no room for one that never waits";
        bench_keep(span.data);
        rondo_ring_release_write(ring, frames);
        span = rondo_ring_get_read_checked(ring, frames, &lost);
        if (__builtin_expect(span.frames != frames, 0))
            return "nothing to read after a write";
        bench_keep(span.data);
        lost_frames += lost + rondo_ring_release_read_checked(ring, frames);
    }
    measure->ns = bench_ticks_to_ns(bench_ticks_fenced() - start);
    measure->operations = operations;
    return lost_frames == 0 ? NULL : "frames were lost that nobody overwrote";
}

#define FLOW(size)                                                                                 \
    {"free_running",                                                                               \
     "rondo, free-running",                                                                        \
     BENCH_OURS,                                                                                   \
     BENCH_BYTES_PER_S,                                                                            \
     33554432 / (size),                                                                            \
     flow_run,                                                                                     \
     NULL,                                                                                         \
     size,                                                                                         \
     0},                                                                                           \
    {                                                                                              \
        "free_running", "memcpy", BENCH_BOUND, BENCH_BYTES_PER_S, 33554432 / (size), memcpy_run,   \
            NULL, size, 0                                                                          \
    }

static const struct bench_candidate candidates[] = {
    FLOW(256),
    FLOW(1024),
    FLOW(4096),
    {"pair_1k", "rondo, free-running", BENCH_VARIANT, BENCH_NS_PER_OPERATION, 1000000, pair_1k_run,
     NULL, 0, 0},
};

__attribute__((constructor)) static void
offer(void)
{
    for (size_t i = 0; i < sizeof candidates / sizeof candidates[0]; i++)
        bench_add(&candidates[i]);
}
