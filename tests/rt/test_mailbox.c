/* SPDX-License-Identifier: MIT */
/*
 * The mailbox: writer and reader in real time, beside the other one.
 */
#include <rondo/mailbox.h>

#include "rt/realtime.h"

#define WORDS 37u

struct value {
    uint64_t words[WORDS];
};

struct sides {
    struct rondo_mailbox mailbox;
    void *memory;
    uint64_t written;
    uint64_t last; /* that was read */
    RONDO_ATOMIC(uint64_t) moved RONDO_CACHE_ALIGNED;
    RONDO_ATOMIC(uint64_t) unchanged;
};

static void
count(RONDO_ATOMIC(uint64_t) * counter, uint64_t by)
{
    rondo_store_relaxed(counter, rondo_load_relaxed(counter) + by);
}

static void *
set_up(const void *parameter)
{
    struct sides *const sides = rt_memory(sizeof *sides);

    (void)parameter;
    sides->memory = rt_memory(RONDO_MAILBOX_BYTES(sizeof(struct value)));
    RT_ASSERT(rondo_mailbox_init(&sides->mailbox, sides->memory, sizeof(struct value)) == 0);
    return sides;
}

static void
fill(struct value *value, uint64_t number)
{
    for (uint32_t i = 0; i < WORDS; i++)
        value->words[i] = number;
}

/* Whether a value is whole, and not older than the last one. */
static bool
is_sound(struct sides *sides, const struct value *value)
{
    for (uint32_t i = 1; i < WORDS; i++)
        if (value->words[i] != value->words[0])
            return false;
    if (value->words[0] < sides->last)
        return false;
    sides->last = value->words[0];
    return true;
}

static void
write_values(void *context)
{
    struct sides *const sides = context;
    struct value value;

    fill(RT_CALL(rondo_mailbox_get_write)(&sides->mailbox), ++sides->written);
    RT_CALL(rondo_mailbox_release_write)(&sides->mailbox);
    fill(&value, ++sides->written);
    RT_CALL(rondo_mailbox_write)(&sides->mailbox, &value);
    count(&sides->moved, 1);
    count(&sides->unchanged, 1);
}

static void
look(void *context)
{
    struct sides *const sides = context;
    const struct value *const value = rondo_mailbox_get_read(&sides->mailbox, NULL);

    if (value != NULL)
        RT_ASSERT(is_sound(sides, value));
}

static void
read_values(void *context)
{
    struct sides *const sides = context;
    struct value copy;
    bool fresh;
    const struct value *const value = RT_CALL(rondo_mailbox_get_read)(&sides->mailbox, &fresh);

    if (value != NULL)
        RT_REQUIRE(is_sound(sides, value));
    count(&sides->moved, fresh);
    count(&sides->unchanged, !fresh);
    fresh = RT_CALL(rondo_mailbox_read)(&sides->mailbox, &copy);
    if (fresh)
        RT_REQUIRE(is_sound(sides, &copy));
    count(&sides->moved, fresh);
}

static void
publish(void *context)
{
    struct sides *const sides = context;

    fill(rondo_mailbox_get_write(&sides->mailbox), ++sides->written);
    rondo_mailbox_release_write(&sides->mailbox);
    if (sides->written % 16 == 0)
        rt_yield();
}

static bool
has_moved_much(const void *context)
{
    const struct sides *const sides = context;

    return rondo_load_relaxed(&sides->moved) > 1000 && rondo_load_relaxed(&sides->unchanged) > 0;
}

static void
make(void *context)
{
    struct sides *const sides = context;

    RT_REQUIRE(RT_CALL(rondo_mailbox_init)(&sides->mailbox, sides->memory, sizeof(struct value)) ==
               0);
}

int
main(void)
{
    static const struct rt_case cases[] = {
        {.name = "writer_beside_a_reader",
         .set_up = set_up,
         .realtime = write_values,
         .beside = look,
         .enough = has_moved_much},
        {.name = "reader_beside_a_writer",
         .set_up = set_up,
         .realtime = read_values,
         .beside = publish,
         .enough = has_moved_much},
        {.name = "making_one", .set_up = set_up, .realtime = make},
    };

    return rt_run(cases, sizeof cases / sizeof cases[0]);
}
