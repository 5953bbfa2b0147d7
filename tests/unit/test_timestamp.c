/* SPDX-License-Identifier: MIT */
/*
 * The device's (position, time) pair: readers get whole pairs, and get them whatever the writer does.
 */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/timestamp.h"

#define ROUNDS     300u
#define DEADLINE_S 120u

static struct {
    struct rondo__timestamp stamp;
    atomic_bool quit;
    atomic_uint stopped; /* how often the writer has been interrupted */
    atomic_uint go_on;   /* how often it may go on */
} now;

/* Interrupts the writer wherever it is, until it may go on. */
static void
interrupt(int number)
{
    const unsigned nth = atomic_fetch_add(&now.stopped, 1) + 1;

    (void)number;
    while (atomic_load(&now.go_on) < nth)
        rondo_spin_pause();
}

static uint64_t
time_of(uint64_t position)
{
    return position * UINT64_C(0x9e3779b97f4a7c15);
}

static void *
write_main(void *unused)
{
    uint64_t position = 0;

    (void)unused;
    while (!atomic_load_explicit(&now.quit, memory_order_relaxed)) {
        rondo__timestamp_write(&now.stamp, position, time_of(position));
        position++;
    }
    return NULL;
}

static void
zeroed_it_holds_position_0_at_time_0(void **state)
{
    struct rondo__timestamp stamp = {0};
    uint64_t time_ns = 1;

    (void)state;
    assert_int_equal(rondo__timestamp_read(&stamp, &time_ns), 0);
    assert_int_equal(time_ns, 0);
}

static void
the_newest_pair_is_read(void **state)
{
    struct rondo__timestamp stamp = {0};

    (void)state;
    for (uint64_t i = 1; i < 5; i++) {
        uint64_t time_ns;

        rondo__timestamp_write(&stamp, i, time_of(i));
        assert_int_equal(rondo__timestamp_read(&stamp, &time_ns), i);
        assert_int_equal(time_ns, time_of(i));
    }
}

/* With a writer that is interrupted at any place a reader that waits for it would wait for ever, as
 * one does that is more urgent and runs on the same processor. */
static void
a_reader_does_not_wait_for_a_writer_that_is_interrupted(void **state)
{
    struct sigaction action = {.sa_handler = interrupt};
    uint64_t last = 0;
    pthread_t writer;

    (void)state;
    alarm(DEADLINE_S);
    assert_int_equal(sigaction(SIGUSR1, &action, NULL), 0);
    assert_int_equal(pthread_create(&writer, NULL, write_main, NULL), 0);
    for (unsigned round = 1; round <= ROUNDS; round++) {
        uint64_t time_ns;
        uint64_t position;

        assert_int_equal(pthread_kill(writer, SIGUSR1), 0);
        while (atomic_load(&now.stopped) < round)
            rondo_spin_pause();
        position = rondo__timestamp_read(&now.stamp, &time_ns);
        assert_int_equal(time_ns, time_of(position));
        assert_true(position >= last);
        last = position;
        atomic_store(&now.go_on, round);
        /* And beside it, while it runs. */
        position = rondo__timestamp_read(&now.stamp, &time_ns);
        assert_int_equal(time_ns, time_of(position));
    }
    atomic_store(&now.quit, true);
    pthread_join(writer, NULL);
    alarm(0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(zeroed_it_holds_position_0_at_time_0),
        cmocka_unit_test(the_newest_pair_is_read),
        cmocka_unit_test(a_reader_does_not_wait_for_a_writer_that_is_interrupted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
