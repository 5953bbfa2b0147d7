/* SPDX-License-Identifier: MIT */
#include "core/engine_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/device_call.h"
#include "core/thread.h"

#define DEFAULT_PERIODS       4u
#define DEFAULT_PERIODS_PER_S 100u /* 10 ms */
#define STAGING_FRAMES_MIN    4096u
#define STAGING_BUFFERS       4u

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
    result = rondo__engine_check(engine, RONDO__ALLOCATE_BUFFER);
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
    result = rondo__engine_check(engine, RONDO__FREE_BUFFER);
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
    result = rondo__device_result(engine->ops, engine->ops->open(&device, &request, &info, error),
                                  error);
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

    if (engine->frame_bytes != 0) /* a device may well be NULL */
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
                rondo__engine_wait_followed(engine);
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
    result = rondo__engine_check(engine, RONDO__SET_FORMAT);
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
    result = rondo__engine_is_device_thread(engine) ? -EBADFD
                                                    : rondo__engine_check(engine, RONDO__CLOSE);
    if (result == 0) {
        engine->command.quit = true;
        rondo__engine_send_command(engine);
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
