/* SPDX-License-Identifier: MIT */
/* What double_buffer.h promises, call by call, in one thread. */
#include "support/core_test.h"

#include <errno.h>

#include <rondo/double_buffer.h>

static struct rondo_double_buffer buffer;
static unsigned char *memory;

#define PERIOD_FRAMES 48
#define FRAME_BYTES   4
#define PERIOD_BYTES  (PERIOD_FRAMES * FRAME_BYTES)

static int
make_buffer(void **state)
{
    (void)state;
    memory = test_memory(2 * PERIOD_BYTES);
    return rondo_double_buffer_init(&buffer, memory, PERIOD_FRAMES, FRAME_BYTES);
}

static int
free_buffer(void **state)
{
    (void)state;
    free(memory);
    return 0;
}

static void
assert_lends(struct rondo_span span, uint32_t which)
{
    assert_ptr_equal(span.data, memory + which * PERIOD_BYTES);
    assert_int_equal(span.frames, PERIOD_FRAMES);
}

static void
assert_lends_nothing(struct rondo_span span)
{
    assert_null(span.data);
    assert_int_equal(span.frames, 0);
}

static void
double_buffer_init_refuses_bad_arguments_and_leaves_it_untouched(void **state)
{
    struct rondo_double_buffer untouched;
    struct {
        struct rondo_double_buffer *buffer;
        void *memory;
        uint32_t period_frames;
        uint32_t frame_bytes;
        int error;
    } const bad[] = {
        {NULL, memory, 16, 4, -EINVAL},
        {&buffer, NULL, 16, 4, -EINVAL},
        {&buffer, memory, 0, 4, -EINVAL},
        {&buffer, memory, 16, 0, -EINVAL},
        {&buffer, memory + 4, 16, 4, -EINVAL},
        {(struct rondo_double_buffer *)(void *)((unsigned char *)&buffer + 8), memory, 16, 4,
         -EINVAL},
        {&buffer, memory, RONDO_CAPACITY_FRAMES_MAX + 1, 4, -EOVERFLOW},
        {&buffer, memory, 16, RONDO_FRAME_BYTES_MAX + 1, -EOVERFLOW},
        {&buffer, memory, UINT32_MAX, UINT32_MAX, -EOVERFLOW},
    };

    (void)state;
    memset((void *)&buffer, 0x5a, sizeof buffer);
    memcpy((void *)&untouched, (void *)&buffer, sizeof buffer);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(rondo_double_buffer_init(bad[i].buffer, bad[i].memory,
                                                  bad[i].period_frames, bad[i].frame_bytes),
                         bad[i].error);
        assert_memory_equal(&buffer, &untouched, sizeof buffer);
    }
    assert_int_equal(
        rondo_double_buffer_init(&buffer, memory, RONDO_CAPACITY_FRAMES_MAX, RONDO_FRAME_BYTES_MAX),
        sizeof(void *) == 8 ? 0 : -EOVERFLOW);
}

static void
double_buffer_begins_with_both_buffers_empty(void **state)
{
    (void)state;
    assert_lends_nothing(rondo_double_buffer_get_full(&buffer));
    assert_int_equal(rondo_double_buffer_held(&buffer), 0);
    assert_lends(rondo_double_buffer_get_empty(&buffer), 0);
    assert_lends_nothing(rondo_double_buffer_get_full(&buffer));
}

static void
double_buffer_second_get_lends_the_other_buffer(void **state)
{
    (void)state;
    for (int turn = 0; turn < 5; turn++) {
        assert_lends(rondo_double_buffer_get_empty(&buffer), 0);
        assert_lends(rondo_double_buffer_get_empty(&buffer), 1);
        assert_lends_nothing(rondo_double_buffer_get_empty(&buffer));
        rondo_double_buffer_release_full(&buffer);
        rondo_double_buffer_release_full(&buffer);
        assert_lends_nothing(rondo_double_buffer_get_empty(&buffer));
        assert_lends(rondo_double_buffer_get_full(&buffer), 0);
        assert_int_equal(rondo_double_buffer_held(&buffer), 1);
        assert_lends(rondo_double_buffer_get_full(&buffer), 1);
        assert_int_equal(rondo_double_buffer_held(&buffer), 2);
        assert_lends_nothing(rondo_double_buffer_get_full(&buffer));
        rondo_double_buffer_release_empty(&buffer);
        rondo_double_buffer_release_empty(&buffer);
    }
}

static void
double_buffer_second_get_lends_nothing_while_the_other_is_not_ready(void **state)
{
    (void)state;
    assert_lends(rondo_double_buffer_get_empty(&buffer), 0);
    rondo_double_buffer_release_full(&buffer);
    assert_lends(rondo_double_buffer_get_full(&buffer), 0);
    assert_lends_nothing(rondo_double_buffer_get_full(&buffer));
    assert_int_equal(rondo_double_buffer_held(&buffer), 1);
    assert_lends(rondo_double_buffer_get_empty(&buffer), 1);
    assert_lends_nothing(rondo_double_buffer_get_empty(&buffer));
}

