/* SPDX-License-Identifier: MIT */
/* Two threads and a ring: what the producer wrote is what the consumer reads, in every capacity and over every wrap. */
#include "support/stress_ring.h"

#include <rondo/memory.h>
#include <rondo/ring.h>

static struct rondo_span
get_write(void *ring, uint32_t max_frames)
{
    return rondo_ring_get_write((struct rondo_ring *)ring, max_frames);
}

static void
release_write(void *ring, uint32_t frames)
{
    rondo_ring_release_write((struct rondo_ring *)ring, frames);
}

static struct rondo_span
get_read(void *ring, uint32_t max_frames)
{
    return rondo_ring_get_read((struct rondo_ring *)ring, max_frames);
}

static void
release_read(void *ring, uint32_t frames)
{
    rondo_ring_release_read((struct rondo_ring *)ring, frames);
}

static uint32_t
write_frames(void *ring, const void *src, uint32_t frames)
{
    return rondo_ring_write((struct rondo_ring *)ring, src, frames);
}

static uint32_t
read_frames(void *ring, void *dst, uint32_t frames)
{
    return rondo_ring_read((struct rondo_ring *)ring, dst, frames);
}

static void
release_read_lazy(void *ring, uint32_t frames)
{
    rondo_ring_release_read_lazy((struct rondo_ring *)ring, frames);
}

static void
warm_write(void *ring, uint32_t frames)
{
    rondo_ring_warm_write((struct rondo_ring *)ring, frames);
}

/* The checked get instead: a producer that waits never overtakes. */
static struct rondo_span
get_read_checked(void *ring, uint32_t max_frames)
{
    uint64_t lost = 0;
    struct rondo_span span =
        rondo_ring_get_read_checked((struct rondo_ring *)ring, max_frames, &lost);

    if (lost != 0)
        span.frames = UINT32_MAX; /* shows as too much */
    return span;
}

static const struct stress_ring_calls calls = {get_write,         release_write, get_read,
                                               release_read,      write_frames,  read_frames,
                                               release_read_lazy, warm_write};
static const struct stress_ring_calls checked_calls = {
    get_write,    release_write, get_read_checked,  release_read,
    write_frames, read_frames,   release_read_lazy, warm_write};

static void *
producer_thread(void *argument)
{
    struct stress_ring_run *const run = (struct stress_ring_run *)argument;

    stress_pin(run->placement, 0);
    stress_ring_produce(run);
    return NULL;
}

static void
run_ring(struct rondo_ring *ring, struct stress_ring_run *run, const char *context)
{
    pthread_t producer;

    run->producer_ring = run->consumer_ring = ring;
    run->frames_min = 4 * (uint64_t)run->capacity_frames + 200;
    stress_pin(run->placement, 1);
    assert_int_equal(pthread_create(&producer, NULL, producer_thread, run), 0);
    stress_ring_consume(run);
    pthread_join(producer, NULL);
    stress_assert_none(&run->consumer_failure, context);
    stress_assert_none(&run->producer_failure, context);
}

static void
ring_keeps_frames_in_order_in_every_capacity_over_every_wrap(void **state)
{
    const int64_t slice_ns =
        stress_length_ns(12) * 7 / 8 / (STRESS_CAPACITIES * 2 * STRESS_PLACEMENTS);

    (void)state;
    for (uint32_t i = 0; i < STRESS_CAPACITIES; i++)
        for (unsigned start = 0; start < 2; start++)
            for (int placement = 0; placement < STRESS_PLACEMENTS; placement++) {
                static struct rondo_ring ring;
                struct stress_ring_run run = {0};
                void *memory;

                run.calls = start == 0 ? &calls : &checked_calls;
                run.capacity_frames = stress_capacity(i);
                run.words = 1 + 2 * (i % 3);
                run.start_pos = stress_start(start, run.capacity_frames);
                run.placement = (enum stress_placement)placement;
                run.end_ns = stress_now_ns() + slice_ns;
                memory = test_memory((size_t)run.capacity_frames * run.words * 8);
                assert_int_equal(rondo_ring_init(&ring, memory, run.capacity_frames, run.words * 8),
                                 0);
                assert_int_equal(rondo_ring_set_producer(&ring, i % 2 == 0
                                                                    ? RONDO_PRODUCER_WAITS
                                                                    : RONDO_PRODUCER_WAITS_TAPPED),
                                 0);
                rondo_ring_reset(&ring, run.start_pos);
                run_ring(&ring, &run, "plain memory");
                free(memory);
            }
}

