/* SPDX-License-Identifier: MIT */
/*
 * A paced stream of blocks (paced.h), copied in and out. Part of block_cases.h.
 */
#ifndef RING_ONE_THREAD_ONLY

struct BLOCK_FN(paced) {
    struct paced paced;
    BLOCK_RING *ring;
    unsigned char *source;
    unsigned char *target;
};

static void
BLOCK_FN(paced_producer)(struct pair_side *side, void *context_)
{
    const struct BLOCK_FN(paced) context = *(struct BLOCK_FN(paced) *)context_;
    const uint32_t bytes = bench_opaque(BLOCK_BYTES);
    const uint32_t units = bytes / BLOCK_UNIT_BYTES;
    uint64_t due = bench_ticks() + context.paced.period_ticks;

    for (uint64_t i = 0; i < context.paced.blocks; i++) {
        uint32_t done;

        BLOCK_FN(block_stamp)(context.source, bytes, i);
#ifdef RING_HAS_WARM
        if (context.paced.warm) {
            paced_wait_until(due - context.paced.lead_ticks);
            BLOCK_OP(warm)(context.ring, units);
        }
#endif
        paced_wait_until(due);
        context.paced.before[i] = paced_before(&context.paced);
        done = BLOCK_OP(write)(context.ring, context.source, units);
        context.paced.written[i] = paced_before(&context.paced);
        while (__builtin_expect(done < units, 0)) { /* the consumer was held up */
            if (pair_wait(side))
                return;
            done += BLOCK_OP(write)(context.ring, context.source + (size_t)done * BLOCK_UNIT_BYTES,
                                    units - done);
        }
        due = paced_next(&context.paced, due);
    }
}

static void
BLOCK_FN(paced_consumer)(struct pair_side *side, void *context_)
{
    const struct BLOCK_FN(paced) context = *(struct BLOCK_FN(paced) *)context_;
    const uint32_t bytes = bench_opaque(BLOCK_BYTES);
    const uint32_t units = bytes / BLOCK_UNIT_BYTES;

    for (uint64_t i = 0; i < context.paced.blocks; i++) {
        uint32_t done = BLOCK_OP(read)(context.ring, context.target, units);

        while (done < units) {
            if (pair_wait_hot(side))
                return;
            done += BLOCK_OP(read)(context.ring, context.target + (size_t)done * BLOCK_UNIT_BYTES,
                                   units - done);
        }
        context.paced.arrived[i] = paced_after(&context.paced);
        if (__builtin_expect(!BLOCK_FN(block_is)(context.target, bytes, i), 0)) {
            pair_fail(side, "a block came out of turn, or torn");
            return;
        }
    }
}

static const char *
BLOCK_FN(paced_run)(const struct bench_candidate *self, uint64_t operations,
                    struct bench_measure *measure)
{
    struct BLOCK_FN(paced) context = {{0, 0, 0, NULL, NULL, NULL, 0, 0},
                                      BLOCK_OP(open)(BENCH_RING_BYTES),
                                      (unsigned char *)bench_memory(BLOCK_BYTES),
                                      (unsigned char *)bench_memory(BLOCK_BYTES)};
    const char *error;

    if (context.ring == NULL)
        return "the ring could not be made";
    error = paced_run(&context.paced, (const struct paced_kind *)self->argument, BLOCK_BYTES,
                      BLOCK_FN(paced_producer), BLOCK_FN(paced_consumer), operations, measure);
    BLOCK_OP(close)(context.ring);
    return error;
}

#endif
