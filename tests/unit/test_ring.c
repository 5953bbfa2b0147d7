/* SPDX-License-Identifier: MIT */
/* What ring.h promises, call by call, in one thread; what two threads make of it is in
 * tests/stress. */
#include "support/core_test.h"

#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>

#include <rondo/memory.h>
#include <rondo/ring.h>

static struct rondo_ring ring;

/* ---- init
 * --------------------------------------------------------------------------------------------------------
 */

static struct rondo_ring untouched;

static void
fill_with_pattern(void)
{
    memset((void *)&ring, 0x5a, sizeof ring);
    memset((void *)&untouched, 0x5a, sizeof untouched);
}

static void
ring_init_refuses_bad_arguments_and_leaves_the_ring_untouched(void **state)
{
    unsigned char *const memory = test_memory(4096);
    struct {
        struct rondo_ring *ring;
        void *memory;
        uint32_t capacity_frames;
        uint32_t frame_bytes;
        int error;
    } const bad[] = {
        {NULL, memory, 16, 4, -EINVAL},
        {&ring, NULL, 16, 4, -EINVAL},
        {&ring, memory, 0, 4, -EINVAL},
        {&ring, memory, 16, 0, -EINVAL},
        {&ring, memory + 1, 16, 4, -EINVAL},
        {&ring, memory + RONDO_CACHELINE_BYTES / 2, 16, 4, -EINVAL},
        {(struct rondo_ring *)(void *)((unsigned char *)&ring + 8), memory, 16, 4, -EINVAL},
        {&ring, memory, RONDO_CAPACITY_FRAMES_MAX + 1, 1, -EOVERFLOW},
        {&ring, memory, UINT32_MAX, 1, -EOVERFLOW},
        {&ring, memory, 16, RONDO_FRAME_BYTES_MAX + 1, -EOVERFLOW},
        {&ring, memory, 16, UINT32_MAX, -EOVERFLOW},
    };

    (void)state;
    fill_with_pattern();
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(
            rondo_ring_init(bad[i].ring, bad[i].memory, bad[i].capacity_frames, bad[i].frame_bytes),
            bad[i].error);
        assert_int_equal(rondo_ring_init_mirrored(bad[i].ring, bad[i].memory,
                                                  bad[i].capacity_frames, bad[i].frame_bytes),
                         bad[i].error);
        assert_memory_equal(&ring, &untouched, sizeof ring);
    }
    free(memory);
}

static void
ring_init_accepts_the_largest_sizes(void **state)
{
    unsigned char *const memory = test_memory(4096);
    const int error =
        rondo_ring_init(&ring, memory, RONDO_CAPACITY_FRAMES_MAX, RONDO_FRAME_BYTES_MAX);

    (void)state;
    assert_int_equal(error, sizeof(void *) == 8 ? 0 : -EOVERFLOW);
    assert_int_equal(rondo_ring_init(&ring, memory, 1, RONDO_FRAME_BYTES_MAX), 0);
    assert_int_equal(rondo_ring_capacity(&ring), 1);
    free(memory);
}

static void
ring_set_producer_refuses_an_unknown_kind_and_changes_nothing(void **state)
{
    unsigned char *const memory = test_memory(64);

    (void)state;
    fill_with_pattern();
    assert_int_equal(rondo_ring_init(&ring, memory, 16, 4), 0);
    rondo_ring_release_write(&ring, rondo_ring_get_write(&ring, 5).frames);
    memcpy((void *)&untouched, (void *)&ring, sizeof ring);
    assert_int_equal(rondo_ring_set_producer(&ring, (enum rondo_ring_producer_kind)3), -EINVAL);
    assert_int_equal(rondo_ring_set_producer(&ring, (enum rondo_ring_producer_kind)99), -EINVAL);
    assert_memory_equal(&ring, &untouched, sizeof ring);
    free(memory);
}

static void
ring_set_producer_and_reset_empty_the_ring(void **state)
{
    static const enum rondo_ring_producer_kind kinds[] = {
        RONDO_PRODUCER_WAITS, RONDO_PRODUCER_WAITS_TAPPED, RONDO_PRODUCER_FREE_RUNS};
    unsigned char *const memory = test_memory(64);

    (void)state;
    assert_int_equal(rondo_ring_init(&ring, memory, 16, 4), 0);
    for (size_t i = 0; i < 3; i++) {
        rondo_ring_release_write(&ring, rondo_ring_get_write(&ring, 5).frames);
        assert_int_equal(rondo_ring_fill(&ring), 5);
        assert_int_equal(rondo_ring_set_producer(&ring, kinds[i]), 0);
        assert_int_equal(rondo_ring_fill(&ring), 0);
        assert_int_equal(rondo_ring_room(&ring), 16);
        assert_int_equal(rondo_ring_get_write(&ring, UINT32_MAX).frames, 16);
        rondo_ring_release_write(&ring, 5);
        rondo_ring_reset(&ring, 1000);
        assert_int_equal(rondo_ring_fill(&ring), 0);
        assert_int_equal(rondo_ring_room(&ring), 16);
        assert_int_equal(rondo_ring_read_position(&ring), 1000);
        assert_int_equal(rondo_ring_write_position(&ring), 1000);
        assert_ptr_equal(rondo_ring_get_write(&ring, 1).data, memory);
        rondo_ring_reset(&ring, 0);
    }
    free(memory);
}

/* ---- get and release
 * --------------------------------------------------------------------------------------------- */

static void
ring_get_read_lends_nothing_when_empty(void **state)
{
    unsigned char *const memory = test_memory(64);
    struct rondo_span span;

    (void)state;
    assert_int_equal(rondo_ring_init(&ring, memory, 16, 4), 0);
    span = rondo_ring_get_read(&ring, UINT32_MAX);
    assert_int_equal(span.frames, 0);
    assert_null(span.data);
    assert_int_equal(rondo_ring_fill(&ring), 0);
    assert_int_equal(rondo_ring_room(&ring), 16);
    free(memory);
}

static void
ring_get_write_lends_nothing_when_full(void **state)
{
    unsigned char *const memory = test_memory(64);
    struct rondo_span span;

    (void)state;
    assert_int_equal(rondo_ring_init(&ring, memory, 16, 4), 0);
    span = rondo_ring_get_write(&ring, UINT32_MAX);
    assert_int_equal(span.frames, 16);
    assert_ptr_equal(span.data, memory);
    rondo_ring_release_write(&ring, 16);
    assert_int_equal(rondo_ring_fill(&ring), 16);
    assert_int_equal(rondo_ring_room(&ring), 0);
    span = rondo_ring_get_write(&ring, 1);
    assert_int_equal(span.frames, 0);
    assert_null(span.data);
    free(memory);
}

