/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>
#include <pthread.h>
#include <sched.h>

#include <rondo/atomic.h>
#include <rondo/handle.h>

#define KIND  RONDO_HANDLE_USER
#define OTHER (RONDO_HANDLE_USER + 1)

static int objects[RONDO_HANDLES_MAX];

static void *
find(uint64_t handle, uint32_t kind)
{
    void *object;

    rondo_handle_enter();
    object = rondo_handle_find(handle, kind);
    rondo_handle_leave();
    return object;
}

static uint64_t
insert(void *object)
{
    uint64_t handle = 0;

    assert_int_equal(rondo_handle_insert(&handle, KIND, object), 0);
    return handle;
}

static void
remove_it(uint64_t handle)
{
    void *object;

    assert_int_equal(rondo_handle_remove(handle, KIND, &object), 0);
}

static void
handle_finds_its_object(void **state)
{
    const uint64_t a = insert(&objects[0]);
    const uint64_t b = insert(&objects[1]);

    (void)state;
    assert_ptr_equal(find(a, KIND), &objects[0]);
    assert_ptr_equal(find(b, KIND), &objects[1]);
    remove_it(a);
    remove_it(b);
}

static void
handle_is_never_zero_nor_all_ones(void **state)
{
    (void)state;
    for (int i = 0; i < 5000; i++) {
        const uint64_t handle = insert(&objects[0]);

        assert_true(handle != 0 && handle != UINT64_MAX);
        remove_it(handle);
    }
    assert_null(find(0, KIND));
    assert_null(find(UINT64_MAX, KIND));
}

static void
handle_of_another_kind_is_unknown(void **state)
{
    const uint64_t handle = insert(&objects[0]);
    void *object = &objects[1];

    (void)state;
    assert_null(find(handle, OTHER));
    assert_int_equal(rondo_handle_remove(handle, OTHER, &object), -ESTALE);
    assert_ptr_equal(object, &objects[1]);
    assert_ptr_equal(find(handle, KIND), &objects[0]);
    remove_it(handle);
}

static void
handle_is_stale_after_remove(void **state)
{
    const uint64_t handle = insert(&objects[0]);
    void *object = NULL;

    (void)state;
    assert_int_equal(rondo_handle_remove(handle, KIND, &object), 0);
    assert_ptr_equal(object, &objects[0]);
    assert_null(find(handle, KIND));
    assert_int_equal(rondo_handle_remove(handle, KIND, &object), -ESTALE);
}

static void
handle_with_any_bit_changed_is_unknown(void **state)
{
    const uint64_t handle = insert(&objects[0]);
    void *object;

    (void)state;
    for (unsigned bit = 0; bit < 64; bit++) {
        assert_null(find(handle ^ UINT64_C(1) << bit, KIND));
        assert_int_equal(rondo_handle_remove(handle ^ UINT64_C(1) << bit, KIND, &object), -ESTALE);
    }
    remove_it(handle);
}

static void
handle_of_a_slot_used_again_is_another_one(void **state)
{
    uint64_t old[3 * RONDO_HANDLES_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof old / sizeof old[0]; i++) {
        old[i] = insert(&objects[0]);
        for (size_t j = 0; j < i; j++)
            assert_true(old[j] != old[i]);
        remove_it(old[i]);
    }
    for (size_t i = 0; i < sizeof old / sizeof old[0]; i++)
        assert_null(find(old[i], KIND));
}

static void
handle_table_takes_its_capacity_and_no_more(void **state)
{
    static uint64_t handles[RONDO_HANDLES_MAX];
    uint64_t handle = 7;

    (void)state;
    for (size_t i = 0; i < RONDO_HANDLES_MAX; i++)
        handles[i] = insert(&objects[i]);
    assert_int_equal(rondo_handle_insert(&handle, KIND, &objects[0]), -EMFILE);
    assert_int_equal(handle, 7);
    for (size_t i = 0; i < RONDO_HANDLES_MAX; i++)
        assert_ptr_equal(find(handles[i], KIND), &objects[i]);
    remove_it(handles[5]);
    handles[5] = insert(&objects[5]);
    assert_int_equal(rondo_handle_insert(&handle, KIND, &objects[0]), -EMFILE);
    for (size_t i = 0; i < RONDO_HANDLES_MAX; i++)
        remove_it(handles[i]);
}

static void
handle_calls_refuse_bad_arguments(void **state)
{
    uint64_t handle = 7;

    (void)state;
    assert_int_equal(rondo_handle_insert(NULL, KIND, &objects[0]), -EINVAL);
    assert_int_equal(rondo_handle_insert(&handle, KIND, NULL), -EINVAL);
    assert_int_equal(rondo_handle_insert(&handle, 0, &objects[0]), -EINVAL);
    assert_int_equal(rondo_handle_insert(&handle, RONDO_HANDLE_KIND_MAX + 1, &objects[0]), -EINVAL);
    assert_int_equal(handle, 7);
    assert_int_equal(rondo_handle_remove(handle, KIND, NULL), -EINVAL);
}

static void
handle_sections_may_be_nested(void **state)
{
    const uint64_t handle = insert(&objects[0]);

    (void)state;
    rondo_handle_prepare_thread();
    rondo_handle_enter();
    assert_ptr_equal(find(handle, KIND), &objects[0]);
    assert_ptr_equal(rondo_handle_find(handle, KIND), &objects[0]);
    rondo_handle_leave();
    remove_it(handle);
}

