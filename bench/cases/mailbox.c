/* SPDX-License-Identifier: MIT */
/*
 * rondo's mailbox: one thread publishes and looks in turn; two threads, the writer never rests.
 */
#include <rondo/mailbox.h>

#include <string.h>

#include "bench/cases/ring_ops.h"
#include "bench/pair.h"
#include "bench/timing.h"

/* A value begins and ends with its number. */
static inline void
stamp(unsigned char *value, uint32_t bytes, uint64_t number)
{
    memcpy(value, &number, sizeof number);
    memcpy(value + bytes - sizeof number, &number, sizeof number);
}

/* The number of a whole value; UINT64_MAX of a torn one. */
static inline uint64_t
number_of(const unsigned char *value, uint32_t bytes)
{
    uint64_t first;
    uint64_t last;

    memcpy(&first, value, sizeof first);
    memcpy(&last, value + bytes - sizeof last, sizeof last);
    return first == last ? first : UINT64_MAX;
}

static struct rondo_mailbox *
make_mailbox(uint32_t bytes)
{
    struct rondo_mailbox *const mailbox = bench_memory(sizeof *mailbox);

    return rondo_mailbox_init(mailbox, bench_memory(RONDO_MAILBOX_BYTES(bytes)), bytes) == 0
               ? mailbox
               : NULL;
}

/* ---- one thread ---- */

static const char *
one_thread_run(const struct bench_candidate *self, uint64_t operations,
               struct bench_measure *measure)
{
    const uint32_t bytes = bench_opaque((uint32_t)self->parameter);
    struct rondo_mailbox *const mailbox = make_mailbox(bytes);
    unsigned char *const in = bench_memory(bytes);
    unsigned char *const out = bench_memory(bytes);
    uint64_t wrong = 0;
    uint64_t start;

    if (mailbox == NULL)
        return "the mailbox could not be made";
    start = bench_ticks_fenced();
    for (uint64_t i = 0; i < operations; i++) {
        stamp(in, bytes, i);
        rondo_mailbox_write(mailbox, in);
        if (!rondo_mailbox_read(mailbox, out))
            return "the newest value is not new";
        wrong |= number_of(out, bytes) ^ i;
    }
    measure->ns = bench_ticks_to_ns(bench_ticks_fenced() - start);
    measure->operations = operations;
    return wrong == 0 ? NULL : "another value came out";
}

/* Three slots in turn, without synchronisation. */
static const char *
slots_run(const struct bench_candidate *self, uint64_t operations, struct bench_measure *measure)
{
    const uint32_t bytes = bench_opaque((uint32_t)self->parameter);
    const size_t slot_bytes = ((size_t)bytes + 63) / 64 * 64;
    unsigned char *const slots = bench_memory(3 * slot_bytes);
    unsigned char *const in = bench_memory(bytes);
    unsigned char *const out = bench_memory(bytes);
    unsigned char *slot = slots;
    uint64_t wrong = 0;
    uint64_t start;

    start = bench_ticks_fenced();
    for (uint64_t i = 0; i < operations; i++) {
        stamp(in, bytes, i);
        memcpy(slot, in, bytes);
        bench_keep(slot);
        memcpy(out, slot, bytes);
        wrong |= number_of(out, bytes) ^ i;
        slot = slot == slots + 2 * slot_bytes ? slots : slot + slot_bytes;
    }
    measure->ns = bench_ticks_to_ns(bench_ticks_fenced() - start);
    measure->operations = operations;
    return wrong == 0 ? NULL : "another value came out";
}

/* ---- two threads: the writer's time a value, while the reader looks all the time ---- */

struct mail {
    struct rondo_mailbox *mailbox;
    uint32_t *middle; /* of the bound */
    unsigned char *in;
    unsigned char *out;
    uint32_t bytes;
    uint64_t values;
    uint64_t *ticks; /* the writer's */
};

static void
mail_writer(struct pair_side *side, void *context_)
{
    const struct mail context = *(struct mail *)context_;
    const uint64_t start = bench_ticks_fenced();

    (void)side;
    for (uint64_t i = 1; i <= context.values; i++) {
        stamp(context.in, context.bytes, i);
        rondo_mailbox_write(context.mailbox, context.in);
    }
    *context.ticks = bench_ticks_fenced() - start;
}