static void
ring_get_of_no_frames_lends_nothing(void **state)
{
    unsigned char *const memory = test_memory(64);

    (void)state;
    assert_int_equal(rondo_ring_init(&ring, memory, 16, 4), 0);
    assert_int_equal(rondo_ring_get_write(&ring, 0).frames, 0);
    assert_null(rondo_ring_get_write(&ring, 0).data);
    assert_int_equal(rondo_ring_get_write(&ring, 8).frames, 8);
    rondo_ring_release_write(&ring, 8);
    assert_int_equal(rondo_ring_get_read(&ring, 0).frames, 0);
    assert_null(rondo_ring_get_read(&ring, 0).data);
    assert_int_equal(rondo_ring_fill(&ring), 8);
    free(memory);
}

static void
ring_get_twice_lends_the_same_frames(void **state)
{
    unsigned char *const memory = test_memory(64);
    struct rondo_span first;
    struct rondo_span second;

    (void)state;
    assert_int_equal(rondo_ring_init(&ring, memory, 16, 4), 0);
    first = rondo_ring_get_write(&ring, 7);
    second = rondo_ring_get_write(&ring, 7);
    assert_ptr_equal(first.data, second.data);
    assert_int_equal(second.frames, 7);
    assert_int_equal(rondo_ring_get_write(&ring, 9).frames, 9);
    assert_ptr_equal(rondo_ring_get_write(&ring, 9).data, memory);
    rondo_ring_release_write(&ring, 9);
    first = rondo_ring_get_read(&ring, 5);
    second = rondo_ring_get_read(&ring, 5);
    assert_ptr_equal(first.data, second.data);
    assert_int_equal(first.frames, 5);
    assert_int_equal(second.frames, 5);
    assert_int_equal(rondo_ring_get_read(&ring, UINT32_MAX).frames, 9);
    free(memory);
}

static void
ring_release_of_fewer_frames_keeps_the_rest(void **state)
{
    unsigned char *const memory = test_memory(64);

    (void)state;
    assert_int_equal(rondo_ring_init(&ring, memory, 16, 4), 0);
    assert_int_equal(rondo_ring_get_write(&ring, 10).frames, 10);
    rondo_ring_release_write(&ring, 3);
    assert_int_equal(rondo_ring_fill(&ring), 3);
    assert_ptr_equal(rondo_ring_get_write(&ring, 1).data, memory + 12);
    rondo_ring_release_write(&ring, 0);
    assert_int_equal(rondo_ring_fill(&ring), 3);
    assert_int_equal(rondo_ring_get_read(&ring, UINT32_MAX).frames, 3);
    rondo_ring_release_read(&ring, 2);
    assert_int_equal(rondo_ring_get_read(&ring, UINT32_MAX).frames, 1);
    assert_ptr_equal(rondo_ring_get_read(&ring, 1).data, memory + 8);
    rondo_ring_release_read(&ring, 0);
    assert_int_equal(rondo_ring_fill(&ring), 1);
    assert_int_equal(rondo_ring_room(&ring), 15);
    free(memory);
}

static void
ring_spans_stop_at_the_wrap_in_plain_memory(void **state)
{
    unsigned char *const memory = test_memory(40);

    (void)state;
    assert_int_equal(rondo_ring_init(&ring, memory, 10, 4), 0);
    rondo_ring_release_write(&ring, rondo_ring_get_write(&ring, 7).frames);
    rondo_ring_release_read(&ring, rondo_ring_get_read(&ring, 7).frames);
    assert_int_equal(rondo_ring_get_write(&ring, UINT32_MAX).frames, 3);
    rondo_ring_release_write(&ring, 3);
    assert_int_equal(rondo_ring_get_write(&ring, UINT32_MAX).frames, 7);
    assert_ptr_equal(rondo_ring_get_write(&ring, UINT32_MAX).data, memory);
    rondo_ring_release_write(&ring, 7);
    assert_int_equal(rondo_ring_get_read(&ring, UINT32_MAX).frames, 3);
    rondo_ring_release_read(&ring, 3);
    assert_int_equal(rondo_ring_get_read(&ring, UINT32_MAX).frames, 7);
    assert_ptr_equal(rondo_ring_get_read(&ring, UINT32_MAX).data, memory);
    free(memory);
}

static void
ring_spans_never_stop_at_the_wrap_in_mirrored_memory(void **state)
{
    struct rondo_memory memory;
    const uint32_t capacity = rondo_mirrored_capacity(1, 12);

    (void)state;
    assert_int_equal(rondo_memory_create(&memory, (size_t)capacity * 12, RONDO_MEMORY_MIRRORED), 0);
    assert_int_equal(rondo_ring_init_mirrored(&ring, memory.data, capacity, 12), 0);
    for (uint32_t step = 1; step < 3 * capacity; step = step * 3 + 1) {
        const uint64_t pos = rondo_ring_write_position(&ring);
        const uint32_t part = step % capacity;
        struct rondo_span span = rondo_ring_get_write(&ring, UINT32_MAX);

        assert_int_equal(span.frames, capacity);
        test_fill_frames(span.data, 12, pos, capacity);
        rondo_ring_release_write(&ring, capacity);
        span = rondo_ring_get_read(&ring, UINT32_MAX);
        assert_int_equal(span.frames, capacity);
        assert_int_equal(test_check_frames(span.data, 12, pos, capacity), capacity);
        rondo_ring_release_read(&ring, part);
        span = rondo_ring_get_read(&ring, UINT32_MAX);
        assert_int_equal(span.frames, capacity - part);
        rondo_ring_release_read(&ring, span.frames);
        span = rondo_ring_get_write(&ring, part);
        assert_int_equal(span.frames, part);
        rondo_ring_release_write(&ring, part);
        rondo_ring_release_read(&ring, rondo_ring_get_read(&ring, part).frames);
    }
    rondo_memory_destroy(&memory);
}

static void
ring_of_every_frame_size_keeps_frames_whole(void **state)
{
    static const uint32_t sizes[] = {1,    2,    3,    4,    5,    6,    7,    8,    9,   11,
                                     12,   16,   17,   24,   31,   32,   63,   64,   65,  96,
                                     127,  128,  129,  255,  256,  257,  511,  512,  513, 768,
                                     1000, 1023, 1024, 1025, 2047, 2048, 3071, 4095, 4096};

    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        const uint32_t capacity = 13;
        unsigned char *const memory = test_memory((size_t)capacity * sizes[i]);
        unsigned char *const block = test_memory((size_t)capacity * sizes[i]);
        uint64_t pos = START_BELOW_2_32;

        assert_int_equal(rondo_ring_init(&ring, memory, capacity, sizes[i]), 0);
        rondo_ring_reset(&ring, pos);
        for (uint32_t round = 0; round < 8; round++) {
            test_fill_frames(block, sizes[i], pos, 9);
            assert_int_equal(rondo_ring_write(&ring, block, 9), 9);
            memset(block, 0, (size_t)capacity * sizes[i]);
            assert_int_equal(rondo_ring_read(&ring, block, 13), 9);
            assert_int_equal(test_check_frames(block, sizes[i], pos, 9), 9);
            pos += 9;
        }
        free(block);
        free(memory);
    }
}

