/* SPDX-License-Identifier: MIT */
/*
 * Lent and given back by one thread, both sides in turn. Part of block_cases.h.
 *
 * Whole blocks are asked for and, but for the short ones at a wrap, given back: what is given back
 * does not wait for what was lent, which a processor may then overlap.
 */
static const char *
BLOCK_FN(pair_run)(const struct bench_candidate *self, uint64_t operations,
                   struct bench_measure *measure)
{
    BLOCK_RING *const ring = BLOCK_OP(open)(*(const uint32_t *)self->argument);
    const uint32_t units = bench_opaque(BLOCK_BYTES) / BLOCK_UNIT_BYTES;
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
