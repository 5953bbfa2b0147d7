/* SPDX-License-Identifier: MIT */
/*
 * streams: frames per second that one thread takes from N captures of silence at once, under the
 * offline clock: it goes round and takes from each all that is there. Bound: the same silence written
 * into as many bare rings and taken out of them, by one thread.
 *
 * streams_cpu: CPU time of N captures of silence at 48 kHz in periods of 10 ms, with a callback that
 * takes all, under the real clock: nanoseconds for each stream and second. It counts what the whole
 * process used meanwhile. Bound: as many threads that do nothing but wake up every 10 ms.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <string.h>

#include <rondo/atomic.h>
#include <rondo/ring.h>
#include <rondo/stream.h>

#include "bench/arena.h"
#include "bench/bench.h"
#include "bench/pair.h"
#include "bench/system/place.h"

#define STREAMS_MAX   64u
#define RATE_HZ       48000u
#define PERIOD_FRAMES 480u
#define PERIOD_NS     INT64_C(10000000)
#define BUFFER_FRAMES (4u * PERIOD_FRAMES)
#define FRAME_BYTES   4u /* S16, stereo */
#define S_NS          INT64_C(1000000000)
#define CPU_NS        (S_NS / 2) /* for how long CPU time is measured */

static void
nothing(struct pair_side *side, void *context)
{
    (void)side;
    (void)context;
}

/* The ends of a span of silence. */
static int
is_silent(struct rondo_span span)
{
    const int16_t *const samples = (const int16_t *)span.data;

    return samples[0] == 0 && samples[2 * span.frames - 1] == 0;
}

/* ---- streams: rondo ---- */

struct streams {
    uint32_t count;
    uint64_t frames; /* to be taken in all */
    uint64_t taken[STREAMS_MAX];
    struct rondo_stream *stream[STREAMS_MAX];
};

static void
take_from_all(struct pair_side *side, void *context)
{
    struct streams *const streams = context;
    uint64_t taken = 0;

    while (taken < streams->frames) {
        const uint64_t before = taken;

        for (uint32_t i = 0; i < streams->count; i++) {
            const struct rondo_span span = rondo_stream_get(streams->stream[i], UINT32_MAX);

            if (span.frames == 0)
                continue;
            if (!is_silent(span))
                pair_fail(side, "streams: silence is not silent");
            if (rondo_stream_release(streams->stream[i], span.frames) != 0)
                pair_fail(side, "streams: frames were overwritten");
            streams->taken[i] += span.frames;
            taken += span.frames;
        }
        if (taken == before && pair_wait(side))
            return;
    }
    streams->frames = taken;
}

static const char *
open_streams(struct streams *streams, const struct rondo_stream_config *config)
{
    for (uint32_t i = 0; i < streams->count; i++)
        if (rondo_stream_open(&streams->stream[i], "null:", config) != 0)
            return "streams: a stream cannot be opened";
    for (uint32_t i = 0; i < streams->count; i++)
        if (rondo_stream_start(streams->stream[i]) != 0)
            return "streams: a stream cannot be started";
    return NULL;
}

static void
close_streams(struct streams *streams)
{
    for (uint32_t i = 0; i < streams->count; i++)
        rondo_stream_close(streams->stream[i]);
}

static const char *
check_streams(const struct streams *streams)
{
    for (uint32_t i = 0; i < streams->count; i++) {
        const uint64_t position = rondo_stream_position(streams->stream[i], NULL);
        struct rondo_stats stats;

        rondo_stream_query_stats(streams->stream[i], &stats);
        if (streams->taken[i] == 0)
            return "streams: one was left out";
        if (streams->taken[i] > position || position > streams->taken[i] + BUFFER_FRAMES)
            return "streams: what was taken is not what was captured";
        if (stats.xruns_lost != 0)
            return "streams: frames were lost without a clock";
    }
    return NULL;
}

