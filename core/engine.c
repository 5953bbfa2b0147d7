/* SPDX-License-Identifier: MIT */
#include "core/engine_private.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/thread.h"
#include "core/waitpoint.h"

#define DEFAULT_PERIODS       4u
#define DEFAULT_PERIODS_PER_S 100u /* 10 ms */
#define STAGING_FRAMES_MIN    4096u
#define STAGING_BUFFERS       4u

/* ---- states ---- */

/* What is allowed where: the one place that knows. Columns: RESET without buffer, RESET with
 * buffer, STOPPED, RUNNING. */
enum column {
    NO_BUFFER,
    BUFFER,
    STOPPED,
    RUNNING
};

enum call {
    SET_FORMAT,
    ALLOCATE_BUFFER,
    FREE_BUFFER,
    CLOSE,
    TO_RESET,
    TO_STOPPED,
    TO_RUNNING
};

static const bool allowed[][4] = {
    /*                    no buffer  buffer  stopped  running */
    [SET_FORMAT] = {true, false, false, false},  [ALLOCATE_BUFFER] = {true, false, false, false},
    [FREE_BUFFER] = {false, true, false, false}, [CLOSE] = {true, false, false, false},
    [TO_RESET] = {true, true, true, false},      [TO_STOPPED] = {false, true, true, true},
    [TO_RUNNING] = {false, false, true, true},
};

/* 0, or -EBADFD; under the lock. */
static int
check_allowed(const struct rondo_engine *engine, enum call call)
{
    enum column column = NO_BUFFER;

    switch (rondo_engine_state(engine)) {
    case RONDO_ENGINE_RESET:
        column = engine->memory.data == NULL ? NO_BUFFER : BUFFER;
        break;
    case RONDO_ENGINE_STOPPED:
        column = STOPPED;
        break;
    case RONDO_ENGINE_RUNNING:
        column = RUNNING;
        break;
    }
    return allowed[call][column] ? 0 : -EBADFD;
}

enum rondo_engine_state
rondo_engine_state(const struct rondo_engine *engine)
{
    /* PAIR-STATE acquire: what the change did is visible. */
    return (enum rondo_engine_state)rondo_load_acquire_u32(&engine->state);
}

static void
store_state(struct rondo_engine *engine, enum rondo_engine_state state)
{
    rondo_store_release_u32(&engine->state, (uint32_t)state); /* PAIR-STATE release */
}

/* ---- the device thread, seen from control ---- */

/* Publish the command; under the lock. */
static void
send_command(struct rondo_engine *engine)
{
    /* relaxed: written under the lock only. PAIR-COMMAND release: a hint to look; the lock orders
     * the command itself. */
    rondo_store_release_u32(&engine->command_seq, rondo_load_relaxed_u32(&engine->command_seq) + 1);
    rondo__waiter_wake(&engine->waiter);
}

bool
rondo__engine_is_device_thread(const struct rondo_engine *engine)
{
    return pthread_equal(pthread_self(), engine->thread) != 0;
}

/* Wait until the device thread has followed every command; under the lock, which is released
 * meanwhile. */
static void
wait_followed(struct rondo_engine *engine)
{
    if (rondo__engine_is_device_thread(engine))
        return;
    /* relaxed: written under the lock only. */
    while (engine->followed_seq != rondo_load_relaxed_u32(&engine->command_seq))
        pthread_cond_wait(&engine->followed, &engine->lock);
}

/* Tell the device its state, wherever it is used. */
static int
tell_device(struct rondo_engine *engine, enum rondo_engine_state state, struct rondo_error *error)
{
    if (engine->staging != NULL)
        return rondo__staging_set_state(engine->staging, state, error);
    return engine->ops->set_state == NULL ? 0
                                          : engine->ops->set_state(engine->device, state, error);
}

static void
fail(struct rondo_engine *engine, const struct rondo_error *error)
{
    engine->error = *error;
    rondo_store_release_u32(&engine->failed, (uint32_t)-error->code); /* PAIR-FAILED release */
}

