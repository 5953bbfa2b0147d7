/* SPDX-License-Identifier: MIT */
/*
 * Blocks there and back through two rings, copied both ways. Part of block_cases.h.
 */
#ifndef RING_ONE_THREAD_ONLY

struct BLOCK_FN(trip) {
    struct trip trip;
    BLOCK_RING *there;
    BLOCK_RING *back;
    unsigned char *near_block;
    unsigned char *far_block;
};

/* Copy a whole block in, waiting for room. @return not 0: give up */
static inline int
BLOCK_FN(put)(BLOCK_RING *ring, const unsigned char *block, uint32_t units, struct pair_side *side)
{
    uint32_t done = BLOCK_OP(write)(ring, block, units);

    while (__builtin_expect(done < units, 0)) {
        if (RING_WAIT(side))
            return 1;
        done += BLOCK_OP(write)(ring, block + (size_t)done * BLOCK_UNIT_BYTES, units - done);
    }
    return 0;
}

/* Copy a whole block out, waiting for it. @return not 0: give up */
static inline int
BLOCK_FN(take)(BLOCK_RING *ring, unsigned char *block, uint32_t units, struct pair_side *side)
{
    uint32_t done = BLOCK_OP(read)(ring, block, units);

    while (__builtin_expect(done < units, 0)) {
        if (RING_WAIT(side))
            return 1;
        done += BLOCK_OP(read)(ring, block + (size_t)done * BLOCK_UNIT_BYTES, units - done);
    }
    return 0;
}

static void
BLOCK_FN(trip_near)(struct pair_side *side, void *context_)
{
    const struct BLOCK_FN(trip) context = *(struct BLOCK_FN(trip) *)context_;
    const uint32_t bytes = bench_opaque(BLOCK_BYTES);
    const uint32_t units = bytes / BLOCK_UNIT_BYTES;

    for (uint64_t i = 0; i < context.trip.rounds; i++) {
        context.trip.stamps[i] = bench_ticks();
        BLOCK_FN(block_stamp)(context.near_block, bytes, i);
        if (BLOCK_FN(put)(context.there, context.near_block, units, side) ||
            BLOCK_FN(take)(context.back, context.near_block, units, side))
            return;
        if (__builtin_expect(!BLOCK_FN(block_is)(context.near_block, bytes, i), 0)) {
            pair_fail(side, "another block came back");
            return;
        }
    }
    context.trip.stamps[context.trip.rounds] = bench_ticks();
}

static void
BLOCK_FN(trip_far)(struct pair_side *side, void *context_)
{
    const struct BLOCK_FN(trip) context = *(struct BLOCK_FN(trip) *)context_;
    const uint32_t units = bench_opaque(BLOCK_BYTES) / BLOCK_UNIT_BYTES;

    for (uint64_t i = 0; i < context.trip.rounds; i++) {
        if (BLOCK_FN(take)(context.there, context.far_block, units, side) ||
            BLOCK_FN(put)(context.back, context.far_block, units, side))
            return;
    }
}

static const char *
BLOCK_FN(trip_run)(const struct bench_candidate *self, uint64_t operations,
                   struct bench_measure *measure)
{
    struct BLOCK_FN(trip) context = {{0, NULL},
                                     BLOCK_OP(open)(BENCH_RING_BYTES),
                                     BLOCK_OP(open)(BENCH_RING_BYTES),
                                     (unsigned char *)bench_memory(BLOCK_BYTES),
                                     (unsigned char *)bench_memory(BLOCK_BYTES)};
    const char *error;

    (void)self;
    if (context.there == NULL || context.back == NULL)
        return "the ring could not be made";
    error = trip_run(&context.trip, BLOCK_FN(trip_near), BLOCK_FN(trip_far), operations, measure);
    BLOCK_OP(close)(context.there);
    BLOCK_OP(close)(context.back);
    return error;
}

#endif
