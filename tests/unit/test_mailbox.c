/* SPDX-License-Identifier: MIT */
/* What mailbox.h promises, call by call, in one thread. */
#include "support/core_test.h"

#include <errno.h>

#include <rondo/mailbox.h>

static struct rondo_mailbox mailbox;

static void
mailbox_init_refuses_bad_arguments(void **state)
{
    unsigned char *const memory = test_memory(RONDO_MAILBOX_BYTES(24));

    (void)state;
    assert_int_equal(rondo_mailbox_init(NULL, memory, 24), -EINVAL);
    assert_int_equal(rondo_mailbox_init(&mailbox, NULL, 24), -EINVAL);
    assert_int_equal(rondo_mailbox_init(&mailbox, memory, 0), -EINVAL);
    assert_int_equal(rondo_mailbox_init(&mailbox, memory + 8, 24), -EINVAL);
    assert_int_equal(
        rondo_mailbox_init((struct rondo_mailbox *)(void *)((unsigned char *)&mailbox + 8), memory,
                           24),
        -EINVAL);
    assert_int_equal(rondo_mailbox_init(&mailbox, memory, RONDO_MAILBOX_VALUE_BYTES_MAX + 1),
                     -EOVERFLOW);
    assert_int_equal(rondo_mailbox_init(&mailbox, memory, UINT32_MAX), -EOVERFLOW);
    assert_int_equal(rondo_mailbox_init(&mailbox, memory, RONDO_MAILBOX_VALUE_BYTES_MAX), 0);
    assert_int_equal(rondo_mailbox_init(&mailbox, memory, 24), 0);
    free(memory);
}

static void
mailbox_memory_is_three_slots_on_cache_lines(void **state)
{
    (void)state;
    assert_int_equal(RONDO_MAILBOX_BYTES(1), 3 * RONDO_CACHELINE_BYTES);
    assert_int_equal(RONDO_MAILBOX_BYTES(RONDO_CACHELINE_BYTES), 3 * RONDO_CACHELINE_BYTES);
    assert_int_equal(RONDO_MAILBOX_BYTES(RONDO_CACHELINE_BYTES + 1), 6 * RONDO_CACHELINE_BYTES);
}

static void
mailbox_gives_null_until_the_first_value_arrives(void **state)
{
    unsigned char *const memory = test_memory(RONDO_MAILBOX_BYTES(8));
    uint64_t value = 77;
    bool fresh = true;

    (void)state;
    assert_int_equal(rondo_mailbox_init(&mailbox, memory, 8), 0);
    assert_null(rondo_mailbox_get_read(&mailbox, NULL));
    assert_null(rondo_mailbox_get_read(&mailbox, &fresh));
    assert_false(fresh);
    assert_false(rondo_mailbox_read(&mailbox, &value));
    assert_int_equal(value, 77);
    assert_non_null(rondo_mailbox_get_write(&mailbox)); /* filling is not publishing */
    assert_null(rondo_mailbox_get_read(&mailbox, NULL));
    rondo_mailbox_release_write(&mailbox);
    assert_non_null(rondo_mailbox_get_read(&mailbox, NULL));
    free(memory);
}

static void
mailbox_tells_whether_the_value_is_fresh(void **state)
{
    unsigned char *const memory = test_memory(RONDO_MAILBOX_BYTES(8));
    uint64_t value = 1;
    bool fresh = false;
    const void *seen;

    (void)state;
    assert_int_equal(rondo_mailbox_init(&mailbox, memory, 8), 0);
    rondo_mailbox_write(&mailbox, &value);
    seen = rondo_mailbox_get_read(&mailbox, &fresh);
    assert_non_null(seen);
    assert_true(fresh);
    for (int look = 0; look < 3; look++) { /* the same value again, not an older one */
        assert_ptr_equal(rondo_mailbox_get_read(&mailbox, &fresh), seen);
        assert_false(fresh);
    }
    value = 0;
    assert_false(rondo_mailbox_read(&mailbox, &value));
    assert_int_equal(value, 1);
    value = 2;
    rondo_mailbox_write(&mailbox, &value);
    value = 0;
    assert_true(rondo_mailbox_read(&mailbox, &value));
    assert_int_equal(value, 2);
    free(memory);
}

static void
mailbox_newest_value_wins(void **state)
{
    unsigned char *const memory = test_memory(RONDO_MAILBOX_BYTES(8));
    uint64_t value;

    (void)state;
    assert_int_equal(rondo_mailbox_init(&mailbox, memory, 8), 0);
    for (uint64_t written = 1; written < 20; written++) {
        for (uint64_t i = 1; i <= written; i++) {
            value = 100 * written + i;
            rondo_mailbox_write(&mailbox, &value);
        }
        assert_true(rondo_mailbox_read(&mailbox, &value));
        assert_int_equal(value, 101 * written);
    }
    free(memory);
}

static void
mailbox_value_stays_unchanged_until_the_next_look(void **state)
{
    unsigned char *const memory = test_memory(RONDO_MAILBOX_BYTES(8));
    uint64_t value = 5;
    const void *seen;

    (void)state;
    assert_int_equal(rondo_mailbox_init(&mailbox, memory, 8), 0);
    rondo_mailbox_write(&mailbox, &value);
    seen = rondo_mailbox_get_read(&mailbox, NULL);
    for (uint64_t i = 6; i < 30; i++) {
        void *const slot = rondo_mailbox_get_write(&mailbox);

        assert_ptr_not_equal(slot, seen);
        memcpy(slot, &i, 8);
        rondo_mailbox_release_write(&mailbox);
        memcpy(&value, seen, 8);
        assert_int_equal(value, 5);
    }
    memcpy(&value, rondo_mailbox_get_read(&mailbox, NULL), 8);
    assert_int_equal(value, 29);
    free(memory);
}

/* Every value size up to three lines, random looks: the slots never overlap, and a value is all of
 * what was written. */
static void
mailbox_keeps_values_of_every_size_whole(void **state)
{
    (void)state;
    for (uint32_t size = 1; size <= 3 * RONDO_CACHELINE_BYTES + 1; size++) {
        unsigned char *const memory = test_memory(RONDO_MAILBOX_BYTES(size));
        uint64_t random = size;
        uint64_t newest = 0;

        assert_int_equal(rondo_mailbox_init(&mailbox, memory, size), 0);
        for (uint64_t written = 1; written < 60; written++) {
            unsigned char value[4 * RONDO_CACHELINE_BYTES];
            const void *seen;
            bool fresh;

            test_fill_frames(value, size, written, 1);
            rondo_mailbox_write(&mailbox, value);
            if (test_random_below(&random, 2) == 0)
                continue;
            seen = rondo_mailbox_get_read(&mailbox, &fresh);
            assert_true(fresh);
            newest = written;
            test_fill_frames(rondo_mailbox_get_write(&mailbox), size, 999, 1);
            assert_int_equal(test_check_frames(seen, size, newest, 1), 1);
        }
        assert_true(newest > 0);
        free(memory);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mailbox_init_refuses_bad_arguments),
        cmocka_unit_test(mailbox_memory_is_three_slots_on_cache_lines),
        cmocka_unit_test(mailbox_gives_null_until_the_first_value_arrives),
        cmocka_unit_test(mailbox_tells_whether_the_value_is_fresh),
        cmocka_unit_test(mailbox_newest_value_wins),
        cmocka_unit_test(mailbox_value_stays_unchanged_until_the_next_look),
        cmocka_unit_test(mailbox_keeps_values_of_every_size_whole),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
