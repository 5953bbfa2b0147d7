/* SPDX-License-Identifier: MIT */
/*
 * Everything that open, start, stop and close ask of the system is refused once, call after call,
 * until a whole run is through: each refusal is an error with words, or does not matter; nothing
 * leaks; and the library works afterwards.
 *
 * The linker puts the functions below before the system's (--wrap, in tests/CMakeLists.txt).
 */
#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include <rondo/stream.h>

#include "support/probe_backend.h"

#define DEADLINE_S  120
#define DEADLINE_NS INT64_C(20000000000)

/* ---- refusing ---- */

static atomic_int calls_left = -1; /* until one is refused; below 0: none is */
static atomic_int calls;
static atomic_int allocations; /* not given back */
static const char *_Atomic refused;

static bool
refuse(const char *name, int code)
{
    atomic_fetch_add(&calls, 1);
    if (atomic_load(&calls_left) < 0 || atomic_fetch_sub(&calls_left, 1) != 0)
        return false;
    atomic_store(&refused, name);
    errno = code;
    return true;
}

static void *
count_allocation(void *memory)
{
    if (memory != NULL)
        atomic_fetch_add(&allocations, 1);
    return memory;
}

void *__real_malloc(size_t bytes);
void *__wrap_malloc(size_t bytes);
void *__real_calloc(size_t count, size_t bytes);
void *__wrap_calloc(size_t count, size_t bytes);
int __real_posix_memalign(void **out, size_t alignment, size_t bytes);
int __wrap_posix_memalign(void **out, size_t alignment, size_t bytes);
char *__real_strdup(const char *text);
char *__wrap_strdup(const char *text);
void __real_free(void *memory);
void __wrap_free(void *memory);
int __real_eventfd(unsigned count, int flags);
int __wrap_eventfd(unsigned count, int flags);
void *__real_mmap(void *at, size_t bytes, int protection, int flags, int fd, off_t offset);
void *__wrap_mmap(void *at, size_t bytes, int protection, int flags, int fd, off_t offset);
int __real_mlock(const void *at, size_t bytes);
int __wrap_mlock(const void *at, size_t bytes);
long __real_syscall(long number, ...);
long __wrap_syscall(long number, ...);
int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*main)(void *), void *context);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*main)(void *), void *context);

void *
__wrap_malloc(size_t bytes)
{
    return refuse("malloc", ENOMEM) ? NULL : count_allocation(__real_malloc(bytes));
}

void *
__wrap_calloc(size_t count, size_t bytes)
{
    return refuse("calloc", ENOMEM) ? NULL : count_allocation(__real_calloc(count, bytes));
}

int
__wrap_posix_memalign(void **out, size_t alignment, size_t bytes)
{
    int code;

    if (refuse("posix_memalign", ENOMEM))
        return ENOMEM;
    code = __real_posix_memalign(out, alignment, bytes);
    if (code == 0)
        count_allocation(*out);
    return code;
}

char *
__wrap_strdup(const char *text)
{
    return refuse("strdup", ENOMEM) ? NULL : (char *)count_allocation(__real_strdup(text));
}

void
__wrap_free(void *memory)
{
    if (memory != NULL)
        atomic_fetch_sub(&allocations, 1);
    __real_free(memory);
}

int
__wrap_eventfd(unsigned count, int flags)
{
    return refuse("eventfd", EMFILE) ? -1 : __real_eventfd(count, flags);
}

void *
__wrap_mmap(void *at, size_t bytes, int protection, int flags, int fd, off_t offset)
{
    return refuse("mmap", ENOMEM) ? (void *)-1
                                  : __real_mmap(at, bytes, protection, flags, fd, offset);
}

int
__wrap_mlock(const void *at, size_t bytes)
{
    return refuse("mlock", EPERM) ? -1 : __real_mlock(at, bytes);
}

long
__wrap_syscall(long number, ...)
{
    long arguments[6];
    va_list list;

    if (number == SYS_memfd_create && refuse("memfd_create", EMFILE))
        return -1;
    if (number == SYS_ftruncate && refuse("ftruncate", EFBIG))
        return -1;
    va_start(list, number);
    for (int i = 0; i < 6; i++)
        arguments[i] = va_arg(list, long);
    va_end(list);
    return __real_syscall(number, arguments[0], arguments[1], arguments[2], arguments[3],
                          arguments[4], arguments[5]);
}

int
__wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*main)(void *),
                      void *context)
{
    return refuse("pthread_create", EAGAIN)
               ? EAGAIN
               : __real_pthread_create(thread, attributes, main, context);
}

/* ---- what is in use ---- */

struct used {
    int descriptors, threads, mappings, memory;
};

static int
count_entries(const char *path)
{
    DIR *const folder = opendir(path);
    int entries = 0;

    assert_non_null(folder);
    while (readdir(folder) != NULL)
        entries++;
    closedir(folder);
    return entries;
}

/* Mappings of rondo's own. */
static int
count_mappings(void)
{
    FILE *const maps = fopen("/proc/self/maps", "r");
    char line[512];
    int count = 0;

    assert_non_null(maps);
    while (fgets(line, sizeof line, maps) != NULL)
        count += strstr(line, "memfd:rondo") != NULL;
    fclose(maps);
    return count;
}

static struct used
count_used(void)
{
    return (struct used){
        .descriptors = count_entries("/proc/self/fd"),
        .threads = count_entries("/proc/self/task"),
        .mappings = count_mappings(),
        .memory = atomic_load(&allocations),
    };
}

