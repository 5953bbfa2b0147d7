/* SPDX-License-Identifier: MIT */
/*
 * A sound file that is written: begun when the device runs, finished at RESET. After an error its
 * .part stays, with what could be written. A device that never ran leaves nothing.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sndfile.h>

#include "backends/file/file_io.h"
#include "backends/file/file_private.h"
#include "backends/file/file_sample.h"
#include "backends/file/file_target.h"
#include "backends/file/file_type.h"

struct rondo__file_render {
    struct rondo__file_device kind;
    struct rondo__file_io io;
    SNDFILE *sound; /* NULL: no file is being written */
    const struct rondo__file_type *type;
    SF_INFO info;
    enum rondo_sample_format sample;
    size_t frame_bytes;    /* as stored; 0: not the same for every frame */
    uint64_t frames_max;   /* that such a file can hold */
    uint64_t frames;       /* written */
    int64_t samples_begin; /* offset of the first sample */
    int failed;            /* what ended this run; until RESET */
    char *path;
    struct rondo__file_target target;
    void *scratch; /* a chunk of doubles */
};

static int
no_memory(struct rondo_error *error)
{
    return rondo_error_set(error, -ENOMEM, "no memory left");
}

static int
find_type(struct rondo__file_render *render, const struct rondo_device_request *request,
          struct rondo_error *error)
{
    const char *name = rondo_device_parameter(request, "type");

    if (rondo_device_parameter(request, "loop") != NULL)
        return rondo_error_set(error, -EINVAL, "file: loop is for capture");
    render->type =
        name != NULL ? rondo__file_type_find(name) : rondo__file_type_of_path(render->path);
    if (render->type != NULL)
        return 0;
    if (name != NULL)
        return rondo_error_set(error, -EINVAL, "file: type=%.40s: must be one of %s", name,
                               RONDO__FILE_TYPES);
    return rondo_error_set(error, -EINVAL,
                           "file: the extension does not tell the type: must be one of %s, or give "
                           "type=: %s",
                           RONDO__FILE_TYPES, render->path);
}

static bool
can_be_written(const SF_INFO *format)
{
    struct rondo__file_io nowhere = {.fd = -1};
    SF_INFO info = *format;
    SNDFILE *sound = NULL;

    if (sf_format_check(&info) == 0)
        return false;
    sound = sf_open_virtual(&rondo__file_io_calls, SFM_WRITE, &info, &nowhere);
    return sound != NULL && sf_close(sound) == 0;
}

/* Say which part of the format it is that cannot be had. */
static int
refuse_format(const struct rondo__file_render *render, struct rondo_error *error)
{
    const char *name = render->type->name;
    SF_INFO info = render->info;

    info.samplerate = 48000;
    if (can_be_written(&info))
        return rondo_error_set(error, -ENOTSUP, "file: a %s file cannot have a rate of %d Hz: %s",
                               name, render->info.samplerate, render->path);
    for (info.channels = (int)RONDO_CHANNELS_MAX; info.channels > 0; info.channels--)
        if (can_be_written(&info))
            return rondo_error_set(error, -ENOTSUP,
                                   "file: a %s file can have 1 to %d channels, not %d: %s", name,
                                   info.channels, render->info.channels, render->path);
    return rondo_error_set(error, -ENOTSUP, "file: a %s file cannot store such samples: %s", name,
                           render->path);
}

static int
find_format(struct rondo__file_render *render, const struct rondo_device_request *request,
            struct rondo_error *error)
{
    struct rondo_format format = {RONDO_SAMPLE_DEFAULT, 2, 48000};
    const struct rondo_format *asked = &request->format;
    const int result = rondo_device_parameter_format(request, &format, error);
    bool is_24_bit = false;
    int subtype = 0;

    if (result < 0)
        return result;
    /* What the stream asks for comes before what the parameters say; but 24 of its 32 bits are
     * stored if they say so. */
    is_24_bit = format.sample == RONDO_S24_PACKED || format.sample == RONDO_S24_IN_32;
    if (asked->sample != RONDO_SAMPLE_DEFAULT && !(asked->sample == RONDO_S32 && is_24_bit))
        format.sample = asked->sample;
    if (format.sample == RONDO_SAMPLE_DEFAULT)
        format.sample = RONDO_S16;
    if (asked->channels != 0)
        format.channels = asked->channels;
    if (asked->rate_hz != 0)
        format.rate_hz = asked->rate_hz;

