/* SPDX-License-Identifier: MIT */
/*
 * A stream's real-time calls, on every kind of stream, beside starts, stops, questions, and a device
 * that overtakes.
 *
 * Now and then a span is held until the device has gone on by more than the buffer, so that the paths
 * of lost frames are part of it, at the release and at the get that follows.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <rondo/atomic.h>
#include <rondo/stream.h>

#include "rt/realtime.h"
#include "support/file_test.h"

#define RATE_HZ  48000u
#define PERIOD   48u /* 1 ms */
#define BUFFER   (8u * PERIOD)
#define RAW_FILE "take.raw"

/* A kind of stream. */
struct setting {
    const char *device;
    enum rondo_direction direction;
    enum rondo_clock_kind clock;
    enum rondo_sample_format sample;
};

struct application {
    const struct setting *setting;
    struct rondo_clock *clock;
    struct rondo_stream *stream;
    uint32_t frame_bytes;
    uint64_t turn;
    uint64_t spans; /* with frames in them */
    uint64_t other_turn;
    uint64_t sum;                                     /* of what was captured */
    RONDO_ATOMIC(uint64_t) moved RONDO_CACHE_ALIGNED; /* frames */
    RONDO_ATOMIC(uint64_t) xruns;
    RONDO_ATOMIC(uint64_t) overtaken; /* releases */
    RONDO_ATOMIC(uint64_t) nothing;   /* gets */
};

static void
count(RONDO_ATOMIC(uint64_t) * counter, uint64_t by)
{
    rondo_store_relaxed(counter, rondo_load_relaxed(counter) + by);
}

static void
store_recording(void)
{
    static int16_t samples[2 * RATE_HZ / 10];

    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++)
        samples[i] = (int16_t)(i * 31);
    file_test_store(RAW_FILE, samples, sizeof samples);
}

static void *
set_up(const void *parameter)
{
    const struct setting *const setting = parameter;
    struct application *const application = rt_memory(sizeof *application);
    struct rondo_stream_config config = RONDO_STREAM_CONFIG_INIT;
    struct rondo_stream_info info;

    file_test_enter_folder();
    store_recording();
    application->setting = setting;
    if (setting->clock == RONDO_CLOCK_VIRTUAL)
        RT_ASSERT(rondo_clock_virtual_create(&application->clock) == 0);
    else if (setting->clock == RONDO_CLOCK_OFFLINE)
        application->clock = rondo_clock_offline();
    config.direction = setting->direction;
    config.clock = application->clock;
    config.format.rate_hz = RATE_HZ;
    config.format.sample = setting->sample;
    config.period_frames = PERIOD;
    config.buffer_frames = BUFFER;
    RT_ASSERT(rondo_stream_open(&application->stream, setting->device, &config) == 0);
    rondo_stream_query_info(application->stream, &info);
    application->frame_bytes = rondo_frame_bytes(&info.granted.format);
    RT_ASSERT(rondo_stream_start(application->stream) == 0);
    return application;
}

/* Hold a span until the device has gone on by more than the buffer. */
static void
hold(struct application *application)
{
    const uint64_t since = RT_CALL(rondo_stream_position)(application->stream, NULL);

    while (RT_CALL(rondo_stream_position)(application->stream, NULL) - since < 3u * BUFFER &&
           !rt_must_stop())
        RT_CALL(rondo_spin_pause)();
}

static void
use(struct application *application, const struct rondo_span *span)
{
    unsigned char *const bytes = span->data;

    if (application->setting->direction == RONDO_RENDER)
        memset(bytes, (int)application->turn, (size_t)span->frames * application->frame_bytes);
#if !defined(__SANITIZE_THREAD__) /* the device may overwrite them meanwhile, which is a race */
    else
        for (size_t i = 0; i < (size_t)span->frames * application->frame_bytes; i++)
            application->sum += bytes[i];
#endif
}

static void
get_and_release(void *context)
{
    struct application *const application = context;
    struct rondo_stream *const stream = application->stream;
    const uint32_t most = application->turn % 3 == 0 ? UINT32_MAX : PERIOD;
    const struct rondo_span span = RT_CALL(rondo_stream_get)(stream, most);
    struct rondo_stats stats;
    struct rondo_xrun xrun;
    uint64_t time_ns;
    int result;

    if (span.frames > 0) {
        use(application, &span);
        if (++application->spans % 16 == 0 && application->setting->clock != RONDO_CLOCK_OFFLINE)
            hold(application);
    }
    result = RT_CALL(rondo_stream_release)(stream, span.frames);
    RT_REQUIRE(result == 0 || result == -EPIPE);
    count(&application->moved, span.frames);
    count(&application->overtaken, result == -EPIPE);
    count(&application->nothing, span.frames == 0);

    RT_CALL(rondo_stream_position)(stream, &time_ns);
    RT_CALL(rondo_stream_position)(stream, NULL);
    RT_CALL(rondo_stream_delay)(stream);
    RT_CALL(rondo_stream_query_stats)(stream, &stats);
    while (RT_CALL(rondo_stream_next_xrun)(stream, &xrun) != 0)
        count(&application->xruns, 1);
    application->turn++;
}

