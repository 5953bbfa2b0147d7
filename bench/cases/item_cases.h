/* SPDX-License-Identifier: MIT */
/*
 * Items of 8 bytes: one thread, two threads, there and back. Part of ring_cases.h.
 */

/* After an error; but calls that wait for the other side would let it wait for ever. */
#ifdef RING_WAITS
#define ITEM_GIVE_UP continue
#else
#define ITEM_GIVE_UP return
#endif

/* ---- one thread: push and pop in turn ---- */

static const char *
push_pop_run(const struct bench_candidate *self, uint64_t operations, struct bench_measure *measure)
{
    ITEM_RING *const ring = item_open(1024);
    uint64_t start;
    uint64_t wrong = 0;

    (void)self;
    if (ring == NULL)
        return "the ring could not be made";
    /* Some items inside, as in a ring at work; they also let the positions differ. */
    for (uint64_t i = 0; i < 16; i++) {
        if (!item_push(ring, i))
            return "no room in an empty ring";
    }
    start = bench_ticks_fenced();
    for (uint64_t i = 0; i < operations; i++) {
        uint64_t value = 0;

        if (!item_push(ring, i + 16))
            return "no room for an item";
        if (!item_pop(ring, &value))
            return "no item to pop";
        wrong |= value ^ i;
    }
    measure->ns = bench_ticks_to_ns(bench_ticks_fenced() - start);
    measure->operations = operations;
    item_close(ring);
    return wrong == 0 ? NULL : "an item came out that did not go in";
}

#ifndef RING_ONE_THREAD_ONLY

/* ---- two threads ---- */

struct items_context {
    ITEM_RING *ring;
    uint64_t items;
};

static void
items_producer(struct pair_side *side, void *context)
{
    ITEM_RING *const ring = ((struct items_context *)context)->ring;
    const uint64_t items = ((struct items_context *)context)->items;

    for (uint64_t i = 0; i < items; i++) {
        while (!item_push(ring, i)) {
            if (pair_wait_hot(side))
                return;
        }
    }
}

static void
items_consumer(struct pair_side *side, void *context)
{
    ITEM_RING *const ring = ((struct items_context *)context)->ring;
    const uint64_t items = ((struct items_context *)context)->items;

    for (uint64_t i = 0; i < items; i++) {
        uint64_t value = 0;

        while (!item_pop(ring, &value)) {
            if (pair_wait_hot(side))
                return;
        }
        if (__builtin_expect(value != i, 0)) {
            pair_fail(side, "an item came out of turn");
            ITEM_GIVE_UP;
        }
    }
}

static const char *
items_run(const struct bench_candidate *self, uint64_t operations, struct bench_measure *measure)
{
    struct items_context context = {item_open((uint32_t)self->parameter), operations};
    const char *error;

    if (context.ring == NULL)
        return "the ring could not be made";
    error = pair_run(items_producer, items_consumer, &context, &measure->ns);
    measure->operations = operations;
    item_close(context.ring);
    return error;
}

/* ---- two threads, 64 items by one call ---- */

#ifdef RING_HAS_BULK

#define BULK_ITEMS 64u

static void
bulk_producer(struct pair_side *side, void *context)
{
    ITEM_RING *const ring = ((struct items_context *)context)->ring;
    const uint64_t items = ((struct items_context *)context)->items;
    uint64_t values[BULK_ITEMS] __attribute__((aligned(64)));
    const uint32_t bulk = bench_opaque(BULK_ITEMS);

    for (uint64_t i = 0; i < items; i += BULK_ITEMS) {
        uint32_t done = 0;

        for (uint32_t k = 0; k < BULK_ITEMS; k++)
            values[k] = i + k;
        while (done < bulk) {
            const uint32_t now = bulk_push(ring, values + done, bulk - done);

            if (now == 0 && pair_wait_hot(side))
                return;
            done += now;
        }
    }
}

static void
bulk_consumer(struct pair_side *side, void *context)
{
    ITEM_RING *const ring = ((struct items_context *)context)->ring;
    const uint64_t items = ((struct items_context *)context)->items;
    uint64_t values[BULK_ITEMS] __attribute__((aligned(64)));
    const uint32_t bulk = bench_opaque(BULK_ITEMS);

    for (uint64_t i = 0; i < items; i += BULK_ITEMS) {
        uint64_t wrong = 0;
        uint32_t done = 0;

        while (done < bulk) {
            const uint32_t now = bulk_pop(ring, values + done, bulk - done);

            if (now == 0 && pair_wait_hot(side))
                return;
            done += now;
        }
        for (uint32_t k = 0; k < BULK_ITEMS; k++)
            wrong |= values[k] ^ (i + k);
        if (__builtin_expect(wrong != 0, 0)) {
            pair_fail(side, "an item came out of turn");
            return;
        }
    }
}