    subtype = rondo__file_subtype(render->type, format.sample, &render->sample);
    if (subtype == 0)
        return rondo_error_set(error, -ENOTSUP,
                               "file: a %s file cannot store %s: ask for s16 or s24 (or give "
                               "format=s24), or take another type: %s",
                               render->type->name, rondo_sample_name(format.sample), render->path);
    render->info.format = render->type->major | subtype;
    render->info.channels = (int)format.channels;
    render->info.samplerate = (int)format.rate_hz;
    if (!can_be_written(&render->info))
        return refuse_format(render, error);
    render->frame_bytes = (size_t)format.channels * rondo__file_stored_bytes(render->info.format);
    if (render->type->data_bytes != 0)
        render->frames_max = render->type->data_bytes / render->frame_bytes;
    return 0;
}

int
rondo__file_render_open(void **out, const struct rondo_device_request *request,
                        struct rondo_device_info *granted, struct rondo_error *error)
{
    struct rondo__file_render *render = calloc(1, sizeof(*render));
    int result = 0;

    if (render == NULL)
        return no_memory(error);
    render->kind.direction = RONDO_RENDER;
    render->io.fd = -1;
    render->target = (struct rondo__file_target)RONDO__FILE_TARGET_INIT;
    render->path = strdup(request->address);
    if (render->path == NULL)
        result = no_memory(error);
    if (result == 0)
        result = find_type(render, request, error);
    if (result == 0)
        result = find_format(render, request, error);
    if (result == 0)
        result = rondo__file_target_find(&render->target, render->path, render->type, error);
    if (result == 0) {
        render->scratch = calloc((size_t)RONDO__FILE_CHUNK_FRAMES * (size_t)render->info.channels,
                                 sizeof(double));
        if (render->scratch == NULL)
            result = no_memory(error);
    }
    if (result < 0) {
        rondo__file_render_close(render, NULL);
        return result;
    }
    granted->format.sample = render->sample;
    granted->format.channels = (uint32_t)render->info.channels;
    granted->format.rate_hz = (uint32_t)render->info.samplerate;
    *out = render;
    return 0;
}

/* What the text of an error ends with: where the frames are that were written. */
static int
tell_failure(const struct rondo__file_render *render, int code, struct rondo_error *error)
{
    return rondo_error_set(error, code, "file: %s; written: %s%llu frames, in %s%s",
                           rondo_error_meaning(code), render->frame_bytes == 0 ? "at most " : "",
                           (unsigned long long)render->frames, render->path,
                           render->target.direct ? "" : ".part");
}

/* End the run, and leave in the .part what could be written, in whole frames. */
static int
fail(struct rondo__file_render *render, int code, struct rondo_error *error)
{
    const int64_t end = render->samples_begin + (int64_t)(render->frames * render->frame_bytes);

    if (!render->target.direct && render->frame_bytes > 0 && end < render->io.length &&
        ftruncate(render->io.fd, end) == 0) {
        render->io.length = end;
        render->io.position = end;
    }
    render->io.insists = true; /* the header can still be completed: its bytes are there already */
    sf_close(render->sound);
    render->sound = NULL;
    close(render->io.fd);
    render->io.fd = -1;
    render->failed = tell_failure(render, code, error);
    return code;
}

/* A file is complete: let it take its name. */
static int
finish(struct rondo__file_render *render, struct rondo_error *error)
{
    int code = 0;

    if (render->sound == NULL)
        return 0;
    /* Its header waits for the first frame, even if there is none. */
    if (render->frames == 0 && render->type->major == SF_FORMAT_FLAC)
        sf_command(render->sound, SFC_UPDATE_HEADER_NOW, NULL, 0);
    if (sf_close(render->sound) != 0)
        code = -EIO;
    render->sound = NULL;
    if (render->io.error != 0)
        code = render->io.error;
    if (code == 0)
        code = rondo__file_target_publish(&render->target, render->io.fd);
    if (close(render->io.fd) < 0 && code == 0 && errno != EINTR)
        code = -errno;
    render->io.fd = -1;
    return code == 0 ? 0 : tell_failure(render, code, error);
}

