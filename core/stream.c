/* SPDX-License-Identifier: MIT */
/*
 * A stream: an engine, and the application's end of its ring.
 *
 * Capture: the application is the ring's consumer, and learns at get and at release what it lost.
 * Render: it is the producer, and follows a device that went ahead.
 */
#include <rondo/stream.h>

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "core/engine_private.h"
#include "core/waitpoint.h"

/* Xruns that wait for rondo_stream_next_xrun(), from each thread that finds some. */
#define XRUNS_KEPT 64u

/* Xruns found by one thread. */
struct xrun_queue {
    struct rondo_ring ring;
    struct rondo_xrun memory[XRUNS_KEPT] RONDO_CACHE_ALIGNED;
};

struct rondo_stream {
    struct rondo_engine *engine;
    struct rondo_stream_config asked;
    char *device;
    bool captures;
    bool is_offline;
    uint32_t period_frames;

    struct rondo__waitpoint waitpoint;
    RONDO_ATOMIC(uint32_t) fd; /* eventfd + 1; 0: none yet */

    /* the application's thread, or the device thread when there is a callback */
    RONDO_ATOMIC(uint64_t)
    pos; /* how far the application has got: written by that thread, read by any */
    uint32_t lent_frames;
    bool has_leftover; /* the callback took less than it was offered */

    RONDO_ATOMIC(uint64_t) xruns_untold;
    struct xrun_queue found_by_device;
    struct xrun_queue found_by_application;
};

/* ---- xruns ---- */

static void
queue_xrun(struct rondo_stream *stream, struct xrun_queue *queue, const struct rondo_xrun *xrun)
{
    if (rondo_ring_write(&queue->ring, xrun, 1) == 0)
        rondo_add_relaxed(&stream->xruns_untold, 1);
}

/* The application lost frames of a capture. */
static void
lose(struct rondo_stream *stream, uint64_t pos, uint64_t frames)
{
    struct rondo_engine *const engine = stream->engine;
    struct rondo_xrun xrun = {.kind = RONDO_XRUN_LOST, .position = pos, .frames = frames};

    /* relaxed: a hint. If the device thread itself came too late, it is not the application's
     * fault. */
    xrun.cause = (int64_t)(rondo_load_relaxed(&engine->thread_late_pos) - pos) > 0
                     ? RONDO_CAUSE_THREAD
                     : RONDO_CAUSE_APPLICATION;
    xrun.time_ns = rondo_clock_now_ns(engine->clock);
    rondo__engine_count_xrun(engine, &xrun);
    queue_xrun(stream, &stream->found_by_application, &xrun);
}

static const struct rondo_xrun *
oldest_xrun(struct xrun_queue *queue)
{
    return (const struct rondo_xrun *)rondo_ring_get_read(&queue->ring, 1).data;
}

int
rondo_stream_next_xrun(struct rondo_stream *stream, struct rondo_xrun *xrun)
{
    const struct rondo_xrun *const by_device = oldest_xrun(&stream->found_by_device);
    const struct rondo_xrun *const by_application = oldest_xrun(&stream->found_by_application);
    struct xrun_queue *queue = &stream->found_by_application;

    if (by_device == NULL && by_application == NULL)
        return 0;
    if (by_application == NULL ||
        (by_device != NULL && by_device->time_ns <= by_application->time_ns))
        queue = &stream->found_by_device;
    return (int)rondo_ring_read(&queue->ring, xrun, 1);
}

/* ---- get and release ---- */

static struct rondo_span
get_captured(struct rondo_stream *stream, uint32_t max_frames)
{
    struct rondo_ring *const ring = &stream->engine->ring;
    const uint64_t pos = rondo_ring_read_position(ring);
    uint64_t lost_frames;
    const struct rondo_span span = rondo_ring_get_read_checked(ring, max_frames, &lost_frames);

    if (RONDO_UNLIKELY(lost_frames > 0)) {
        lose(stream, pos, lost_frames);
        rondo_store_relaxed(&stream->pos,
                            pos + lost_frames); /* relaxed: a number, it orders nothing */
    }
    return span;
}