static const char *
run_rondo(const struct bench_candidate *self, uint64_t operations, struct bench_measure *measure)
{
    struct streams streams = {.count = (uint32_t)self->parameter, .frames = operations};
    struct rondo_stream_config config = RONDO_STREAM_CONFIG_INIT;
    const char *what = place_threads();

    config.period_frames = PERIOD_FRAMES;
    config.buffer_frames = BUFFER_FRAMES;
    config.clock = rondo_clock_offline();
    if (what == NULL)
        what = open_streams(&streams, &config);
    if (what == NULL)
        what = pair_run(take_from_all, nothing, &streams, &measure->ns);
    measure->operations = streams.frames;
    for (uint32_t i = 0; i < streams.count && what == NULL; i++)
        if (rondo_stream_stop(streams.stream[i]) != 0)
            what = "streams: a stream cannot be stopped";
    if (what == NULL)
        what = check_streams(&streams);
    close_streams(&streams);
    return what;
}

/* ---- streams: bare rings ---- */

static const char *
run_rings(const struct bench_candidate *self, uint64_t operations, struct bench_measure *measure)
{
    const uint32_t count = (uint32_t)self->parameter;
    struct rondo_ring *const rings = bench_memory(count * sizeof *rings);
    uint64_t begin_ns;
    int silent = 1;

    for (uint32_t i = 0; i < count; i++)
        if (rondo_ring_init(&rings[i], bench_memory((size_t)BUFFER_FRAMES * FRAME_BYTES),
                            BUFFER_FRAMES, FRAME_BYTES) != 0)
            return "streams: a ring cannot be made";
    begin_ns = bench_clock_ns();
    while (measure->operations < operations) {
        for (uint32_t i = 0; i < count; i++) {
            struct rondo_span span = rondo_ring_get_write(&rings[i], UINT32_MAX);

            memset(span.data, 0, (size_t)span.frames * FRAME_BYTES);
            rondo_ring_release_write(&rings[i], span.frames);
            span = rondo_ring_get_read(&rings[i], UINT32_MAX);
            if (span.frames != BUFFER_FRAMES)
                return "streams: a ring does not return what was written";
            silent &= is_silent(span);
            rondo_ring_release_read(&rings[i], span.frames);
            measure->operations += span.frames;
        }
    }
    measure->ns = bench_clock_ns() - begin_ns;
    return silent ? NULL : "streams: silence is not silent";
}

/* ---- streams_cpu ---- */

static int64_t
now_ns(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * S_NS + now.tv_nsec;
}

static void
sleep_until(int64_t ns)
{
    const struct timespec moment = {.tv_sec = ns / S_NS, .tv_nsec = ns % S_NS};

    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &moment, NULL) == EINTR) {
    }
}

/* CPU time of the process in half a second, as that of a stream in a second. */
static void
measure_cpu(struct bench_measure *measure, uint32_t count)
{
    const int64_t begin_ns = now_ns(CLOCK_MONOTONIC);
    const int64_t before_ns = now_ns(CLOCK_PROCESS_CPUTIME_ID);
    int64_t used_ns;
    int64_t passed_ns;

    sleep_until(begin_ns + CPU_NS);
    used_ns = now_ns(CLOCK_PROCESS_CPUTIME_ID) - before_ns;
    passed_ns = now_ns(CLOCK_MONOTONIC) - begin_ns;
    measure->ns = (uint64_t)((double)used_ns * (double)S_NS / (double)passed_ns);
    measure->operations = count;
}

struct taker {
    RONDO_ATOMIC(uint64_t) frames;
};

static uint32_t
take_period(struct rondo_stream *stream, struct rondo_span span, void *context)
{
    struct taker *const taker = context;

    (void)stream;
    rondo_add_relaxed(&taker->frames, span.frames); /* relaxed: a count */
    return span.frames;
}

static const char *
run_cpu_rondo(const struct bench_candidate *self, uint64_t operations,
              struct bench_measure *measure)
{
    struct streams streams = {.count = (uint32_t)self->parameter};
    struct taker takers[STREAMS_MAX];
    const char *what = place_threads();

