/* SPDX-License-Identifier: MIT */
/*
 * memory_per_stream_null, memory_per_stream_file: the bytes of one more stream that is open and
 * running, by default settings, under the real clock.
 *
 * Measured, not added up: what the process holds with many streams more, divided by their number.
 * Some are open before, so that what freed memory and ended threads have left behind is used up.
 * "rondo" is what is resident, malloc'd and mapped alike: every page that the stream has touched, so
 * of its threads' stacks only the used part. Beside it what malloc has of this, and the address
 * space, in which each thread's whole stack counts. What the kernel keeps for a thread is in none.
 */
#include <malloc.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <rondo/stream.h>

#include "bench/bench.h"
#include "bench/system/file.h"

#define BEFORE  8u
#define COUNTED 64u

enum kind {
    KIND_RESIDENT,
    KIND_MALLOC,
    KIND_ADDRESSES
};

struct subject {
    int is_file;
    enum kind kind;
};

/* ---- what the process holds ---- */

static uint64_t
resident_bytes(void)
{
    /* Exact, other than the counters of statm, which each CPU adds to when it likes. */
    FILE *const file = fopen("/proc/self/smaps_rollup", "r");
    unsigned long long kilobytes = 0;
    char line[256];

    if (file == NULL)
        return 0;
    while (fgets(line, sizeof line, file) != NULL) {
        if (sscanf(line, "Rss: %llu kB", &kilobytes) == 1)
            break;
    }
    fclose(file);
    return (uint64_t)kilobytes * 1024;
}

