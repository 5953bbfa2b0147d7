/* SPDX-License-Identifier: MIT */
/*
 * What the machine allows: bare atomics, bare cache lines, memcpy, no synchronisation at all.
 */
#include <string.h>

#include "bench/cases/paced.h"
#include "bench/cases/ring_ops.h"
#include "bench/cases/trip.h"

/* ---- there and back: two bare atomics ---- */

struct atomics_trip {
    struct trip trip;
    uint64_t *there;
    uint64_t *back;
};

static void
atomics_near(struct pair_side *side, void *context_)
{
    const struct atomics_trip context = *(struct atomics_trip *)context_;

    for (uint64_t i = 0; i < context.trip.rounds; i++) {
        context.trip.stamps[i] = bench_ticks();
        __atomic_store_n(context.there, i + 1, __ATOMIC_RELEASE);
        while (__atomic_load_n(context.back, __ATOMIC_ACQUIRE) != i + 1) {
            if (pair_wait(side))
                return;
        }
    }
    context.trip.stamps[context.trip.rounds] = bench_ticks();
}

static void
atomics_far(struct pair_side *side, void *context_)
{
    const struct atomics_trip context = *(struct atomics_trip *)context_;

    for (uint64_t i = 0; i < context.trip.rounds; i++) {
        while (__atomic_load_n(context.there, __ATOMIC_ACQUIRE) != i + 1) {
            if (pair_wait(side))
                return;
        }
        __atomic_store_n(context.back, i + 1, __ATOMIC_RELEASE);
    }
}

static const char *
one_line_run(const struct bench_candidate *self, uint64_t operations, struct bench_measure *measure)
{
    uint64_t *const line = bench_memory(128);
    struct atomics_trip context = {.there = line, .back = line + 1};

    (void)self;
    return trip_run(&context.trip, atomics_near, atomics_far, operations, measure);
}

static const char *
two_lines_run(const struct bench_candidate *self, uint64_t operations,
              struct bench_measure *measure)
{
    struct atomics_trip context = {.there = bench_memory(128), .back = bench_memory(128)};

    (void)self;
    return trip_run(&context.trip, atomics_near, atomics_far, operations, measure);
}

/* ---- lending and giving back without synchronisation: two offsets in memory. (One instruction that
 * adds to memory would be slower than a load, an addition and a store.) ---- */

struct cursor {
    unsigned char *memory;
    uint32_t write;
    uint32_t read;
    uint32_t mask;
};

static const char *
cursor_run(const struct bench_candidate *self, uint64_t operations, struct bench_measure *measure)
{
    struct cursor *const cursor = bench_memory(sizeof *cursor);
    const uint32_t bytes = bench_opaque(1024);
    uint64_t start;

    (void)self;
    cursor->memory = bench_memory(BENCH_RING_BYTES);
    cursor->mask = BENCH_RING_BYTES - 1;
    start = bench_ticks_fenced();
    for (uint64_t i = 0; i < operations; i++) {
        uint32_t position = cursor->write;

        bench_keep(cursor->memory + (position & cursor->mask));
        cursor->write = position + bytes;
        position = cursor->read;
        bench_keep(cursor->memory + (position & cursor->mask));
        cursor->read = position + bytes;
    }
    measure->ns = bench_ticks_to_ns(bench_ticks_fenced() - start);
    measure->operations = operations;
    return cursor->write == cursor->read ? NULL : "the cursors parted";
}

/* ---- memcpy, in and out through a ring's memory, by one thread ---- */

static const char *
memcpy_run(const struct bench_candidate *self, uint64_t operations, struct bench_measure *measure)
{
    const uint32_t bytes = bench_opaque((uint32_t)self->parameter);
    unsigned char *const memory = bench_memory(BENCH_RING_BYTES);
    unsigned char *const source = bench_memory(bytes);
    unsigned char *const target = bench_memory(bytes);
    uint32_t offset = 0;
    uint64_t start;

    start = bench_ticks_fenced();
    for (uint64_t i = 0; i < operations; i++) {
        memcpy(source, &i, sizeof i);
        memcpy(memory + offset, source, bytes);
        bench_keep(memory);
        memcpy(target, memory + offset, bytes);
        if (__builtin_expect(memcmp(target, &i, sizeof i) != 0, 0))
            return "memcpy does not copy";
        offset = (offset + bytes) % BENCH_RING_BYTES;
    }
    measure->ns = bench_ticks_to_ns(bench_ticks_fenced() - start);
    measure->operations = operations;
    measure->bytes = operations * bytes;
    return NULL;
}