/* Everything back to position 0; the device thread rests. Under the lock. */
static int
reset_position(struct rondo_engine *engine, struct rondo_error *error)
{
    const int result = tell_device(engine, RONDO_ENGINE_RESET, error);

    rondo_ring_reset(&engine->ring, 0);
    rondo__timestamp_write(&engine->stamp, 0, rondo_clock_now_ns(engine->clock));
    engine->pos = 0;
    engine->at_silent_end = false;
    engine->underrun_frames = 0;
    engine->command.stop_pos = 0;
    engine->error.code = 0;
    rondo_store_release_u32(&engine->failed, 0);      /* PAIR-FAILED release */
    rondo_store_release_u32(&engine->ended, 0);       /* PAIR-END release */
    rondo_store_relaxed(&engine->thread_late_pos, 0); /* relaxed: only attributes causes */
    return result;
}

static int
to_running(struct rondo_engine *engine, struct rondo_error *error)
{
    int result;

    if (rondo__engine_error(engine, NULL) != 0) {
        *error = engine->error;
        return engine->error.code;
    }
    result = tell_device(engine, RONDO_ENGINE_RUNNING, error);
    if (result != 0)
        return result;
    engine->command.run = true;
    engine->command.run_id++;
    engine->command.drain = false;
    engine->command.base_time_ns = rondo_clock_now_ns(engine->clock);
    store_state(engine, RONDO_ENGINE_RUNNING);
    send_command(engine);
    wait_followed(engine);
    return 0;
}

static int
to_stopped(struct rondo_engine *engine, struct rondo_error *error)
{
    if (rondo_engine_state(engine) == RONDO_ENGINE_RESET) {
        const int result = reset_position(engine, error);

        if (result != 0)
            return result;
        store_state(engine, RONDO_ENGINE_STOPPED);
        return tell_device(engine, RONDO_ENGINE_STOPPED, error);
    }
    if (rondo__engine_is_device_thread(engine)) {
        engine->command.stop_pos = engine->pos;
    } else {
        wait_followed(engine); /* a start of the device thread's own: base_pos is filled in */
        if (rondo_engine_state(engine) != RONDO_ENGINE_RUNNING)
            return 0;
        /* Where the device is at this moment. Offline: it plays what it was given, and captures no
         * more. */
        if (engine->clock_kind != RONDO_CLOCK_OFFLINE)
            engine->command.stop_pos =
                engine->command.base_pos +
                rondo_ns_to_frames(rondo_clock_now_ns(engine->clock) - engine->command.base_time_ns,
                                   engine->device_info.format.rate_hz);
        else
            engine->command.stop_pos = engine->config.direction == RONDO_RENDER ? UINT64_MAX : 0;
    }
    engine->command.run = false;
    engine->command.drain = false;
    store_state(engine, RONDO_ENGINE_STOPPED);
    send_command(engine);
    wait_followed(engine);
    if (rondo_engine_state(engine) != RONDO_ENGINE_STOPPED)
        return 0; /* a callback has started it again */
    return tell_device(engine, RONDO_ENGINE_STOPPED, error);
}

int
rondo_engine_set_state(struct rondo_engine *engine, enum rondo_engine_state state)
{
    struct rondo_error error = {0, ""};
    int result = -EINVAL;

    if (engine == NULL)
        return -EINVAL;
    pthread_mutex_lock(&engine->lock);
    switch (state) {
    case RONDO_ENGINE_RESET:
        result = rondo__engine_is_device_thread(engine) ? -EBADFD : check_allowed(engine, TO_RESET);
        if (result == 0 && rondo_engine_state(engine) != RONDO_ENGINE_RESET) {
            wait_followed(engine);
            result = reset_position(engine, &error);
            store_state(engine, RONDO_ENGINE_RESET);
        }
        break;
    case RONDO_ENGINE_STOPPED:
        result = check_allowed(engine, TO_STOPPED);
        if (result == 0 && rondo_engine_state(engine) != RONDO_ENGINE_STOPPED)
            result = to_stopped(engine, &error);
        break;
    case RONDO_ENGINE_RUNNING:
        result = check_allowed(engine, TO_RUNNING);
        if (result == 0 && rondo_engine_state(engine) != RONDO_ENGINE_RUNNING)
            result = to_running(engine, &error);
        break;
    }
    pthread_mutex_unlock(&engine->lock);
    if (error.code != 0 && engine->config.log.callback != NULL)
        engine->config.log.callback(RONDO_LOG_ERROR, error.text, engine->config.log.context);
    return result;
}

