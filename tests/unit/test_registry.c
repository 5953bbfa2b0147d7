/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/registry.h"

static int
stub_open(void **device, const struct rondo_device_request *request,
          struct rondo_device_info *granted, struct rondo_error *error)
{
    (void)device;
    (void)request;
    (void)granted;
    return rondo_error_set(error, -ENODEV, "a stub");
}

static int
stub_close(void *device, struct rondo_error *error)
{
    (void)device;
    (void)error;
    return 0;
}

static int32_t
stub_transfer(void *device, void *frames, uint32_t count, struct rondo_error *error)
{
    (void)device;
    (void)frames;
    (void)error;
    return (int32_t)count;
}

static struct rondo_backend_ops
stub(const char *name)
{
    const struct rondo_backend_ops ops = {
        .version = RONDO_BACKEND_VERSION,
        .size = sizeof(struct rondo_backend_ops),
        .name = name,
        .summary = "does nothing",
        .open = stub_open,
        .close = stub_close,
        .transfer = stub_transfer,
    };

    return ops;
}

static uint32_t
count_backends(void)
{
    uint32_t count = 0;

    while (rondo_backend_list(count) != NULL)
        count++;
    return count;
}

static void
built_in_backends_are_listed_first_and_found(void **state)
{
    (void)state;
    assert_string_equal(rondo_backend_list(0)->name, "null");
    assert_string_equal(rondo_backend_list(1)->name, "file");
    assert_ptr_equal(rondo__backend_find("file"), rondo_backend_list(1));
    assert_null(rondo_backend_list(count_backends()));
    assert_null(rondo_backend_list(UINT32_MAX));
    assert_null(rondo__backend_find("fil"));
    assert_null(rondo__backend_find("files"));
    assert_null(rondo__backend_find(""));
    assert_null(rondo__backend_find(NULL));
}

static void
every_built_in_backend_could_register_itself(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 2; i++) {
        const struct rondo_backend_ops *ops = rondo_backend_list(i);

        assert_int_equal(rondo_backend_register(ops), -EEXIST);
        assert_non_null(ops->summary);
        for (const struct rondo_backend_parameter *p = ops->parameters; p->key != NULL; p++)
            assert_non_null(p->help);
    }
}

static void
a_backend_of_others_is_listed_last_and_found(void **state)
{
    static struct rondo_backend_ops mine;
    const uint32_t before = count_backends();
    char names[64];

    (void)state;
    mine = stub("mine-2_x");
    assert_null(rondo__backend_find("mine-2_x"));
    assert_int_equal(rondo_backend_register(&mine), 0);
    assert_ptr_equal(rondo__backend_find("mine-2_x"), &mine);
    assert_ptr_equal(rondo_backend_list(before), &mine);
    assert_null(rondo_backend_list(before + 1));
    assert_int_equal(rondo_backend_register(&mine), -EEXIST);
    assert_non_null(strstr(rondo__backend_names(names, sizeof(names)), "null, file"));
    assert_non_null(strstr(names, ", mine-2_x"));
}

static void
names_are_cut_to_the_room_there_is(void **state)
{
    char names[8];

    (void)state;
    assert_string_equal(rondo__backend_names(names, sizeof(names)), "null, f");
    assert_string_equal(rondo__backend_names(names, 1), "");
}

static void
what_is_incomplete_is_refused(void **state)
{
    static const struct rondo_backend_parameter core_key[] = {{"clock", "taken"}, {NULL, NULL}};
    static const struct rondo_backend_parameter bad_key[] = {{"a=b", "bad"}, {NULL, NULL}};
    static const char *const bad_names[] = {"", "Upper", "with:colon", "with space", "a?b"};
    const uint32_t before = count_backends();
    struct rondo_backend_ops ops = stub("half");

    (void)state;
    assert_int_equal(rondo_backend_register(NULL), -EINVAL);
    ops.version = RONDO_BACKEND_VERSION + 1;
    assert_int_equal(rondo_backend_register(&ops), -EPROTO);
    ops = stub("half");
    ops.size = sizeof(ops) - 1;
    assert_int_equal(rondo_backend_register(&ops), -EINVAL);
    ops = stub(NULL);
    assert_int_equal(rondo_backend_register(&ops), -EINVAL);
    for (size_t i = 0; i < sizeof(bad_names) / sizeof(bad_names[0]); i++) {
        ops = stub(bad_names[i]);
        assert_int_equal(rondo_backend_register(&ops), -EINVAL);
    }
    ops = stub("half");
    ops.summary = NULL;
    assert_int_equal(rondo_backend_register(&ops), -EINVAL);
    ops = stub("half");
    ops.open = NULL;
    assert_int_equal(rondo_backend_register(&ops), -EINVAL);
    ops = stub("half");
    ops.close = NULL;
    assert_int_equal(rondo_backend_register(&ops), -EINVAL);
    ops = stub("half");
    ops.transfer = NULL;
    assert_int_equal(rondo_backend_register(&ops), -EINVAL);
    ops = stub("half");
    ops.parameters = core_key;
    assert_int_equal(rondo_backend_register(&ops), -EINVAL);
    ops.parameters = bad_key;
    assert_int_equal(rondo_backend_register(&ops), -EINVAL);
    assert_int_equal(count_backends(), before);
    assert_null(rondo__backend_find("half"));
}

#define THREADS    4
#define PER_THREAD 50

static struct rondo_backend_ops crowd[PER_THREAD];
static char crowd_names[PER_THREAD][16];

/* All threads want the same names; each name may be had once. */
static void *
register_crowd(void *context)
{
    uintptr_t had = 0;

    (void)context;
    for (int i = 0; i < PER_THREAD; i++) {
        had += rondo_backend_register(&crowd[i]) == 0;
        if (rondo__backend_find(crowd_names[i]) != &crowd[i])
            return (void *)(uintptr_t)100000;
        if (rondo_backend_list(0) == NULL)
            return (void *)(uintptr_t)100000;
    }
    return (void *)had;
}

static void
threads_may_register_and_find_at_once(void **state)
{
    const uint32_t before = count_backends();
    pthread_t threads[THREADS];
    uintptr_t had = 0;

    (void)state;
    for (int i = 0; i < PER_THREAD; i++) {
        snprintf(crowd_names[i], sizeof(crowd_names[i]), "crowd-%d", i);
        crowd[i] = stub(crowd_names[i]);
    }
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, register_crowd, NULL), 0);
    for (int i = 0; i < THREADS; i++) {
        void *result = NULL;

        assert_int_equal(pthread_join(threads[i], &result), 0);
        had += (uintptr_t)result;
    }
    assert_int_equal(had, PER_THREAD);
    assert_int_equal(count_backends(), before + PER_THREAD);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(built_in_backends_are_listed_first_and_found),
        cmocka_unit_test(every_built_in_backend_could_register_itself),
        cmocka_unit_test(names_are_cut_to_the_room_there_is),
        cmocka_unit_test(a_backend_of_others_is_listed_last_and_found),
        cmocka_unit_test(what_is_incomplete_is_refused),
        cmocka_unit_test(threads_may_register_and_find_at_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