static struct rondo_span
get_room(struct rondo_stream *stream, uint32_t max_frames)
{
    struct rondo_ring *const ring = &stream->engine->ring;

    /* The device went ahead and has counted that as an underrun: go on where it is now. */
    if (RONDO_UNLIKELY(rondo_ring_catch_up_write(ring) > 0))
        rondo_store_relaxed(&stream->pos, rondo_ring_write_position(ring)); /* relaxed: a number */
    return rondo_ring_get_write(ring, max_frames);
}

struct rondo_span
rondo_stream_get(struct rondo_stream *stream, uint32_t max_frames)
{
    const struct rondo_span span =
        stream->captures ? get_captured(stream, max_frames) : get_room(stream, max_frames);

    stream->lent_frames = span.frames;
    return span;
}

int
rondo_stream_release(struct rondo_stream *stream, uint32_t frames)
{
    struct rondo_ring *const ring = &stream->engine->ring;
    uint64_t bad_frames;

    if (frames > stream->lent_frames)
        return -EINVAL;
    stream->lent_frames -= frames;
    if (stream->captures) {
        const uint64_t pos = rondo_ring_read_position(ring);

        bad_frames = rondo_ring_release_read_checked(ring, frames);
        if (RONDO_UNLIKELY(bad_frames > 0))
            lose(stream, pos, frames); /* none of them are to be used */
    } else {
        bad_frames = frames > 0 ? rondo_ring_late(ring) : 0;
        rondo_ring_release_write(ring, frames);
    }
    rondo_store_relaxed(&stream->pos,
                        rondo_load_relaxed(&stream->pos) + frames); /* relaxed: a number; ours */
    /* A callback is on the device thread, which looks again anyway. */
    if (stream->is_offline && frames > 0 && stream->asked.callback == NULL)
        rondo__engine_kick(stream->engine);
    return bad_frames > 0 ? -EPIPE : 0;
}

/* ---- called by the engine, on the device thread ---- */

static bool
has_ended(const struct rondo_stream *stream)
{
    /* PAIR-END acquire: the last frames are in the ring. */
    return rondo_load_acquire_u32(&stream->engine->ended) != 0;
}

/* Whether the device will capture no more, for whatever reason. */
static bool
is_over(const struct rondo_stream *stream)
{
    return has_ended(stream) || rondo__engine_error(stream->engine, NULL) != 0;
}

/* Hand the callback one span. Returns whether it took all of it, and there may be more: not behind
 * a stop. */
static bool
call_back(struct rondo_stream *stream, uint32_t max_frames)
{
    const struct rondo_span span = rondo_stream_get(stream, max_frames);
    uint32_t done;

    if (span.frames == 0)
        return false;
    done = stream->asked.callback(stream, span, stream->asked.callback_context);
    if (done > span.frames)
        done = span.frames;
    stream->has_leftover = done < span.frames;
    rondo_stream_release(stream, done);
    stream->lent_frames = 0;
    return !stream->has_leftover && !rondo__engine_has_new_command(stream->engine);
}

static void
offer_captured(struct rondo_stream *stream)
{
    for (;;) {
        const uint32_t fill = rondo_ring_fill(&stream->engine->ring);

        if (fill == 0 ||
            (fill < stream->period_frames && !stream->has_leftover && !is_over(stream)))
            return;
        if (!call_back(stream, stream->period_frames))
            return;
    }
}

static void
offer_room(struct rondo_stream *stream)
{
    while (rondo_ring_room(&stream->engine->ring) >= stream->period_frames ||
           (stream->has_leftover && rondo_ring_room(&stream->engine->ring) > 0)) {
        if (!call_back(stream, stream->period_frames))
            return;
    }
}

static void
on_frames(void *context)
{
    struct rondo_stream *const stream = (struct rondo_stream *)context;

    if (stream->captures)
        offer_captured(stream);
    else
        offer_room(stream);
}

static void
on_reset(void *context)
{
    struct rondo_stream *const stream = (struct rondo_stream *)context;

    stream->lent_frames = 0;
    stream->has_leftover = false;
    rondo_store_relaxed(&stream->pos, 0); /* relaxed: a number */
}