static void
assert_nothing_leaked(struct used before, int call)
{
    const char *const name = atomic_load(&refused);
    struct used now = count_used();

    /* Who was joined is listed a little longer, perhaps already when it was counted before. */
    while (now.threads > before.threads) {
        sched_yield();
        now = count_used();
    }
    if (now.descriptors != before.descriptors || now.mappings != before.mappings ||
        now.memory != before.memory)
        fail_msg("call %d, %s: descriptors %d to %d, mappings %d to %d, memory %d to %d", call,
                 name, before.descriptors, now.descriptors, before.mappings, now.mappings,
                 before.memory, now.memory);
    assert_int_equal(probe.opens, probe.closes);
    assert_int_equal(probe.inside, 0);
}

/* ---- runs ---- */

struct run {
    const char *device;
    enum rondo_direction direction;
    bool is_virtual;
};

static int
open_and_use(const struct run *run, struct rondo_clock *clock, struct rondo_error *error)
{
    struct rondo_stream_config config = RONDO_STREAM_CONFIG_INIT;
    struct rondo_stream *stream = (struct rondo_stream *)error;
    struct rondo_span span;
    int result;
    int fd;

    config.direction = run->direction;
    config.format.rate_hz = 48000;
    config.period_frames = 48;
    config.realtime_priority = -1;
    config.clock = clock;
    config.error = error;
    result = rondo_stream_open(&stream, run->device, &config);
    assert_int_equal(error->code, result);
    if (result != 0) {
        assert_null(stream);
        return result;
    }
    fd = rondo_stream_fd(stream);
    if (fd < 0) { /* the stream does without */
        result = rondo_error_set(error, fd, "no descriptor");
        assert_true(rondo_stream_fd(stream) >= 0);
    }
    for (int round = 0; round < 2; round++) {
        assert_int_equal(rondo_stream_start(stream), 0);
        rondo_clock_advance(clock, 2000000);
        assert_true(rondo_stream_wait(stream, DEADLINE_NS) > 0);
        span = rondo_stream_get(stream, 48);
        assert_true(span.frames > 0);
        rondo_stream_release(stream, span.frames);
        assert_int_equal(rondo_stream_stop(stream), 0);
        assert_int_equal(rondo_stream_reset(stream), 0);
    }
    rondo_stream_close(stream);
    return result;
}

/* Returns the error; 0: a refusal did not matter, or there was none. */
static int
go(const struct run *run, struct rondo_error *error)
{
    struct rondo_clock *clock = NULL;
    int result;

    memset(error, 0, sizeof *error);
    if (run->is_virtual) {
        result = rondo_clock_virtual_create(&clock);
        if (result != 0) {
            assert_null(clock);
            return rondo_error_set(error, result, "no clock");
        }
    }
    result = open_and_use(run, clock, error);
    rondo_clock_destroy(clock);
    return result;
}

static void
refusals_are_told_and_nothing_leaks(void **state)
{
    const struct run *const run = (const struct run *)*state;
    struct rondo_error error;
    struct used before;
    int failed = 0;
    int call = 0;

    alarm(DEADLINE_S);
    probe_reset();
    atomic_store(&calls, 0);
    assert_int_equal(go(run, &error), 0); /* whatever is made once is there now */
    if (atomic_load(&calls) == 0)
        skip(); /* a shared library, which the linker's wraps do not reach */
    before = count_used();
    for (;; call++) {
        int result;

        atomic_store(&refused, NULL);
        atomic_store(&calls_left, call);
        result = go(run, &error);
        atomic_store(&calls_left, -1);
        assert_nothing_leaked(before, call);
        if (atomic_load(&refused) == NULL) {
            assert_int_equal(result, 0);
            break;
        }
        if (result != 0) {
            failed++;
            if (result != -ENOMEM && result != -EMFILE && result != -EAGAIN)
                fail_msg("call %d, %s: %d", call, atomic_load(&refused), result);
            assert_int_equal(error.code, result);
            assert_int_not_equal(error.text[0], '\0');
        } else if (strcmp(atomic_load(&refused), "mlock") != 0 &&
                   strcmp(atomic_load(&refused), "mmap") != 0) {
            /* Memory that cannot be locked is taken unlocked, in a second try. */
            if (strcmp(atomic_load(&refused), "ftruncate") != 0)
                fail_msg("call %d, %s: refused, and nobody noticed", call, atomic_load(&refused));
        }
        assert_int_equal(go(run, &error), 0); /* the library works afterwards */
        assert_nothing_leaked(before, call);
    }
    print_message("%s: %d calls, %d errors\n", run->device, call, failed);
    assert_true(failed >= 5);
}

#define TEST(run)                                                                                  \
    {                                                                                              \
        "refusals_are_told_and_nothing_leaks(" #run ")", refusals_are_told_and_nothing_leaks,      \
            NULL, NULL, (void *)(uintptr_t)&run                                                    \
    }

int
main(void)
{
    static const struct run capture = {"probe:", RONDO_CAPTURE, false};
    static const struct run render = {"probe-sink:", RONDO_RENDER, false};
    static const struct run blocking_capture = {"probe-blocking:", RONDO_CAPTURE, false};
    static const struct run blocking_render = {"probe-sink-blocking:", RONDO_RENDER, false};
    static const struct run virtual_capture = {"probe:", RONDO_CAPTURE, true};
    static const struct run with_parameters = {"null:?channels=2&format=s16", RONDO_RENDER, true};
    static const struct run offline = {"null:?clock=offline", RONDO_CAPTURE, false};
    const struct CMUnitTest tests[] = {
        TEST(capture),         TEST(render),          TEST(blocking_capture), TEST(blocking_render),
        TEST(virtual_capture), TEST(with_parameters), TEST(offline),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
