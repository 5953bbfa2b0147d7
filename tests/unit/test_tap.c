/* SPDX-License-Identifier: MIT */
/* What tap.h promises, call by call, in one thread. */
#include "support/core_test.h"

#include <errno.h>

#include <rondo/memory.h>
#include <rondo/ring.h>
#include <rondo/tap.h>

static struct rondo_ring ring;
static struct rondo_tap tap;

static void
ring_with_producer(unsigned char *memory, uint32_t capacity, uint64_t pos,
                   enum rondo_ring_producer_kind kind)
{
    assert_int_equal(rondo_ring_init(&ring, memory, capacity, 1), 0);
    assert_int_equal(rondo_ring_set_producer(&ring, kind), 0);
    rondo_ring_reset(&ring, pos);
}

/* The producer writes up to @p frames frames; the consumer takes them at once if it is to. */
static uint32_t
produce(uint32_t frames, bool consumed)
{
    uint32_t done = 0;

    while (done < frames) {
        const struct rondo_span span = rondo_ring_get_write(&ring, frames - done);

        if (span.frames == 0)
            break;
        test_fill_frames(span.data, 1, rondo_ring_write_position(&ring), span.frames);
        rondo_ring_release_write(&ring, span.frames);
        done += span.frames;
        while (consumed && rondo_ring_fill(&ring) > 0) {
            const struct rondo_span fill = rondo_ring_get_read(&ring, UINT32_MAX);

            assert_true(fill.frames > 0);
            rondo_ring_release_read(&ring, fill.frames);
        }
    }
    return done;
}

static void
tap_init_refuses_bad_arguments(void **state)
{
    unsigned char *const memory = test_memory(10);

    (void)state;
    ring_with_producer(memory, 10, 0, RONDO_PRODUCER_WAITS_TAPPED);
    assert_int_equal(rondo_tap_init(NULL, &ring), -EINVAL);
    assert_int_equal(rondo_tap_init(&tap, NULL), -EINVAL);
    assert_int_equal(rondo_tap_init(&tap, &ring), 0);
    free(memory);
}

static void
tap_is_refused_where_the_producer_announces_nothing(void **state)
{
    unsigned char *const memory = test_memory(10);

    (void)state;
    ring_with_producer(memory, 10, 0, RONDO_PRODUCER_WAITS);
    assert_int_equal(rondo_tap_init(&tap, &ring), -ENOTSUP);
    ring_with_producer(memory, 10, 0, RONDO_PRODUCER_FREE_RUNS);
    assert_int_equal(rondo_tap_init(&tap, &ring), 0);
    free(memory);
}

static void
tap_begins_at_the_next_frame_written_wherever_the_ring_stands(void **state)
{
    static const uint64_t starts[] = {0, START_BELOW_2_32, START_BELOW_2_64};
    unsigned char *const memory = test_memory(10);

    (void)state;
    for (size_t start = 0; start < 3; start++)
        for (uint32_t before = 0; before < 45; before++) {
            uint64_t lost = 99;
            struct rondo_span span;

            ring_with_producer(memory, 10, starts[start], RONDO_PRODUCER_WAITS_TAPPED);
            assert_int_equal(produce(before, true), before);
            assert_int_equal(rondo_tap_init(&tap, &ring), 0);
            assert_true(rondo_tap_position(&tap) == starts[start] + before);
            assert_int_equal(rondo_tap_get(&tap, UINT32_MAX, &lost).frames, 0);
            assert_int_equal(lost, 0);
            assert_int_equal(produce(1, true), 1);
            span = rondo_tap_get(&tap, UINT32_MAX, &lost);
            assert_int_equal(lost, 0);
            assert_int_equal(span.frames, 1);
            assert_ptr_equal(span.data, memory + before % 10);
            assert_int_equal(test_check_frames(span.data, 1, starts[start] + before, 1), 1);
            assert_int_equal(rondo_tap_release(&tap, 1), 0);
        }
    free(memory);
}