static void
ring_of_the_largest_capacity_wraps_rightly(void **state)
{
    const size_t size_bytes = (size_t)RONDO_CAPACITY_FRAMES_MAX;
    const uint32_t step = 0x40000001;
    struct rondo_memory memory;
    uint64_t pos = START_BELOW_2_64;

    (void)state;
    if (sizeof(void *) != 8 || rondo_memory_create(&memory, size_bytes, RONDO_MEMORY_PLAIN) != 0)
        skip();
    assert_int_equal(rondo_ring_init(&ring, memory.data, RONDO_CAPACITY_FRAMES_MAX, 1), 0);
    rondo_ring_reset(&ring, pos);
    assert_int_equal(rondo_ring_room(&ring), RONDO_CAPACITY_FRAMES_MAX);
    assert_int_equal(rondo_ring_get_write(&ring, UINT32_MAX).frames, RONDO_CAPACITY_FRAMES_MAX);
    for (int round = 0; round < 9; round++) {
        uint32_t done = 0;

        while (done < step) { /* only the ends are touched, so that the memory stays sparse */
            const struct rondo_span span = rondo_ring_get_write(&ring, step - done);

            assert_true(span.frames > 0);
            test_fill_frames(span.data, 1, pos + done, 1);
            test_fill_frames((unsigned char *)span.data + span.frames - 1, 1,
                             pos + done + span.frames - 1, 1);
            rondo_ring_release_write(&ring, span.frames);
            done += span.frames;
        }
        assert_int_equal(rondo_ring_fill(&ring), step);
        assert_int_equal(rondo_ring_room(&ring), RONDO_CAPACITY_FRAMES_MAX - step);
        for (done = 0; done < step;) {
            const struct rondo_span span = rondo_ring_get_read(&ring, UINT32_MAX);

            assert_true(span.frames > 0);
            assert_int_equal(test_check_frames(span.data, 1, pos + done, 1), 1);
            assert_int_equal(test_check_frames((unsigned char *)span.data + span.frames - 1, 1,
                                               pos + done + span.frames - 1, 1),
                             1);
            rondo_ring_release_read(&ring, span.frames);
            done += span.frames;
        }
        pos += step;
    }
    rondo_memory_destroy(&memory);
}

static void
ring_of_the_largest_capacity_may_be_mirrored(void **state)
{
    const size_t size_bytes = (size_t)RONDO_CAPACITY_FRAMES_MAX;
    struct rondo_memory memory;
    struct rondo_span span;

    (void)state;
    if (sizeof(void *) != 8 || rondo_memory_create(&memory, size_bytes, RONDO_MEMORY_MIRRORED) != 0)
        skip();
    assert_int_equal(rondo_ring_init_mirrored(&ring, memory.data, RONDO_CAPACITY_FRAMES_MAX, 1), 0);
    assert_int_equal(rondo_ring_get_write(&ring, UINT32_MAX).frames, RONDO_CAPACITY_FRAMES_MAX);
    rondo_ring_release_write(&ring, RONDO_CAPACITY_FRAMES_MAX - 1);
    assert_int_equal(rondo_ring_get_read(&ring, UINT32_MAX).frames, RONDO_CAPACITY_FRAMES_MAX - 1);
    rondo_ring_release_read(&ring, RONDO_CAPACITY_FRAMES_MAX - 1);
    span = rondo_ring_get_write(&ring, UINT32_MAX);
    assert_int_equal(span.frames, RONDO_CAPACITY_FRAMES_MAX);
    test_fill_frames((unsigned char *)span.data + span.frames - 1, 1, 7, 1);
    rondo_ring_release_write(&ring, span.frames);
    span = rondo_ring_get_read(&ring, UINT32_MAX);
    assert_int_equal(span.frames, RONDO_CAPACITY_FRAMES_MAX);
    assert_int_equal(
        test_check_frames((unsigned char *)memory.data + RONDO_CAPACITY_FRAMES_MAX - 2, 1, 7, 1),
        1);
    rondo_ring_release_read(&ring, span.frames);
    assert_ptr_equal(rondo_ring_get_write(&ring, 1).data,
                     (unsigned char *)memory.data + size_bytes - 1);
    rondo_memory_destroy(&memory);
}

/* ---- the copying calls, warming
 * ---------------------------------------------------------------------------------- */

static void
ring_write_and_read_copy_over_the_wrap(void **state)
{
    unsigned char *const memory = test_memory(300 * 12);
    unsigned char *const block = test_memory(400 * 12);

    (void)state;
    assert_int_equal(rondo_ring_init(&ring, memory, 300, 12), 0);
    test_fill_frames(block, 12, 0, 200);
    assert_int_equal(rondo_ring_write(&ring, block, 200), 200);
    assert_int_equal(rondo_ring_read(&ring, block, 150), 150);
    assert_int_equal(test_check_frames(block, 12, 0, 150), 150);
    test_fill_frames(block, 12, 200, 400);
    assert_int_equal(rondo_ring_write(&ring, block, 400),
                     250); /* 100 up to the wrap, 150 behind it */
    assert_int_equal(rondo_ring_write(&ring, block, 400), 0);
    memset(block, 0, 400 * 12);
    assert_int_equal(rondo_ring_read(&ring, block, 400), 300);
    assert_int_equal(test_check_frames(block, 12, 150, 300), 300);
    assert_int_equal(rondo_ring_read(&ring, block, 400), 0);
    assert_int_equal(rondo_ring_write(&ring, block, 0), 0);
    assert_int_equal(rondo_ring_read(&ring, block, 0), 0);
    free(block);
    free(memory);
}

static void
ring_warm_write_changes_nothing_that_anybody_sees(void **state)
{
    unsigned char *const memory = test_memory(100 * 32);
    unsigned char *const before = test_memory(100 * 32);
    uint64_t random = 1;

    (void)state;
    for (int kind = RONDO_PRODUCER_WAITS; kind <= RONDO_PRODUCER_FREE_RUNS; kind++) {
        assert_int_equal(rondo_ring_init(&ring, memory, 100, 32), 0);
        assert_int_equal(rondo_ring_set_producer(&ring, (enum rondo_ring_producer_kind)kind), 0);
        for (int round = 0; round < 200; round++) {
            static const uint32_t wanted[] = {0, 1, 50, 99, 100, 101, UINT32_MAX};
            struct rondo_span held;
            struct rondo_span again;
            uint64_t write_pos;
            uint64_t claim_pos;
            uint64_t lost;

            rondo_ring_release_write(
                &ring, rondo_ring_get_write(&ring, test_random_below(&random, 60)).frames);
            held = rondo_ring_get_write(&ring, 10);
            write_pos = rondo_ring_write_position(&ring);
            claim_pos = rondo_load_relaxed(&ring.written.claim_pos);
            memcpy(before, memory, 100 * 32);
            rondo_ring_warm_write(&ring, wanted[round % 7]);
            assert_memory_equal(memory, before, 100 * 32);
            assert_int_equal(rondo_ring_write_position(&ring), write_pos);
            assert_int_equal(rondo_load_relaxed(&ring.written.claim_pos), claim_pos);
            again = rondo_ring_get_write(&ring, 10);
            assert_ptr_equal(again.data, held.data);
            assert_int_equal(again.frames, held.frames);
            if (kind == RONDO_PRODUCER_FREE_RUNS)
                continue;
            assert_int_equal(rondo_ring_get_read_checked(&ring, 0, &lost).frames, 0);
            assert_int_equal(lost, 0);
            rondo_ring_release_read(
                &ring, rondo_ring_get_read(&ring, test_random_below(&random, 60)).frames);
        }
    }
    free(before);
    free(memory);
}

