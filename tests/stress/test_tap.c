/* SPDX-License-Identifier: MIT */
/* Readers that may be overtaken: the consumer of a free-running producer, and taps beside either kind of producer.
 *
 * Each frame has several words, written and read by relaxed loads and stores, for here payloads race by design. A frame
 * that a release calls whole must be whole and must be the one of its position; whole and lost ones together must be all
 * that were produced.
 */
#include "support/stress.h"

#include <rondo/ring.h>
#include <rondo/tap.h>

#define WORDS            4u
#define CAPACITY_MAX     1021u
#define OVERRUNS_MIN     10000u
#define OVERRUNS_MIN_TAP 1000u

struct run {
    struct rondo_ring ring;
    struct stress_failure producer_failure RONDO_CACHE_ALIGNED;
    struct stress_failure consumer_failure RONDO_CACHE_ALIGNED;
    struct stress_failure tap_failure[2] RONDO_CACHE_ALIGNED;
    uint64_t stop RONDO_CACHE_ALIGNED; /* somebody failed */
    uint64_t enough;                   /* what the producer is told: the readers have seen enough */
    uint64_t ended;
    uint64_t end_pos;
    uint64_t start_pos;
    int64_t end_ns;
    uint32_t capacity_frames;
    uint32_t overruns_min;
    enum stress_placement placement;
};

/* What one reader saw. */
struct account {
    uint64_t good;
    uint64_t lost;
    uint64_t overruns;
};

static void *
free_running_thread(void *argument)
{
    struct run *const run = (struct run *)argument;
    uint64_t random = run->capacity_frames;
    uint64_t pos = run->start_pos;

    stress_pin(run->placement, 0);
    while (rondo_load_acquire(&run->enough) == 0 && rondo_load_acquire(&run->stop) == 0) {
        const uint32_t chunk = 1 + test_random_below(&random, run->capacity_frames + 1);
        const struct rondo_span span = rondo_ring_get_write(&run->ring, chunk);

        if (span.frames == 0) {
            stress_fail(&run->producer_failure, &run->stop, "no room for a free-running producer",
                        pos);
            return NULL;
        }
        stress_generate_racing(span.data, WORDS, pos, span.frames);
        rondo_ring_release_write(&run->ring, span.frames);
        pos += span.frames;
        /* So that the readers keep up at times. At random, or a ring of one frame might never be found whole. */
        if (test_random_below(&random, run->placement == STRESS_SAME_CPU ? 4 : 16) == 0)
            sched_yield();
    }
    run->end_pos = pos;
    rondo_store_release(&run->ended, 1);
    return NULL;
}

/* Let the producer pass by some frames, so that the span that is held is lapped, or not. */
static bool
dawdle(struct run *run, uint64_t *random, uint64_t from_pos, struct stress_wait *wait)
{
    const uint64_t until = from_pos + test_random_below(random, 2 * run->capacity_frames + 1);

    stress_wait_reset(wait);
    while ((int64_t)(rondo_load_acquire(&run->ring.written.write_pos) - until) < 0 &&
           rondo_load_acquire(&run->ended) == 0 && rondo_load_acquire(&run->stop) == 0)
        if (!stress_wait_turn(wait))
            return false;
    return true;
}

/* Copy a span word by word, release it, and then check what the release calls whole. `tap` NULL: the consumer reads. */
static bool
read_once(struct run *run, struct rondo_tap *tap, uint64_t *random, struct account *account,
          struct stress_failure *failure, struct stress_wait *wait, uint32_t *frames)
{
    uint64_t copy[CAPACITY_MAX * WORDS];
    const uint32_t chunk = 1 + test_random_below(random, run->capacity_frames + 1);
    uint64_t lost = 0;
    uint32_t lapped;
    uint64_t pos;
    const struct rondo_span span = tap != NULL
                                       ? rondo_tap_get(tap, chunk, &lost)
                                       : rondo_ring_get_read_checked(&run->ring, chunk, &lost);

    *frames = span.frames;
    account->lost += lost;
    pos = tap != NULL ? rondo_tap_position(tap) : rondo_ring_read_position(&run->ring);
    if (span.frames > run->capacity_frames)
        return stress_fail(failure, &run->stop, "too many frames lent", pos);
    stress_copy_racing(copy, span.data, WORDS, span.frames);
    if (span.frames > 0 && test_random_below(random, 4) == 0) {
        if (!dawdle(run, random, pos, wait))
            return stress_fail(failure, &run->stop, "the producer stands still", pos);
        stress_copy_racing(copy, span.data, WORDS, span.frames);
    }
    lapped = tap != NULL ? rondo_tap_release(tap, span.frames)
                         : rondo_ring_release_read_checked(&run->ring, span.frames);
    if (lapped > span.frames)
        return stress_fail(failure, &run->stop, "more lapped than held", pos);
    if (stress_verify(copy + (size_t)lapped * WORDS, WORDS, pos + lapped, span.frames - lapped) !=
        span.frames - lapped)
        return stress_fail(failure, &run->stop, "torn or foreign frame called whole", pos + lapped);
    account->good += span.frames - lapped;
    account->lost += lapped;
    account->overruns += lost > 0 || lapped > 0;
    return true;
}