/* ---- line ownership: what it costs to move lines from core to core, with nothing else going on.
 * One core fetches half of 64 KB for writing and stores a word into each line, then the other core
 * loads it from each, then the same with the other half.
 *
 *     "line ownership"    the writing core's time: no ring can be filled faster
 *     "dirty lines read"  the reading core's time, while the lines still are in the other's first
 *                         cache ---- */

#define OWNERSHIP_BYTES 32768u

struct ownership {
    unsigned char *memory; /* two bursts */
    uint64_t bursts;
    uint64_t *written; /* bursts so far */
    uint64_t *read;
    uint64_t *ticks; /* the measured side's */
    int write;       /* which side is measured */
};

static void
ownership_producer(struct pair_side *side, void *context_)
{
    const struct ownership context = *(struct ownership *)context_;
    uint64_t ticks = 0;

    for (uint64_t i = 0; i < context.bursts; i++) {
        unsigned char *const burst = context.memory + i % 2 * OWNERSHIP_BYTES;
        uint64_t start;

        while (__atomic_load_n(context.read, __ATOMIC_ACQUIRE) != i) {
            if (pair_wait(side))
                return;
        }
        start = bench_ticks_fenced();
        for (uint32_t offset = 0; offset < OWNERSHIP_BYTES; offset += 64)
            bench_prefetch_write(burst + offset);
        for (uint32_t offset = 0; offset < OWNERSHIP_BYTES; offset += 64)
            __atomic_store_n((uint64_t *)(void *)(burst + offset), i, __ATOMIC_RELAXED);
        __atomic_thread_fence(__ATOMIC_SEQ_CST); /* until all lines are here */
        ticks += bench_ticks_fenced() - start;
        __atomic_store_n(context.written, i + 1, __ATOMIC_RELEASE);
    }
    if (context.write)
        *context.ticks = ticks;
}

static void
ownership_consumer(struct pair_side *side, void *context_)
{
    const struct ownership context = *(struct ownership *)context_;
    uint64_t ticks = 0;

    for (uint64_t i = 0; i < context.bursts; i++) {
        const unsigned char *const burst = context.memory + i % 2 * OWNERSHIP_BYTES;
        uint64_t wrong = 0;
        uint64_t start;

        while (__atomic_load_n(context.written, __ATOMIC_ACQUIRE) <= i) {
            if (pair_wait(side))
                return;
        }
        start = bench_ticks_fenced();
        for (uint32_t offset = 0; offset < OWNERSHIP_BYTES; offset += 64)
            wrong |= __atomic_load_n((const uint64_t *)(const void *)(burst + offset),
                                     __ATOMIC_RELAXED) ^
                     i;
        ticks += bench_ticks_fenced() - start;
        if (wrong != 0) {
            pair_fail(side, "a line came that was not written");
            return;
        }
        __atomic_store_n(context.read, i + 1, __ATOMIC_RELEASE);
    }
    if (!context.write)
        *context.ticks = ticks;
}

static const int ownership_write = 1;
static const int ownership_read = 0;

static const char *
ownership_run(const struct bench_candidate *self, uint64_t operations,
              struct bench_measure *measure)
{
    uint64_t ticks = 0;
    struct ownership context = {
        .memory = bench_memory(2 * (size_t)OWNERSHIP_BYTES),
        .bursts = operations,
        .written = bench_memory(128),
        .read = bench_memory(128),
        .ticks = &ticks,
        .write = *(const int *)self->argument,
    };
    const char *const error = pair_run(ownership_producer, ownership_consumer, &context, NULL);

    measure->ns = bench_ticks_to_ns(ticks);
    measure->operations = operations;
    measure->bytes = operations * OWNERSHIP_BYTES;
    return error;
}

/* ---- raw lines: 56 bytes of payload and a sequence number in each, no ring at all ---- */

#define LINE_PAYLOAD 56u

struct line {
    unsigned char payload[LINE_PAYLOAD];
    uint64_t sequence; /* of the turn in which it was filled; its lowest bit alone does not do */
} __attribute__((aligned(64)));

struct lines {
    struct paced paced;
    struct line *line; /* a ring of lines */
    uint32_t count;
    uint32_t per_block;
    unsigned char *source;
    unsigned char *target;
    uint64_t *taken; /* lines that the consumer has taken, told once a block */
};

/* Fill the next @p context->per_block lines. */
static inline void
put_lines(const struct lines *context, uint64_t first)
{
    const unsigned char *source = context->source;

    for (uint64_t i = first; i < first + context->per_block; i++) {
        struct line *const line = &context->line[i % context->count];

        memcpy(line->payload, source, LINE_PAYLOAD);
        __atomic_store_n(&line->sequence, i + 1, __ATOMIC_RELEASE);
        source += LINE_PAYLOAD;
    }
}