static void
on_wake(void *context)
{
    struct rondo_stream *const stream = (struct rondo_stream *)context;
    const uint64_t one = 1;
    uint32_t fd;

    rondo__waitpoint_wake(&stream->waitpoint);
    fd = rondo_load_acquire_u32(&stream->fd); /* PAIR-FD acquire: the descriptor exists */
    /* The only error is a counter at its limit, which is readable just as well. */
    if (fd != 0 && write((int)fd - 1, &one, sizeof one) < 0)
        return;
}

static void
on_xrun(void *context, const struct rondo_xrun *xrun)
{
    struct rondo_stream *const stream = (struct rondo_stream *)context;

    queue_xrun(stream, &stream->found_by_device, xrun);
}

/* ---- open and close ---- */

int
rondo_stream_open(struct rondo_stream **out, const char *device,
                  const struct rondo_stream_config *config)
{
    const struct rondo_stream_config defaults = RONDO_STREAM_CONFIG_INIT;
    struct rondo_engine_config engine_config = RONDO_ENGINE_CONFIG_INIT;
    struct rondo__engine_client client = {.reset = on_reset, .wake = on_wake, .xrun = on_xrun};
    struct rondo_engine_info info;
    struct rondo_stream *stream = NULL;
    int result;

    if (out == NULL)
        return -EINVAL;
    *out = NULL;
    if (config == NULL)
        config = &defaults;
    if (config->size != sizeof *config)
        return -EINVAL; /* no field is to be trusted, not even error */
    if (posix_memalign((void **)&stream, RONDO_CACHELINE_BYTES, sizeof *stream) != 0)
        return rondo_error_set(config->error, -ENOMEM, "out of memory");
    memset((void *)stream, 0, sizeof *stream);
    stream->asked = *config;
    stream->asked.error = NULL;
    stream->captures = config->direction == RONDO_CAPTURE;
    stream->device = device == NULL ? NULL : strdup(device);
    if (device != NULL && stream->device == NULL) {
        free(stream);
        return rondo_error_set(config->error, -ENOMEM, "out of memory");
    }
    rondo_ring_init(&stream->found_by_device.ring, stream->found_by_device.memory, XRUNS_KEPT,
                    sizeof(struct rondo_xrun));
    rondo_ring_init(&stream->found_by_application.ring, stream->found_by_application.memory,
                    XRUNS_KEPT, sizeof(struct rondo_xrun));

    engine_config.direction = config->direction;
    engine_config.format = config->format;
    engine_config.clock = config->clock;
    engine_config.at_end = config->at_end;
    engine_config.realtime_priority = config->realtime_priority;
    engine_config.log = config->log;
    engine_config.error = config->error;
    client.context = stream;
    if (config->callback != NULL) {
        client.frames = on_frames;
        client.before_run = stream->captures ? NULL : on_frames;
    }
    result = rondo__engine_open(&stream->engine, device, &engine_config, &client);
    if (result == 0) {
        result = rondo_engine_allocate_buffer(stream->engine, config->period_frames,
                                              config->buffer_frames);
        if (result != 0)
            rondo_error_set(
                config->error, result, "%s: no buffer of %u frames in periods of %u: %s", device,
                config->buffer_frames, config->period_frames, rondo_error_meaning(result));
    }
    if (result == 0) {
        struct rondo_error error = {0, ""};

        result = rondo__engine_set_state(stream->engine, RONDO_ENGINE_STOPPED, &error);
        if (result != 0 && config->error != NULL)
            *config->error = error;
    }
    if (result != 0) {
        rondo_stream_close(stream);
        return result;
    }
    rondo_engine_query_info(stream->engine, &info);
    stream->is_offline = info.clock == RONDO_CLOCK_OFFLINE;
    stream->period_frames = info.period_frames;
    *out = stream;
    return 0;
}