static void
ring_in_mirrored_memory_keeps_frames_in_order(void **state)
{
    const int64_t slice_ns = stress_length_ns(12) / 16 / (2 * STRESS_PLACEMENTS);

    (void)state;
    for (unsigned start = 0; start < 2; start++)
        for (int placement = 0; placement < STRESS_PLACEMENTS; placement++) {
            static struct rondo_ring ring;
            struct stress_ring_run run = {0};
            struct rondo_memory memory;

            run.calls = &calls;
            run.words = 3;
            run.capacity_frames = rondo_mirrored_capacity(1, run.words * 8);
            run.start_pos = stress_start(start, run.capacity_frames);
            run.placement = (enum stress_placement)placement;
            run.end_ns = stress_now_ns() + slice_ns;
            assert_int_equal(rondo_memory_create(&memory,
                                                 (size_t)run.capacity_frames * run.words * 8,
                                                 RONDO_MEMORY_MIRRORED),
                             0);
            assert_int_equal(
                rondo_ring_init_mirrored(&ring, memory.data, run.capacity_frames, run.words * 8),
                0);
            rondo_ring_reset(&ring, run.start_pos);
            run_ring(&ring, &run, "mirrored memory");
            rondo_memory_destroy(&memory);
        }
}

/* ---- a consumer that does not wait ------------------------------------------------------------------------------- */

struct skipping_run {
    struct rondo_ring ring;
    struct stress_failure producer_failure;
    uint64_t stop RONDO_CACHE_ALIGNED;
    uint32_t capacity_frames;
    enum stress_placement placement;
};

/* Writes until it is told to stop; catches up now and then, and until then writes frames that are late. */
static void *
skipped_producer_thread(void *argument)
{
    struct skipping_run *const run = (struct skipping_run *)argument;
    struct stress_wait wait = {0, 0, run->placement};
    uint64_t random = 3;

    stress_pin(run->placement, 0);
    while (rondo_load_acquire(&run->stop) == 0) {
        struct rondo_span span;

        if (test_random_below(&random, 4) == 0)
            rondo_ring_catch_up_write(&run->ring);
        span =
            rondo_ring_get_write(&run->ring, 1 + test_random_below(&random, run->capacity_frames));
        if (span.frames == 0) {
            if (!stress_wait_turn(&wait)) {
                stress_fail(&run->producer_failure, &run->stop, "room never came", 0);
                break;
            }
            continue;
        }
        stress_wait_reset(&wait);
        stress_generate(span.data, 1, rondo_ring_write_position(&run->ring), span.frames);
        rondo_ring_release_write(&run->ring, span.frames);
    }
    return NULL;
}

static void
ring_gives_a_skipping_consumer_only_frames_of_its_position(void **state)
{
    static const uint32_t capacities[] = {1, 2, 7, 64, 441};
    const int64_t slice_ns = stress_length_ns(12) / 16 / (5 * STRESS_PLACEMENTS);

    (void)state;
    for (size_t i = 0; i < 5; i++)
        for (int placement = 0; placement < STRESS_PLACEMENTS; placement++) {
            static struct skipping_run run;
            uint64_t *const memory = test_memory(capacities[i] * 8);
            const int64_t end_ns = stress_now_ns() + slice_ns;
            struct stress_failure failure = {NULL, 0};
            struct stress_wait wait = {0, 0, (enum stress_placement)placement};
            uint64_t random = 4;
            uint64_t good = 0;
            pthread_t producer;

            memset((void *)&run, 0, sizeof run);
            run.capacity_frames = capacities[i];
            run.placement = (enum stress_placement)placement;
            assert_int_equal(rondo_ring_init(&run.ring, memory, run.capacity_frames, 8), 0);
            rondo_ring_reset(&run.ring, START_BELOW_2_64);
            stress_pin(run.placement, 1);
            assert_int_equal(pthread_create(&producer, NULL, skipped_producer_thread, &run), 0);
            while (rondo_load_acquire(&run.stop) == 0 &&
                   (good < 1000 || stress_now_ns() < end_ns)) {
                const uint64_t pos = rondo_ring_read_position(&run.ring);
                const struct rondo_span span = rondo_ring_get_read(
                    &run.ring, 1 + test_random_below(&random, run.capacity_frames));

                if (stress_verify(span.data, 1, pos, span.frames) != span.frames) {
                    stress_fail(&failure, &run.stop, "wrong frame lent", pos);
                    break;
                }
                good += span.frames;
                rondo_ring_release_read(&run.ring, span.frames);
                if (test_random_below(&random, 16) == 0)
                    rondo_ring_skip_read(&run.ring,
                                         test_random_below(&random, 3 * run.capacity_frames));
                if (span.frames > 0) {
                    stress_wait_reset(&wait);
                } else if (!stress_wait_turn(&wait)) {
                    stress_fail(&failure, &run.stop, "frames never came", pos);
                    break;
                }
            }
            rondo_store_release(&run.stop, 1);
            pthread_join(producer, NULL);
            stress_assert_none(&failure, "skipping consumer");
            stress_assert_none(&run.producer_failure, "skipped producer");
            free(memory);
        }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ring_keeps_frames_in_order_in_every_capacity_over_every_wrap),
        cmocka_unit_test(ring_in_mirrored_memory_keeps_frames_in_order),
        cmocka_unit_test(ring_gives_a_skipping_consumer_only_frames_of_its_position),
    };

    stress_pin(STRESS_APART, 0);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
