/* SPDX-License-Identifier: MIT */
/* What memory.h promises. */
#include "support/core_test.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <rondo/memory.h>

static unsigned
open_descriptors(void)
{
    DIR *const directory = opendir("/proc/self/fd");
    unsigned count = 0;

    assert_non_null(directory);
    while (readdir(directory) != NULL)
        count++;
    closedir(directory);
    return count;
}

static bool
is_zeroed(const struct rondo_memory *memory)
{
    return memory->data == NULL && memory->size_bytes == 0 && memory->mapped_bytes == 0;
}

static void
memory_create_refuses_bad_arguments_and_zeroes_the_result(void **state)
{
    const size_t page = rondo_page_bytes();
    const struct {
        size_t size_bytes;
        unsigned flags;
        int error;
    } bad[] = {
        {0, RONDO_MEMORY_PLAIN, -EINVAL},
        {0, RONDO_MEMORY_MIRRORED, -EINVAL},
        {page, 4, -EINVAL},
        {page, 0x80000000u | RONDO_MEMORY_LOCKED, -EINVAL},
        {1, RONDO_MEMORY_MIRRORED, -EINVAL},
        {page + 1, RONDO_MEMORY_MIRRORED, -EINVAL},
        {page - 1, RONDO_MEMORY_MIRRORED | RONDO_MEMORY_LOCKED, -EINVAL},
        {SIZE_MAX, RONDO_MEMORY_PLAIN, -EOVERFLOW},
        {SIZE_MAX / page * page, RONDO_MEMORY_MIRRORED, -EOVERFLOW},
        {PTRDIFF_MAX, RONDO_MEMORY_PLAIN, -EOVERFLOW},
        {PTRDIFF_MAX / 2 - page + 1, RONDO_MEMORY_PLAIN, -EOVERFLOW},
    };
    const unsigned before = open_descriptors();

    (void)state;
    assert_int_equal(rondo_memory_create(NULL, page, RONDO_MEMORY_PLAIN), -EINVAL);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct rondo_memory memory;

        memset(&memory, 0x5a, sizeof memory);
        assert_int_equal(rondo_memory_create(&memory, bad[i].size_bytes, bad[i].flags),
                         bad[i].error);
        assert_true(is_zeroed(&memory));
    }
    assert_int_equal(open_descriptors(), before);
}

static void
memory_that_no_machine_has_is_refused_and_nothing_leaks(void **state)
{
    const size_t page = rondo_page_bytes();
    const size_t most = (PTRDIFF_MAX / 2 - page) / page * page;
    const unsigned before = open_descriptors();

    (void)state;
    if (sizeof(void *) != 8)
        skip();
    for (unsigned flags = 0; flags < 2; flags++) {
        struct rondo_memory memory;

        assert_int_equal(rondo_memory_create(&memory, most, flags), -ENOMEM);
        assert_true(is_zeroed(&memory));
    }
    assert_int_equal(open_descriptors(), before);
}

static void
memory_is_zeroed_on_a_page_and_as_large_as_asked_for(void **state)
{
    const size_t page = rondo_page_bytes();
    const size_t sizes[] = {1, 63, page - 1, page, page + 1, 10 * page + 7};

    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct rondo_memory memory;
        unsigned char *bytes;

        assert_int_equal(rondo_memory_create(&memory, sizes[i], RONDO_MEMORY_PLAIN), 0);
        assert_int_equal(memory.size_bytes, sizes[i]);
        assert_int_equal((uintptr_t)memory.data % page, 0);
        bytes = memory.data;
        for (size_t at = 0; at < sizes[i]; at++) {
            assert_int_equal(bytes[at], 0);
            bytes[at] = 0xff;
        }
        rondo_memory_destroy(&memory);
    }
}

static void
memory_mirrored_shows_the_same_bytes_twice(void **state)
{
    const size_t page = rondo_page_bytes();

    (void)state;
    for (size_t pages = 1; pages <= 5; pages += 2) {
        const size_t size = pages * page;
        struct rondo_memory memory;
        volatile unsigned char *bytes;

        assert_int_equal(rondo_memory_create(&memory, size, RONDO_MEMORY_MIRRORED), 0);
        assert_int_equal(memory.size_bytes, size);
        bytes = memory.data;
        for (size_t at = 0; at < size; at++) {
            bytes[at] = (unsigned char)(at * 7 + 1);
            assert_int_equal(bytes[size + at], (unsigned char)(at * 7 + 1));
            bytes[size + at] = (unsigned char)(at * 11 + 3);
            assert_int_equal(bytes[at], (unsigned char)(at * 11 + 3));
        }
        rondo_memory_destroy(&memory);
    }
}