void
rondo_stream_close(struct rondo_stream *stream)
{
    if (stream == NULL)
        return;
    if (stream->engine != NULL) {
        if (rondo_engine_state(stream->engine) != RONDO_ENGINE_RESET)
            rondo_engine_set_state(stream->engine, RONDO_ENGINE_STOPPED);
        rondo_engine_set_state(stream->engine, RONDO_ENGINE_RESET);
        rondo_engine_free_buffer(stream->engine);
        rondo_engine_close(stream->engine);
    }
    if (rondo_load_relaxed_u32(&stream->fd) !=
        0) /* relaxed: no other thread uses the stream any more */
        close((int)rondo_load_relaxed_u32(&stream->fd) - 1);
    free(stream->device);
    free(stream);
}

/* ---- control ---- */

int
rondo_stream_start(struct rondo_stream *stream)
{
    return rondo__engine_start(stream->engine);
}

int
rondo_stream_stop(struct rondo_stream *stream)
{
    const int result = rondo_engine_set_state(stream->engine, RONDO_ENGINE_STOPPED);

    on_wake(stream); /* who waits learns that nothing comes */
    return result;
}

int
rondo_stream_reset(struct rondo_stream *stream)
{
    int stopped;
    int result;

    if (rondo__engine_is_device_thread(stream->engine))
        return -EBADFD;
    do { /* again, if another thread has started it in between */
        stopped = rondo_engine_set_state(stream->engine, RONDO_ENGINE_STOPPED);
        result = rondo_engine_set_state(stream->engine, RONDO_ENGINE_RESET);
    } while (result == -EBADFD && rondo_engine_state(stream->engine) != RONDO_ENGINE_RESET);
    on_wake(stream);
    return stopped != 0 ? stopped : result;
}

int
rondo_stream_drain(struct rondo_stream *stream, int64_t timeout_ns)
{
    const int result = rondo__engine_drain(stream->engine, timeout_ns);

    on_wake(stream);
    return result;
}

void
rondo_stream_kick(struct rondo_stream *stream)
{
    rondo__engine_kick(stream->engine);
}

/* ---- waiting ---- */

/* What wait returns now; -ETIMEDOUT: nothing yet. */
static int
look(struct rondo_stream *stream)
{
    struct rondo_engine *const engine = stream->engine;
    const bool ended = stream->captures && has_ended(stream);
    const int error = rondo__engine_error(engine, NULL);
    const bool running = rondo_engine_state(engine) == RONDO_ENGINE_RUNNING;
    uint32_t frames =
        stream->captures ? rondo_ring_fill(&engine->ring) : rondo_ring_room(&engine->ring);

    if (frames > INT_MAX)
        frames = INT_MAX;
    if (!stream->captures && error != 0)
        return error;
    if (frames >= stream->period_frames || (frames > 0 && (ended || error != 0 || !running)))
        return (int)frames;
    if (error != 0)
        return error;
    if (ended)
        return -ENODATA;
    return running ? -ETIMEDOUT : -EBADFD;
}

int
rondo_stream_wait(struct rondo_stream *stream, int64_t timeout_ns)
{
    const uint32_t fd =
        rondo_load_acquire_u32(&stream->fd); /* PAIR-FD acquire: the descriptor exists */
    uint64_t deadline_ns;
    uint64_t count;
    int result;

    /* Made unreadable before the look, so that what comes after the look makes it readable again.
     */
    if (fd != 0 && read((int)fd - 1, &count, sizeof count) < 0)
        count = 0;
    result = look(stream);
    if (result != -ETIMEDOUT || timeout_ns == 0)
        return result;
    deadline_ns = rondo__deadline_ns(timeout_ns);
    for (;;) {
        const uint32_t ticket = rondo__waitpoint_prepare(&stream->waitpoint);
        bool in_time = true;

        result = look(stream);
        if (result == -ETIMEDOUT)
            in_time = rondo__waitpoint_sleep(&stream->waitpoint, ticket, deadline_ns);
        rondo__waitpoint_leave(&stream->waitpoint);
        if (result != -ETIMEDOUT)
            return result;
        if (!in_time)
            return look(stream);
    }
}