static void
double_buffer_releases_the_oldest_first(void **state)
{
    (void)state;
    rondo_double_buffer_get_empty(&buffer);
    rondo_double_buffer_get_empty(&buffer);
    rondo_double_buffer_release_full(&buffer); /* the first, not the one got last */
    assert_lends(rondo_double_buffer_get_full(&buffer), 0);
    assert_lends_nothing(rondo_double_buffer_get_full(&buffer));
    rondo_double_buffer_release_full(&buffer);
    assert_lends(rondo_double_buffer_get_full(&buffer), 1);
    rondo_double_buffer_release_empty(&buffer);
    assert_int_equal(rondo_double_buffer_held(&buffer), 1);
    assert_lends(rondo_double_buffer_get_empty(&buffer), 0);
    assert_lends_nothing(rondo_double_buffer_get_empty(&buffer));
}

static void
double_buffer_release_with_nothing_held_does_nothing(void **state)
{
    (void)state;
    rondo_double_buffer_release_full(&buffer);
    rondo_double_buffer_release_empty(&buffer);
    assert_lends_nothing(rondo_double_buffer_get_full(&buffer));
    assert_lends(rondo_double_buffer_get_empty(&buffer), 0);
    rondo_double_buffer_release_full(&buffer);
    rondo_double_buffer_release_full(&buffer);
    rondo_double_buffer_release_empty(&buffer);
    assert_int_equal(rondo_double_buffer_held(&buffer), 0);
    assert_lends(rondo_double_buffer_get_full(&buffer), 0);
    assert_lends_nothing(rondo_double_buffer_get_full(&buffer));
    rondo_double_buffer_release_empty(&buffer);
    rondo_double_buffer_release_empty(&buffer);
    rondo_double_buffer_release_full(&buffer);
    assert_lends_nothing(rondo_double_buffer_get_full(&buffer));
    assert_lends(rondo_double_buffer_get_empty(&buffer), 1);
    assert_lends(rondo_double_buffer_get_empty(&buffer), 0);
}

static void
double_buffer_warm_changes_nothing(void **state)
{
    (void)state;
    for (int round = 0; round < 4; round++) {
        rondo_double_buffer_warm(&buffer);
        assert_lends(rondo_double_buffer_get_empty(&buffer), (uint32_t)round % 2);
        rondo_double_buffer_warm(&buffer);
        rondo_double_buffer_release_full(&buffer);
        rondo_double_buffer_warm(&buffer);
        assert_lends(rondo_double_buffer_get_full(&buffer), (uint32_t)round % 2);
        rondo_double_buffer_warm(&buffer);
        rondo_double_buffer_release_empty(&buffer);
    }
    for (int i = 0; i < 2 * PERIOD_BYTES; i++)
        assert_int_equal(memory[i], 0xa5);
}

/* Random calls, also useless ones, against two queues; the counters begin just below their wrap. */
static void
double_buffer_does_what_two_queues_do(void **state)
{
    uint64_t random = 7;
    uint32_t got_empty = 0, released_full = 0, got_full = 0, released_empty = 0;

    (void)state;
    buffer.producer.got = buffer.producer.released = UINT32_MAX - 99;
    buffer.consumer.got = buffer.consumer.released = UINT32_MAX - 99;
    for (int step = 0; step < 100000; step++)
        switch (test_random_below(&random, 4)) {
        case 0:
            if (got_empty - released_empty < 2)
                assert_lends(rondo_double_buffer_get_empty(&buffer), got_empty++ % 2);
            else
                assert_lends_nothing(rondo_double_buffer_get_empty(&buffer));
            break;
        case 1:
            rondo_double_buffer_release_full(&buffer);
            released_full += released_full < got_empty;
            break;
        case 2:
            if (got_full < released_full)
                assert_lends(rondo_double_buffer_get_full(&buffer), got_full++ % 2);
            else
                assert_lends_nothing(rondo_double_buffer_get_full(&buffer));
            assert_int_equal(rondo_double_buffer_held(&buffer), got_full - released_empty);
            break;
        default:
            rondo_double_buffer_release_empty(&buffer);
            released_empty += released_empty < got_full;
            break;
        }
    assert_true(released_empty > 1000);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            double_buffer_init_refuses_bad_arguments_and_leaves_it_untouched, make_buffer,
            free_buffer),
        cmocka_unit_test_setup_teardown(double_buffer_begins_with_both_buffers_empty, make_buffer,
                                        free_buffer),
        cmocka_unit_test_setup_teardown(double_buffer_second_get_lends_the_other_buffer,
                                        make_buffer, free_buffer),
        cmocka_unit_test_setup_teardown(
            double_buffer_second_get_lends_nothing_while_the_other_is_not_ready, make_buffer,
            free_buffer),
        cmocka_unit_test_setup_teardown(double_buffer_releases_the_oldest_first, make_buffer,
                                        free_buffer),
        cmocka_unit_test_setup_teardown(double_buffer_release_with_nothing_held_does_nothing,
                                        make_buffer, free_buffer),
        cmocka_unit_test_setup_teardown(double_buffer_warm_changes_nothing, make_buffer,
                                        free_buffer),
        cmocka_unit_test_setup_teardown(double_buffer_does_what_two_queues_do, make_buffer,
                                        free_buffer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