static void
memory_destroy_unmaps_all_and_may_be_repeated(void **state)
{
    const size_t page = rondo_page_bytes();
    struct rondo_memory memory = {0};
    unsigned char in_ram;

    (void)state;
    rondo_memory_destroy(NULL);
    rondo_memory_destroy(&memory);
    for (unsigned flags = 0; flags < 2; flags++) {
        unsigned char *data;

        assert_int_equal(rondo_memory_create(&memory, page, flags), 0);
        data = memory.data;
        assert_int_equal(mincore(data, page, &in_ram), 0);
        rondo_memory_destroy(&memory);
        assert_true(is_zeroed(&memory));
        assert_int_equal(mincore(data, page, &in_ram), -1);
        if (flags == RONDO_MEMORY_MIRRORED)
            assert_int_equal(mincore(data + page, page, &in_ram), -1);
        rondo_memory_destroy(&memory);
    }
}

static void
memory_leaves_no_descriptor_open(void **state)
{
    const unsigned before = open_descriptors();
    struct rondo_memory memory[40];

    (void)state;
    for (unsigned i = 0; i < 40; i++)
        assert_int_equal(rondo_memory_create(&memory[i], rondo_page_bytes(), i % 2), 0);
    assert_int_equal(open_descriptors(), before);
    for (unsigned i = 0; i < 40; i++)
        rondo_memory_destroy(&memory[i]);
    assert_int_equal(open_descriptors(), before);
}

/* The sanitizers' runtimes answer mlock() without doing it. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define MLOCK_IS_REAL 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) ||                         \
    __has_feature(memory_sanitizer)
#define MLOCK_IS_REAL 0
#endif
#endif
#ifndef MLOCK_IS_REAL
#define MLOCK_IS_REAL 1
#endif

/* The kernel's own account of it, /proc/self/status. */
static long
locked_kib(void)
{
    FILE *const status = fopen("/proc/self/status", "r");
    char line[256];
    long kib = -1;

    assert_non_null(status);
    while (fgets(line, sizeof line, status) != NULL)
        if (sscanf(line, "VmLck: %ld", &kib) == 1)
            break;
    fclose(status);
    return kib;
}

static void
memory_locked_is_in_ram_from_the_start(void **state)
{
    const size_t page = rondo_page_bytes();
    const size_t size = 16 * page;
    const long before = locked_kib();

    (void)state;
    if (!MLOCK_IS_REAL)
        skip();
    for (unsigned mirrored = 0; mirrored < 2; mirrored++) {
        const size_t mapped = (mirrored + 1) * size;
        struct rondo_memory memory;
        unsigned char in_ram[32];
        const int error = rondo_memory_create(
            &memory, size, RONDO_MEMORY_LOCKED | (mirrored ? RONDO_MEMORY_MIRRORED : 0));

        if (error == -EPERM || error == -ENOMEM) {
            print_message("not allowed to lock %zu bytes\n", mapped);
            skip();
        }
        assert_int_equal(error, 0);
        memset(in_ram, 0, sizeof in_ram);
        assert_int_equal(mincore(memory.data, mapped, in_ram), 0);
        for (size_t i = 0; i < mapped / page; i++)
            assert_int_equal(in_ram[i] & 1, 1);
        assert_int_equal(locked_kib() - before, (long)(mapped / 1024));
        rondo_memory_destroy(&memory);
        assert_int_equal(locked_kib(), before);
    }
}

/* In a process of its own, without the privilege to lock what it likes. Returns 0 if all is as it
 * should be. */
static int
lock_beyond_the_limit(void)
{
    const struct rlimit low = {rondo_page_bytes(), rondo_page_bytes()};
    const unsigned before = open_descriptors();
    struct rondo_memory memory;
    int error;

    memset(&memory, 0x5a, sizeof memory);
    if (setrlimit(RLIMIT_MEMLOCK, &low) != 0 || (geteuid() == 0 && setuid(65534) != 0))
        return 1;
    error = rondo_memory_create(&memory, 4 * rondo_page_bytes(), RONDO_MEMORY_LOCKED);
    if (error != -ENOMEM && error != -EPERM)
        return 2;
    return is_zeroed(&memory) && open_descriptors() == before ? 0 : 3;
}