/* ---- lazy release
 * ------------------------------------------------------------------------------------------------
 */

static void
ring_release_read_lazy_tells_the_producer_every_quarter_of_the_capacity(void **state)
{
    unsigned char *const memory = test_memory(16);

    (void)state;
    assert_int_equal(rondo_ring_init(&ring, memory, 16, 1), 0);
    rondo_ring_release_write(&ring, rondo_ring_get_write(&ring, 16).frames);
    for (uint32_t taken = 1; taken <= 15; taken++) {
        assert_int_equal(rondo_ring_get_read(&ring, 1).frames, 1);
        rondo_ring_release_read_lazy(&ring, 1);
        assert_int_equal(rondo_ring_room(&ring), taken / 4 * 4);
        assert_int_equal(rondo_ring_get_write(&ring, 16).frames, taken / 4 * 4);
        assert_int_equal(rondo_ring_read_position(&ring), taken);
        assert_int_equal(rondo_ring_fill(&ring), 16 - taken);
    }
    free(memory);
}

static void
ring_release_read_tells_what_was_held_back(void **state)
{
    unsigned char *const memory = test_memory(16);

    (void)state;
    assert_int_equal(rondo_ring_init(&ring, memory, 16, 1), 0);
    rondo_ring_release_write(&ring, rondo_ring_get_write(&ring, 16).frames);
    assert_int_equal(rondo_ring_get_read(&ring, 3).frames, 3);
    rondo_ring_release_read_lazy(&ring, 3);
    assert_int_equal(rondo_ring_room(&ring), 0);
    rondo_ring_release_read(&ring, 0);
    assert_int_equal(rondo_ring_room(&ring), 3);
    free(memory);
}

/* Take everything lazily until a get finds the ring empty: then the producer has all the room there
 * is. */
static void
drain_lazily(uint32_t capacity, bool checked)
{
    uint64_t lost = 0;

    for (;;) {
        const struct rondo_span span =
            checked ? rondo_ring_get_read_checked(&ring, 1, &lost) : rondo_ring_get_read(&ring, 1);

        if (span.frames == 0)
            break;
        rondo_ring_release_read_lazy(&ring, 1);
        if (checked)
            assert_int_equal(lost, 0);
    }
    assert_int_equal(rondo_ring_room(&ring), capacity);
}

static void
ring_that_the_consumer_finds_empty_holds_no_room_back(void **state)
{
    unsigned char *const memory = test_memory(70);

    (void)state;
    for (uint32_t capacity = 1; capacity <= 70; capacity++) {
        assert_int_equal(rondo_ring_init(&ring, memory, capacity, 1), 0);
        for (uint32_t frames = 1; frames <= capacity; frames++) {
            rondo_ring_release_write(&ring, rondo_ring_get_write(&ring, frames).frames);
            drain_lazily(capacity, false);
        }
    }
    free(memory);
}

static void
ring_that_a_checked_get_finds_empty_holds_no_room_back(void **state)
{
    unsigned char *const memory = test_memory(70);

    (void)state;
    for (uint32_t capacity = 1; capacity <= 70; capacity++) {
        assert_int_equal(rondo_ring_init(&ring, memory, capacity, 1), 0);
        assert_int_equal(rondo_ring_set_producer(&ring, RONDO_PRODUCER_WAITS_TAPPED), 0);
        for (uint32_t frames = 1; frames <= capacity; frames++) {
            rondo_ring_release_write(&ring, rondo_ring_get_write(&ring, frames).frames);
            drain_lazily(capacity, true);
        }
    }
    free(memory);
}

/* ---- a consumer that does not wait
 * ------------------------------------------------------------------------------- */

static void
ring_skip_read_drops_filled_frames_and_gives_their_room_back(void **state)
{
    unsigned char *const memory = test_memory(10);

    (void)state;
    assert_int_equal(rondo_ring_init(&ring, memory, 10, 1), 0);
    test_fill_frames(rondo_ring_get_write(&ring, 10).data, 1, 0, 10);
    rondo_ring_release_write(&ring, 10);
    rondo_ring_skip_read(&ring, 4);
    assert_int_equal(rondo_ring_fill(&ring), 6);
    assert_int_equal(rondo_ring_room(&ring), 4);
    assert_int_equal(rondo_ring_catch_up_write(&ring), 0);
    assert_int_equal(test_check_frames(rondo_ring_get_read(&ring, 6).data, 1, 4, 6), 6);
    free(memory);
}

static void
ring_late_frames_are_never_read(void **state)
{
    unsigned char *const memory = test_memory(10);

    (void)state;
    assert_int_equal(rondo_ring_init(&ring, memory, 10, 1), 0);
    rondo_ring_skip_read(&ring, 13);
    assert_int_equal(rondo_ring_room(&ring), 10);
    assert_int_equal(rondo_ring_fill(&ring), 0);
    for (uint64_t pos = 0; pos < 15;) {
        const struct rondo_span span = rondo_ring_get_write(&ring, 5);

        assert_int_equal(span.frames, 5);
        test_fill_frames(span.data, 1, pos, 5);
        assert_int_equal(rondo_ring_get_read(&ring, UINT32_MAX).frames, 0);
        rondo_ring_release_write(&ring, 5);
        pos += 5;
    }
    assert_int_equal(rondo_ring_fill(&ring), 2);
    assert_int_equal(rondo_ring_get_read(&ring, UINT32_MAX).frames, 2);
    assert_int_equal(test_check_frames(rondo_ring_get_read(&ring, 2).data, 1, 13, 2), 2);
    free(memory);
}