int
rondo_stream_fd(struct rondo_stream *stream)
{
    uint32_t known =
        rondo_load_acquire_u32(&stream->fd); /* PAIR-FD acquire: the descriptor exists */
    int fd;

    if (known != 0)
        return (int)known - 1;
    fd = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK); /* readable at first: look */
    if (fd < 0)
        return -errno;
    if (!rondo_compare_exchange_acq_rel_u32(&stream->fd, &known,
                                            (uint32_t)fd + 1)) { /* PAIR-FD release */
        close(fd);                                               /* another thread was faster */
        return (int)known - 1;
    }
    return fd;
}

/* ---- questions ---- */

uint64_t
rondo_stream_position(const struct rondo_stream *stream, uint64_t *time_ns)
{
    return rondo_engine_position(stream->engine, time_ns);
}

uint64_t
rondo_stream_delay(const struct rondo_stream *stream)
{
    const uint64_t device_pos = rondo_stream_position(stream, NULL);
    const uint64_t pos = rondo_load_relaxed(&stream->pos); /* relaxed: a number */
    const int64_t between =
        stream->captures ? (int64_t)(device_pos - pos) : (int64_t)(pos - device_pos);

    return (between > 0 ? (uint64_t)between : 0) + stream->engine->device_info.latency_frames;
}

void
rondo_stream_query_stats(const struct rondo_stream *stream, struct rondo_stats *stats)
{
    const struct rondo__counters *const counters = &stream->engine->counters;

    /* relaxed: each is a number of its own, they order nothing. */
    stats->frames = rondo_load_relaxed(&counters->frames);
    stats->periods = rondo_load_relaxed(&counters->periods);
    stats->wakeups = rondo_load_relaxed(&counters->wakeups);
    stats->xruns_lost = rondo_load_relaxed(&counters->xruns_lost);
    stats->xruns_recovered = rondo_load_relaxed(&counters->xruns_recovered);
    stats->frames_lost = rondo_load_relaxed(&counters->frames_lost);
    stats->xruns_untold = rondo_load_relaxed(&stream->xruns_untold);
    stats->wake_late_ns_max = rondo_load_relaxed(&counters->wake_late_ns_max);
    for (uint32_t bucket = 0; bucket < RONDO_WAKE_BUCKETS; bucket++)
        stats->wake_late[bucket] = rondo_load_relaxed(&counters->wake_late[bucket]);
}

void
rondo_stream_query_info(struct rondo_stream *stream, struct rondo_stream_info *info)
{
    memset(info, 0, sizeof *info);
    info->device = stream->device;
    info->direction = stream->asked.direction;
    info->asked = stream->asked;
    rondo_engine_query_info(stream->engine, &info->granted);
}

int
rondo_stream_describe(struct rondo_stream *stream, char *text, size_t text_bytes)
{
    static const char *const clocks[] = {"real", "offline", "virtual"};
    static const char *const priorities[] = {"normal", "nice", "real-time"};
    struct rondo_stream_info info;
    const struct rondo_format *asked = &info.asked.format;
    const struct rondo_format *granted = &info.granted.format;

    rondo_stream_query_info(stream, &info);
    return snprintf(
        text, text_bytes,
        "%s %s\n"
        "asked:   %s, %u channels, %u Hz, period %u, buffer %u frames (0: default)\n"
        "granted: %s, %u channels, %u Hz, period %u, buffer %u frames\n"
        "clock %s, device thread %s, memory %s, device latency %u frames\n",
        info.direction == RONDO_CAPTURE ? "capture" : "render", info.device,
        rondo_sample_name(asked->sample), asked->channels, asked->rate_hz, info.asked.period_frames,
        info.asked.buffer_frames, rondo_sample_name(granted->sample), granted->channels,
        granted->rate_hz, info.granted.period_frames, info.granted.buffer_frames,
        clocks[info.granted.clock], priorities[info.granted.priority],
        info.granted.memory_locked ? "locked" : "not locked", info.granted.latency_frames);
}

int
rondo_stream_error(struct rondo_stream *stream, struct rondo_error *error)
{
    struct rondo_error unused;

    return rondo__engine_error(stream->engine, error == NULL ? &unused : error);
}