int
rondo__engine_drain(struct rondo_engine *engine, int64_t timeout_ns)
{
    const uint64_t deadline_ns = rondo__deadline_ns(timeout_ns);
    const struct timespec deadline = {(time_t)(deadline_ns / 1000000000u),
                                      (long)(deadline_ns % 1000000000u)};
    struct rondo_error error = {0, ""};
    int result = 0;

    if (engine->config.direction != RONDO_RENDER)
        return -ENOTSUP;
    pthread_mutex_lock(&engine->lock);
    if (rondo_engine_state(engine) == RONDO_ENGINE_RUNNING) {
        engine->command.drain = true;
        send_command(engine);
        while (result == 0 && engine->command.drain && rondo__engine_error(engine, NULL) == 0) {
            const int waited = deadline_ns == UINT64_MAX
                                   ? pthread_cond_wait(&engine->followed, &engine->lock)
                                   : pthread_cond_clockwait(&engine->followed, &engine->lock,
                                                            CLOCK_MONOTONIC, &deadline);

            if (waited == ETIMEDOUT && engine->command.drain)
                result = -ETIMEDOUT;
        }
        if (result == 0)
            wait_followed(engine);
    } else if (rondo_ring_capacity(&engine->ring) != rondo_ring_room(&engine->ring)) {
        result = -EBADFD;
    }
    if (result == 0)
        result = rondo__engine_error(engine, NULL);
    /* Told again so that a device behind a staging ring has written everything. */
    if (result == 0 && rondo_engine_state(engine) == RONDO_ENGINE_STOPPED)
        result = tell_device(engine, RONDO_ENGINE_STOPPED, &error);
    if (error.code != 0)
        fail(engine, &error);
    pthread_mutex_unlock(&engine->lock);
    return result;
}

void
rondo__engine_kick(struct rondo_engine *engine)
{
    /* PAIR-KICK release: what we did before; acquire: that the device thread sleeps (as PAIR-WAKE
     * in waitpoint.h). */
    rondo_fetch_add_acq_rel_u32(&engine->kicks, 1);
    /* relaxed: ordered by the addition. */
    if (rondo_load_relaxed_u32(&engine->sleeping) != 0)
        rondo__waiter_wake(&engine->waiter);
}

/* ---- buffer ---- */

static void
release_buffer(struct rondo_engine *engine)
{
    rondo__staging_destroy(engine->staging);
    engine->staging = NULL;
    free(engine->silence);
    engine->silence = NULL;
    rondo_memory_destroy(&engine->memory);
    engine->memory_locked = false;
    engine->period_frames = 0;
    engine->buffer_frames = 0;
}

/* The sizes that are granted; 0, or -EOVERFLOW. */
static int
round_sizes(const struct rondo_engine *engine, uint32_t *period_frames, uint32_t *buffer_frames)
{
    uint64_t period = *period_frames;
    uint64_t buffer = *buffer_frames;

    if (period == 0)
        period = engine->device_info.format.rate_hz / DEFAULT_PERIODS_PER_S;
    if (period == 0)
        period = 1;
    if (buffer == 0)
        buffer = DEFAULT_PERIODS * period;
    buffer = (buffer + period - 1) / period * period;
    if (buffer < 2 * period)
        buffer = 2 * period;
    if (buffer > RONDO_CAPACITY_FRAMES_MAX)
        return -EOVERFLOW;
    *period_frames = (uint32_t)period;
    *buffer_frames = (uint32_t)buffer;
    return 0;
}