static void
ring_catch_up_write_makes_the_next_frame_the_next_one_read(void **state)
{
    static const uint32_t skips[] = {1, 2, 9, 10, 11, 19, 20, 21, 12345, 0x80000001, UINT32_MAX};
    unsigned char *const memory = test_memory(10);

    (void)state;
    for (size_t i = 0; i < sizeof skips / sizeof skips[0]; i++) {
        assert_int_equal(rondo_ring_init(&ring, memory, 10, 1), 0);
        rondo_ring_reset(&ring, START_BELOW_2_64);
        rondo_ring_release_write(&ring, rondo_ring_get_write(&ring, 3).frames);
        rondo_ring_skip_read(&ring, skips[i]);
        if (skips[i] <= 3) {
            assert_int_equal(rondo_ring_catch_up_write(&ring), 0);
            continue;
        }
        assert_int_equal(rondo_ring_catch_up_write(&ring), skips[i] - 3);
        assert_int_equal(rondo_ring_catch_up_write(&ring), 0);
        assert_true(rondo_ring_write_position(&ring) == START_BELOW_2_64 + skips[i]);
        assert_true(rondo_ring_read_position(&ring) == START_BELOW_2_64 + skips[i]);
        for (uint64_t pos = rondo_ring_write_position(&ring), round = 0; round < 8; round++) {
            const struct rondo_span room = rondo_ring_get_write(&ring, 3);
            struct rondo_span fill;

            assert_true(room.frames > 0);
            test_fill_frames(room.data, 1, pos, room.frames);
            rondo_ring_release_write(&ring, room.frames);
            fill = rondo_ring_get_read(&ring, UINT32_MAX);
            assert_int_equal(fill.frames, room.frames);
            assert_ptr_equal(fill.data, room.data);
            rondo_ring_release_read(&ring, fill.frames);
            pos += fill.frames;
        }
    }
    free(memory);
}

/* ---- against a plain model
 * --------------------------------------------------------------------------------------- */

/* The ring as one would explain it: positions, and a remainder wherever a place in memory is
 * needed. */
struct model {
    uint64_t origin_pos;
    uint64_t write_pos;
    uint64_t read_pos;
    uint64_t told_pos; /* what the consumer has told the producer */
    uint32_t capacity_frames;
    bool mirrored;
};

static uint32_t
model_offset(const struct model *model, uint64_t pos)
{
    return (uint32_t)((pos - model->origin_pos) % model->capacity_frames);
}

static uint32_t
model_room(const struct model *model)
{
    const int64_t ahead = (int64_t)(model->write_pos - model->told_pos);

    return ahead <= 0 ? model->capacity_frames : model->capacity_frames - (uint32_t)ahead;
}

static uint64_t
model_late(const struct model *model)
{
    const int64_t late = (int64_t)(model->told_pos - model->write_pos);

    return late <= 0 ? 0 : (uint64_t)late;
}

static uint32_t
model_fill(const struct model *model)
{
    const int64_t fill = (int64_t)(model->write_pos - model->read_pos);

    return fill <= 0 ? 0 : (uint32_t)fill;
}

static uint32_t
model_lends(const struct model *model, uint64_t pos, uint32_t available, uint32_t max_frames)
{
    const uint32_t contiguous = model->mirrored ? model->capacity_frames
                                                : model->capacity_frames - model_offset(model, pos);
    uint32_t frames = max_frames;

    if (frames > available)
        frames = available;
    return frames > contiguous ? contiguous : frames;
}

static void
model_check(const struct model *model)
{
    assert_true(rondo_ring_write_position(&ring) == model->write_pos);
    assert_true(rondo_ring_read_position(&ring) == model->read_pos);
    assert_int_equal(rondo_ring_room(&ring), model_room(model));
    assert_int_equal(rondo_ring_fill(&ring), model_fill(model));
    assert_true(rondo_ring_late(&ring) == model_late(model));
}

#define MODEL_FRAME_BYTES 3

/* In mirrored memory a span may begin in the second mapping, but must end in it. */
static void
model_check_place(const struct model *model, const unsigned char *memory, uint64_t pos,
                  struct rondo_span span)
{
    const size_t frame = (size_t)((unsigned char *)span.data - memory) / MODEL_FRAME_BYTES;

    assert_int_equal((size_t)((unsigned char *)span.data - memory) % MODEL_FRAME_BYTES, 0);
    assert_int_equal(frame % model->capacity_frames, model_offset(model, pos));
    assert_in_range(frame + span.frames, 1, model->capacity_frames * (model->mirrored ? 2u : 1u));
}

static void
model_step(struct model *model, unsigned char *memory, unsigned char *block, uint64_t *random)
{
    const uint32_t capacity = model->capacity_frames;
    uint32_t wanted = test_random_below(random, capacity + capacity / 2 + 3);
    struct rondo_span span;
    uint32_t expected;
    uint32_t released;

    if (test_random_below(random, 16) == 0)
        wanted = UINT32_MAX - test_random_below(random, 2);
    switch (test_random_below(random, 12)) {
    case 0:
    case 1:
    case 2:
        span = rondo_ring_get_write(&ring, wanted);
        expected = model_lends(model, model->write_pos, model_room(model), wanted);
        assert_int_equal(span.frames, expected);
        if (expected == 0) {
            assert_null(span.data);
            break;
        }
        model_check_place(model, memory, model->write_pos, span);
        released =
            test_random_below(random, 4) == 0 ? test_random_below(random, expected + 1) : expected;
        test_fill_frames(span.data, MODEL_FRAME_BYTES, model->write_pos, released);
        rondo_ring_release_write(&ring, released);
        model->write_pos += released;
        break;
    case 3:
    case 4:
    case 5:
    case 6:
        span = rondo_ring_get_read(&ring, wanted);
        if (model->write_pos == model->read_pos)
            model->told_pos = model->read_pos; /* found empty: nothing is held back */
        expected = model_lends(model, model->read_pos, model_fill(model), wanted);
        assert_int_equal(span.frames, expected);
        if (expected == 0) {
            assert_null(span.data);
            break;
        }
        model_check_place(model, memory, model->read_pos, span);
        assert_int_equal(test_check_frames(span.data, MODEL_FRAME_BYTES, model->read_pos, expected),
                         expected);
        released =
            test_random_below(random, 4) == 0 ? test_random_below(random, expected + 1) : expected;
        model->read_pos += released;
        if (test_random_below(random, 2) == 0) {
            rondo_ring_release_read(&ring, released);
            model->told_pos = model->read_pos;
        } else {
            rondo_ring_release_read_lazy(&ring, released);
            if (4 * (model->read_pos - model->told_pos) >= capacity)
                model->told_pos = model->read_pos;
        }
        break;
    case 7:
        wanted = wanted > 2 * capacity ? 2 * capacity : wanted;
        test_fill_frames(block, MODEL_FRAME_BYTES, model->write_pos, wanted);
        /* Two gets: a producer that is late has the whole capacity before it at each of them. */
        expected = model_lends(model, model->write_pos, model_room(model), wanted);
        model->write_pos += expected;
        released = model_lends(model, model->write_pos, model_room(model), wanted - expected);
        model->write_pos += released;
        assert_int_equal(rondo_ring_write(&ring, block, wanted), expected + released);
        break;
    case 8:
        wanted = wanted > 2 * capacity ? 2 * capacity : wanted;
        expected = wanted < model_fill(model) ? wanted : model_fill(model);
        assert_int_equal(rondo_ring_read(&ring, block, wanted), expected);
        assert_int_equal(test_check_frames(block, MODEL_FRAME_BYTES, model->read_pos, expected),
                         expected);
        model->read_pos += expected;
        if (expected > 0 || model->write_pos == model->read_pos)
            model->told_pos = model->read_pos;
        break;
    case 9:
        rondo_ring_warm_write(&ring, wanted);
        break;
    case 10:
        if (test_random_below(random, 8) != 0)
            break;
        wanted = test_random_below(random, 2 * capacity + 1);
        rondo_ring_skip_read(&ring, wanted);
        model->read_pos += wanted;
        model->told_pos = model->read_pos;
        break;
    default:
        expected = (uint32_t)model_late(model);
        assert_int_equal(rondo_ring_catch_up_write(&ring), expected);
        model->write_pos += expected;
        break;
    }
    model_check(model);
}