/* Real time and offline: the device goes on by itself. */
static void
control(void *context)
{
    struct application *const application = context;
    struct rondo_stream_info info;

    if (application->other_turn++ % 64 == 63) {
        RT_ASSERT(rondo_stream_stop(application->stream) == 0);
        RT_ASSERT(rondo_stream_start(application->stream) == 0);
    }
    rondo_stream_query_info(application->stream, &info);
    RT_ASSERT(rondo_stream_error(application->stream, NULL) == 0);
    rt_yield();
}

static void
turn_time(void *context)
{
    struct application *const application = context;

    /* 1 ms, and now and then 100 ms. */
    RT_ASSERT(rondo_clock_advance(application->clock,
                                  application->other_turn % 32 == 0 ? 100000000 : 1000000) == 0);
    control(context);
}

static bool
has_moved(const void *context)
{
    const struct application *const application = context;

    return rondo_load_relaxed(&application->moved) > 10u * BUFFER;
}

static bool
has_seen_all(const void *context)
{
    const struct application *const application = context;

    return has_moved(context) && rondo_load_relaxed(&application->xruns) > 1 &&
           rondo_load_relaxed(&application->overtaken) > 1 &&
           rondo_load_relaxed(&application->nothing) > 1;
}

static void
close_stream(void *context)
{
    struct application *const application = context;

    rondo_stream_close(application->stream);
    rondo_clock_destroy(application->clock);
    file_test_leave_folder();
}

#define CAPTURED_FILE "file:" RAW_FILE "?format=s16&channels=2&rate=48000&loop=1"

#define STREAM(text, device_string, its_direction, its_clock, its_sample, ...)                     \
    {                                                                                              \
        .name = (text), .set_up = set_up,                                                          \
        .parameter = &(const struct setting){device_string, its_direction, its_clock, its_sample}, \
        .realtime = get_and_release, .tear_down = close_stream, __VA_ARGS__                        \
    }

#define REAL(text, device_string, its_direction, its_sample)                                       \
    STREAM(text, device_string, its_direction, RONDO_CLOCK_REAL, its_sample, .beside = control,    \
           .enough = has_seen_all, .reads_clock = true)
#define VIRTUAL(text, device_string, its_direction, its_sample)                                    \
    STREAM(text, device_string, its_direction, RONDO_CLOCK_VIRTUAL, its_sample,                    \
           .beside = turn_time, .enough = has_seen_all)
#define OFFLINE(text, device_string, its_direction, its_sample)                                    \
    STREAM(text, device_string, its_direction, RONDO_CLOCK_OFFLINE, its_sample, .beside = control, \
           .enough = has_moved, .allowance = RT_TO_WAKE)

int
main(void)
{
    const struct rt_case cases[] = {
        VIRTUAL("null_capture_virtual", "null:", RONDO_CAPTURE, RONDO_S16),
        VIRTUAL("null_render_virtual", "null:", RONDO_RENDER, RONDO_S16),
        VIRTUAL("file_capture_virtual", CAPTURED_FILE, RONDO_CAPTURE, RONDO_S16),
        VIRTUAL("file_render_virtual", "file:out.wav", RONDO_RENDER, RONDO_S16),
        REAL("null_capture", "null:?channels=6", RONDO_CAPTURE, RONDO_F32),
        REAL("null_render", "null:", RONDO_RENDER, RONDO_S32),
        REAL("file_capture", CAPTURED_FILE, RONDO_CAPTURE, RONDO_S16),
        REAL("file_capture_converted", CAPTURED_FILE, RONDO_CAPTURE, RONDO_F32),
        REAL("file_render", "file:out.wav", RONDO_RENDER, RONDO_S16),
        OFFLINE("null_capture_offline", "null:", RONDO_CAPTURE, RONDO_S16),
        OFFLINE("null_render_offline", "null:", RONDO_RENDER, RONDO_S16),
        OFFLINE("file_capture_offline", CAPTURED_FILE, RONDO_CAPTURE, RONDO_S16),
        OFFLINE("file_render_offline", "file:/dev/null?type=raw", RONDO_RENDER, RONDO_S16),
    };

    return rt_run(cases, sizeof cases / sizeof cases[0]);
}