static int
allocate_buffer(struct rondo_engine *engine, uint32_t period_frames, uint32_t buffer_frames)
{
    const struct rondo_format *const format = &engine->device_info.format;
    size_t bytes = 0;
    int error = round_sizes(engine, &period_frames, &buffer_frames);

    if (error == 0)
        error = rondo_frames_to_bytes(buffer_frames, engine->frame_bytes, &bytes);
    if (error != 0)
        return error;
    engine->period_frames = period_frames;
    engine->buffer_frames = buffer_frames;

    error = rondo_memory_create(&engine->memory, bytes, RONDO_MEMORY_LOCKED);
    engine->memory_locked = error == 0;
    if (error == -ENOMEM || error == -EPERM) /* not allowed to lock so much: all the same */
        error = rondo_memory_create(&engine->memory, bytes, RONDO_MEMORY_PLAIN);
    if (error == 0) {
        memset(engine->memory.data, 0, bytes); /* have every page before it is needed */
        engine->silence = calloc(period_frames, engine->frame_bytes);
        error = engine->silence == NULL ? -ENOMEM : 0;
    }
    if (error == 0 && engine->ops->blocking && engine->clock_kind == RONDO_CLOCK_REAL) {
        uint64_t staging_frames = format->rate_hz;

        if (staging_frames < (uint64_t)STAGING_BUFFERS * buffer_frames)
            staging_frames = (uint64_t)STAGING_BUFFERS * buffer_frames;
        if (staging_frames < STAGING_FRAMES_MIN)
            staging_frames = STAGING_FRAMES_MIN;
        error = staging_frames > RONDO_CAPACITY_FRAMES_MAX
                    ? -EOVERFLOW
                    : rondo__staging_create(&engine->staging, engine->ops, engine->device,
                                            engine->config.direction, engine->frame_bytes,
                                            (uint32_t)staging_frames);
    }
    if (error == 0)
        error =
            rondo_ring_init(&engine->ring, engine->memory.data, buffer_frames, engine->frame_bytes);
    /* A device that keeps time overwrites what is not read; without time it waits. */
    if (error == 0 && engine->config.direction == RONDO_CAPTURE &&
        engine->clock_kind != RONDO_CLOCK_OFFLINE)
        error = rondo_ring_set_producer(&engine->ring, RONDO_PRODUCER_FREE_RUNS);
    if (error != 0)
        release_buffer(engine);
    return error;
}

int
rondo_engine_allocate_buffer(struct rondo_engine *engine, uint32_t period_frames,
                             uint32_t buffer_frames)
{
    int result;

    if (engine == NULL)
        return -EINVAL;
    pthread_mutex_lock(&engine->lock);
    result = check_allowed(engine, ALLOCATE_BUFFER);
    if (result == 0)
        result = allocate_buffer(engine, period_frames, buffer_frames);
    pthread_mutex_unlock(&engine->lock);
    return result;
}

int
rondo_engine_free_buffer(struct rondo_engine *engine)
{
    int result;

    if (engine == NULL)
        return -EINVAL;
    pthread_mutex_lock(&engine->lock);
    result = check_allowed(engine, FREE_BUFFER);
    if (result == 0)
        release_buffer(engine);
    pthread_mutex_unlock(&engine->lock);
    return result;
}

/* ---- open and close ---- */

static int
open_device(struct rondo_engine *engine, const struct rondo_format *format,
            struct rondo_error *error)
{
    const struct rondo_device_request request = {
        .direction = engine->config.direction,
        .format = *format,
        .address = engine->string.address,
        .parameters = engine->string.parameters,
    };
    struct rondo_device_info info;
    void *device = NULL;
    int result;

    memset(&info, 0, sizeof info);
    result = engine->ops->open(&device, &request, &info, error);
    if (result != 0)
        return result;
    if (rondo_format_check(&info.format) != 0 ||
        rondo_frame_bytes(&info.format) > RONDO_FRAME_BYTES_MAX) {
        engine->ops->close(device, error);
        return rondo_error_set(error, -ENOTSUP,
                               "%s: granted %u channels of %s at %u Hz; allowed: 1 to %u channels, "
                               "1 to %u Hz, frames of "
                               "at most %u bytes",
                               engine->ops->name, info.format.channels,
                               rondo_sample_name(info.format.sample), info.format.rate_hz,
                               RONDO_CHANNELS_MAX, RONDO_RATE_HZ_MAX, RONDO_FRAME_BYTES_MAX);
    }
    engine->device = device;
    engine->device_info = info;
    engine->frame_bytes = rondo_frame_bytes(&info.format);
    return 0;
}

static int
check_config(const struct rondo_engine_config *config, struct rondo_error *error)
{
    const struct rondo_format *const format = &config->format;

    if (config->direction != RONDO_CAPTURE && config->direction != RONDO_RENDER)
        return rondo_error_set(error, -EINVAL,
                               "direction is %d; allowed: RONDO_CAPTURE (0), RONDO_RENDER (1)",
                               (int)config->direction);
    if (config->at_end != RONDO_AT_END_STOP && config->at_end != RONDO_AT_END_SILENCE)
        return rondo_error_set(
            error, -EINVAL,
            "at_end is %d; allowed: RONDO_AT_END_STOP (0), RONDO_AT_END_SILENCE (1)",
            (int)config->at_end);
    if (config->realtime_priority > 99)
        return rondo_error_set(
            error, -EINVAL, "realtime_priority is %d; allowed: 1 to 99, 0 for 60, below 0 for none",
            config->realtime_priority);
    if (format->sample != RONDO_SAMPLE_DEFAULT && rondo_sample_bytes(format->sample) == 0)
        return rondo_error_set(error, -EINVAL,
                               "format.sample is %d; allowed: an enum rondo_sample_format",
                               (int)format->sample);
    if (format->channels > RONDO_CHANNELS_MAX)
        return rondo_error_set(error, -EINVAL,
                               "format.channels is %u; allowed: 1 to %u, 0 for the device's own",
                               format->channels, RONDO_CHANNELS_MAX);
    if (format->rate_hz > RONDO_RATE_HZ_MAX)
        return rondo_error_set(error, -EINVAL,
                               "format.rate_hz is %u; allowed: 1 to %u, 0 for the device's own",
                               format->rate_hz, RONDO_RATE_HZ_MAX);
    return 0;
}

