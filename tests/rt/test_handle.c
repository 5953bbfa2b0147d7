/* SPDX-License-Identifier: MIT */
/*
 * Handles are looked up in real time, on a thread that was prepared, beside one that makes and
 * removes them.
 */
#include <rondo/atomic.h>
#include <rondo/handle.h>

#include "rt/realtime.h"

#define KIND  ((uint32_t)RONDO_HANDLE_USER)
#define ALIVE UINT64_C(0x616c6976650a)

struct object {
    uint64_t is_alive;
};

struct table {
    RONDO_ATOMIC(uint64_t) handle; /* of the object that is there now, or was a moment ago */
    struct object *objects[2];
    uint64_t next;
    RONDO_ATOMIC(uint64_t) found;
    RONDO_ATOMIC(uint64_t) stale;
};

static void *
set_up(const void *parameter)
{
    struct table *const table = rt_memory(sizeof *table);

    (void)parameter;
    for (int i = 0; i < 2; i++)
        table->objects[i] = rt_memory(sizeof(struct object));
    return table;
}

static void
prepare(void *context)
{
    (void)context;
    rondo_handle_prepare_thread();
}

static void
look_up(void *context)
{
    struct table *const table = context;
    uint64_t handle;
    const struct object *object;

    RT_CALL(rondo_handle_enter)();
    handle = rondo_load_acquire(&table->handle);
    object = RT_CALL(rondo_handle_find)(handle, KIND);
    if (object != NULL) {
        RT_CALL(rondo_handle_enter)(); /* nested */
        RT_REQUIRE(object->is_alive == ALIVE);
        RT_CALL(rondo_handle_leave)();
        rondo_store_relaxed(&table->found, rondo_load_relaxed(&table->found) + 1);
    } else {
        rondo_store_relaxed(&table->stale, rondo_load_relaxed(&table->stale) + 1);
    }
    RT_REQUIRE(RT_CALL(rondo_handle_find)(handle, KIND + 1) == NULL);
    RT_REQUIRE(RT_CALL(rondo_handle_find)(handle ^ UINT64_C(0x100000000000), KIND) == NULL);
    RT_CALL(rondo_handle_leave)();
}

/* One object dies while the other lives; memory of the dead is overwritten. */
static void
replace(void *context)
{
    struct table *const table = context;
    struct object *const object = table->objects[table->next % 2];
    const uint64_t old = rondo_load_relaxed(&table->handle);
    uint64_t handle;
    void *removed;

    object->is_alive = ALIVE;
    RT_ASSERT(rondo_handle_insert(&handle, KIND, object) == 0);
    if (table->next > 0) {
        RT_ASSERT(rondo_handle_remove(old, KIND, &removed) == 0);
        ((struct object *)removed)->is_alive = 0;
        if (table->next % 4 == 0)
            rt_yield(); /* a stale handle is to be seen */
    }
    rondo_store_release(&table->handle, handle);
    table->next++;
}

static bool
has_seen_both(const void *context)
{
    const struct table *const table = context;

    return rondo_load_relaxed(&table->found) > 1000 && rondo_load_relaxed(&table->stale) > 10;
}

int
main(void)
{
    static const struct rt_case cases[] = {
        {.name = "look_up_beside_insert_and_remove",
         .set_up = set_up,
         .prepare = prepare,
         .realtime = look_up,
         .beside = replace,
         .enough = has_seen_both},
    };

    return rt_run(cases, 1);
}