static void
run_model(uint32_t capacity, uint64_t start, enum rondo_ring_producer_kind kind,
          unsigned char *memory, bool mirrored, unsigned steps)
{
    unsigned char *const block = test_memory((size_t)2 * capacity * MODEL_FRAME_BYTES);
    uint64_t random = capacity + 1000003 * (uint64_t)kind + start;
    struct model model = {start, start, start, start, capacity, mirrored};

    assert_int_equal(mirrored ? rondo_ring_init_mirrored(&ring, memory, capacity, MODEL_FRAME_BYTES)
                              : rondo_ring_init(&ring, memory, capacity, MODEL_FRAME_BYTES),
                     0);
    assert_int_equal(rondo_ring_set_producer(&ring, kind), 0);
    rondo_ring_reset(&ring, start);
    for (unsigned step = 0; step < steps; step++)
        model_step(&model, memory, block, &random);
    free(block);
}

static const uint64_t starts[] = {0, START_BELOW_2_32, START_BELOW_2_64};

static void
ring_is_empty_as_long_as_nothing_waits_in_it(void **state)
{
    unsigned char *const memory = test_memory(8);

    (void)state;
    for (size_t start = 0; start < 3; start++) {
        assert_int_equal(rondo_ring_init(&ring, memory, 8, 1), 0);
        rondo_ring_reset(&ring, starts[start]);
        assert_true(rondo_ring_is_empty(&ring));
        assert_int_equal(rondo_ring_get_write(&ring, 2).frames, 2);
        assert_true(rondo_ring_is_empty(&ring));
        rondo_ring_release_write(&ring, 2);
        assert_false(rondo_ring_is_empty(&ring));
        assert_int_equal(rondo_ring_get_read(&ring, 2).frames, 2);
        rondo_ring_release_read_lazy(&ring, 1);
        assert_false(rondo_ring_is_empty(&ring));
        rondo_ring_release_read(&ring, 1);
        assert_true(rondo_ring_is_empty(&ring));
        rondo_ring_skip_read(&ring, 5);
        assert_true(rondo_ring_is_empty(&ring));
    }
    free(memory);
}

static void
ring_of_every_capacity_does_what_the_plain_model_does(void **state)
{
    static const uint32_t large[] = {441, 480, 1021};

    (void)state;
    for (uint32_t i = 1; i <= 67; i++) {
        const uint32_t capacity = i <= 64 ? i : large[i - 65];
        unsigned char *const memory = test_memory((size_t)capacity * MODEL_FRAME_BYTES);

        for (size_t start = 0; start < 3; start++) {
            run_model(capacity, starts[start], RONDO_PRODUCER_WAITS, memory, false, 1500);
            run_model(capacity, starts[start], RONDO_PRODUCER_WAITS_TAPPED, memory, false, 500);
        }
        free(memory);
    }
}

static void
ring_in_mirrored_memory_does_what_the_plain_model_does(void **state)
{
    const uint32_t capacity = rondo_mirrored_capacity(1, MODEL_FRAME_BYTES);
    struct rondo_memory memory;

    (void)state;
    assert_int_equal(
        rondo_memory_create(&memory, (size_t)capacity * MODEL_FRAME_BYTES, RONDO_MEMORY_MIRRORED),
        0);
    for (size_t start = 0; start < 3; start++) {
        run_model(capacity, starts[start] - capacity, RONDO_PRODUCER_WAITS, memory.data, true, 300);
        run_model(capacity, starts[start] - capacity, RONDO_PRODUCER_WAITS_TAPPED, memory.data,
                  true, 100);
    }
    rondo_memory_destroy(&memory);
}

/* ---- a free-running producer
 * ------------------------------------------------------------------------------------- */

static void
free_running_init(unsigned char *memory, uint32_t capacity, uint64_t pos)
{
    assert_int_equal(rondo_ring_init(&ring, memory, capacity, 1), 0);
    assert_int_equal(rondo_ring_set_producer(&ring, RONDO_PRODUCER_FREE_RUNS), 0);
    rondo_ring_reset(&ring, pos);
}

/* The producer writes @p frames frames, without a look at the consumer. */
static void
free_run(uint32_t frames)
{
    while (frames > 0) {
        const struct rondo_span span = rondo_ring_get_write(&ring, frames);

        assert_true(span.frames > 0);
        test_fill_frames(span.data, 1, rondo_ring_write_position(&ring), span.frames);
        rondo_ring_release_write(&ring, span.frames);
        frames -= span.frames;
    }
}

static void
free_running_producer_always_has_the_whole_capacity_as_room(void **state)
{
    unsigned char *const memory = test_memory(10);

    (void)state;
    free_running_init(memory, 10, START_BELOW_2_64);
    for (int round = 0; round < 30; round++) {
        assert_int_equal(rondo_ring_room(&ring), 10);
        free_run(3);
    }
    free(memory);
}

static void
free_running_producer_never_makes_the_ring_hold_more_than_its_capacity(void **state)
{
    const uint32_t capacity = rondo_mirrored_capacity(1, 1);
    struct rondo_memory memory;
    uint64_t lost = 0;

    (void)state;
    assert_int_equal(rondo_memory_create(&memory, capacity, RONDO_MEMORY_MIRRORED), 0);
    assert_int_equal(rondo_ring_init_mirrored(&ring, memory.data, capacity, 1), 0);
    assert_int_equal(rondo_ring_set_producer(&ring, RONDO_PRODUCER_FREE_RUNS), 0);
    for (int turn = 0; turn < 3; turn++) {
        assert_int_equal(rondo_ring_get_write(&ring, UINT32_MAX).frames, capacity);
        rondo_ring_release_write(&ring, capacity);
        assert_int_equal(rondo_ring_fill(&ring), capacity);
    }
    assert_int_equal(rondo_ring_get_read_checked(&ring, UINT32_MAX, &lost).frames, capacity / 2);
    assert_int_equal(lost, 3 * capacity - capacity / 2);
    rondo_memory_destroy(&memory);
}