static void
tap_that_keeps_up_sees_every_frame_of_either_kind_of_producer(void **state)
{
    unsigned char *const memory = test_memory(64);

    (void)state;
    for (int kind = RONDO_PRODUCER_WAITS_TAPPED; kind <= RONDO_PRODUCER_FREE_RUNS; kind++)
        for (uint32_t capacity = 1; capacity <= 64; capacity++) {
            uint64_t pos = START_BELOW_2_64;
            uint64_t random = capacity;

            ring_with_producer(memory, capacity, pos, (enum rondo_ring_producer_kind)kind);
            assert_int_equal(rondo_tap_init(&tap, &ring), 0);
            for (int round = 0; round < 100; round++) {
                uint32_t frames = test_random_below(&random, capacity + 1);

                assert_int_equal(produce(frames, kind == RONDO_PRODUCER_WAITS_TAPPED), frames);
                while (frames > 0) {
                    uint64_t lost = 99;
                    struct rondo_span span =
                        rondo_tap_get(&tap, 1 + test_random_below(&random, 9), &lost);

                    assert_int_equal(lost, 0);
                    assert_true(span.frames > 0 && span.frames <= frames);
                    assert_int_equal(test_check_frames(span.data, 1, pos, span.frames),
                                     span.frames);
                    assert_int_equal(rondo_tap_release(&tap, span.frames), 0);
                    frames -= span.frames;
                    pos += span.frames;
                }
                assert_true(rondo_tap_position(&tap) == pos);
            }
        }
    free(memory);
}

static void
tap_never_changes_the_ring(void **state)
{
    unsigned char *const memory = test_memory(10);
    struct rondo_ring before;
    uint64_t lost;

    (void)state;
    ring_with_producer(memory, 10, 0, RONDO_PRODUCER_WAITS_TAPPED);
    assert_int_equal(rondo_tap_init(&tap, &ring), 0);
    for (uint32_t round = 0; round < 50; round++) {
        produce(7, round % 3 != 0);
        if (round % 3 != 0)
            rondo_ring_release_read(&ring, rondo_ring_get_read(&ring, UINT32_MAX).frames);
        memcpy((void *)&before, (void *)&ring, sizeof ring);
        rondo_tap_release(&tap, rondo_tap_get(&tap, round, &lost).frames);
        assert_memory_equal(&ring, &before, sizeof ring);
    }
    free(memory);
}

static void
tap_that_lags_counts_exactly_what_it_lost(void **state)
{
    unsigned char *const memory = test_memory(64);

    (void)state;
    for (int kind = RONDO_PRODUCER_WAITS_TAPPED; kind <= RONDO_PRODUCER_FREE_RUNS; kind++)
        for (uint32_t capacity = 1; capacity <= 64; capacity++) {
            uint64_t random = capacity;
            uint64_t accounted = 0;

            ring_with_producer(memory, capacity, START_BELOW_2_32,
                               (enum rondo_ring_producer_kind)kind);
            assert_int_equal(rondo_tap_init(&tap, &ring), 0);
            for (int round = 0; round < 300; round++) {
                uint64_t lost = 0;
                struct rondo_span span;
                uint32_t lapped;
                uint64_t pos;

                produce(test_random_below(&random, 2 * capacity + 1),
                        kind == RONDO_PRODUCER_WAITS_TAPPED);
                span = rondo_tap_get(&tap, test_random_below(&random, 2 * capacity + 1), &lost);
                accounted += lost;
                pos = rondo_tap_position(&tap);
                assert_true(pos == START_BELOW_2_32 + accounted);
                if (test_random_below(&random, 2) == 0)
                    produce(test_random_below(&random, 2 * capacity),
                            kind == RONDO_PRODUCER_WAITS_TAPPED);
                lapped = rondo_tap_release(&tap, span.frames);
                assert_true(lapped <= span.frames);
                if (span.frames > 0)
                    assert_int_equal(test_check_frames((unsigned char *)span.data + lapped, 1,
                                                       pos + lapped, span.frames - lapped),
                                     span.frames - lapped);
                accounted += span.frames;
            }
        }
    free(memory);
}

static void
tap_release_tells_exactly_how_many_held_frames_were_lapped(void **state)
{
    unsigned char *const memory = test_memory(10);

    (void)state;
    for (int kind = RONDO_PRODUCER_WAITS_TAPPED; kind <= RONDO_PRODUCER_FREE_RUNS; kind++)
        for (uint32_t held = 1; held <= 10; held++)
            for (uint32_t more = 0; more <= 25; more++) {
                uint64_t lost = 0;
                uint32_t expected = held + more > 10 ? held + more - 10 : 0;

                ring_with_producer(memory, 10, START_BELOW_2_64,
                                   (enum rondo_ring_producer_kind)kind);
                assert_int_equal(rondo_tap_init(&tap, &ring), 0);
                produce(held, kind == RONDO_PRODUCER_WAITS_TAPPED);
                assert_int_equal(rondo_tap_get(&tap, UINT32_MAX, &lost).frames, held);
                /* Frame by frame: a get claims no more than it is asked for. */
                for (uint32_t i = 0; i < more; i++)
                    produce(1, kind == RONDO_PRODUCER_WAITS_TAPPED);
                if (expected > held)
                    expected = held;
                assert_int_equal(rondo_tap_release(&tap, held), expected);
            }
    free(memory);
}

