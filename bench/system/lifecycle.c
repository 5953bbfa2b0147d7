/* SPDX-License-Identifier: MIT */
/*
 * lifecycle_null, lifecycle_file: what it takes to open, start, stop and close a stream, together;
 * lifecycle_..._open and so on: each alone. All as users have it by default: a capture under the real
 * clock, in periods of 10 ms, of silence or of a sound file that lies in the page cache; no thread is
 * bound to a CPU of its own. Between start and stop the first period is waited for and checked, which
 * does not count. Bounds: the threads that it takes, made and joined; and libsndfile's open and close.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>

#include <sndfile.h>

#include <rondo/stream.h>

#include "bench/bench.h"
#include "bench/pair.h"
#include "bench/system/file.h"

#define SILENCE "null:"
#define CYCLES  10u /* of one run: 10 ms each */

enum step {
    STEP_OPEN,
    STEP_START,
    STEP_STOP,
    STEP_CLOSE,
    STEP_ALL
};

struct subject {
    int is_file;
    enum step step;
};

/* The caller, and the threads made from now on, run where the system likes, of the bench's two. */
static const char *
leave_free(void)
{
    int cpu[2];
    cpu_set_t set;
    const char *const what = pair_cpus(cpu);

    if (what != NULL)
        return what;
    CPU_ZERO(&set);
    CPU_SET((unsigned)cpu[0], &set);
    CPU_SET((unsigned)cpu[1], &set);
    return sched_setaffinity(0, sizeof set, &set) == 0 ? NULL
                                                       : "lifecycle: a thread cannot be let free";
}

/* ---- rondo ---- */

/* The first frames are those of the device. */
static const char *
check_frames(struct rondo_stream *stream, int is_file)
{
    struct rondo_span span;
    const int16_t *samples;

    if (rondo_stream_wait(stream, 5 * INT64_C(1000000000)) <= 0)
        return "lifecycle: nothing comes";
    span = rondo_stream_get(stream, 100);
    if (span.frames != 100)
        return "lifecycle: less than a period was captured";
    samples = (const int16_t *)span.data;
    for (uint32_t i = 0; i < span.frames * BENCH_FILE_CHANNELS; i++) {
        const int16_t expected =
            is_file ? bench_file_sample(i / BENCH_FILE_CHANNELS, i % BENCH_FILE_CHANNELS) : 0;

        if (samples[i] != expected)
            return "lifecycle: the first frames are not the device's";
    }
    return rondo_stream_release(stream, span.frames) == 0
               ? NULL
               : "lifecycle: the first frames were overwritten";
}

/* Once from open to close; ns receives the time of each step. */
static const char *
cycle(const char *device, int is_file, uint64_t ns[STEP_ALL + 1])
{
    struct rondo_stream *stream;
    const char *what;
    uint64_t begin_ns = bench_clock_ns();
    int result = rondo_stream_open(&stream, device, NULL);

    ns[STEP_OPEN] = bench_clock_ns() - begin_ns;
    if (result != 0)
        return "lifecycle: a stream cannot be opened";
    begin_ns = bench_clock_ns();
    result = rondo_stream_start(stream);
    ns[STEP_START] = bench_clock_ns() - begin_ns;
    what = result == 0 ? check_frames(stream, is_file) : "lifecycle: a stream cannot be started";
    begin_ns = bench_clock_ns();
    result = rondo_stream_stop(stream);
    ns[STEP_STOP] = bench_clock_ns() - begin_ns;
    if (result != 0 && what == NULL)
        what = "lifecycle: a stream cannot be stopped";
    begin_ns = bench_clock_ns();
    rondo_stream_close(stream);
    ns[STEP_CLOSE] = bench_clock_ns() - begin_ns;
    ns[STEP_ALL] = ns[STEP_OPEN] + ns[STEP_START] + ns[STEP_STOP] + ns[STEP_CLOSE];
    return what;
}

