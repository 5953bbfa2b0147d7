/* SPDX-License-Identifier: MIT */
/*
 * Blocks of BLOCK_BYTES bytes: lent, or copied in and out; one thread, two threads, there and back.
 * Part of ring_cases.h, included once for each size.
 *
 * The sizes are known at run time only, as in most programs; rings whose elements are whole blocks
 * are made for each size.
 */
#define BLOCK_FN(name) BENCH_PASTE(BENCH_PASTE(name, _), BLOCK_BYTES)

/* Write the block's number into its first and its last word. */
static inline void
BLOCK_FN(block_stamp)(void *block, uint32_t bytes, uint64_t number)
{
    memcpy(block, &number, sizeof number);
    memcpy((unsigned char *)block + bytes - sizeof number, &number, sizeof number);
}

static inline int
BLOCK_FN(block_is)(const void *block, uint32_t bytes, uint64_t number)
{
    uint64_t first;
    uint64_t last;

    memcpy(&first, block, sizeof first);
    memcpy(&last, (const unsigned char *)block + bytes - sizeof last, sizeof last);
    return first == number && last == number;
}

/* Copy a whole block in, waiting for room. @return not 0: give up */
static inline int
BLOCK_FN(put_block)(BLOCK_RING *ring, const unsigned char *block, uint32_t units,
                    struct pair_side *side)
{
    uint32_t done = BLOCK_OP(write)(ring, block, units);

    while (__builtin_expect(done < units, 0)) {
        if (pair_wait_hot(side))
            return 1;
        done += BLOCK_OP(write)(ring, block + (size_t)done * BLOCK_UNIT_BYTES, units - done);
    }
    return 0;
}

/* Copy a whole block out, waiting for it. @return not 0: give up */
static inline int
BLOCK_FN(take_block)(BLOCK_RING *ring, unsigned char *block, uint32_t units, struct pair_side *side)
{
    uint32_t done = BLOCK_OP(read)(ring, block, units);

    while (__builtin_expect(done < units, 0)) {
        if (pair_wait_hot(side))
            return 1;
        done += BLOCK_OP(read)(ring, block + (size_t)done * BLOCK_UNIT_BYTES, units - done);
    }
    return 0;
}

#if BLOCK_BYTES == 1024 /* as put_block() and take_block(), spinning with a pause: for latencies */
static inline int
BLOCK_FN(put_block_softly)(BLOCK_RING *ring, const unsigned char *block, uint32_t units,
                           struct pair_side *side)
{
    uint32_t done = BLOCK_OP(write)(ring, block, units);

    while (__builtin_expect(done < units, 0)) {
        if (pair_wait(side))
            return 1;
        done += BLOCK_OP(write)(ring, block + (size_t)done * BLOCK_UNIT_BYTES, units - done);
    }
    return 0;
}

static inline int
BLOCK_FN(take_block_softly)(BLOCK_RING *ring, unsigned char *block, uint32_t units,
                            struct pair_side *side)
{
    uint32_t done = BLOCK_OP(read)(ring, block, units);

    while (__builtin_expect(done < units, 0)) {
        if (pair_wait(side))
            return 1;
        done += BLOCK_OP(read)(ring, block + (size_t)done * BLOCK_UNIT_BYTES, units - done);
    }
    return 0;
}

#endif

/* ---- two threads, copied in and out ---- */

struct BLOCK_FN(blocks_context) {
    BLOCK_RING *ring;
    unsigned char *source;
    unsigned char *target;
    uint64_t blocks;
};

static void
BLOCK_FN(blocks_producer)(struct pair_side *side, void *context_)
{
    const struct BLOCK_FN(blocks_context) context = *(struct BLOCK_FN(blocks_context) *)context_;
    const uint32_t bytes = bench_opaque(BLOCK_BYTES);
    const uint32_t units = bytes / BLOCK_UNIT_BYTES;

    for (uint64_t i = 0; i < context.blocks; i++) {
        BLOCK_FN(block_stamp)(context.source, bytes, i);
        if (BLOCK_FN(put_block)(context.ring, context.source, units, side))
            return;
    }
}

