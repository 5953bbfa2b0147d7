/* SPDX-License-Identifier: MIT */
/* Another process writes what it likes into the whole control block, while our side works on.
 *
 * It can starve us and feed us nonsense. It cannot make us lend a byte outside the frames, and each impossible position
 * that we see is counted. RONDO_STRESS_SECONDS=60 for the long run.
 */
#include "support/stress.h"

#include <errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <rondo/shared_ring.h>

/* Shared with the hostile process, out of reach of its wild writes. */
struct script {
    uint64_t stop;
    uint64_t request; /* hand-shake: the value to be written, and where */
    uint64_t value;
    uint64_t is_write_pos;
    uint64_t answer;
};

static struct script *script;
static struct rondo_shared_ring ring;

static struct rondo__shared_header *
header_of(const struct rondo_shared_ring *of)
{
    return (struct rondo__shared_header *)of->mapping;
}

/* A value that a position may be hoped to go wrong at; `near` is a sound one. */
static uint64_t
hostile_value(uint64_t *random, uint64_t near, uint32_t capacity)
{
    switch (test_random_below(random, 10)) {
    case 0:
        return test_random(random);
    case 1:
        return near + test_random_below(random, capacity + 1);
    case 2:
        return near - test_random_below(random, capacity + 1);
    case 3:
        return near + capacity + test_random_below(random, 3) - 1;
    case 4:
        return near - capacity + test_random_below(random, 3) - 1;
    case 5:
        return near + (UINT64_C(1) << test_random_below(random, 64));
    case 6:
        return near - (UINT64_C(1) << test_random_below(random, 64));
    case 7:
        return UINT64_C(1) << test_random_below(random, 64);
    case 8:
        return (UINT64_C(1) << test_random_below(random, 64)) - 1;
    default:
        return near;
    }
}

/* The other process. It writes, at random: positions sound and unsound, words of the header, the whole control block, and
 * the frames. */
static void
be_hostile(bool we_consume, uint32_t capacity)
{
    struct rondo__shared_header *const header = header_of(&ring);
    uint64_t *const words = (uint64_t *)ring.mapping;
    const uint32_t page_words = (uint32_t)(rondo_page_bytes() / 8);
    uint64_t *const theirs = we_consume ? &header->write_pos : &header->read_pos;
    const uint64_t *const ours = we_consume ? &header->read_pos : &header->write_pos;
    uint64_t random = we_consume ? 41 : 42;

    while (rondo_load_relaxed(&script->stop) == 0) {
        const uint64_t near = rondo_load_relaxed(ours);

        switch (test_random_below(&random, 8)) {
        case 0:
        case 1:
        case 2:
            rondo_store_relaxed(theirs, hostile_value(&random, near, capacity));
            break;
        case 3:
            rondo_store_relaxed(theirs, near); /* a sound one, so that the work goes on */
            break;
        case 4:
            rondo_store_relaxed(theirs, we_consume
                                            ? near + test_random_below(&random, capacity + 1)
                                            : near - test_random_below(&random, capacity + 1));
            break;
        case 5:
            rondo_store_relaxed(&words[test_random_below(&random, 3 * RONDO_CACHELINE_BYTES / 8)],
                                test_random(&random));
            break;
        case 6:
            for (uint32_t i = 0; i < page_words; i++)
                rondo_store_relaxed(&words[i], hostile_value(&random, near, capacity));
            break;
        default:
            rondo_store_relaxed(&words[page_words + test_random_below(&random, capacity)],
                                test_random(&random));
            break;
        }
        if (test_random_below(&random, 8) == 0)
            sched_yield();
    }
}