static void
free_running_producer_makes_a_plain_get_lend_nothing(void **state)
{
    unsigned char *const memory = test_memory(10);
    unsigned char byte;
    uint64_t lost;

    (void)state;
    free_running_init(memory, 10, START_BELOW_2_32);
    for (int round = 0; round < 40; round++) {
        free_run(3);
        assert_int_equal(rondo_ring_get_read(&ring, UINT32_MAX).frames, 0);
        assert_int_equal(rondo_ring_get_read(&ring, 1).frames, 0);
        assert_int_equal(rondo_ring_read(&ring, &byte, 1), 0);
        if (round % 3 == 0)
            rondo_ring_release_read_checked(&ring,
                                            rondo_ring_get_read_checked(&ring, 2, &lost).frames);
    }
    free(memory);
}

static void
checked_get_loses_nothing_as_long_as_the_consumer_keeps_up(void **state)
{
    unsigned char *const memory = test_memory(10);
    uint64_t pos = START_BELOW_2_64;
    uint64_t lost = 99;

    (void)state;
    free_running_init(memory, 10, pos);
    assert_int_equal(rondo_ring_get_read_checked(&ring, UINT32_MAX, &lost).frames, 0);
    assert_int_equal(lost, 0);
    for (uint32_t round = 0; round < 100; round++) {
        const uint32_t frames = round % 10 + 1;

        free_run(frames);
        assert_int_equal(rondo_ring_fill(&ring), frames);
        for (uint32_t done = 0; done < frames;) {
            const struct rondo_span span = rondo_ring_get_read_checked(&ring, UINT32_MAX, &lost);

            assert_int_equal(lost, 0);
            assert_true(span.frames > 0);
            assert_int_equal(test_check_frames(span.data, 1, pos, span.frames), span.frames);
            assert_int_equal(rondo_ring_release_read_checked(&ring, span.frames), 0);
            pos += span.frames;
            done += span.frames;
        }
    }
    free(memory);
}

static void
checked_get_jumps_to_half_a_capacity_behind_and_counts_what_it_lost(void **state)
{
    unsigned char *const memory = test_memory(64);

    (void)state;
    for (uint32_t capacity = 1; capacity <= 64; capacity++)
        for (uint32_t overrun = 1; overrun <= 3 * capacity; overrun += 1 + capacity / 8) {
            uint64_t pos = START_BELOW_2_32;
            uint64_t lost = 0;
            uint32_t good = 0;

            free_running_init(memory, capacity, pos);
            free_run(capacity);
            free_run(overrun);
            while (rondo_ring_fill(&ring) > 0) {
                const struct rondo_span span =
                    rondo_ring_get_read_checked(&ring, UINT32_MAX, &lost);

                if (good == 0) {
                    assert_int_equal(lost, overrun + capacity - capacity / 2);
                    pos += lost;
                } else {
                    assert_int_equal(lost, 0);
                }
                assert_int_equal(test_check_frames(span.data, 1, pos, span.frames), span.frames);
                assert_int_equal(rondo_ring_release_read_checked(&ring, span.frames), 0);
                pos += span.frames;
                good += span.frames;
                if (span.frames == 0)
                    break;
            }
            assert_int_equal(good, capacity / 2);
            assert_true(rondo_ring_read_position(&ring) == rondo_ring_write_position(&ring));
        }
    free(memory);
}

static void
checked_get_after_a_mere_claim_does_not_lend_what_is_being_overwritten(void **state)
{
    unsigned char *const memory = test_memory(10);
    uint64_t lost = 0;
    struct rondo_span span;

    (void)state;
    free_running_init(memory, 10, START_BELOW_2_32);
    free_run(10);
    /* Eight of the ten are being overwritten: two whole ones are left. */
    assert_int_equal(rondo_ring_get_write(&ring, 8).frames, 8);
    span = rondo_ring_get_read_checked(&ring, UINT32_MAX, &lost);
    assert_int_equal(lost, 8);
    assert_int_equal(span.frames, 2);
    assert_int_equal(test_check_frames(span.data, 1, START_BELOW_2_32 + 8, 2), 2);
    assert_int_equal(rondo_ring_release_read_checked(&ring, 2), 0);
    free(memory);
}

static void
checked_release_tells_exactly_how_many_held_frames_were_lapped(void **state)
{
    unsigned char *const memory = test_memory(23);

    (void)state;
    for (uint32_t start = 0; start < 23; start++)
        for (uint32_t held = 1; held <= 23 - start; held++)
            for (uint32_t more = 0; more <= 50; more++) {
                uint64_t lost = 0;
                uint32_t expected;
                struct rondo_span span;
                uint64_t pos;

                free_running_init(memory, 23, START_BELOW_2_64);
                free_run(start);
                for (uint32_t done = 0; done < start;) {
                    span = rondo_ring_get_read_checked(&ring, start - done, &lost);
                    assert_true(span.frames > 0);
                    assert_int_equal(rondo_ring_release_read_checked(&ring, span.frames), 0);
                    done += span.frames;
                }
                free_run(held);
                pos = rondo_ring_read_position(&ring);
                span = rondo_ring_get_read_checked(&ring, held, &lost);
                assert_int_equal(span.frames, held);
                assert_int_equal(lost, 0);
                free_run(more);
                /* The oldest whole frame is a capacity behind the producer. */
                expected = held + more > 23 ? held + more - 23 : 0;
                if (expected > held)
                    expected = held;
                assert_int_equal(rondo_ring_release_read_checked(&ring, held), expected);
                assert_int_equal(test_check_frames((unsigned char *)span.data + expected, 1,
                                                   pos + expected, held - expected),
                                 held - expected);
            }
    free(memory);
}

static void
checked_release_of_fewer_frames_tells_only_of_those(void **state)
{
    unsigned char *const memory = test_memory(10);
    uint64_t lost = 0;

    (void)state;
    free_running_init(memory, 10, 0);
    free_run(8);
    assert_int_equal(rondo_ring_get_read_checked(&ring, UINT32_MAX, &lost).frames, 8);
    free_run(7); /* five of the eight are overwritten */
    assert_int_equal(rondo_ring_release_read_checked(&ring, 0), 0);
    assert_int_equal(rondo_ring_release_read_checked(&ring, 3), 3);
    assert_int_equal(rondo_ring_release_read_checked(&ring, 5), 2);
    free(memory);
}