static uint64_t
address_bytes(void)
{
    FILE *const file = fopen("/proc/self/statm", "r");
    unsigned long long pages = 0;

    if (file == NULL)
        return 0;
    if (fscanf(file, "%llu", &pages) != 1)
        pages = 0;
    fclose(file);
    return (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static uint64_t
held_bytes(enum kind kind)
{
    const struct mallinfo2 info = mallinfo2();

    return kind == KIND_RESIDENT ? resident_bytes()
           : kind == KIND_MALLOC ? (uint64_t)info.uordblks + (uint64_t)info.hblkhd
                                 : address_bytes();
}

/* The difference that COUNTED more made. */
static const char *
divide(struct bench_measure *measure, uint64_t before, uint64_t after)
{
    if (before == 0 || after == 0)
        return "memory: the system does not tell what the process holds";
    if (after <= before)
        return "memory: more streams hold no more memory";
    measure->bytes = (after - before) / COUNTED;
    measure->operations = COUNTED;
    return NULL;
}

/* ---- rondo ---- */

/* Open and start streams; each has captured something when this returns. */
static const char *
start_streams(struct rondo_stream **streams, uint32_t count, const char *device)
{
    for (uint32_t i = 0; i < count; i++)
        if (rondo_stream_open(&streams[i], device, NULL) != 0 ||
            rondo_stream_start(streams[i]) != 0)
            return "memory: a stream cannot be opened or started";
    for (uint32_t i = 0; i < count; i++)
        if (rondo_stream_wait(streams[i], 5 * INT64_C(1000000000)) <= 0)
            return "memory: a stream captures nothing";
    return NULL;
}

static const char *
run_rondo(const struct bench_candidate *self, uint64_t operations, struct bench_measure *measure)
{
    const struct subject *const subject = self->argument;
    struct rondo_stream *streams[BEFORE + COUNTED] = {NULL};
    char device[BENCH_FILE_PATH_MAX + 32] = "null:";
    uint64_t before = 0;
    const char *what;

    (void)operations;
    if (subject->is_file) {
        if (bench_file() == NULL)
            return "memory: cannot write a file";
        bench_file_device(device, sizeof device);
    }
    what = start_streams(streams, BEFORE, device);
    if (what == NULL) {
        malloc_trim(0);
        before = held_bytes(subject->kind);
        what = start_streams(streams + BEFORE, COUNTED, device);
    }
    if (what == NULL)
        what = divide(measure, before, held_bytes(subject->kind));
    for (uint32_t i = 0; i < BEFORE + COUNTED; i++)
        rondo_stream_close(streams[i]);
    return what;
}

/* ---- what it takes at least: a thread ---- */

struct crowd {
    sem_t there;
    sem_t leave;
};

static void *
wait_in_crowd(void *argument)
{
    struct crowd *const crowd = argument;

    sem_post(&crowd->there);
    while (sem_wait(&crowd->leave) != 0) {
    }
    return NULL;
}

/* @return how many of @p count threads there are now */
static uint32_t
make_threads(pthread_t *threads, uint32_t count, struct crowd *crowd)
{
    uint32_t made = 0;

    while (made < count && pthread_create(&threads[made], NULL, wait_in_crowd, crowd) == 0)
        made++;
    for (uint32_t i = 0; i < made; i++)
        while (sem_wait(&crowd->there) != 0) {
        }
    return made;
}

static const char *
run_threads(const struct bench_candidate *self, uint64_t operations, struct bench_measure *measure)
{
    pthread_t threads[BEFORE + COUNTED];
    struct crowd crowd;
    uint64_t before;
    uint32_t made;
    const char *what = "memory: a thread could not be made";

    (void)self;
    (void)operations;
    sem_init(&crowd.there, 0, 0);
    sem_init(&crowd.leave, 0, 0);
    made = make_threads(threads, BEFORE, &crowd);
    malloc_trim(0);
    before = resident_bytes();
    if (made == BEFORE)
        made += make_threads(threads + BEFORE, COUNTED, &crowd);
    if (made == BEFORE + COUNTED)
        what = divide(measure, before, resident_bytes());
    for (uint32_t i = 0; i < made; i++)
        sem_post(&crowd.leave);
    for (uint32_t i = 0; i < made; i++)
        pthread_join(threads[i], NULL);
    sem_destroy(&crowd.there);
    sem_destroy(&crowd.leave);
    return what;
}

static const struct subject null_resident = {0, KIND_RESIDENT};
static const struct subject null_malloc = {0, KIND_MALLOC};
static const struct subject null_addresses = {0, KIND_ADDRESSES};
static const struct subject file_resident = {1, KIND_RESIDENT};
static const struct subject file_malloc = {1, KIND_MALLOC};
static const struct subject file_addresses = {1, KIND_ADDRESSES};

#define MEMORY(case_name, name, role, run, subject, quick)                                         \
    {                                                                                              \
        case_name, name, role, BENCH_BYTES, COUNTED, run, subject, 0, quick                        \
    }

static const struct bench_candidate candidates[] = {
    MEMORY("memory_per_stream_null", "rondo", BENCH_OURS, run_rondo, &null_resident, 1),
    MEMORY("memory_per_stream_null", "of it malloc'd", BENCH_VARIANT, run_rondo, &null_malloc, 0),
    MEMORY("memory_per_stream_null", "address space", BENCH_VARIANT, run_rondo, &null_addresses, 0),
    MEMORY("memory_per_stream_null", "a bare thread", BENCH_BOUND, run_threads, NULL, 1),
    MEMORY("memory_per_stream_file", "rondo", BENCH_OURS, run_rondo, &file_resident, 1),
    MEMORY("memory_per_stream_file", "of it malloc'd", BENCH_VARIANT, run_rondo, &file_malloc, 0),
    MEMORY("memory_per_stream_file", "address space", BENCH_VARIANT, run_rondo, &file_addresses, 0),
    MEMORY("memory_per_stream_file", "a bare thread", BENCH_BOUND, run_threads, NULL, 1),
};

__attribute__((constructor)) static void
add_candidates(void)
{
    for (size_t i = 0; i < sizeof candidates / sizeof candidates[0]; i++)
        bench_add(&candidates[i]);
}
