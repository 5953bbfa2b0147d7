/* SPDX-License-Identifier: MIT */
/*
 * Blocks in a stream: copied in and out by one thread and by two, and lent between two. Part of
 * block_cases.h. A candidate's argument is its ring's capacity in bytes.
 */

/* About 32 MB a repetition, but no more than 100,000 blocks. */
#if BLOCK_BYTES <= 256
#define BLOCK_OPERATIONS 100000
#else
#define BLOCK_OPERATIONS (33554432 / BLOCK_BYTES)
#endif

struct BLOCK_FN(stream) {
    BLOCK_RING *ring;
    unsigned char *source;
    unsigned char *target;
    uint64_t blocks;
};

/* ---- two threads, copied in and out ---- */

#ifndef RING_ONE_THREAD_ONLY

static void
BLOCK_FN(blocks_producer)(struct pair_side *side, void *context_)
{
    const struct BLOCK_FN(stream) context = *(struct BLOCK_FN(stream) *)context_;
    const uint32_t bytes = bench_opaque(BLOCK_BYTES);
    const uint32_t units = bytes / BLOCK_UNIT_BYTES;

    for (uint64_t i = 0; i < context.blocks; i++) {
        uint32_t done;

        BLOCK_FN(block_stamp)(context.source, bytes, i);
        done = BLOCK_OP(write)(context.ring, context.source, units);
        while (__builtin_expect(done < units, 0)) {
            if (pair_wait_hot(side))
                return;
            done += BLOCK_OP(write)(context.ring, context.source + (size_t)done * BLOCK_UNIT_BYTES,
                                    units - done);
        }
    }
}

static void
BLOCK_FN(blocks_consumer)(struct pair_side *side, void *context_)
{
    const struct BLOCK_FN(stream) context = *(struct BLOCK_FN(stream) *)context_;
    const uint32_t bytes = bench_opaque(BLOCK_BYTES);
    const uint32_t units = bytes / BLOCK_UNIT_BYTES;

    for (uint64_t i = 0; i < context.blocks; i++) {
        uint32_t done = BLOCK_OP(read)(context.ring, context.target, units);

        while (__builtin_expect(done < units, 0)) {
            if (pair_wait_hot(side))
                return;
            done += BLOCK_OP(read)(context.ring, context.target + (size_t)done * BLOCK_UNIT_BYTES,
                                   units - done);
        }
        if (__builtin_expect(!BLOCK_FN(block_is)(context.target, bytes, i), 0)) {
            pair_fail(side, "a block came out of turn, or torn");
            return;
        }
    }
}

static const char *
BLOCK_FN(blocks_run)(const struct bench_candidate *self, uint64_t operations,
                     struct bench_measure *measure)
{
    struct BLOCK_FN(stream) context = {BLOCK_OP(open)(*(const uint32_t *)self->argument),
                                       (unsigned char *)bench_memory(BLOCK_BYTES),
                                       (unsigned char *)bench_memory(BLOCK_BYTES), operations};
    const char *error;

    if (context.ring == NULL)
        return "the ring could not be made";
    error = pair_run(BLOCK_FN(blocks_producer), BLOCK_FN(blocks_consumer), &context, &measure->ns);
    measure->operations = operations;
    measure->bytes = operations * BLOCK_BYTES;
    BLOCK_OP(close)(context.ring);
    return error;
}

/* ---- two threads, lent: only the first and the last word are touched ---- */

#if defined(RING_HAS_SPANS) && !defined(RING_LENDS_SHORT) && BLOCK_BYTES != 3528

static void
BLOCK_FN(lent_producer)(struct pair_side *side, void *context_)
{
    const struct BLOCK_FN(stream) context = *(struct BLOCK_FN(stream) *)context_;
    const uint32_t bytes = bench_opaque(BLOCK_BYTES);
    const uint32_t units = bytes / BLOCK_UNIT_BYTES;

    for (uint64_t i = 0; i < context.blocks; i++) {
        struct bench_span span = BLOCK_OP(get_write)(context.ring, units);

        while (__builtin_expect(span.units < units, 0)) {
            if (pair_wait_hot(side))
                return;
            span = BLOCK_OP(get_write)(context.ring, units);
        }
        BLOCK_FN(block_stamp)(span.data, bytes, i);
        BLOCK_OP(release_write)(context.ring, span, units);
    }
}

static void
BLOCK_FN(lent_consumer)(struct pair_side *side, void *context_)
{
    const struct BLOCK_FN(stream) context = *(struct BLOCK_FN(stream) *)context_;
    const uint32_t bytes = bench_opaque(BLOCK_BYTES);
    const uint32_t units = bytes / BLOCK_UNIT_BYTES;

    for (uint64_t i = 0; i < context.blocks; i++) {
        struct bench_span span = BLOCK_OP(get_read)(context.ring, units);

        while (__builtin_expect(span.units < units, 0)) {
            if (pair_wait_hot(side))
                return;
            span = BLOCK_OP(get_read)(context.ring, units);
        }
        if (__builtin_expect(!BLOCK_FN(block_is)(span.data, bytes, i), 0)) {
            pair_fail(side, "a block came out of turn, or torn");
            return;
        }
        BLOCK_OP(release_read)(context.ring, span, units);
    }
}

static const char *
BLOCK_FN(lent_run)(const struct bench_candidate *self, uint64_t operations,
                   struct bench_measure *measure)
{
    struct BLOCK_FN(stream)
        context = {BLOCK_OP(open)(*(const uint32_t *)self->argument), NULL, NULL, operations};
    const char *error;

    if (context.ring == NULL)
        return "the ring could not be made";
    error = pair_run(BLOCK_FN(lent_producer), BLOCK_FN(lent_consumer), &context, &measure->ns);
    measure->operations = operations;
    measure->bytes = operations * BLOCK_BYTES;
    BLOCK_OP(close)(context.ring);
    return error;
}

#endif
#endif /* RING_ONE_THREAD_ONLY */

/* ---- one thread, copied in and out ---- */

#if BLOCK_BYTES >= 256 && BLOCK_BYTES <= 8192 && BLOCK_BYTES != 3528

static const char *
BLOCK_FN(copy_run)(const struct bench_candidate *self, uint64_t operations,
                   struct bench_measure *measure)
{
    const struct BLOCK_FN(stream)
        context = {BLOCK_OP(open)(*(const uint32_t *)self->argument),
                   (unsigned char *)bench_memory(BLOCK_BYTES),
                   (unsigned char *)bench_memory(BLOCK_BYTES), operations};
    const uint32_t bytes = bench_opaque(BLOCK_BYTES);
    const uint32_t units = bytes / BLOCK_UNIT_BYTES;
    uint64_t start;

    if (context.ring == NULL)
        return "the ring could not be made";
    start = bench_ticks_fenced();
    for (uint64_t i = 0; i < operations; i++) {
        BLOCK_FN(block_stamp)(context.source, bytes, i);
        if (BLOCK_OP(write)(context.ring, context.source, units) != units)
            return "no room for a block";
        if (BLOCK_OP(read)(context.ring, context.target, units) != units)
            return "no block to read";
        if (__builtin_expect(!BLOCK_FN(block_is)(context.target, bytes, i), 0))
            return "another block came out";
    }
    measure->ns = bench_ticks_to_ns(bench_ticks_fenced() - start);
    measure->operations = operations;
    measure->bytes = operations * BLOCK_BYTES;
    BLOCK_OP(close)(context.ring);
    return NULL;
}

#endif
