/* SPDX-License-Identifier: MIT */
/*
 * Making an input, finding it, and taking it apart.
 */
#include "facades/ml/input.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <rondo/handle.h>

/* Guards the counts below and each input's users; held for a few instructions only. */
static pthread_mutex_t counts_lock = PTHREAD_MUTEX_INITIALIZER;
static uint32_t inputs_alive;

/* Give back everything that an input has; it may be half made, or its announcer's last breath. */
static void
take_apart(struct rondo__ml_input *input)
{
    rondo_stream_close(input->stream);
    rondo_converter_destroy(input->converter);
    rondo_memory_destroy(&input->memory);
    free(input->waste);
    sem_destroy(&input->wake);
    pthread_mutex_destroy(&input->control);
    free(input);
}

/* Whether there may be one more input; counts it. */
static bool
reserve_place(void)
{
    bool reserved;

    pthread_mutex_lock(&counts_lock);
    reserved = inputs_alive < RONDO__ML_INPUTS_MAX;
    if (reserved)
        inputs_alive++;
    pthread_mutex_unlock(&counts_lock);
    return reserved;
}

static void
free_place(void)
{
    pthread_mutex_lock(&counts_lock);
    inputs_alive--;
    pthread_mutex_unlock(&counts_lock);
}

struct rondo__ml_input *
rondo__ml_input_find(MLHandle handle)
{
    return rondo_handle_find(handle, RONDO_HANDLE_ML_INPUT);
}

struct rondo__ml_run *
rondo__ml_input_run(struct rondo__ml_input *input)
{
    /* PAIR-RUN acquire: the run is ready. */
    return (struct rondo__ml_run *)(uintptr_t)rondo_load_acquire(&input->run);
}

struct rondo__ml_input *
rondo__ml_input_use(MLHandle handle)
{
    struct rondo__ml_input *input;

    rondo_handle_enter();
    input = rondo__ml_input_find(handle);
    if (input != NULL) {
        pthread_mutex_lock(&counts_lock);
        input->users++;
        pthread_mutex_unlock(&counts_lock);
    }
    rondo_handle_leave();
    return input;
}

void
rondo__ml_input_put(struct rondo__ml_input *input)
{
    bool last;

    pthread_mutex_lock(&counts_lock);
    last = --input->users == 0;
    pthread_mutex_unlock(&counts_lock);
    if (last)
        take_apart(input);
}

/* The two buffers of both runs: there before the first start, so that no start can fail for them.
 */
static int
make_memory(struct rondo__ml_input *input)
{
    const size_t line = RONDO_CACHELINE_BYTES;
    size_t bytes = 2 * (size_t)input->buffer_frames * input->frame_bytes;
    int error;

    bytes = (bytes + line - 1) / line * line;
    error = rondo_memory_create(&input->memory, 2 * bytes, RONDO_MEMORY_LOCKED);
    if (error != 0) {
        error = rondo_memory_create(&input->memory, 2 * bytes, RONDO_MEMORY_PLAIN);
        if (error != 0)
            return error;
        rondo__ml_log(&input->log, RONDO_LOG_INFO, "ml: the buffers are not locked into memory");
        /* At least no page is met for the first time on the device thread. */
        memset(input->memory.data, 0, input->memory.size_bytes);
    }
    return 0;
}

/* Open the device, and tell the log if that fails. */
static int
open_stream(struct rondo__ml_input *input, const struct rondo__ml_source *source)
{
    struct rondo_error reason = {0};
    struct rondo_stream_config config = RONDO_STREAM_CONFIG_INIT;
    int error;

    config.direction = RONDO_CAPTURE;
    config.format = input->format;
    /* 100 ms: no latency, for every period is taken at once. Under the offline clock a file is read
     * in pieces of this size. */
    config.buffer_frames = input->format.rate_hz / 10;
    config.callback = rondo__ml_fill;
    config.callback_context = input;
    config.clock = source->clock;
    config.at_end = RONDO_AT_END_SILENCE; /* a microphone does not end */
    config.log = source->log;
    config.error = &reason;
    error = rondo_stream_open(&input->stream, source->mic, &config);
    if (error != 0)
        rondo__ml_log(&input->log, RONDO_LOG_ERROR,
                      "ml: the microphone \"%s\" cannot be opened: %s", source->mic,
                      reason.code != 0 ? reason.text : rondo_error_name(error));
    return error;
}