static void
mail_reader(struct pair_side *side, void *context_)
{
    const struct mail context = *(struct mail *)context_;
    uint64_t newest = 0;

    while (newest < context.values) {
        uint64_t number;

        if (!rondo_mailbox_read(context.mailbox, context.out)) {
            if (pair_wait(side))
                return;
            continue;
        }
        number = number_of(context.out, context.bytes);
        if (__builtin_expect(number == UINT64_MAX || number <= newest, 0)) {
            pair_fail(side, "a value came torn, or again, or after a newer one");
            return;
        }
        newest = number;
    }
}

static const char *
two_threads_run(const struct bench_candidate *self, uint64_t operations,
                struct bench_measure *measure)
{
    const uint32_t bytes = (uint32_t)self->parameter;
    uint64_t ticks = 0;
    struct mail context = {
        .mailbox = make_mailbox(bytes),
        .in = bench_memory(bytes),
        .out = bench_memory(bytes),
        .bytes = bench_opaque(bytes),
        .values = operations,
        .ticks = &ticks,
    };
    const char *error;

    if (context.mailbox == NULL)
        return "the mailbox could not be made";
    error = pair_run(mail_writer, mail_reader, &context, NULL);
    measure->ns = bench_ticks_to_ns(ticks);
    measure->operations = operations;
    return error;
}

/* The bound: both sides swap one word, and there is no value. */

static void
swap_writer(struct pair_side *side, void *context_)
{
    const struct mail context = *(struct mail *)context_;
    const uint64_t start = bench_ticks_fenced();

    (void)side;
    for (uint64_t i = 0; i < context.values; i++)
        __atomic_exchange_n(context.middle, 4, __ATOMIC_ACQ_REL);
    *context.ticks = bench_ticks_fenced() - start;
    __atomic_store_n(context.middle, 8, __ATOMIC_RELEASE);
}

static void
swap_reader(struct pair_side *side, void *context_)
{
    const struct mail context = *(struct mail *)context_;

    for (;;) {
        const uint32_t middle = __atomic_load_n(context.middle, __ATOMIC_ACQUIRE);

        if (middle == 8)
            return;
        if (middle == 4) {
            uint32_t seen = 4; /* not over the end's sign */

            __atomic_compare_exchange_n(context.middle, &seen, 0, 0, __ATOMIC_ACQ_REL,
                                        __ATOMIC_ACQUIRE);
        } else if (pair_wait(side)) {
            return;
        }
    }
}

static const char *
swap_run(const struct bench_candidate *self, uint64_t operations, struct bench_measure *measure)
{
    uint64_t ticks = 0;
    struct mail context = {
        .middle = bench_memory(128),
        .values = operations,
        .ticks = &ticks,
    };
    const char *const error = pair_run(swap_writer, swap_reader, &context, NULL);

    (void)self;
    measure->ns = bench_ticks_to_ns(ticks);
    measure->operations = operations;
    return error;
}

#define MAILBOX(bytes)                                                                               \
    {"mailbox", "rondo mailbox", BENCH_OURS, BENCH_NS_PER_OPERATION, 200000, one_thread_run,         \
     NULL,      bytes,           0},                                                                 \
        {"mailbox",                                                                                  \
         "three slots, unsynchronised",                                                              \
         BENCH_BOUND,                                                                                \
         BENCH_NS_PER_OPERATION,                                                                     \
         200000,                                                                                     \
         slots_run,                                                                                  \
         NULL,                                                                                       \
         bytes,                                                                                      \
         0},                                                                                         \
        {"mailbox_two", "rondo mailbox", BENCH_OURS, BENCH_NS_PER_OPERATION, 20000, two_threads_run, \
         NULL,          bytes,           0},                                                         \
    {                                                                                                \
        "mailbox_two", "a word swapped", BENCH_BOUND, BENCH_NS_PER_OPERATION, 20000, swap_run,       \
            NULL, bytes, 0                                                                           \
    }

static const struct bench_candidate candidates[] = {
    MAILBOX(64),
    MAILBOX(1024),
};

__attribute__((constructor)) static void
offer(void)
{
    for (size_t i = 0; i < sizeof candidates / sizeof candidates[0]; i++)
        bench_add(&candidates[i]);
}