/* Copy them out. @return not 0: give up */
static inline int
take_lines(const struct lines *context, uint64_t first, struct pair_side *side)
{
    unsigned char *target = context->target;

    for (uint64_t i = first; i < first + context->per_block; i++) {
        const struct line *const line = &context->line[i % context->count];

        while (__atomic_load_n(&line->sequence, __ATOMIC_ACQUIRE) != i + 1) {
            if (pair_wait_hot(side))
                return 1;
        }
        memcpy(target, line->payload, LINE_PAYLOAD);
        target += LINE_PAYLOAD;
    }
    return 0;
}

static void
lines_producer(struct pair_side *side, void *context_)
{
    const struct lines context = *(struct lines *)context_;
    uint64_t taken = 0;

    for (uint64_t i = 0; i < context.paced.blocks; i++) {
        const uint64_t first = i * context.per_block;

        memcpy(context.source, &i, sizeof i);
        while (first + context.per_block - taken > context.count) {
            taken = __atomic_load_n(context.taken, __ATOMIC_ACQUIRE);
            if (first + context.per_block - taken > context.count && pair_wait_hot(side))
                return;
        }
        put_lines(&context, first);
    }
}

static void
lines_consumer(struct pair_side *side, void *context_)
{
    const struct lines context = *(struct lines *)context_;

    for (uint64_t i = 0; i < context.paced.blocks; i++) {
        if (take_lines(&context, i * context.per_block, side))
            return;
        __atomic_store_n(context.taken, (i + 1) * context.per_block, __ATOMIC_RELEASE);
        if (__builtin_expect(memcmp(context.target, &i, sizeof i) != 0, 0)) {
            pair_fail(side, "a block came out of turn");
            return;
        }
    }
}

static void
paced_lines_producer(struct pair_side *side, void *context_)
{
    const struct lines context = *(struct lines *)context_;
    uint64_t due = bench_ticks() + context.paced.period_ticks;

    for (uint64_t i = 0; i < context.paced.blocks; i++) {
        memcpy(context.source, &i, sizeof i);
        while ((i + 1) * context.per_block - __atomic_load_n(context.taken, __ATOMIC_ACQUIRE) >
               context.count) {
            if (pair_wait(side))
                return;
        }
        paced_wait_until(due);
        context.paced.before[i] = paced_before(&context.paced);
        put_lines(&context, i * context.per_block);
        context.paced.written[i] = paced_before(&context.paced);
        due = paced_next(&context.paced, due);
    }
}

static void
paced_lines_consumer(struct pair_side *side, void *context_)
{
    const struct lines context = *(struct lines *)context_;

    for (uint64_t i = 0; i < context.paced.blocks; i++) {
        if (take_lines(&context, i * context.per_block, side))
            return;
        context.paced.arrived[i] = paced_after(&context.paced);
        __atomic_store_n(context.taken, (i + 1) * context.per_block, __ATOMIC_RELEASE);
        if (__builtin_expect(memcmp(context.target, &i, sizeof i) != 0, 0)) {
            pair_fail(side, "a block came out of turn");
            return;
        }
    }
}

static struct lines
make_lines(uint64_t block_bytes)
{
    const uint32_t per_block = (uint32_t)((block_bytes + LINE_PAYLOAD - 1) / LINE_PAYLOAD);
    const struct lines context = {
        .line = bench_memory(BENCH_RING_BYTES),
        .count = BENCH_RING_BYTES / sizeof(struct line),
        .per_block = per_block,
        .source = bench_memory((size_t)per_block * LINE_PAYLOAD),
        .target = bench_memory((size_t)per_block * LINE_PAYLOAD),
        .taken = bench_memory(128),
    };

    return context;
}

static const char *
lines_run(const struct bench_candidate *self, uint64_t operations, struct bench_measure *measure)
{
    struct lines context = make_lines(self->parameter);

    context.paced.blocks = operations;
    measure->operations = operations;
    measure->bytes = operations * self->parameter;
    return pair_run(lines_producer, lines_consumer, &context, &measure->ns);
}

static const char *
paced_lines_run(const struct bench_candidate *self, uint64_t operations,
                struct bench_measure *measure)
{
    struct lines context = make_lines(self->parameter);

    return paced_run(&context.paced, self->argument, (uint32_t)self->parameter,
                     paced_lines_producer, paced_lines_consumer, operations, measure);
}

/* ---- one hand-off: a number on a line, paced as the blocks ---- */

struct paced_word {
    struct paced paced;
    uint64_t *word;
};

static void
word_producer(struct pair_side *side, void *context_)
{
    const struct paced_word context = *(struct paced_word *)context_;
    uint64_t due = bench_ticks() + context.paced.period_ticks;

    (void)side;
    for (uint64_t i = 0; i < context.paced.blocks; i++) {
        paced_wait_until(due);
        context.paced.before[i] = paced_before(&context.paced);
        __atomic_store_n(context.word, i + 1, __ATOMIC_RELEASE);
        context.paced.written[i] = paced_before(&context.paced);
        due = paced_next(&context.paced, due);
    }
}