/* Read until the producer has ended and everything is read. */
static bool
read_all(struct run *run, struct rondo_tap *tap, struct account *account,
         struct stress_failure *failure)
{
    struct stress_wait wait = {0, 0, run->placement};
    uint64_t random = tap != NULL ? 21 : 22;
    const uint64_t start_pos = tap != NULL ? rondo_tap_position(tap) : run->start_pos;

    for (uint64_t turn = 0;; turn++) {
        const bool ended = rondo_load_acquire(&run->ended) != 0;
        const uint64_t seen = account->good + account->lost;
        uint32_t frames = 0;

        if (!read_once(run, tap, &random, account, failure, &wait, &frames))
            return false;
        if (turn % 64 == 0) {
            const int64_t now_ns = stress_now_ns();

            if (account->overruns >= run->overruns_min && now_ns >= run->end_ns)
                rondo_store_release(&run->enough, 1);
            else if (now_ns >= run->end_ns + STRESS_DEADLINE_NS)
                return stress_fail(failure, &run->stop, "too few overruns", account->overruns);
        }
        if (account->good + account->lost >
            seen) { /* in a ring of one frame there may be losses alone for long */
            stress_wait_reset(&wait);
            continue;
        }
        if (ended)
            break;
        if (!stress_wait_turn(&wait))
            return stress_fail(failure, &run->stop, "frames never came", seen);
        if (rondo_load_acquire(&run->stop) != 0)
            return false;
    }
    if (account->good + account->lost != run->end_pos - start_pos)
        return stress_fail(failure, &run->stop,
                           "good and lost frames are not all that were produced",
                           account->good + account->lost);
    return true;
}

static void
begin(struct run *run, void *memory, uint32_t capacity, uint64_t start_pos,
      enum rondo_ring_producer_kind kind, int placement, int64_t slice_ns)
{
    memset((void *)run, 0, sizeof *run);
    run->capacity_frames = capacity;
    run->start_pos = start_pos;
    run->placement = (enum stress_placement)placement;
    run->end_ns = stress_now_ns() + slice_ns;
    assert_int_equal(rondo_ring_init(&run->ring, memory, capacity, WORDS * 8), 0);
    assert_int_equal(rondo_ring_set_producer(&run->ring, kind), 0);
    rondo_ring_reset(&run->ring, start_pos);
    stress_pin(run->placement, 1);
}

static const uint32_t capacities[] = {1, 2, 7, 64, 441, 1021};
#define CAPACITIES 6u

static void
free_running_producer_overruns_a_slow_consumer_and_no_frame_is_false(void **state)
{
    const int64_t slice_ns = stress_length_ns(8) / 2 / (CAPACITIES * STRESS_PLACEMENTS);
    uint64_t overruns = 0;
    uint64_t good = 0;

    (void)state;
    for (uint32_t i = 0; i < CAPACITIES; i++)
        for (int placement = 0; placement < STRESS_PLACEMENTS; placement++) {
            static struct run run;
            struct account account = {0, 0, 0};
            void *const memory = test_memory((size_t)capacities[i] * WORDS * 8);
            pthread_t producer;

            begin(&run, memory, capacities[i], i % 2 == 0 ? START_BELOW_2_32 : START_BELOW_2_64,
                  RONDO_PRODUCER_FREE_RUNS, placement, slice_ns);
            run.overruns_min = OVERRUNS_MIN / (CAPACITIES * STRESS_PLACEMENTS) + 1;
            assert_int_equal(pthread_create(&producer, NULL, free_running_thread, &run), 0);
            read_all(&run, NULL, &account, &run.consumer_failure);
            pthread_join(producer, NULL);
            stress_assert_none(&run.consumer_failure, "consumer");
            stress_assert_none(&run.producer_failure, "producer");
            overruns += account.overruns;
            good += account.good;
            free(memory);
        }
    assert_true(overruns >= OVERRUNS_MIN);
    assert_true(good > 0);
    print_message("%llu overruns, %llu good frames\n", (unsigned long long)overruns,
                  (unsigned long long)good);
}

/* ---- taps -------------------------------------------------------------------------------------------------------- */

static void *
waiting_producer_thread(void *argument)
{
    struct run *const run = (struct run *)argument;
    struct stress_wait wait = {0, 0, run->placement};
    uint64_t random = run->capacity_frames;
    uint64_t pos = run->start_pos;

    stress_pin(run->placement, 0);
    while (rondo_load_acquire(&run->enough) == 0 && rondo_load_acquire(&run->stop) == 0) {
        const struct rondo_span span =
            rondo_ring_get_write(&run->ring, 1 + test_random_below(&random, run->capacity_frames));
        const uint32_t released = test_random_below(&random, 4) == 0
                                      ? test_random_below(&random, span.frames + 1)
                                      : span.frames;

        stress_generate_racing(span.data, WORDS, pos, released);
        rondo_ring_release_write(&run->ring, released);
        pos += released;
        if (span.frames > 0) {
            stress_wait_reset(&wait);
        } else if (!stress_wait_turn(&wait)) {
            stress_fail(&run->producer_failure, &run->stop, "room never came", pos);
            return NULL;
        }
    }
    run->end_pos = pos;
    rondo_store_release(&run->ended, 1);
    return NULL;
}