/* Everything but the device thread. */
static int
set_up(struct rondo_engine *engine, const char *device, struct rondo_error *error)
{
    int result;

    if (device == NULL)
        return rondo_error_set(error, -EINVAL,
                               "the device string is NULL; allowed: backend:address");
    result = check_config(&engine->config, error);
    if (result == 0)
        result = rondo__device_string_parse(&engine->string, device, error);
    if (result != 0)
        return result;
    engine->ops = engine->string.ops;
    result = rondo__device_string_check(&engine->string, engine->ops, error);
    if (result != 0)
        return result;
    if (engine->config.clock != NULL)
        engine->clock = engine->config.clock;
    else if (engine->string.clock_given && engine->string.clock == RONDO_CLOCK_OFFLINE)
        engine->clock = rondo_clock_offline();
    else
        engine->clock = rondo_clock_real();
    engine->clock_kind = rondo_clock_kind(engine->clock);
    return open_device(engine, &engine->config.format, error);
}

/* Undo what set_up has done so far. */
static void
take_down(struct rondo_engine *engine)
{
    struct rondo_error error = {0, ""};

    if (engine->device != NULL)
        engine->ops->close(engine->device, &error);
    if (error.code != 0 && engine->config.log.callback != NULL)
        engine->config.log.callback(RONDO_LOG_ERROR, error.text, engine->config.log.context);
    rondo__device_string_finish(&engine->string);
    pthread_cond_destroy(&engine->followed);
    pthread_mutex_destroy(&engine->lock);
    free(engine);
}

/* The device thread takes the lock too: who holds it then runs at its priority. */
static void
init_lock(pthread_mutex_t *lock)
{
    pthread_mutexattr_t attributes;

    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setprotocol(&attributes, PTHREAD_PRIO_INHERIT);
    pthread_mutex_init(lock, &attributes);
    pthread_mutexattr_destroy(&attributes);
}

int
rondo__engine_open(struct rondo_engine **out, const char *device,
                   const struct rondo_engine_config *config,
                   const struct rondo__engine_client *client)
{
    const struct rondo_engine_config defaults = RONDO_ENGINE_CONFIG_INIT;
    struct rondo_error unused;
    struct rondo_error *error;
    struct rondo_engine *engine = NULL;
    int result;

    if (out == NULL)
        return -EINVAL;
    *out = NULL;
    if (config == NULL)
        config = &defaults;
    if (config->size != sizeof *config)
        return -EINVAL; /* no field is to be trusted, not even error */
    error = config->error == NULL ? &unused : config->error;
    memset(error, 0, sizeof *error);
    if (posix_memalign((void **)&engine, RONDO_CACHELINE_BYTES, sizeof *engine) != 0)
        return rondo_error_set(error, -ENOMEM, "out of memory");
    memset((void *)engine, 0, sizeof *engine);
    engine->config = *config;
    engine->config.error = NULL;
    if (client != NULL)
        engine->client = *client;
    init_lock(&engine->lock);
    pthread_cond_init(&engine->followed, NULL);
    rondo_store_relaxed_u32(&engine->command_seq,
                            1); /* relaxed: no other thread yet; 1: stay stopped */

    result = set_up(engine, device, error);
    if (result == 0) {
        result = rondo__waiter_init(&engine->waiter, engine->clock);
        if (result == 0) {
            pthread_mutex_lock(&engine->lock); /* the thread's identity is known before it runs */
            result = rondo__thread_create(&engine->thread, "rondo-device",
                                          rondo__device_thread_main, engine);
            if (result == 0)
                wait_followed(engine);
            pthread_mutex_unlock(&engine->lock);
            if (result != 0)
                rondo__waiter_finish(&engine->waiter);
        }
        if (result != 0)
            rondo_error_set(error, result, "no device thread: %s", strerror(-result));
    }
    if (result != 0) {
        if (error->code == 0)
            rondo_error_set(error, result, "%s: %s", device, rondo_error_meaning(result));
        take_down(engine);
        return result;
    }
    if (engine->config.log.callback != NULL && engine->clock_kind == RONDO_CLOCK_REAL &&
        engine->config.realtime_priority >= 0 && engine->priority != RONDO_PRIORITY_REALTIME)
        engine->config.log.callback(
            RONDO_LOG_WARNING,
            "the device thread has no real-time priority; RLIMIT_RTPRIO would allow it",
            engine->config.log.context);
    *out = engine;
    return 0;
}