static void
BLOCK_FN(blocks_consumer)(struct pair_side *side, void *context_)
{
    const struct BLOCK_FN(blocks_context) context = *(struct BLOCK_FN(blocks_context) *)context_;
    const uint32_t bytes = bench_opaque(BLOCK_BYTES);
    const uint32_t units = bytes / BLOCK_UNIT_BYTES;

    for (uint64_t i = 0; i < context.blocks; i++) {
        if (BLOCK_FN(take_block)(context.ring, context.target, units, side))
            return;
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
    struct BLOCK_FN(blocks_context)
        context = {BLOCK_OP(open)(BENCH_RING_BYTES), (unsigned char *)bench_memory(BLOCK_BYTES),
                   (unsigned char *)bench_memory(BLOCK_BYTES), operations};
    const char *error;

    (void)self;
    if (context.ring == NULL)
        return "the ring could not be made";
    error = pair_run(BLOCK_FN(blocks_producer), BLOCK_FN(blocks_consumer), &context, &measure->ns);
    measure->operations = operations;
    measure->bytes = operations * BLOCK_BYTES;
    BLOCK_OP(close)(context.ring);
    return error;
}

/* ---- one thread, lent and given back ----
 *
 * Whole blocks are asked for and, but for the short ones at a wrap, given back: what is given back
 * does not wait for what was lent, which a processor may then overlap. */

#if defined(RING_HAS_SPANS) && BLOCK_BYTES == 1024

static const char *
BLOCK_FN(pair_run)(const struct bench_candidate *self, uint64_t operations,
                   struct bench_measure *measure)
{
    BLOCK_RING *const ring = BLOCK_OP(open)(
        self->argument != NULL ? *(const uint32_t *)self->argument : BENCH_RING_BYTES);
    const uint32_t bytes = bench_opaque(BLOCK_BYTES);
    const uint32_t units = bytes / BLOCK_UNIT_BYTES;
    uint64_t start;

    if (ring == NULL)
        return "the ring could not be made";
    start = bench_ticks_fenced();
    for (uint64_t i = 0; i < operations; i++) {
        struct bench_span span = BLOCK_OP(get_write)(ring, units);
        uint32_t lent = units;

        if (__builtin_expect(span.units != units, 0)) /* at the wrap of some capacities */
            lent = bench_opaque(span.units);
        if (__builtin_expect(lent == 0, 0))
            return "no room in an empty ring";
        bench_keep(span.data);
        BLOCK_OP(release_write)(ring, span, lent);
        span = BLOCK_OP(get_read)(ring, units);
        lent = units;
        if (__builtin_expect(span.units != units, 0))
            lent = bench_opaque(span.units);
        if (__builtin_expect(lent == 0, 0))
            return "nothing to read after a write";
        bench_keep(span.data);
        BLOCK_OP(release_read)(ring, span, lent);
    }
    measure->ns = bench_ticks_to_ns(bench_ticks_fenced() - start);
    measure->operations = operations;
    for (uint64_t i = 0; i < 200; i++) { /* and it still is a ring */
        const struct bench_span in = BLOCK_OP(get_write)(ring, units);
        struct bench_span out;

        if (in.units == 0)
            return "no room in an empty ring";
        memcpy(in.data, &i, sizeof i);
        BLOCK_OP(release_write)(ring, in, in.units);
        out = BLOCK_OP(get_read)(ring, units);
        if (out.units == 0 || memcmp(out.data, &i, sizeof i) != 0)
            return "what was written did not come out";
        BLOCK_OP(release_read)(ring, out, out.units);
    }
    BLOCK_OP(close)(ring);
    return NULL;
}

#endif

/* ---- there and back through two rings, copied both ways ---- */

#if BLOCK_BYTES == 1024

struct BLOCK_FN(trip_context) {
    BLOCK_RING *there;
    BLOCK_RING *back;
    unsigned char *near_block;
    unsigned char *far_block;
    uint64_t *stamps; /* rounds + 1 */
    uint64_t rounds;
};

static void
BLOCK_FN(trip_near)(struct pair_side *side, void *context_)
{
    const struct BLOCK_FN(trip_context) context = *(struct BLOCK_FN(trip_context) *)context_;
    const uint32_t bytes = bench_opaque(BLOCK_BYTES);
    const uint32_t units = bytes / BLOCK_UNIT_BYTES;

    for (uint64_t i = 0; i < context.rounds; i++) {
        context.stamps[i] = bench_ticks();
        BLOCK_FN(block_stamp)(context.near_block, bytes, i);
        if (BLOCK_FN(put_block_softly)(context.there, context.near_block, units, side) ||
            BLOCK_FN(take_block_softly)(context.back, context.near_block, units, side))
            return;
        if (__builtin_expect(!BLOCK_FN(block_is)(context.near_block, bytes, i), 0)) {
            pair_fail(side, "another block came back");
            return;
        }
    }
    context.stamps[context.rounds] = bench_ticks();
}

static void
BLOCK_FN(trip_far)(struct pair_side *side, void *context_)
{
    const struct BLOCK_FN(trip_context) context = *(struct BLOCK_FN(trip_context) *)context_;
    const uint32_t units = bench_opaque(BLOCK_BYTES) / BLOCK_UNIT_BYTES;

    for (uint64_t i = 0; i < context.rounds; i++) {
        if (BLOCK_FN(take_block_softly)(context.there, context.far_block, units, side) ||
            BLOCK_FN(put_block_softly)(context.back, context.far_block, units, side))
            return;
    }
}

static const char *
BLOCK_FN(trip_run)(const struct bench_candidate *self, uint64_t operations,
                   struct bench_measure *measure)
{
    struct BLOCK_FN(trip_context)
        context = {BLOCK_OP(open)(BENCH_RING_BYTES),
                   BLOCK_OP(open)(BENCH_RING_BYTES),
                   (unsigned char *)bench_memory(BLOCK_BYTES),
                   (unsigned char *)bench_memory(BLOCK_BYTES),
                   (uint64_t *)bench_memory((operations + 1) * sizeof(uint64_t)),
                   operations};
    const char *error;

    (void)self;
    if (context.there == NULL || context.back == NULL)
        return "the ring could not be made";
    error = pair_run(BLOCK_FN(trip_near), BLOCK_FN(trip_far), &context, NULL);
    for (uint64_t i = 0; error == NULL && i < operations; i++)
        bench_latency_add(measure->latency,
                          bench_ticks_to_ns(context.stamps[i + 1] - context.stamps[i]));
    measure->operations = operations;
    BLOCK_OP(close)(context.there);
    BLOCK_OP(close)(context.back);
    return error;
}

#endif

#if BLOCK_BYTES <= 128
#define BLOCK_OPERATIONS 100000
#else
#define BLOCK_OPERATIONS (33554432 / BLOCK_BYTES)
#endif

static const struct bench_candidate BLOCK_FN(block_candidates)[] = {
    {"blocks", RING_NAME, RING_ROLE, BENCH_BYTES_PER_S, BLOCK_OPERATIONS, BLOCK_FN(blocks_run),
     NULL, BLOCK_BYTES, 1},
#if BLOCK_BYTES == 1024
#ifdef RING_HAS_SPANS
    {"pair_1k", RING_NAME, RING_ROLE, BENCH_NS_PER_OPERATION, 1000000, BLOCK_FN(pair_run), NULL, 0,
     1},
#endif
    {"rtt_1k", RING_NAME, RING_ROLE, BENCH_LATENCY, 5000, BLOCK_FN(trip_run), NULL, 0, 0},
    {"rtt_double_1k", RING_NAME, RING_ROLE == BENCH_OURS ? BENCH_VARIANT : RING_ROLE, BENCH_LATENCY,
     5000, BLOCK_FN(trip_run), NULL, 0, 1},
#endif
};

__attribute__((constructor)) static void
BLOCK_FN(offer_block_cases)(void)
{
    for (size_t i = 0; i < sizeof BLOCK_FN(block_candidates) / sizeof BLOCK_FN(block_candidates)[0];
         i++)
        bench_add(&BLOCK_FN(block_candidates)[i]);
}

#undef BLOCK_OPERATIONS
#undef BLOCK_FN
#undef BLOCK_BYTES