/* Learn what the device grants, and make what lies between its format and ours. */
static int
adapt_to_device(struct rondo__ml_input *input, const struct rondo__ml_source *source)
{
    struct rondo_stream_info info;
    struct rondo_converter_config config = {0};
    int error;

    rondo_stream_query_info(input->stream, &info);
    input->offline = info.granted.clock == RONDO_CLOCK_OFFLINE;
    input->device_format = info.granted.format;
    input->device_frame_bytes = rondo_frame_bytes(&info.granted.format);
    input->device_length_frames = info.granted.length_frames;
    input->device_frames_max = info.granted.buffer_frames;
    input->latency_ms = 1e3f * (float)input->buffer_frames / (float)input->format.rate_hz +
                        1e3f * (float)(info.granted.latency_frames + info.granted.period_frames) /
                            (float)info.granted.format.rate_hz;
    if (info.granted.format.sample == input->format.sample &&
        info.granted.format.channels == input->format.channels &&
        info.granted.format.rate_hz == input->format.rate_hz)
        return 0;

    config.from = info.granted.format;
    config.to = input->format;
    config.max_frames = input->device_frames_max;
    error = rondo_converter_create(&input->converter, &config);
    if (error != 0) {
        rondo__ml_log(&input->log, RONDO_LOG_ERROR,
                      "ml: the microphone \"%s\" has %u channels of %s at %u Hz, which cannot be "
                      "converted to %u channels of s16 at %u Hz: %s",
                      source->mic, config.from.channels, rondo_sample_name(config.from.sample),
                      config.from.rate_hz, config.to.channels, config.to.rate_hz,
                      rondo_error_name(error));
        return error;
    }
    input->waste = malloc((size_t)RONDO__ML_WASTE_FRAMES * input->frame_bytes);
    return input->waste != NULL ? 0 : -ENOMEM;
}

/* Everything but the handle. The input stays with the caller, whatever is returned. */
static int
build(struct rondo__ml_input *input, const struct rondo__ml_source *source)
{
    int error = make_memory(input);

    if (error != 0)
        return -ENOMEM;
    error = open_stream(input, source);
    if (error == 0)
        error = adapt_to_device(input, source);
    return error;
}

MLResult
rondo__ml_input_create(const struct rondo__ml_source *source,
                       const struct rondo__ml_flavour *flavour, uint32_t buffer_frames,
                       MLAudioBufferCallback callback, void *context, MLHandle *handle)
{
    struct rondo__ml_input *input = NULL;
    int error;

    if (!reserve_place()) {
        rondo__ml_log(&source->log, RONDO_LOG_ERROR, "ml: there are %u inputs, which is the limit",
                      RONDO__ML_INPUTS_MAX);
        return MLResult_AllocFailed;
    }
    if (posix_memalign((void **)&input, RONDO_CACHELINE_BYTES, sizeof *input) != 0) {
        free_place();
        return MLResult_AllocFailed;
    }
    memset(input, 0, sizeof *input);
    input->callback = callback;
    input->context = context;
    input->format = (struct rondo_format){RONDO_S16, flavour->channels, flavour->rate_hz};
    input->frame_bytes = rondo__ml_frame_bytes(flavour->channels);
    input->buffer_frames = buffer_frames;
    input->log = source->log;
    input->users = 1;
    pthread_mutex_init(&input->control, NULL);
    sem_init(&input->wake, 0, 0);

    error = build(input, source);
    if (error != 0)
        goto fail;
    if (callback != NULL) {
        input->users = 2;
        error = rondo__ml_announcer_start(input);
        if (error != 0) {
            error = -ENOMEM;
            goto fail;
        }
    }
    /* Last: from here on other threads can find it. */
    if (rondo_handle_insert(&input->handle, RONDO_HANDLE_ML_INPUT, input) != 0) {
        error = -ENOMEM;
        if (callback != NULL)
            rondo__ml_announcer_quit(input);
        goto fail;
    }
    *handle = input->handle;
    return MLResult_Ok;

fail:
    take_apart(input);
    free_place();
    return error == -ENOMEM ? MLResult_AllocFailed : MLAudioResult_InternalConfigError;
}

bool
rondo__ml_input_destroy(MLHandle handle)
{
    struct rondo__ml_input *input;
    void *removed;

    /* From here on nobody finds it, and nobody is inside get or release. */
    if (rondo_handle_remove(handle, RONDO_HANDLE_ML_INPUT, &removed) != 0)
        return false;
    input = removed;

    /* Who found it before may be about to start or stop it. */
    pthread_mutex_lock(&input->control);
    input->destroyed = true;
    rondo_stream_close(input->stream);
    input->stream = NULL;
    pthread_mutex_unlock(&input->control);

    if (input->callback != NULL)
        rondo__ml_announcer_quit(input);
    rondo__ml_input_put(input);
    free_place();
    return true;
}