int
rondo_engine_open(struct rondo_engine **out, const char *device,
                  const struct rondo_engine_config *config)
{
    return rondo__engine_open(out, device, config, NULL);
}

int
rondo_engine_set_format(struct rondo_engine *engine, const struct rondo_format *format)
{
    struct rondo_engine_config config;
    struct rondo_error error = {0, ""};
    int result;

    if (engine == NULL || format == NULL)
        return -EINVAL;
    pthread_mutex_lock(&engine->lock);
    result = check_allowed(engine, SET_FORMAT);
    config = engine->config;
    config.format = *format;
    if (result == 0)
        result = check_config(&config, &error);
    if (result == 0) {
        void *const old = engine->device;

        /* The new one is there before the old one goes, so that failure changes nothing. */
        result = open_device(engine, format, &error);
        if (result == 0) {
            engine->ops->close(old, &error);
            engine->config.format = *format;
        }
    }
    pthread_mutex_unlock(&engine->lock);
    if (error.code != 0 && engine->config.log.callback != NULL)
        engine->config.log.callback(RONDO_LOG_ERROR, error.text, engine->config.log.context);
    return result;
}

int
rondo_engine_close(struct rondo_engine *engine)
{
    int result;

    if (engine == NULL)
        return 0;
    pthread_mutex_lock(&engine->lock);
    result = rondo__engine_is_device_thread(engine) ? -EBADFD : check_allowed(engine, CLOSE);
    if (result == 0) {
        engine->command.quit = true;
        send_command(engine);
    }
    pthread_mutex_unlock(&engine->lock);
    if (result != 0)
        return result;
    pthread_join(engine->thread, NULL);
    rondo__waiter_finish(&engine->waiter);
    take_down(engine);
    return 0;
}

/* ---- questions ---- */

uint64_t
rondo_engine_position(const struct rondo_engine *engine, uint64_t *time_ns)
{
    uint64_t unused;

    return rondo__timestamp_read(&engine->stamp, time_ns == NULL ? &unused : time_ns);
}

void
rondo_engine_query_info(struct rondo_engine *engine, struct rondo_engine_info *info)
{
    pthread_mutex_lock(&engine->lock);
    memset(info, 0, sizeof *info);
    info->format = engine->device_info.format;
    info->length_frames = engine->device_info.length_frames;
    info->latency_frames = engine->device_info.latency_frames;
    info->buffer_frames = engine->buffer_frames;
    info->period_frames = engine->period_frames;
    info->clock = engine->clock_kind;
    info->priority = engine->priority;
    info->memory_locked = engine->memory_locked;
    pthread_mutex_unlock(&engine->lock);
}

int
rondo__engine_error(struct rondo_engine *engine, struct rondo_error *error)
{
    /* PAIR-FAILED acquire: the error in words is complete. */
    const int code = -(int)rondo_load_acquire_u32(&engine->failed);

    if (error != NULL) {
        memset(error, 0, sizeof *error);
        if (code != 0) {
            pthread_mutex_lock(&engine->lock);
            *error = engine->error;
            pthread_mutex_unlock(&engine->lock);
        }
    }
    return code;
}

void
rondo__engine_count_xrun(struct rondo_engine *engine, const struct rondo_xrun *xrun)
{
    if (xrun->kind == RONDO_XRUN_LOST) {
        rondo_add_relaxed(&engine->counters.xruns_lost, 1);
        rondo_add_relaxed(&engine->counters.frames_lost, xrun->frames);
    } else {
        rondo_add_relaxed(&engine->counters.xruns_recovered, 1);
    }
}