static void
checked_release_counts_frames_that_are_claimed_and_not_yet_written(void **state)
{
    unsigned char *const memory = test_memory(10);
    uint64_t lost = 0;

    (void)state;
    free_running_init(memory, 10, 0);
    free_run(10);
    assert_int_equal(rondo_ring_get_read_checked(&ring, UINT32_MAX, &lost).frames, 10);
    assert_int_equal(rondo_ring_get_write(&ring, 4).frames, 4);
    assert_int_equal(rondo_ring_get_write(&ring, 2).frames,
                     2); /* a smaller get takes no claim back */
    assert_int_equal(rondo_ring_release_read_checked(&ring, 10), 4);
    free(memory);
}

static void
checked_calls_suit_a_producer_that_waits(void **state)
{
    unsigned char *const memory = test_memory(10);
    uint64_t pos = START_BELOW_2_64;
    uint64_t lost = 0;

    (void)state;
    for (int kind = RONDO_PRODUCER_WAITS; kind <= RONDO_PRODUCER_WAITS_TAPPED; kind++) {
        assert_int_equal(rondo_ring_init(&ring, memory, 10, 1), 0);
        assert_int_equal(rondo_ring_set_producer(&ring, (enum rondo_ring_producer_kind)kind), 0);
        rondo_ring_reset(&ring, pos);
        for (int round = 0; round < 60; round++) {
            struct rondo_span span;

            while ((span = rondo_ring_get_write(&ring, UINT32_MAX)).frames > 0) {
                test_fill_frames(span.data, 1, rondo_ring_write_position(&ring), span.frames);
                rondo_ring_release_write(&ring, span.frames);
            }
            pos = rondo_ring_read_position(&ring);
            span = rondo_ring_get_read_checked(&ring, 3, &lost);
            assert_int_equal(lost, 0);
            assert_true(span.frames > 0);
            assert_int_equal(test_check_frames(span.data, 1, pos, span.frames), span.frames);
            assert_int_equal(rondo_ring_release_read_checked(&ring, span.frames), 0);
        }
    }
    free(memory);
}

/* Random calls: every frame produced is good or counted as lost, and every good one is whole. */
static void
checked_consumer_accounts_for_every_frame(void **state)
{
    unsigned char *const memory = test_memory(1021);
    static const uint32_t capacities[] = {1, 2, 3, 5, 8, 13, 64, 441, 480, 1021};

    (void)state;
    for (size_t i = 0; i < sizeof capacities / sizeof capacities[0]; i++)
        for (size_t start = 0; start < 3; start++) {
            const uint32_t capacity = capacities[i];
            uint64_t random = capacity + start;
            uint64_t accounted = 0;
            uint64_t lost = 0;

            free_running_init(memory, capacity, starts[start]);
            for (int round = 0; round < 2000; round++) {
                struct rondo_span span;
                uint64_t pos;
                uint32_t lapped;
                uint32_t released;

                free_run(test_random_below(&random, capacity + 2));
                span = rondo_ring_get_read_checked(&ring, test_random_below(&random, 2 * capacity),
                                                   &lost);
                accounted += lost;
                pos = rondo_ring_read_position(&ring);
                assert_true(pos == starts[start] + accounted);
                if (test_random_below(&random, 3) == 0)
                    free_run(test_random_below(&random, 2 * capacity));
                released = test_random_below(&random, span.frames + 1);
                lapped = rondo_ring_release_read_checked(&ring, released);
                assert_true(lapped <= released);
                if (released > 0)
                    assert_int_equal(test_check_frames((unsigned char *)span.data + lapped, 1,
                                                       pos + lapped, released - lapped),
                                     released - lapped);
                accounted += released;
            }
        }
    free(memory);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ring_init_refuses_bad_arguments_and_leaves_the_ring_untouched),
        cmocka_unit_test(ring_init_accepts_the_largest_sizes),
        cmocka_unit_test(ring_set_producer_refuses_an_unknown_kind_and_changes_nothing),
        cmocka_unit_test(ring_set_producer_and_reset_empty_the_ring),
        cmocka_unit_test(ring_get_read_lends_nothing_when_empty),
        cmocka_unit_test(ring_get_write_lends_nothing_when_full),
        cmocka_unit_test(ring_get_of_no_frames_lends_nothing),
        cmocka_unit_test(ring_get_twice_lends_the_same_frames),
        cmocka_unit_test(ring_release_of_fewer_frames_keeps_the_rest),
        cmocka_unit_test(ring_spans_stop_at_the_wrap_in_plain_memory),
        cmocka_unit_test(ring_spans_never_stop_at_the_wrap_in_mirrored_memory),
        cmocka_unit_test(ring_of_every_frame_size_keeps_frames_whole),
        cmocka_unit_test(ring_of_the_largest_capacity_wraps_rightly),
        cmocka_unit_test(ring_of_the_largest_capacity_may_be_mirrored),
        cmocka_unit_test(ring_write_and_read_copy_over_the_wrap),
        cmocka_unit_test(ring_warm_write_changes_nothing_that_anybody_sees),
        cmocka_unit_test(ring_release_read_lazy_tells_the_producer_every_quarter_of_the_capacity),
        cmocka_unit_test(ring_release_read_tells_what_was_held_back),
        cmocka_unit_test(ring_that_the_consumer_finds_empty_holds_no_room_back),
        cmocka_unit_test(ring_that_a_checked_get_finds_empty_holds_no_room_back),
        cmocka_unit_test(ring_skip_read_drops_filled_frames_and_gives_their_room_back),
        cmocka_unit_test(ring_late_frames_are_never_read),
        cmocka_unit_test(ring_catch_up_write_makes_the_next_frame_the_next_one_read),
        cmocka_unit_test(ring_is_empty_as_long_as_nothing_waits_in_it),
        cmocka_unit_test(ring_of_every_capacity_does_what_the_plain_model_does),
        cmocka_unit_test(ring_in_mirrored_memory_does_what_the_plain_model_does),
        cmocka_unit_test(free_running_producer_always_has_the_whole_capacity_as_room),
        cmocka_unit_test(free_running_producer_never_makes_the_ring_hold_more_than_its_capacity),
        cmocka_unit_test(free_running_producer_makes_a_plain_get_lend_nothing),
        cmocka_unit_test(checked_get_loses_nothing_as_long_as_the_consumer_keeps_up),
        cmocka_unit_test(checked_get_jumps_to_half_a_capacity_behind_and_counts_what_it_lost),
        cmocka_unit_test(checked_get_after_a_mere_claim_does_not_lend_what_is_being_overwritten),
        cmocka_unit_test(checked_release_tells_exactly_how_many_held_frames_were_lapped),
        cmocka_unit_test(checked_release_of_fewer_frames_tells_only_of_those),
        cmocka_unit_test(checked_release_counts_frames_that_are_claimed_and_not_yet_written),
        cmocka_unit_test(checked_calls_suit_a_producer_that_waits),
        cmocka_unit_test(checked_consumer_accounts_for_every_frame),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