static void
word_consumer(struct pair_side *side, void *context_)
{
    const struct paced_word context = *(struct paced_word *)context_;

    for (uint64_t i = 0; i < context.paced.blocks; i++) {
        uint64_t seen = __atomic_load_n(context.word, __ATOMIC_ACQUIRE);

        while (seen < i + 1) {
            if (pair_wait_hot(side))
                return;
            seen = __atomic_load_n(context.word, __ATOMIC_ACQUIRE);
        }
        context.paced.arrived[i] = paced_after(&context.paced);
    }
}

static const char *
word_run(const struct bench_candidate *self, uint64_t operations, struct bench_measure *measure)
{
    struct paced_word context = {.word = bench_memory(128)};

    return paced_run(&context.paced, self->argument, (uint32_t)self->parameter, word_producer,
                     word_consumer, operations, measure);
}

static const struct paced_kind end_to_end = {0, 0, 0};
static const struct paced_kind end_to_end_fenced = {0, 0, 1};
static const struct paced_kind inside_write = {0, 1, 0};

#define TRIP(case_name)                                                                            \
    {case_name,                                                                                    \
     "two bare atomics, one line",                                                                 \
     BENCH_BOUND,                                                                                  \
     BENCH_LATENCY,                                                                                \
     10000,                                                                                        \
     one_line_run,                                                                                 \
     NULL,                                                                                         \
     0,                                                                                            \
     1},                                                                                           \
    {                                                                                              \
        case_name, "two bare atomics, two lines", BENCH_BOUND, BENCH_LATENCY, 10000,               \
            two_lines_run, NULL, 0, 1                                                              \
    }
#define COPY(bytes)                                                                                \
    {                                                                                              \
        "copy_one_thread", "memcpy", BENCH_BOUND, BENCH_BYTES_PER_S, 33554432 / (bytes),           \
            memcpy_run, NULL, bytes, 0                                                             \
    }
#define OWNERSHIP(bytes, name, kind)                                                               \
    {                                                                                              \
        "blocks", name, BENCH_BOUND, BENCH_BYTES_PER_S, 500, ownership_run, kind, bytes, 1         \
    }
#define BLOCKS(bytes)                                                                              \
    OWNERSHIP(bytes, "line ownership", &ownership_write),                                          \
        OWNERSHIP(bytes, "dirty lines read", &ownership_read),                                     \
    {                                                                                              \
        "blocks", "raw lines", BENCH_BOUND, BENCH_BYTES_PER_S, 33554432 / (bytes), lines_run,      \
            NULL, bytes, 0                                                                         \
    }
#define PACED(bytes)                                                                               \
    {"paced", "one hand-off", BENCH_BOUND, BENCH_LATENCY, 2500, word_run, &end_to_end, bytes, 1},  \
        {"paced",       "raw lines", BENCH_BOUND,                                                  \
         BENCH_LATENCY, 2500,        paced_lines_run,                                              \
         &end_to_end,   bytes,       0},                                                           \
        {"paced_write", "raw lines", BENCH_BOUND,                                                  \
         BENCH_LATENCY, 2500,        paced_lines_run,                                              \
         &inside_write, bytes,       0},                                                           \
    {                                                                                              \
        "paced_fenced", "one hand-off", BENCH_BOUND, BENCH_LATENCY, 2500, word_run,                \
            &end_to_end_fenced, bytes, 0                                                           \
    }

static const struct bench_candidate candidates[] = {
    TRIP("rtt_8"),
    TRIP("rtt_1k"),
    TRIP("rtt_double_handoff"),
    TRIP("rtt_double_8"),
    TRIP("rtt_double_1k"),
    {"pair_1k", "unsynchronised", BENCH_BOUND, BENCH_NS_PER_OPERATION, 1000000, cursor_run, NULL, 0,
     1},
    {"pair_1k_any", "unsynchronised", BENCH_BOUND, BENCH_NS_PER_OPERATION, 1000000, cursor_run,
     NULL, 0, 1},
    COPY(256),
    COPY(512),
    COPY(1024),
    COPY(2048),
    COPY(4096),
    COPY(8192),
    BLOCKS(512),
    BLOCKS(1024),
    BLOCKS(4096),
    PACED(1024),
    PACED(4096),
};

__attribute__((constructor)) static void
offer(void)
{
    for (size_t i = 0; i < sizeof candidates / sizeof candidates[0]; i++)
        bench_add(&candidates[i]);
}