/*
 * Write the header before the first samples, to know where they begin. Not for Ogg: it would get a
 * second one.
 *
 * Without the chunk that tells the peak of samples in float: it holds the time of day, and the same
 * samples shall give the same file. libsndfile has written it already and takes it back only when
 * it believes that nothing was written (and in RF64 never).
 */
static void
write_header(struct rondo__file_render *render)
{
    if (render->frame_bytes == 0)
        return;
    if (render->sample == RONDO_F32) {
        sf_command(render->sound, SFC_SET_ADD_PEAK_CHUNK, NULL, SF_FALSE);
        render->io.position = 0;
        render->io.length = 0;
        sf_command(render->sound, SFC_UPDATE_HEADER_NOW, NULL, 0);
    }
    sf_command(render->sound, SFC_UPDATE_HEADER_NOW, NULL, 0);
    render->samples_begin = render->io.length;
    if (!render->target.direct && ftruncate(render->io.fd, render->io.length) < 0)
        render->io.error = -errno;
}

int
rondo__file_render_run(struct rondo__file_render *render, struct rondo_error *error)
{
    int result = 0;

    if (render->failed != 0)
        return tell_failure(render, render->failed, error);
    if (render->sound != NULL)
        return 0;
    result = rondo__file_target_create(&render->target, &render->io, error);
    if (result < 0)
        return result;
    render->frames = 0;
    render->samples_begin = 0;
    render->sound = sf_open_virtual(&rondo__file_io_calls, SFM_WRITE, &render->info, &render->io);
    if (render->sound != NULL)
        write_header(render);
    if (render->sound != NULL && render->io.error == 0)
        return 0;
    result = fail(render, render->io.error != 0 ? render->io.error : -EIO, error);
    render->failed = 0; /* it did not run: it may be tried again */
    return result;
}

int
rondo__file_render_reset(struct rondo__file_render *render, struct rondo_error *error)
{
    render->failed = 0;
    return finish(render, error);
}

int
rondo__file_render_close(struct rondo__file_render *render, struct rondo_error *error)
{
    const int result = finish(render, error);

    rondo__file_target_finish(&render->target);
    free(render->scratch);
    free(render->path);
    free(render);
    return result;
}

/* Write up to a chunk of frames in the granted format. */
static sf_count_t
write_chunk(struct rondo__file_render *render, const void *frames, sf_count_t count)
{
    const size_t samples = (size_t)count * (size_t)render->info.channels;

    if (render->sample == RONDO_F32)
        return sf_writef_float(render->sound, frames, count);
    if (rondo__file_is_float(render->info.format)) {
        if (render->sample == RONDO_S16)
            rondo__file_s16_to_f64(render->scratch, frames, samples);
        else
            rondo__file_s32_to_f64(render->scratch, frames, samples);
        return sf_writef_double(render->sound, render->scratch, count);
    }
    if (render->sample == RONDO_S16)
        return sf_writef_short(render->sound, frames, count);
    return sf_writef_int(render->sound, frames, count);
}

int32_t
rondo__file_render_transfer(struct rondo__file_render *render, const void *frames, uint32_t count,
                            struct rondo_error *error)
{
    const size_t frame_bytes = (size_t)render->info.channels * rondo_sample_bytes(render->sample);
    uint32_t done = 0;

    if (render->failed != 0)
        return tell_failure(render, render->failed, error);
    if (render->sound == NULL)
        return rondo_error_set(error, -EBADFD, "file: frames before the device runs");
    while (done < count) {
        const uint32_t rest = count - done;
        const uint32_t some = rest < RONDO__FILE_CHUNK_FRAMES ? rest : RONDO__FILE_CHUNK_FRAMES;
        sf_count_t put = 0;

        if (render->frames_max != 0 && render->frames + some > render->frames_max)
            return fail(render, -EFBIG, error);
        put = write_chunk(render, (const char *)frames + done * frame_bytes, some);
        done += put > 0 ? (uint32_t)put : 0;
        render->frames += put > 0 ? (uint64_t)put : 0;
        if (put != (sf_count_t)some || render->io.error != 0)
            return fail(render, render->io.error != 0 ? render->io.error : -EIO, error);
    }
    return (int32_t)count;
}
