/* SPDX-License-Identifier: MIT */
/*
 * A sound file that is read.
 *
 * Regular files go through our own reads, so that every error is known. Pipes are left to
 * libsndfile, which knows which kinds of files it can read without going back. Reading a pipe whose
 * writer falls silent waits until it writes or ends.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sndfile.h>

#include "backends/file/file_io.h"
#include "backends/file/file_pipe.h"
#include "backends/file/file_private.h"
#include "backends/file/file_promise.h"
#include "backends/file/file_sample.h"
#include "backends/file/file_type.h"

#define PIPE_KINDS "wav, aiff, au and ogg can, others if format, rate and channels are given"

struct rondo__file_capture {
    struct rondo__file_device kind;
    struct rondo__file_io io;
    SNDFILE *sound;
    SF_INFO info;
    SF_INFO raw; /* what libsndfile is told of a file without a header; 0: it has one */
    enum rondo_sample_format sample;
    bool is_pipe;
    bool loops;
    bool lost;         /* a pipe that should have been wound back */
    uint64_t position; /* frames read since the beginning of the file */
    uint64_t length;   /* frames that there must be; 0: not known */
    int damage;        /* the first error that libsndfile passed over; 0: none */
    uint64_t damaged;  /* behind which frame */
    void *scratch;     /* a chunk of doubles */
    char *path;
};

/* The parameters format, rate and channels together say that there is no header. */
static int
find_raw(const struct rondo_device_request *request, SF_INFO *raw, struct rondo_error *error)
{
    struct rondo_format format = {RONDO_SAMPLE_DEFAULT, 0, 0};
    const struct rondo__file_type *type = rondo__file_type_find("raw");
    enum rondo_sample_format sample = RONDO_SAMPLE_DEFAULT;
    const int result = rondo_device_parameter_format(request, &format, error);

    if (result < 0)
        return result;
    if (format.sample == RONDO_SAMPLE_DEFAULT && format.channels == 0 && format.rate_hz == 0)
        return 0;
    if (rondo_format_check(&format) < 0)
        return rondo_error_set(error, -EINVAL,
                               "file: a file without a header needs format, rate and channels, all "
                               "three; a file with a header needs none of them");
    if (format.sample == RONDO_S24_IN_32)
        return rondo_error_set(
            error, -EINVAL,
            "file: a file without a header may have the formats s16, s24, s32, f32");
    raw->format = type->major | rondo__file_subtype(type, format.sample, &sample);
    raw->channels = (int)format.channels;
    raw->samplerate = (int)format.rate_hz;
    return 0;
}

static int
cannot_read(const struct rondo__file_capture *capture, int code, struct rondo_error *error)
{
    return rondo_error_set(error, code, "file: cannot read, %s: %s", rondo_error_meaning(code),
                           capture->path);
}

static int
cannot_pipe(const struct rondo__file_capture *capture, struct rondo_error *error)
{
    return rondo_error_set(
        error, -EBADMSG, "file: not a sound file that can be read from a pipe; " PIPE_KINDS ": %s",
        capture->path);
}