/* Write what we ask for, once each time we ask. */
static void
be_obedient(void)
{
    struct stress_wait wait = {0, 0, STRESS_SAME_CPU};

    while (rondo_load_relaxed(&script->stop) == 0) {
        if (rondo_load_acquire(&script->request) == rondo_load_relaxed(&script->answer)) {
            if (!stress_wait_turn(&wait))
                _exit(3);
            continue;
        }
        stress_wait_reset(&wait);
        rondo_store_relaxed(rondo_load_relaxed(&script->is_write_pos) != 0
                                ? &header_of(&ring)->write_pos
                                : &header_of(&ring)->read_pos,
                            rondo_load_relaxed(&script->value));
        rondo_store_release(&script->answer, rondo_load_relaxed(&script->request));
    }
}

static pid_t
start(void (*other_side)(bool, uint32_t), bool we_consume, uint32_t capacity)
{
    const pid_t parent = getpid();
    pid_t child;

    memset((void *)script, 0, sizeof *script);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* a failed assertion must not leave it behind */
        if (getppid() != parent)
            _exit(4);
        stress_pin(STRESS_APART, 0);
        if (other_side != NULL)
            other_side(we_consume, capacity);
        else
            be_obedient();
        _exit(0);
    }
    stress_pin(STRESS_APART, 1);
    return child;
}