static const char *
bulk_run(const struct bench_candidate *self, uint64_t operations, struct bench_measure *measure)
{
    const uint64_t items = operations / BULK_ITEMS * BULK_ITEMS;
    struct items_context context = {item_open((uint32_t)self->parameter), items};
    const char *error;

    if (context.ring == NULL)
        return "the ring could not be made";
    error = pair_run(bulk_producer, bulk_consumer, &context, &measure->ns);
    measure->operations = items;
    item_close(context.ring);
    return error;
}

#endif

/* ---- there and back through two rings ---- */

struct item_trip {
    struct trip trip;
    ITEM_RING *there;
    ITEM_RING *back;
};

static void
item_trip_near(struct pair_side *side, void *context_)
{
    const struct item_trip context = *(struct item_trip *)context_;

    for (uint64_t i = 0; i < context.trip.rounds; i++) {
        uint64_t value = 0;

        context.trip.stamps[i] = bench_ticks();
        while (!item_push(context.there, i)) {
            if (RING_WAIT(side))
                return;
        }
        while (!item_pop(context.back, &value)) {
            if (RING_WAIT(side))
                return;
        }
        if (__builtin_expect(value != i, 0)) {
            pair_fail(side, "another item came back");
            ITEM_GIVE_UP;
        }
    }
    context.trip.stamps[context.trip.rounds] = bench_ticks();
}

static void
item_trip_far(struct pair_side *side, void *context_)
{
    const struct item_trip context = *(struct item_trip *)context_;

    for (uint64_t i = 0; i < context.trip.rounds; i++) {
        uint64_t value = 0;

        while (!item_pop(context.there, &value)) {
            if (RING_WAIT(side))
                return;
        }
        while (!item_push(context.back, value)) {
            if (RING_WAIT(side))
                return;
        }
    }
}

static const char *
item_trip_run(const struct bench_candidate *self, uint64_t operations,
              struct bench_measure *measure)
{
    struct item_trip context = {{0, NULL}, item_open(1024), item_open(1024)};
    const char *error;

    (void)self;
    if (context.there == NULL || context.back == NULL)
        return "the ring could not be made";
    error = trip_run(&context.trip, item_trip_near, item_trip_far, operations, measure);
    item_close(context.there);
    item_close(context.back);
    return error;
}

#endif /* RING_ONE_THREAD_ONLY */

static const struct bench_candidate item_candidates[] = {
    {"push_pop_8", RING_NAME, RING_ROLE, BENCH_NS_PER_OPERATION, 1000000, push_pop_run, NULL, 0,
     RING_QUICK},
#ifndef RING_ONE_THREAD_ONLY
    {"items", RING_NAME, RING_ROLE, BENCH_OPERATIONS_PER_S, 400000, items_run, NULL, 1024, 0},
    {"items", RING_NAME, RING_ROLE, BENCH_OPERATIONS_PER_S, 1000000, items_run, NULL, 65536, 0},
#ifdef RING_HAS_BULK
    {"bulk_64", RING_NAME, RING_ROLE, BENCH_OPERATIONS_PER_S, 2000000, bulk_run, NULL, 1024,
     RING_QUICK},
    {"bulk_64", RING_NAME, RING_ROLE, BENCH_OPERATIONS_PER_S, 4000000, bulk_run, NULL, 65536,
     RING_QUICK},
#endif
    {"rtt_8", RING_NAME, RING_ROLE, BENCH_LATENCY, 10000, item_trip_run, NULL, 0, RING_QUICK},
#ifndef RING_IS_NO_INDEX_RING
    {"rtt_double_8", RING_NAME, RING_ROLE == BENCH_OURS ? BENCH_VARIANT : RING_ROLE, BENCH_LATENCY,
     10000, item_trip_run, NULL, 0, RING_QUICK},
#endif
#endif
};

__attribute__((constructor)) static void
offer_item_cases(void)
{
    for (size_t i = 0; i < sizeof item_candidates / sizeof item_candidates[0]; i++)
        bench_add(&item_candidates[i]);
}
