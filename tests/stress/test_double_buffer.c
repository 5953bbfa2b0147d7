/* SPDX-License-Identifier: MIT */
/* Two threads and a double buffer: every period arrives whole, once, in order. */
#include "support/stress.h"

#include <rondo/double_buffer.h>

struct run {
    struct rondo_double_buffer buffer;
    struct stress_failure producer_failure RONDO_CACHE_ALIGNED;
    struct stress_failure consumer_failure RONDO_CACHE_ALIGNED;
    uint64_t stop RONDO_CACHE_ALIGNED;
    uint64_t ended;
    uint64_t end_pos;
    uint64_t start_pos;
    uint64_t periods_min;
    int64_t end_ns;
    uint32_t period_frames;
    enum stress_placement placement;
};

static void *
producer_thread(void *argument)
{
    struct run *const run = (struct run *)argument;
    struct stress_wait wait = {0, 0, run->placement};
    uint64_t random = run->period_frames;
    uint64_t pos = run->start_pos;
    uint32_t held = 0;

    stress_pin(run->placement, 0);
    for (uint64_t periods = 0;
         periods < run->periods_min || periods % 64 != 0 || stress_now_ns() < run->end_ns;) {
        struct rondo_span span;

        if (test_random_below(&random, 4) == 0)
            rondo_double_buffer_warm(&run->buffer);
        if (held == 2 || (held == 1 && test_random_below(&random, 2) == 0)) {
            rondo_double_buffer_release_full(&run->buffer);
            held--;
            periods++;
            continue;
        }
        span = rondo_double_buffer_get_empty(&run->buffer);
        if (span.frames == 0) {
            if (held > 0) { /* the other one may never come before this one goes */
                rondo_double_buffer_release_full(&run->buffer);
                held--;
                periods++;
            } else if (!stress_wait_turn(&wait)) {
                stress_fail(&run->producer_failure, &run->stop, "no buffer came back", pos);
                return NULL;
            } else if (rondo_load_acquire(&run->stop) != 0) {
                return NULL;
            }
            continue;
        }
        stress_wait_reset(&wait);
        stress_generate(span.data, 1, pos, span.frames);
        pos += span.frames;
        held++;
    }
    while (held-- > 0)
        rondo_double_buffer_release_full(&run->buffer);
    run->end_pos = pos;
    rondo_store_release(&run->ended, 1);
    return NULL;
}

static void
consume(struct run *run)
{
    struct stress_wait wait = {0, 0, run->placement};
    uint64_t random = run->period_frames + 1;
    struct rondo_span held_span[2] = {{NULL, 0}, {NULL, 0}};
    uint64_t pos = run->start_pos; /* of the oldest buffer held, or the next one */
    uint32_t held = 0;

    for (;;) {
        const bool ended = rondo_load_acquire(&run->ended) != 0;
        const struct rondo_span span = rondo_double_buffer_get_full(&run->buffer);

        if (span.frames > 0) {
            held_span[held] = span;
            held++;
            if (rondo_double_buffer_held(&run->buffer) != held) {
                stress_fail(&run->consumer_failure, &run->stop, "miscounts the buffers held", pos);
                return;
            }
            stress_wait_reset(&wait);
            if (held == 1 && test_random_below(&random, 2) == 0)
                continue; /* hold it and try for the other one */
        }
        if (held == 0) {
            if (ended)
                break;
            if (!stress_wait_turn(&wait)) {
                stress_fail(&run->consumer_failure, &run->stop, "no buffer came", pos);
                return;
            }
            if (rondo_load_acquire(&run->stop) != 0)
                return;
            continue;
        }
        /* All held buffers are still whole, then the oldest goes. */
        for (uint32_t i = 0; i < held; i++)
            if (stress_verify(held_span[i].data, 1, pos + i * run->period_frames,
                              run->period_frames) != run->period_frames) {
                stress_fail(&run->consumer_failure, &run->stop, "wrong frame", pos);
                return;
            }
        rondo_double_buffer_release_empty(&run->buffer);
        held--;
        held_span[0] = held_span[1];
        pos += run->period_frames;
    }
    if (pos != run->end_pos)
        stress_fail(&run->consumer_failure, &run->stop, "periods missing at the end", pos);
}

static void
double_buffer_hands_every_period_over_whole_and_in_order(void **state)
{
    static const uint32_t periods[] = {1, 5, 48, 441, 1024};
    const int64_t slice_ns = stress_length_ns(3) / (5 * STRESS_PLACEMENTS);

    (void)state;
    for (size_t i = 0; i < 5; i++)
        for (int placement = 0; placement < STRESS_PLACEMENTS; placement++) {
            static struct run run;
            void *const memory = test_memory((size_t)2 * periods[i] * 8);
            pthread_t producer;

            memset((void *)&run, 0, sizeof run);
            run.start_pos = START_BELOW_2_32;
            run.periods_min = 1000;
            run.period_frames = periods[i];
            run.placement = (enum stress_placement)placement;
            run.end_ns = stress_now_ns() + slice_ns;
            assert_int_equal(rondo_double_buffer_init(&run.buffer, memory, periods[i], 8), 0);
            /* The counters of buffers wrap on the way. */
            run.buffer.producer.got = run.buffer.producer.released = UINT32_MAX - 99;
            run.buffer.consumer.got = run.buffer.consumer.released = UINT32_MAX - 99;
            stress_pin(run.placement, 1);
            assert_int_equal(pthread_create(&producer, NULL, producer_thread, &run), 0);
            consume(&run);
            pthread_join(producer, NULL);
            stress_assert_none(&run.consumer_failure, "consumer");
            stress_assert_none(&run.producer_failure, "producer");
            free(memory);
        }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(double_buffer_hands_every_period_over_whole_and_in_order),
    };

    stress_pin(STRESS_APART, 0);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