static void
tap_counts_frames_that_a_waiting_producer_has_merely_claimed(void **state)
{
    unsigned char *const memory = test_memory(10);
    uint64_t lost = 0;

    (void)state;
    ring_with_producer(memory, 10, 0, RONDO_PRODUCER_WAITS_TAPPED);
    assert_int_equal(rondo_tap_init(&tap, &ring), 0);
    assert_int_equal(produce(10, true), 10);
    assert_int_equal(rondo_tap_get(&tap, UINT32_MAX, &lost).frames, 10);
    assert_int_equal(lost, 0);
    assert_int_equal(rondo_ring_get_write(&ring, 6).frames, 6);
    assert_int_equal(rondo_tap_release(&tap, 10), 6);
    free(memory);
}

static void
tap_lends_whole_spans_of_mirrored_memory(void **state)
{
    const uint32_t capacity = rondo_mirrored_capacity(1, 1);
    struct rondo_memory memory;
    uint64_t lost = 0;

    (void)state;
    assert_int_equal(rondo_memory_create(&memory, capacity, RONDO_MEMORY_MIRRORED), 0);
    assert_int_equal(rondo_ring_init_mirrored(&ring, memory.data, capacity, 1), 0);
    assert_int_equal(rondo_ring_set_producer(&ring, RONDO_PRODUCER_FREE_RUNS), 0);
    assert_int_equal(produce(capacity - 1, false), capacity - 1);
    assert_int_equal(rondo_tap_init(&tap, &ring), 0);
    assert_int_equal(produce(capacity, false), capacity);
    assert_int_equal(rondo_tap_get(&tap, UINT32_MAX, &lost).frames, capacity);
    assert_int_equal(rondo_tap_release(&tap, capacity), 0);
    rondo_memory_destroy(&memory);
}

/* A producer that was late and jumped never wrote the frames that it jumped over. */
static void
tap_never_lends_frames_that_the_producer_jumped_over(void **state)
{
    unsigned char *const memory = test_memory(10);

    (void)state;
    for (uint32_t skip = 1; skip <= 35; skip++)
        for (uint32_t held = 0; held <= 4; held += 4) {
            uint64_t lost = 0;
            uint64_t pos;
            struct rondo_span span;

            ring_with_producer(memory, 10, START_BELOW_2_32, RONDO_PRODUCER_WAITS_TAPPED);
            assert_int_equal(produce(10, true), 10);
            assert_int_equal(rondo_tap_init(&tap, &ring), 0);
            assert_int_equal(produce(4, true), 4);
            pos = rondo_tap_position(&tap);
            span = rondo_tap_get(&tap, held, &lost);
            assert_int_equal(span.frames, held);

            rondo_ring_skip_read(&ring, skip);
            assert_int_equal(rondo_ring_catch_up_write(&ring), skip);
            assert_int_equal(rondo_tap_release(&tap, 0), 0);
            assert_int_equal(rondo_tap_get(&tap, UINT32_MAX, &lost).frames, 0);
            assert_int_equal(lost, 4 + skip);
            assert_true(rondo_tap_position(&tap) == pos + 4 + skip);

            assert_int_equal(produce(3, true), 3);
            span = rondo_tap_get(&tap, UINT32_MAX, &lost);
            assert_int_equal(lost, 0);
            assert_true(span.frames > 0);
            assert_int_equal(test_check_frames(span.data, 1, pos + 4 + skip, span.frames),
                             span.frames);
            assert_int_equal(rondo_tap_release(&tap, span.frames), 0);
        }
    free(memory);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tap_init_refuses_bad_arguments),
        cmocka_unit_test(tap_is_refused_where_the_producer_announces_nothing),
        cmocka_unit_test(tap_begins_at_the_next_frame_written_wherever_the_ring_stands),
        cmocka_unit_test(tap_that_keeps_up_sees_every_frame_of_either_kind_of_producer),
        cmocka_unit_test(tap_never_changes_the_ring),
        cmocka_unit_test(tap_that_lags_counts_exactly_what_it_lost),
        cmocka_unit_test(tap_release_tells_exactly_how_many_held_frames_were_lapped),
        cmocka_unit_test(tap_counts_frames_that_a_waiting_producer_has_merely_claimed),
        cmocka_unit_test(tap_lends_whole_spans_of_mirrored_memory),
        cmocka_unit_test(tap_never_lends_frames_that_the_producer_jumped_over),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