static void
stop(pid_t child)
{
    int status = -1;

    rondo_store_release(&script->stop, 1);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* The span lies within the frames that were mapped, and does not exceed what was asked for. */
static void
assert_inside(struct rondo_span span, const unsigned char *frames, uint32_t capacity,
              uint32_t max_frames)
{
    const unsigned char *const data = (const unsigned char *)span.data;

    if (span.frames == 0) {
        assert_null(data);
        return;
    }
    assert_true(span.frames <= max_frames);
    assert_true(span.frames <= capacity);
    assert_true(data >= frames && data < frames + (size_t)capacity * 8);
    assert_int_equal((data - frames) % 8, 0);
    assert_true((size_t)(data - frames) + (size_t)span.frames * 8 <= (size_t)capacity * 8);
}

#define CAPACITIES 4u
static const uint32_t capacities[CAPACITIES] = {1, 7, 441, 1024};

static void
work_beside_a_hostile_other_side(enum rondo_shared_role role, int64_t length_ns)
{
    const bool consumes = role == RONDO_SHARED_CONSUMER;

    for (uint32_t i = 0; i < CAPACITIES; i++) {
        const uint32_t capacity = capacities[i];
        const int64_t end_ns = stress_now_ns() + length_ns / CAPACITIES;
        const unsigned char *frames;
        volatile uint64_t sum = 0;
        uint64_t random = capacity;
        uint64_t lent = 0;
        uint64_t looks = 0;
        pid_t child;

        assert_int_equal(rondo_shared_ring_create(&ring, capacity, 8, role), 0);
        rondo_shared_ring_start_at(&ring, i % 2 == 0 ? START_BELOW_2_64 : START_BELOW_2_32);
        frames = (const unsigned char *)ring.mapping + rondo_page_bytes();
        child = start(be_hostile, consumes, capacity);
        while (looks % 64 != 0 || stress_now_ns() < end_ns ||
               ((lent == 0 || rondo_shared_ring_corruptions(&ring) == 0) &&
                stress_now_ns() < end_ns + STRESS_DEADLINE_NS)) {
            const uint32_t wanted = test_random_below(&random, 8) == 0
                                        ? UINT32_MAX
                                        : test_random_below(&random, capacity + 2);
            const uint64_t before = rondo_shared_ring_corruptions(&ring);
            const struct rondo_span span = consumes ? rondo_shared_ring_get_read(&ring, wanted)
                                                    : rondo_shared_ring_get_write(&ring, wanted);
            uint64_t *const words = (uint64_t *)span.data;
            const uint32_t released = test_random_below(&random, 4) == 0
                                          ? test_random_below(&random, span.frames + 1)
                                          : span.frames;

            looks++;
            assert_inside(span, frames, capacity, wanted);
            /* One look counts at most one corruption, and then lends nothing. */
            assert_true(rondo_shared_ring_corruptions(&ring) - before <=
                        (span.frames == 0 ? 1 : 0));
            for (uint32_t frame = 0; frame < span.frames; frame++)
                if (consumes)
                    sum += rondo_load_relaxed(&words[frame]);
                else
                    rondo_store_relaxed(&words[frame], sum++);
            if (consumes)
                rondo_shared_ring_release_read(&ring, released);
            else
                rondo_shared_ring_release_write(&ring, released);
            lent += span.frames;
            assert_int_equal(rondo_shared_ring_capacity(&ring), capacity);
            if (looks % 16 == 0)
                sched_yield();
        }
        stop(child);
        assert_true(lent > 0);
        assert_true(rondo_shared_ring_corruptions(&ring) > 0);
        print_message("capacity %u: %llu looks, %llu frames lent, %llu corruptions\n", capacity,
                      (unsigned long long)looks, (unsigned long long)lent,
                      (unsigned long long)rondo_shared_ring_corruptions(&ring));
        rondo_shared_ring_destroy(&ring);
    }
}

static void
shared_ring_consumer_stays_inside_beside_a_hostile_producer(void **state)
{
    (void)state;
    work_beside_a_hostile_other_side(RONDO_SHARED_CONSUMER, stress_length_ns(5) * 2 / 5);
}

static void
shared_ring_producer_stays_inside_beside_a_hostile_consumer(void **state)
{
    (void)state;
    work_beside_a_hostile_other_side(RONDO_SHARED_PRODUCER, stress_length_ns(5) * 2 / 5);
}

/* The header changes while it is checked. Whatever is accepted is consistent and stays inside. */
static void
shared_ring_attach_to_a_header_that_changes_is_refused_or_stays_inside(void **state)
{
    const int64_t end_ns = stress_now_ns() + stress_length_ns(5) / 5;
    const uint32_t capacity = 441;
    struct rondo__shared_header good;
    uint64_t attached = 0;
    uint64_t refused = 0;
    uint64_t random = 51;
    pid_t child;

    (void)state;
    assert_int_equal(rondo_shared_ring_create(&ring, capacity, 8, RONDO_SHARED_CONSUMER), 0);
    memcpy((void *)&good, ring.mapping, sizeof good);
    child = start(be_hostile, true, capacity);
    while ((attached + refused) % 16 != 0 || stress_now_ns() < end_ns ||
           (attached == 0 && stress_now_ns() < end_ns + STRESS_DEADLINE_NS)) {
        static struct rondo_shared_ring other;
        int error;

        /* Put it right, so that some attaches get beyond the first check. */
        for (size_t i = 0; i < sizeof good / 8; i++) {
            uint64_t word;

            memcpy(&word, (const unsigned char *)&good + 8 * i, 8);
            rondo_store_relaxed((uint64_t *)ring.mapping + i, word);
        }
        error = rondo_shared_ring_attach(
            &other, ring.fd,
            test_random_below(&random, 2) == 0 ? RONDO_SHARED_CONSUMER : RONDO_SHARED_PRODUCER);
        if (error != 0) {
            assert_true(error == -EBADMSG || error == -EPROTO);
            assert_null(other.mapping);
            refused++;
            continue;
        }
        attached++;
        assert_int_equal(rondo_shared_ring_capacity(&other), capacity);
        for (int turn = 0; turn < 20; turn++) {
            const unsigned char *const frames =
                (const unsigned char *)other.mapping + rondo_page_bytes();
            const uint32_t wanted = test_random_below(&random, capacity + 2);
            struct rondo_span span = rondo_shared_ring_get_read(&other, wanted);

            assert_inside(span, frames, capacity, wanted);
            rondo_shared_ring_release_read(&other, span.frames);
            span = rondo_shared_ring_get_write(&other, wanted);
            assert_inside(span, frames, capacity, wanted);
            rondo_shared_ring_release_write(&other, span.frames);
        }
        rondo_shared_ring_destroy(&other);
    }
    stop(child);
    assert_true(attached > 0);
    print_message("%llu attached, %llu refused\n", (unsigned long long)attached,
                  (unsigned long long)refused);
    rondo_shared_ring_destroy(&ring);
}

/* Have the other process write @p value as its position, and wait until it has. */
static void
have_written(bool write_pos, uint64_t value)
{
    struct stress_wait wait = {0, 0, STRESS_SAME_CPU};

    rondo_store_relaxed(&script->is_write_pos, write_pos);
    rondo_store_relaxed(&script->value, value);
    rondo_store_release(&script->request, rondo_load_relaxed(&script->request) + 1);
    while (rondo_load_acquire(&script->answer) != rondo_load_relaxed(&script->request))
        assert_true(stress_wait_turn(&wait));
}

static void
shared_ring_reports_a_corrupt_position_exactly_once_per_look(void **state)
{
    static const enum rondo_shared_role roles[] = {RONDO_SHARED_CONSUMER, RONDO_SHARED_PRODUCER};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        const bool consumes = roles[i] == RONDO_SHARED_CONSUMER;
        const uint32_t capacity = 48;
        uint64_t theirs = START_BELOW_2_64;
        uint64_t ours = START_BELOW_2_64;
        uint64_t expected = 0;
        uint64_t random = 61;
        pid_t child;

        assert_int_equal(rondo_shared_ring_create(&ring, capacity, 8, roles[i]), 0);
        rondo_shared_ring_start_at(&ring, ours);
        child = start(NULL, consumes, capacity);
        for (int round = 0; round < 2000; round++) {
            const uint64_t ahead_max =
                consumes ? ours + capacity : ours; /* no sound position is beyond */
            const uint64_t bad = test_random_below(&random, 2) == 0
                                     ? ahead_max + 1 + test_random(&random) % (UINT64_C(1) << 62)
                                     : theirs - 1 - test_random(&random) % (UINT64_C(1) << 62);
            const unsigned looks = 1 + test_random_below(&random, 4);
            struct rondo_span span;
            uint32_t available;

            have_written(consumes, bad);
            for (unsigned look = 0; look < looks; look++) {
                span = consumes ? rondo_shared_ring_get_read(&ring, UINT32_MAX)
                                : rondo_shared_ring_get_write(&ring, UINT32_MAX);
                assert_int_equal(span.frames, 0);
                assert_int_equal(rondo_shared_ring_corruptions(&ring), ++expected);
            }
            /* A sound one again: it goes on where it was. */
            theirs += test_random_below(&random, (uint32_t)(ahead_max - theirs) + 1);
            have_written(consumes, theirs);
            span = consumes ? rondo_shared_ring_get_read(&ring, UINT32_MAX)
                            : rondo_shared_ring_get_write(&ring, UINT32_MAX);
            available = consumes ? (uint32_t)(theirs - ours) : capacity - (uint32_t)(ours - theirs);
            assert_true(span.frames <= available && (span.frames > 0) == (available > 0));
            if (consumes)
                rondo_shared_ring_release_read(&ring, span.frames);
            else
                rondo_shared_ring_release_write(&ring, span.frames);
            ours += span.frames;
            assert_int_equal(rondo_shared_ring_corruptions(&ring), expected);
        }
        stop(child);
        rondo_shared_ring_destroy(&ring);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shared_ring_reports_a_corrupt_position_exactly_once_per_look),
        cmocka_unit_test(shared_ring_consumer_stays_inside_beside_a_hostile_producer),
        cmocka_unit_test(shared_ring_producer_stays_inside_beside_a_hostile_consumer),
        cmocka_unit_test(shared_ring_attach_to_a_header_that_changes_is_refused_or_stays_inside),
    };

    script = mmap(NULL, sizeof *script, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (script == MAP_FAILED)
        return 1;
    stress_pin(STRESS_APART, 0);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