/* ---- beside other threads ---- */

struct removal {
    uint64_t handle;
    int result;
    RONDO_ATOMIC(uint32_t) done;
};

static void *
remove_in_thread(void *context)
{
    struct removal *const removal = context;
    void *object;

    removal->result = rondo_handle_remove(removal->handle, KIND, &object);
    rondo_store_release_u32(&removal->done, 1);
    return NULL;
}

static void
handle_remove_waits_for_who_is_inside(void **state)
{
    struct removal removal = {.handle = insert(&objects[0])};
    pthread_t thread;
    const time_t end = time(NULL) + 20;

    (void)state;
    rondo_handle_enter();
    assert_non_null(rondo_handle_find(removal.handle, KIND));
    assert_int_equal(pthread_create(&thread, NULL, remove_in_thread, &removal), 0);
    /* Nobody finds it any more, so the remover is on its way... */
    while (rondo_handle_find(removal.handle, KIND) != NULL)
        assert_true(time(NULL) < end);
    /* ...and yet cannot have come through, however long it had. */
    for (int i = 0; i < 1000; i++) {
        const struct timespec little = {0, 20000};

        nanosleep(&little, NULL);
        assert_int_equal(rondo_load_acquire_u32(&removal.done), 0);
    }
    rondo_handle_leave();
    pthread_join(thread, NULL);
    assert_int_equal(removal.result, 0);
}

static void
handle_goes_to_one_of_many_removers(void **state)
{
    enum {
        REMOVERS = 4
    };

    (void)state;
    for (int round = 0; round < 200; round++) {
        const uint64_t handle = insert(&objects[0]);
        struct removal removals[REMOVERS];
        pthread_t threads[REMOVERS];
        int winners = 0;

        for (int i = 0; i < REMOVERS; i++) {
            removals[i] = (struct removal){.handle = handle};
            assert_int_equal(pthread_create(&threads[i], NULL, remove_in_thread, &removals[i]), 0);
        }
        for (int i = 0; i < REMOVERS; i++) {
            pthread_join(threads[i], NULL);
            winners += removals[i].result == 0;
            assert_true(removals[i].result == 0 || removals[i].result == -ESTALE);
        }
        assert_int_equal(winners, 1);
    }
}

/* An object that says whether it is alive. Plain words: ThreadSanitizer watches them. */
struct creature {
    uint64_t alive[8];
};

static struct {
    RONDO_ATOMIC(uint64_t) handle; /* of the newest */
    RONDO_ATOMIC(uint32_t) stop;
    RONDO_ATOMIC(uint32_t) dead_seen;
    RONDO_ATOMIC(uint32_t) living_seen;
} world;

static void *
look(void *context)
{
    (void)context;
    rondo_handle_prepare_thread();
    while (rondo_load_acquire_u32(&world.stop) == 0) {
        /* relaxed: what makes the object visible is the table's business alone. */
        const uint64_t handle = rondo_load_relaxed(&world.handle);
        const struct creature *creature;

        rondo_handle_enter();
        creature = rondo_handle_find(handle, KIND);
        if (creature != NULL) {
            rondo_store_release_u32(&world.living_seen, 1);
            for (int i = 0; i < 8; i++)
                if (creature->alive[i] != 1)
                    rondo_store_release_u32(&world.dead_seen, 1);
        }
        rondo_handle_leave();
        sched_yield();
    }
    return NULL;
}

static void
handle_readers_never_see_a_dead_object(void **state)
{
    pthread_t threads[2];
    const time_t end = time(NULL) + 60;

    (void)state;
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, look, NULL), 0);
    for (int round = 0; round < 500 || rondo_load_acquire_u32(&world.living_seen) == 0; round++) {
        struct creature *const creature = malloc(sizeof *creature);
        uint64_t handle = 0;

        assert_true(time(NULL) < end);
        assert_non_null(creature);
        for (int i = 0; i < 8; i++)
            creature->alive[i] = 1;
        assert_int_equal(rondo_handle_insert(&handle, KIND, creature), 0);
        rondo_store_relaxed(&world.handle, handle); /* relaxed: see look() */
        sched_yield();
        remove_it(handle);
        for (int i = 0; i < 8; i++)
            creature->alive[i] = 0;
        free(creature);
    }
    rondo_store_release_u32(&world.stop, 1);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(rondo_load_acquire_u32(&world.dead_seen), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(handle_finds_its_object),
        cmocka_unit_test(handle_is_never_zero_nor_all_ones),
        cmocka_unit_test(handle_of_another_kind_is_unknown),
        cmocka_unit_test(handle_is_stale_after_remove),
        cmocka_unit_test(handle_with_any_bit_changed_is_unknown),
        cmocka_unit_test(handle_of_a_slot_used_again_is_another_one),
        cmocka_unit_test(handle_table_takes_its_capacity_and_no_more),
        cmocka_unit_test(handle_calls_refuse_bad_arguments),
        cmocka_unit_test(handle_sections_may_be_nested),
        cmocka_unit_test(handle_remove_waits_for_who_is_inside),
        cmocka_unit_test(handle_goes_to_one_of_many_removers),
        cmocka_unit_test(handle_readers_never_see_a_dead_object),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