    (void)operations;
    memset((void *)takers, 0, sizeof takers);
    for (uint32_t i = 0; i < streams.count && what == NULL; i++) {
        struct rondo_stream_config config = RONDO_STREAM_CONFIG_INIT;

        config.format.rate_hz = RATE_HZ;
        config.period_frames = PERIOD_FRAMES;
        config.callback = take_period;
        config.callback_context = &takers[i];
        if (rondo_stream_open(&streams.stream[i], "null:", &config) != 0)
            what = "streams_cpu: a stream cannot be opened";
        else if (rondo_stream_start(streams.stream[i]) != 0)
            what = "streams_cpu: a stream cannot be started";
    }
    if (what == NULL)
        what = place_caller();
    if (what == NULL)
        measure_cpu(measure, streams.count);
    for (uint32_t i = 0; i < streams.count && what == NULL; i++)
        /* relaxed: a count; all but one period in ten, for the machine may have other work */
        if (rondo_load_relaxed(&takers[i].frames) < (uint64_t)CPU_NS * RATE_HZ / S_NS * 9 / 10)
            what = "streams_cpu: a stream was not called back all the time";
    close_streams(&streams);
    pair_lost_ns(); /* the caller has slept on purpose */
    return what;
}

struct sleepers {
    RONDO_ATOMIC(uint64_t) wakes;
    RONDO_ATOMIC(uint64_t) end;
};

static void *
wake_every_period(void *argument)
{
    struct sleepers *const sleepers = argument;
    int64_t next_ns = now_ns(CLOCK_MONOTONIC);

    while (rondo_load_relaxed(&sleepers->end) == 0) { /* relaxed: nothing else is shared */
        next_ns += PERIOD_NS;
        sleep_until(next_ns);
        rondo_add_relaxed(&sleepers->wakes, 1); /* relaxed: a count, which only grows */
    }
    return NULL;
}

static const char *
run_cpu_threads(const struct bench_candidate *self, uint64_t operations,
                struct bench_measure *measure)
{
    const uint32_t count = (uint32_t)self->parameter;
    struct sleepers sleepers;
    pthread_t threads[STREAMS_MAX];
    uint32_t made = 0;
    const char *what = place_threads();

    (void)operations;
    memset((void *)&sleepers, 0, sizeof sleepers);
    while (what == NULL && made < count) {
        if (pthread_create(&threads[made], NULL, wake_every_period, &sleepers) != 0)
            what = "streams_cpu: a thread cannot be made";
        else
            made++;
    }
    if (what == NULL)
        what = place_caller();
    if (what == NULL)
        measure_cpu(measure, count);
    rondo_store_relaxed(&sleepers.end, 1); /* relaxed: nothing else is shared */
    for (uint32_t i = 0; i < made; i++)
        pthread_join(threads[i], NULL);
    /* relaxed: the threads have ended */
    if (what == NULL && rondo_load_relaxed(&sleepers.wakes) < count * CPU_NS / PERIOD_NS * 9 / 10)
        what = "streams_cpu: the threads did not wake up";
    pair_lost_ns(); /* the caller has slept on purpose */
    return what;
}

/* ---- candidates ---- */

#define STREAMS(count, frames, quick)                                                              \
    {                                                                                              \
        "streams", "rondo", BENCH_OURS, BENCH_OPERATIONS_PER_S, frames, run_rondo,                 \
        NULL,      count,   quick},                                                                \
    {                                                                                              \
        "streams", "bare rings, one thread", BENCH_BOUND, BENCH_OPERATIONS_PER_S, 100000000,       \
            run_rings, NULL, count, quick                                                          \
    }

#define STREAMS_CPU(count)                                                                         \
    {"streams_cpu", "rondo", BENCH_OURS, BENCH_NS_PER_OPERATION, count, run_cpu_rondo,             \
     NULL,          count,   0},                                                                   \
    {                                                                                              \
        "streams_cpu", "bare threads, woken as often", BENCH_BOUND, BENCH_NS_PER_OPERATION, count, \
            run_cpu_threads, NULL, count, 0                                                        \
    }

static const struct bench_candidate candidates[] = {
    STREAMS(1, 50000000, 0),  STREAMS(2, 50000000, 0),  STREAMS(4, 20000000, 1),
    STREAMS(8, 20000000, 0),  STREAMS(16, 10000000, 0), STREAMS(32, 10000000, 0),
    STREAMS(64, 10000000, 0), STREAMS_CPU(1),           STREAMS_CPU(4),
    STREAMS_CPU(16),          STREAMS_CPU(64),
};

__attribute__((constructor)) static void
add_candidates(void)
{
    for (size_t i = 0; i < sizeof candidates / sizeof candidates[0]; i++)
        bench_add(&candidates[i]);
}