static void
memory_beyond_the_lock_limit_is_refused_and_nothing_leaks(void **state)
{
    int status = -1;
    pid_t child;

    (void)state;
    if (!MLOCK_IS_REAL)
        skip();
    child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(lock_beyond_the_limit());
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void
memory_without_a_descriptor_left_is_refused(void **state)
{
    struct rondo_memory memory;
    struct rlimit old;
    struct rlimit low;
    int error;

    (void)state;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
    low = old;
    low.rlim_cur = 0;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
    memset(&memory, 0x5a, sizeof memory);
    error = rondo_memory_create(&memory, rondo_page_bytes(), RONDO_MEMORY_PLAIN);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
    assert_int_equal(error, -EMFILE);
    assert_true(is_zeroed(&memory));
}

static void
memory_beyond_the_file_size_limit_is_refused_and_nothing_leaks(void **state)
{
    const unsigned before = open_descriptors();
    struct rondo_memory memory;
    struct rlimit old;
    struct rlimit low;
    int error;

    (void)state;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    low = old;
    low.rlim_cur = rondo_page_bytes();
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &low), 0);
    memset(&memory, 0x5a, sizeof memory);
    error = rondo_memory_create(&memory, 2 * rondo_page_bytes(), RONDO_MEMORY_MIRRORED);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    signal(SIGXFSZ, SIG_DFL);
    assert_int_equal(error, -ENOMEM);
    assert_true(is_zeroed(&memory));
    assert_int_equal(open_descriptors(), before);
}

static void
mirrored_capacity_is_the_smallest_that_fills_whole_pages(void **state)
{
    const size_t page = rondo_page_bytes();

    (void)state;
    for (uint32_t frame_bytes = 1; frame_bytes <= RONDO_FRAME_BYTES_MAX; frame_bytes++) {
        const uint32_t step = rondo_mirrored_capacity(1, frame_bytes);

        assert_true(step > 0);
        assert_int_equal((size_t)step * frame_bytes % page, 0);
        for (uint32_t divisor = 2; divisor <= step;
             divisor *= 2) /* page sizes are powers of two: so are steps */
            assert_int_not_equal((size_t)(step / divisor) * frame_bytes % page, 0);
        assert_int_equal(rondo_mirrored_capacity(step, frame_bytes), step);
        assert_int_equal(rondo_mirrored_capacity(step + 1, frame_bytes), 2 * step);
        assert_int_equal(rondo_mirrored_capacity(3 * step - (step > 1), frame_bytes), 3 * step);
    }
}

static void
mirrored_capacity_is_0_for_what_no_ring_can_have(void **state)
{
    (void)state;
    assert_int_equal(rondo_mirrored_capacity(0, 4), 0);
    assert_int_equal(rondo_mirrored_capacity(1, 0), 0);
    assert_int_equal(rondo_mirrored_capacity(1, RONDO_FRAME_BYTES_MAX + 1), 0);
    assert_int_equal(rondo_mirrored_capacity(RONDO_CAPACITY_FRAMES_MAX, 1),
                     RONDO_CAPACITY_FRAMES_MAX);
    assert_int_equal(rondo_mirrored_capacity(RONDO_CAPACITY_FRAMES_MAX + 1, 1), 0);
    assert_int_equal(rondo_mirrored_capacity(UINT32_MAX, 3), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_create_refuses_bad_arguments_and_zeroes_the_result),
        cmocka_unit_test(memory_that_no_machine_has_is_refused_and_nothing_leaks),
        cmocka_unit_test(memory_is_zeroed_on_a_page_and_as_large_as_asked_for),
        cmocka_unit_test(memory_mirrored_shows_the_same_bytes_twice),
        cmocka_unit_test(memory_destroy_unmaps_all_and_may_be_repeated),
        cmocka_unit_test(memory_leaves_no_descriptor_open),
        cmocka_unit_test(memory_locked_is_in_ram_from_the_start),
        cmocka_unit_test(memory_beyond_the_lock_limit_is_refused_and_nothing_leaks),
        cmocka_unit_test(memory_without_a_descriptor_left_is_refused),
        cmocka_unit_test(memory_beyond_the_file_size_limit_is_refused_and_nothing_leaks),
        cmocka_unit_test(mirrored_capacity_is_the_smallest_that_fills_whole_pages),
        cmocka_unit_test(mirrored_capacity_is_0_for_what_no_ring_can_have),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