static const char *
run_rondo(const struct bench_candidate *self, uint64_t operations, struct bench_measure *measure)
{
    const struct subject *const subject = self->argument;
    char device[BENCH_FILE_PATH_MAX + 32] = SILENCE;
    const char *what = leave_free();

    if (subject->is_file) {
        if (bench_file() == NULL)
            return "lifecycle: cannot write a file";
        bench_file_device(device, sizeof device);
    }
    for (uint64_t i = 0; i < operations && what == NULL; i++) {
        uint64_t ns[STEP_ALL + 1];

        what = cycle(device, subject->is_file, ns);
        bench_latency_add(measure->latency, ns[subject->step]);
        measure->operations++;
    }
    return what != NULL ? what : pair_pin_first();
}

/* ---- what it takes at least ---- */

static void *
nothing(void *argument)
{
    return argument;
}

static int
make_and_join_thread(void)
{
    pthread_t thread;

    return pthread_create(&thread, NULL, nothing, NULL) == 0 && pthread_join(thread, NULL) == 0
               ? 0
               : -1;
}

static int
open_and_close_file(const char *path)
{
    SF_INFO info = {0};
    SNDFILE *const file = sf_open(path, SFM_READ, &info);

    return file != NULL && info.frames == BENCH_FILE_FRAMES && sf_close(file) == 0 ? 0 : -1;
}

static const char *
run_bound(const struct bench_candidate *self, uint64_t operations, struct bench_measure *measure)
{
    const struct subject *const subject = self->argument;
    const char *const path = subject->is_file ? bench_file() : NULL;
    const char *what = leave_free();

    if (subject->is_file && path == NULL)
        return "lifecycle: cannot write a file";
    for (uint64_t i = 0; i < operations && what == NULL; i++) {
        const uint64_t begin_ns = bench_clock_ns();
        int result = make_and_join_thread();

        /* A file has a thread that reads it ahead. */
        if (subject->is_file && result == 0)
            result = make_and_join_thread();
        if (subject->is_file && result == 0)
            result = open_and_close_file(path);
        bench_latency_add(measure->latency, bench_clock_ns() - begin_ns);
        measure->operations++;
        if (result != 0)
            what = "lifecycle: no thread, or no file";
    }
    return what != NULL ? what : pair_pin_first();
}

static const struct subject null_steps[] = {
    {0, STEP_OPEN}, {0, STEP_START}, {0, STEP_STOP}, {0, STEP_CLOSE}, {0, STEP_ALL}};
static const struct subject file_steps[] = {
    {1, STEP_OPEN}, {1, STEP_START}, {1, STEP_STOP}, {1, STEP_CLOSE}, {1, STEP_ALL}};

#define RONDO(case_name, subject, quick)                                                           \
    {                                                                                              \
        case_name, "rondo", BENCH_OURS, BENCH_LATENCY, CYCLES, run_rondo, subject, 0, quick        \
    }

static const struct bench_candidate candidates[] = {
    RONDO("lifecycle_null", &null_steps[STEP_ALL], 1),
    {"lifecycle_null", "a bare thread", BENCH_BOUND, BENCH_LATENCY, 100, run_bound,
     &null_steps[STEP_ALL], 0, 1},
    RONDO("lifecycle_null_open", &null_steps[STEP_OPEN], 0),
    RONDO("lifecycle_null_start", &null_steps[STEP_START], 0),
    RONDO("lifecycle_null_stop", &null_steps[STEP_STOP], 0),
    RONDO("lifecycle_null_close", &null_steps[STEP_CLOSE], 0),
    RONDO("lifecycle_file", &file_steps[STEP_ALL], 1),
    {"lifecycle_file", "two bare threads, sf_open, sf_close", BENCH_BOUND, BENCH_LATENCY, 100,
     run_bound, &file_steps[STEP_ALL], 0, 1},
    RONDO("lifecycle_file_open", &file_steps[STEP_OPEN], 0),
    RONDO("lifecycle_file_start", &file_steps[STEP_START], 0),
    RONDO("lifecycle_file_stop", &file_steps[STEP_STOP], 0),
    RONDO("lifecycle_file_close", &file_steps[STEP_CLOSE], 0),
};

__attribute__((constructor)) static void
add_candidates(void)
{
    for (size_t i = 0; i < sizeof candidates / sizeof candidates[0]; i++)
        bench_add(&candidates[i]);
}