/* The consumer beside taps: it loses nothing. Its reads do not race, and are plain. */
static void *
consumer_thread(void *argument)
{
    struct run *const run = (struct run *)argument;
    struct stress_wait wait = {0, 0, run->placement};
    uint64_t random = run->capacity_frames + 1;
    uint64_t pos = run->start_pos;

    stress_pin(run->placement, 1);
    for (;;) {
        const bool ended = rondo_load_acquire(&run->ended) != 0;
        const struct rondo_span span =
            rondo_ring_get_read(&run->ring, 1 + test_random_below(&random, run->capacity_frames));

        if (stress_verify(span.data, WORDS, pos, span.frames) != span.frames) {
            stress_fail(&run->consumer_failure, &run->stop, "wrong frame lent", pos);
            return NULL;
        }
        rondo_ring_release_read(&run->ring, span.frames);
        pos += span.frames;
        if (span.frames > 0) {
            stress_wait_reset(&wait);
            continue;
        }
        if (ended)
            break;
        if (!stress_wait_turn(&wait)) {
            stress_fail(&run->consumer_failure, &run->stop, "frames never came", pos);
            return NULL;
        }
        if (rondo_load_acquire(&run->stop) != 0)
            return NULL;
    }
    if (pos != run->end_pos)
        stress_fail(&run->consumer_failure, &run->stop, "frames missing at the end", pos);
    return NULL;
}

/* A second tap, which hangs itself on the running ring again and again. */
static void *
come_and_go_thread(void *argument)
{
    struct run *const run = (struct run *)argument;
    struct stress_wait wait = {0, 0, run->placement};
    uint64_t random = 31;

    stress_pin(run->placement, 0);
    while (rondo_load_acquire(&run->ended) == 0 && rondo_load_acquire(&run->stop) == 0) {
        struct account account = {0, 0, 0};
        struct rondo_tap tap;

        if (rondo_tap_init(&tap, &run->ring) != 0) {
            stress_fail(&run->tap_failure[1], &run->stop, "tap refused", 0);
            return NULL;
        }
        for (int reads = 0; reads < 50; reads++) {
            uint32_t frames;

            if (!read_once(run, &tap, &random, &account, &run->tap_failure[1], &wait, &frames))
                return NULL;
        }
        sched_yield();
    }
    return NULL;
}

static void
taps_beside_a_running_ring_see_only_whole_frames_and_disturb_nobody(void **state)
{
    const int64_t slice_ns = stress_length_ns(8) / 2 / (CAPACITIES * STRESS_PLACEMENTS);

    (void)state;
    for (uint32_t i = 0; i < CAPACITIES; i++)
        for (int placement = 0; placement < STRESS_PLACEMENTS; placement++) {
            static struct run run;
            struct account account = {0, 0, 0};
            void *const memory = test_memory((size_t)capacities[i] * WORDS * 8);
            struct rondo_tap tap;
            pthread_t producer;
            pthread_t consumer;
            pthread_t second;

            begin(&run, memory, capacities[i], i % 2 == 0 ? START_BELOW_2_64 : START_BELOW_2_32,
                  RONDO_PRODUCER_WAITS_TAPPED, placement, slice_ns);
            run.overruns_min = OVERRUNS_MIN_TAP / (CAPACITIES * STRESS_PLACEMENTS) + 1;
            assert_int_equal(rondo_tap_init(&tap, &run.ring), 0);
            assert_int_equal(pthread_create(&producer, NULL, waiting_producer_thread, &run), 0);
            assert_int_equal(pthread_create(&consumer, NULL, consumer_thread, &run), 0);
            assert_int_equal(pthread_create(&second, NULL, come_and_go_thread, &run), 0);
            read_all(&run, &tap, &account, &run.tap_failure[0]);
            pthread_join(producer, NULL);
            pthread_join(consumer, NULL);
            pthread_join(second, NULL);
            stress_assert_none(&run.tap_failure[0], "tap");
            stress_assert_none(&run.tap_failure[1], "second tap");
            stress_assert_none(&run.consumer_failure, "consumer");
            stress_assert_none(&run.producer_failure, "producer");
            free(memory);
        }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(free_running_producer_overruns_a_slow_consumer_and_no_frame_is_false),
        cmocka_unit_test(taps_beside_a_running_ring_see_only_whole_frames_and_disturb_nobody),
    };

    stress_pin(STRESS_APART, 0);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