/* Open the file itself, and refuse what cannot be a sound file. */
static int
open_descriptor(struct rondo__file_capture *capture, struct rondo_error *error)
{
    struct stat status;
    off_t end = 0;

    /* Not to wait for ever for the other end of a pipe. */
    capture->io.fd = open(capture->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    if (capture->io.fd < 0 || fstat(capture->io.fd, &status) < 0)
        return cannot_read(capture, -errno, error);
    if (S_ISFIFO(status.st_mode)) {
        const int result = rondo__file_pipe_wait(capture->io.fd);

        if (result == -ENXIO)
            return rondo_error_set(error, result, "file: nobody writes into this pipe: %s",
                                   capture->path);
        if (result < 0)
            return cannot_read(capture, result, error);
    }
    if (fcntl(capture->io.fd, F_SETFL, O_RDONLY) < 0)
        return cannot_read(capture, -errno, error);
    if (S_ISFIFO(status.st_mode) && capture->raw.format == 0) {
        const int result = rondo__file_pipe_check(capture->io.fd);

        if (result < 0)
            return result == -EBADMSG ? cannot_pipe(capture, error)
                                      : cannot_read(capture, result, error);
    }
    if (S_ISDIR(status.st_mode))
        return rondo_error_set(error, -EISDIR, "file: this is a directory, a file is needed: %s",
                               capture->path);
    end = lseek(capture->io.fd, 0, SEEK_END);
    if (end < 0 && S_ISREG(status.st_mode))
        return cannot_read(capture, -errno, error);
    capture->is_pipe = !S_ISREG(status.st_mode) && end <= 0;
    capture->io.length = capture->is_pipe ? 0 : end;
    if (capture->is_pipe && capture->loops)
        return rondo_error_set(error, -ENOTSUP, "file: a pipe cannot be repeated by loop=1: %s",
                               capture->path);
    if (!capture->is_pipe && end == 0)
        return rondo_error_set(error, -EBADMSG, "file: is empty: %s", capture->path);
    return 0;
}

static int
check_promise(struct rondo__file_capture *capture, struct rondo_error *error)
{
    uint64_t missing = 0;
    int result = 0;

    if (capture->is_pipe || capture->raw.format != 0)
        return 0;
    result = rondo__file_promise(capture->io.fd, (uint64_t)capture->io.length, &missing);
    if (result == -EBADMSG && missing > 0)
        return rondo_error_set(error, result,
                               "file: is cut off, its header promises %llu bytes more: %s",
                               (unsigned long long)missing, capture->path);
    if (result == -EBADMSG)
        return rondo_error_set(error, result, "file: is cut off before its end: %s", capture->path);
    if (result < 0)
        return cannot_read(capture, result, error);
    return 0;
}

/* What libsndfile opens from a pipe is not always read right: CAF, W64 and RF64 are not. */
static bool
can_be_piped(const SF_INFO *info)
{
    switch (info->format & SF_FORMAT_TYPEMASK) {
    case SF_FORMAT_WAV:
    case SF_FORMAT_WAVEX:
    case SF_FORMAT_AIFF:
    case SF_FORMAT_AU:
    case SF_FORMAT_OGG:
    case SF_FORMAT_RAW:
        return true;
    default:
        return false;
    }
}

static int
open_sound(struct rondo__file_capture *capture, struct rondo_error *error)
{
    struct rondo__file_io *io = &capture->io;

    capture->info = capture->raw;
    capture->damage = SF_ERR_NO_ERROR;
    io->position = 0;
    errno = 0;
    if (capture->is_pipe)
        capture->sound = sf_open_fd(io->fd, SFM_READ, &capture->info, SF_FALSE);
    else
        capture->sound = sf_open_virtual(&rondo__file_io_calls, SFM_READ, &capture->info, io);
    if (capture->sound != NULL)
        return 0;
    if (io->error != 0)
        return cannot_read(capture, io->error, error);
    if (errno == ENOMEM) /* libsndfile has no public number for it */
        return cannot_read(capture, -ENOMEM, error);
    if (capture->is_pipe)
        return cannot_pipe(capture, error);
    if (sf_error(NULL) == SF_ERR_UNSUPPORTED_ENCODING)
        return rondo_error_set(error, -ENOTSUP,
                               "file: samples are stored in a way that is not known: %s",
                               capture->path);
    if (sf_error(NULL) == SF_ERR_UNRECOGNISED_FORMAT)
        return rondo_error_set(
            error, -EBADMSG,
            "file: not a sound file (give format, rate and channels if it has no "
            "header): %s",
            capture->path);
    return rondo_error_set(error, -EBADMSG, "file: a damaged sound file: %s", capture->path);
}

/* A pipe without a header is as long as a pipe can be; and many programs write a WAV header into a
 * pipe that cannot tell the length. */
static bool
knows_length(const struct rondo__file_capture *capture)
{
    const SF_INFO *info = &capture->info;
    uint64_t frame_bytes = 0;

    if (info->frames <= 0 || info->frames > SF_COUNT_MAX / (8 * (sf_count_t)RONDO_CHANNELS_MAX))
        return false;
    frame_bytes = (uint64_t)info->channels * rondo__file_stored_bytes(info->format);
    return !(capture->is_pipe && rondo__file_size_is_unknown((uint64_t)info->frames * frame_bytes));
}

/* Frames that there must be; 0: not known. */
static uint64_t
promised_length(const struct rondo__file_capture *capture)
{
    /* Rarely right in MPEG files, and a guess. */
    const bool is_true = (capture->info.format & SF_FORMAT_TYPEMASK) != SF_FORMAT_MPEG;

    return knows_length(capture) && is_true ? (uint64_t)capture->info.frames : 0;
}

static int
grant(struct rondo__file_capture *capture, const struct rondo_device_request *request,
      struct rondo_device_info *granted, struct rondo_error *error)
{
    const SF_INFO *info = &capture->info;

    if (capture->is_pipe && !can_be_piped(info))
        return rondo_error_set(error, -ENOTSUP,
                               "file: this kind of file cannot be read from a pipe; " PIPE_KINDS
                               ": %s",
                               capture->path);
    if (!rondo__file_can_be_read(info->format))
        return rondo_error_set(
            error, -ENOTSUP,
            "file: libsndfile loses the end of this kind of file unless it is read at once: %s",
            capture->path);
    if (info->channels < 1 || info->channels > (int)RONDO_CHANNELS_MAX || info->samplerate < 1 ||
        info->samplerate > (int)RONDO_RATE_HZ_MAX)
        return rondo_error_set(
            error, -ENOTSUP, "file: %d channels at %d Hz, but at most %u at %u Hz can be had: %s",
            info->channels, info->samplerate, RONDO_CHANNELS_MAX, RONDO_RATE_HZ_MAX, capture->path);
    if (capture->loops && info->frames <= 0)
        return rondo_error_set(error, -EBADMSG, "file: has no frames that could be repeated: %s",
                               capture->path);
    capture->sample = rondo__file_sample(info->format);
    switch (request->format.sample) {
    case RONDO_S16:
    case RONDO_S32:
    case RONDO_F32:
        capture->sample = request->format.sample;
        break;
    case RONDO_S24_PACKED:
    case RONDO_S24_IN_32:
        capture->sample = RONDO_S32;
        break;
    case RONDO_SAMPLE_DEFAULT:
        break;
    }
    capture->length = promised_length(capture);
    granted->format.sample = capture->sample;
    granted->format.channels = (uint32_t)info->channels;
    granted->format.rate_hz = (uint32_t)info->samplerate;
    granted->length_frames = capture->loops ? 0 : capture->length;
    return 0;
}

int
rondo__file_capture_open(void **out, const struct rondo_device_request *request,
                         struct rondo_device_info *granted, struct rondo_error *error)
{
    struct rondo__file_capture *capture = calloc(1, sizeof(*capture));
    uint32_t loops = 0;
    int result = 0;

    if (capture == NULL)
        return rondo_error_set(error, -ENOMEM, "no memory left");
    capture->kind.direction = RONDO_CAPTURE;
    capture->io.fd = -1;
    capture->path = strdup(request->address);
    if (capture->path == NULL)
        result = rondo_error_set(error, -ENOMEM, "no memory left");
    if (result == 0 && rondo_device_parameter(request, "type") != NULL)
        result = rondo_error_set(error, -EINVAL,
                                 "file: type is for render; a file that is read tells it");
    if (result == 0)
        result = rondo_device_parameter_u32(request, "loop", 0, 1, &loops, error);
    capture->loops = loops == 1;
    if (result == 0)
        result = find_raw(request, &capture->raw, error);
    if (result == 0)
        result = open_descriptor(capture, error);
    if (result == 0)
        result = check_promise(capture, error);
    if (result == 0)
        result = open_sound(capture, error);
    if (result == 0)
        result = grant(capture, request, granted, error);
    if (result == 0) {
        capture->scratch =
            calloc((size_t)RONDO__FILE_CHUNK_FRAMES * granted->format.channels, sizeof(double));
        if (capture->scratch == NULL)
            result = rondo_error_set(error, -ENOMEM, "no memory left");
    }
    if (result < 0) {
        rondo__file_capture_close(capture);
        return result;
    }
    *out = capture;
    return 0;
}

int
rondo__file_capture_close(struct rondo__file_capture *capture)
{
    sf_close(capture->sound);
    if (capture->io.fd >= 0)
        close(capture->io.fd);
    free(capture->scratch);
    free(capture->path);
    free(capture);
    return 0;
}

/* Go back to frame 0, by opening the file again: libsndfile does not always seek to where it began to
 * read, decoders remember what they have decoded, and damage that was met once may be passed over. */
static int
rewind_sound(struct rondo__file_capture *capture, struct rondo_error *error)
{
    const SF_INFO before = capture->info;
    int result = 0;

    capture->position = 0;
    sf_close(capture->sound);
    capture->sound = NULL;
    /* libsndfile may look for ever for what is missing by now. */
    capture->io.length = lseek(capture->io.fd, 0, SEEK_END);
    if (capture->io.length <= 0)
        return rondo_error_set(error, -EBADMSG, "file: is empty: %s", capture->path);
    result = check_promise(capture, error);
    if (result == 0)
        result = open_sound(capture, error);
    if (result == 0 &&
        (capture->info.channels != before.channels || capture->info.format != before.format ||
         capture->info.samplerate != before.samplerate)) {
        sf_close(capture->sound);
        capture->sound = NULL;
        result = rondo_error_set(error, -EBADMSG, "file: has become another kind of file: %s",
                                 capture->path);
    }
    if (result == 0)
        capture->length = promised_length(capture);
    else
        capture->info = before;
    return result;
}

int
rondo__file_capture_reset(struct rondo__file_capture *capture, struct rondo_error *error)
{
    capture->io.error = 0;
    if (capture->is_pipe) {
        capture->lost = capture->position > 0;
        return capture->lost ? rondo_error_set(error, -ESPIPE,
                                               "file: a pipe cannot begin again: %s", capture->path)
                             : 0;
    }
    return capture->position == 0 && capture->sound != NULL ? 0 : rewind_sound(capture, error);
}

/* Whether libsndfile cannot, or not rightly, give the granted format itself. */
static bool
needs_scratch(const struct rondo__file_capture *capture)
{
    if (capture->sample == RONDO_F32)
        return false;
    /* Floats it would scale by the largest sample, or not at all. */
    if (rondo__file_is_float(capture->info.format))
        return true;
    return capture->sample == RONDO_S16 && rondo__file_sample(capture->info.format) != RONDO_S16;
}

/* Read frames in the granted format. */
static sf_count_t
read_direct(struct rondo__file_capture *capture, void *frames, sf_count_t count)
{
    switch (capture->sample) {
    case RONDO_F32:
        return sf_readf_float(capture->sound, frames, count);
    case RONDO_S16:
        return sf_readf_short(capture->sound, frames, count);
    default:
        return sf_readf_int(capture->sound, frames, count);
    }
}

/* The same through the scratch, at most a chunk. */
static sf_count_t
read_chunk(struct rondo__file_capture *capture, void *frames, sf_count_t count)
{
    const size_t channels = (size_t)capture->info.channels;
    sf_count_t got = 0;

    if (rondo__file_is_float(capture->info.format)) {
        got = sf_readf_double(capture->sound, capture->scratch, count);
        if (got > 0 && capture->sample == RONDO_S16)
            rondo__file_f64_to_s16(frames, capture->scratch, (size_t)got * channels);
        else if (got > 0)
            rondo__file_f64_to_s32(frames, capture->scratch, (size_t)got * channels);
        return got;
    }
    got = sf_readf_int(capture->sound, capture->scratch, count);
    if (got > 0)
        rondo__file_s32_to_s16(frames, capture->scratch, (size_t)got * channels);
    return got;
}

/* The file yields no more: whether that is its end. */
static int
check_end(const struct rondo__file_capture *capture, struct rondo_error *error)
{
    if (capture->io.error != 0)
        return rondo_error_set(error, capture->io.error,
                               "file: reading failed at frame %llu, %s: %s",
                               (unsigned long long)capture->position,
                               rondo_error_meaning(capture->io.error), capture->path);
    if (capture->damage == SF_ERR_SYSTEM) /* a pipe, which libsndfile reads itself */
        return rondo_error_set(error, -EIO, "file: reading failed at frame %llu: %s",
                               (unsigned long long)capture->damaged, capture->path);
    if (capture->position < capture->length)
        return rondo_error_set(error, -EBADMSG,
                               "file: ends after %llu of the %llu frames that it promises: %s",
                               (unsigned long long)capture->position,
                               (unsigned long long)capture->length, capture->path);
    if (capture->damage != SF_ERR_NO_ERROR)
        return rondo_error_set(error, -EBADMSG, "file: damaged before frame %llu, %s: %s",
                               (unsigned long long)capture->damaged,
                               sf_error_number(capture->damage), capture->path);
    return 0;
}

int32_t
rondo__file_capture_transfer(struct rondo__file_capture *capture, void *frames, uint32_t count,
                             struct rondo_error *error)
{
    const size_t frame_bytes = (size_t)capture->info.channels * rondo_sample_bytes(capture->sample);
    const bool in_chunks = needs_scratch(capture);
    uint32_t done = 0;

    if (capture->lost)
        return rondo_error_set(error, -ESPIPE, "file: a pipe cannot begin again: %s",
                               capture->path);
    if (capture->sound == NULL)
        return rondo_error_set(error, -EIO, "file: could not be opened again: %s", capture->path);
    while (done < count) {
        const uint32_t rest = count - done;
        const uint32_t some =
            in_chunks && rest > RONDO__FILE_CHUNK_FRAMES ? RONDO__FILE_CHUNK_FRAMES : rest;
        void *const to = (char *)frames + done * frame_bytes;
        const sf_count_t got =
            in_chunks ? read_chunk(capture, to, some) : read_direct(capture, to, some);
        int result = 0;

        done += got > 0 ? (uint32_t)got : 0;
        capture->position += got > 0 ? (uint64_t)got : 0;
        /* libsndfile goes on behind damage, and forgets it at the next call. */
        if (capture->damage == SF_ERR_NO_ERROR) {
            capture->damage = sf_error(capture->sound);
            capture->damaged = capture->position;
        }
        if (got == (sf_count_t)some)
            continue;
        result = check_end(capture, error);
        if (result == 0 && !capture->loops)
            break;
        if (result == 0 && capture->position == 0)
            result =
                rondo_error_set(error, -EBADMSG, "file: has no frames any more: %s", capture->path);
        if (result == 0)
            result = rewind_sound(capture, error);
        if (result < 0) /* behind the frames that are there */
            return done > 0 ? (int32_t)done : result;
    }
    return (int32_t)done;
}
