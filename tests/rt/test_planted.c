/* SPDX-License-Identifier: MIT */
/*
 * What must not happen on a real-time thread is planted there, and found: by the filter what enters
 * the kernel, by RealtimeSanitizer what allocates or locks, whether or not it enters the kernel.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>
#include <pthread.h>

#include <rondo/handle.h>
#include <rondo/ml.h>

#include "ml_audio.h"
#include "rt/realtime.h"

#define LARGE_BYTES ((size_t)64 << 20)

/* Where a planted result goes, so that the compiler does not leave it out. */
static void *volatile kept;

struct locked {
    pthread_mutex_t mutex;
    bool is_held; /* by the other thread, for ever */
};

static void *
set_up_mutex(const void *parameter)
{
    struct locked *const locked = rt_memory(sizeof *locked);

    pthread_mutex_init(&locked->mutex, NULL);
    locked->is_held = parameter != NULL;
    if (locked->is_held)
        pthread_mutex_lock(&locked->mutex);
    return locked;
}

static void *
set_up_memory(const void *parameter)
{
    (void)parameter;
    return malloc(100);
}

static void
nothing(void *context)
{
    (void)context;
}

static void
allocate(void *context)
{
    (void)context;
    kept = RT_CALL(malloc)(100);
}

static void
allocate_much(void *context)
{
    (void)context;
    kept = RT_CALL(malloc)(LARGE_BYTES);
}

static void
allocate_in_the_c_library(void *context)
{
    (void)context;
    kept = RT_CALL(strdup)("text");
}

static void
give_back(void *context)
{
    RT_CALL(free)(context);
}

static void
take_lock(void *context)
{
    struct locked *const locked = context;

    RT_CALL(pthread_mutex_lock)(&locked->mutex);
}

static void
write_nothing(void *context)
{
    (void)context;
    if (RT_CALL(write)(STDERR_FILENO, "", 0) < 0)
        kept = NULL;
}

static void
sleep_a_little(void *context)
{
    (void)context;
    RT_CALL(usleep)(1);
}

/* The first look-up of a thread that was not prepared. */
static void
look_up(void *context)
{
    (void)context;
    RT_CALL(rondo_handle_enter)();
    RT_CALL(rondo_handle_leave)();
}

static void
get_buffer(void *context)
{
    MLAudioBuffer buffer;

    (void)context;
    RT_CALL(MLAudioGetInputBuffer)(ML_INVALID_HANDLE, &buffer);
}

static void
prepare_handles(void *context)
{
    (void)context;
    rondo_handle_prepare_thread();
}

static void
prepare_ml(void *context)
{
    (void)context;
    rondo_ml_prepare_thread();
}

/* What is planted, and who finds it for sure. Who is not named may find it too. */
static const struct planted {
    struct rt_case one;
    bool filter, rtsan;
    long system_call;    /* what the filter tells; -1: whatever comes first */
    const char *reports; /* what RealtimeSanitizer tells */
} planted[] = {
    {{.name = "malloc", .realtime = allocate}, false, true, -1, "`malloc`"},
    {{.name = "malloc_of_much", .realtime = allocate_much}, true, true, -1, "`malloc`"},
    {{.name = "strdup", .realtime = allocate_in_the_c_library}, false, true, -1, "`malloc`"},
    {{.name = "free", .set_up = set_up_memory, .realtime = give_back}, false, true, -1, "`free`"},
    {{.name = "lock_that_is_free", .set_up = set_up_mutex, .realtime = take_lock},
     false,
     true,
     -1,
     "`pthread_mutex_lock`"},
    {{.name = "lock_that_is_held",
      .set_up = set_up_mutex,
      .parameter = "held",
      .realtime = take_lock},
     true,
     true,
     SYS_futex,
     "`pthread_mutex_lock`"},
    {{.name = "write", .realtime = write_nothing}, true, false, SYS_write, NULL},
    {{.name = "write_where_8_bytes_are_allowed",
      .realtime = write_nothing,
      .allowance = RT_TO_WAKE},
     true,
     false,
     SYS_write,
     NULL},
    {{.name = "sleep", .realtime = sleep_a_little}, true, true, -1, "`usleep`"},
    {{.name = "first_handle_of_a_thread", .realtime = look_up}, true, true, -1, ""},
    {{.name = "first_buffer_of_a_thread", .realtime = get_buffer}, true, true, -1, ""},
};

static void
what_is_planted_is_found(void **state)
{
    const struct planted *const this = (const struct planted *)*state;
    struct rt_outcome outcome;

    if (!(rt_has_filter() && this->filter) && !(rt_has_rtsan() && this->rtsan))
        skip();
    rt_try(&this->one, &outcome);
    if (outcome.end == RT_SKIPPED)
        skip();
    print_message("%s\n", outcome.text);
    if (rt_has_filter()) {
        assert_int_equal(outcome.end, RT_SYSTEM_CALL);
        if (this->system_call >= 0)
            assert_int_equal(outcome.system_call, this->system_call);
    } else {
        assert_int_equal(outcome.end, RT_REPORTED);
        assert_non_null(strstr(outcome.text, "Real-time violation"));
        assert_non_null(strstr(outcome.text, this->reports));
    }
    assert_non_null(outcome.function);
}

/* The same calls, where there is nothing to find. */
static void
nothing_is_found_where_nothing_is_planted(void **state)
{
    static const struct rt_case sound[] = {
        {.name = "nothing", .realtime = nothing},
        {.name = "handle_of_a_prepared_thread", .prepare = prepare_handles, .realtime = look_up},
        {.name = "buffer_of_a_prepared_thread", .prepare = prepare_ml, .realtime = get_buffer},
    };
    struct rt_outcome outcome;

    (void)state;
    for (size_t i = 0; i < sizeof sound / sizeof sound[0]; i++) {
        rt_try(&sound[i], &outcome);
        if (outcome.end == RT_SKIPPED)
            skip();
        if (outcome.end != RT_PASSED)
            fail_msg("%s: %d, system call %ld: %s", sound[i].name, (int)outcome.end,
                     outcome.system_call, outcome.text);
    }
}

static void
fail_in_real_time(void *context)
{
    (void)context;
    RT_REQUIRE(kept != NULL);
}

static void
fail_beside(void *context)
{
    (void)context;
    RT_ASSERT(kept != NULL);
}

/* A test that finds nothing because it cannot fail would be of no use. */
static void
what_is_wrong_on_either_thread_fails_the_case(void **state)
{
    static const struct rt_case wrong[] = {
        {.name = "real_time", .realtime = fail_in_real_time},
        {.name = "beside", .realtime = nothing, .beside = fail_beside},
        {.name = "behind", .realtime = nothing, .tear_down = fail_beside},
    };
    struct rt_outcome outcome;

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        rt_try(&wrong[i], &outcome);
        if (outcome.end == RT_SKIPPED)
            skip();
        assert_int_equal(outcome.end, RT_FAILED);
        assert_non_null(strstr(outcome.text, "kept != NULL"));
    }
}

int
main(void)
{
    struct CMUnitTest tests[sizeof planted / sizeof planted[0] + 2];
    size_t count = 0;

    for (; count < sizeof planted / sizeof planted[0]; count++)
        tests[count] = (struct CMUnitTest){planted[count].one.name, what_is_planted_is_found, NULL,
                                           NULL, (void *)(uintptr_t)&planted[count]};
    tests[count++] = (struct CMUnitTest)cmocka_unit_test(nothing_is_found_where_nothing_is_planted);
    tests[count++] =
        (struct CMUnitTest)cmocka_unit_test(what_is_wrong_on_either_thread_fails_the_case);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
