/* SPDX-License-Identifier: MIT */
#include "compare.h"

#include <stdio.h>
#include <string.h>

#include <rondo/stream.h>

/* A file that is read as fast as we can take it. */
static struct rondo_stream *
open_file(const char *device)
{
    struct rondo_stream_config config = RONDO_STREAM_CONFIG_INIT;
    struct rondo_stream *stream;
    struct rondo_error error;

    config.format.sample = RONDO_S16;
    config.clock = rondo_clock_offline();
    config.period_frames = 4096;
    config.error = &error;
    if (rondo_stream_open(&stream, device, &config) != 0) {
        fprintf(stderr, "rondo: %s\n", error.text);
        return NULL;
    }
    if (rondo_stream_start(stream) != 0) {
        rondo_stream_close(stream);
        return NULL;
    }
    return stream;
}

/* The next frames; frames 0 at the end. */
static struct rondo_span
next(struct rondo_stream *stream)
{
    if (rondo_stream_wait(stream, -1) <= 0)
        return (struct rondo_span){NULL, 0};
    return rondo_stream_get(stream, UINT32_MAX);
}

static uint32_t
channels_of(struct rondo_stream *stream)
{
    struct rondo_stream_info info;

    rondo_stream_query_info(stream, &info);
    return info.granted.format.channels;
}

int
compare_files(const char *device, const char *other_device, uint64_t *frames)
{
    struct rondo_stream *const one = open_file(device);
    struct rondo_stream *const other = open_file(other_device);
    int result = -1;

    *frames = 0;
    if (one != NULL && other != NULL) {
        const uint32_t channels = channels_of(one);

        result = channels == channels_of(other);
        while (result == 1) {
            const struct rondo_span a = next(one);
            const struct rondo_span b = next(other);
            const uint32_t both = a.frames < b.frames ? a.frames : b.frames;
            const size_t bytes = (size_t)both * channels * sizeof(int16_t);

            if (both == 0) {
                result = a.frames == b.frames;
                break;
            }
            result = memcmp(a.data, b.data, bytes) == 0;
            rondo_stream_release(one, both);
            rondo_stream_release(other, both);
            *frames += result == 1 ? both : 0;
        }
    }
    rondo_stream_close(one);
    rondo_stream_close(other);
    return result;
}
