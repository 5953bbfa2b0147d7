/* SPDX-License-Identifier: MIT */
#include "support/file_test.h"

#include <errno.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[4096];

void
file_test_enter_folder(void)
{
    const char *temporary = getenv("TMPDIR");

    snprintf(folder, sizeof(folder), "%s/rondo-file-XXXXXX",
             temporary == NULL ? "/tmp" : temporary);
    if (mkdtemp(folder) == NULL || chmod(folder, 0755) < 0 || chdir(folder) < 0) {
        perror(folder);
        exit(EXIT_FAILURE);
    }
}

static int
remove_entry(const char *path, const struct stat *status, int kind, struct FTW *place)
{
    (void)status;
    (void)kind;
    (void)place;
    return remove(path);
}

void
file_test_leave_folder(void)
{
    if (chdir("/") == 0)
        nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

int
file_test_run(const char *format, ...)
{
    char command[4096];
    va_list arguments;
    int status = 0;

    va_start(arguments, format);
    vsnprintf(command, sizeof(command), format, arguments);
    va_end(arguments);
    status = system(command);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

bool
file_test_has_sox(void)
{
    return file_test_run("sox --version >/dev/null 2>&1") == 0;
}

void *
file_test_load(const char *path, size_t *bytes)
{
    FILE *file = fopen(path, "rb");
    struct stat status;
    void *data = NULL;

    if (file == NULL || fstat(fileno(file), &status) < 0)
        fail_msg("%s: %s", path, strerror(errno));
    *bytes = (size_t)status.st_size;
    data = malloc(*bytes + 1);
    assert_non_null(data);
    assert_int_equal(fread(data, 1, *bytes, file), *bytes);
    fclose(file);
    return data;
}

void
file_test_store(const char *path, const void *data, size_t bytes)
{
    FILE *file = fopen(path, "wb");

    if (file == NULL)
        fail_msg("%s: %s", path, strerror(errno));
    assert_int_equal(fwrite(data, 1, bytes, file), bytes);
    assert_int_equal(fclose(file), 0);
}

bool
file_test_exists(const char *path)
{
    struct stat status;

    return lstat(path, &status) == 0;
}

int32_t *
file_test_samples(uint64_t frames, uint32_t channels, unsigned bits, uint64_t seed)
{
    const size_t count = (size_t)frames * channels;
    const uint32_t mask = UINT32_MAX << (32 - bits);
    int32_t *samples = malloc((count + 1) * sizeof(*samples));

    assert_non_null(samples);
    for (size_t i = 0; i < count; i++) {
        uint32_t value = 0;

        seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        value = (uint32_t)(seed >> 32) & mask;
        if (i < channels)
            value = 0x7fffffffu & mask;
        else if (i < 2u * channels)
            value = 0x80000000u;
        else if (i < 3u * channels)
            value = (uint32_t)(i % channels) << (32 - bits);
        memcpy(&samples[i], &value, sizeof(value));
    }
    return samples;
}

void *
file_test_convert(const int32_t *samples, size_t count, enum rondo_sample_format sample)
{
    void *data = malloc(count * 4 + 1);

    assert_non_null(data);
    for (size_t i = 0; i < count; i++) {
        if (sample == RONDO_S16)
            ((int16_t *)data)[i] = (int16_t)(samples[i] / 65536);
        else if (sample == RONDO_F32)
            ((float *)data)[i] = (float)(samples[i] / 2147483648.0);
        else
            ((int32_t *)data)[i] = samples[i];
    }
    return data;
}

/* Append what a span lends. */
static void
keep(struct file_take *take, const struct rondo_span *span, uint64_t frames)
{
    const size_t frame_bytes = rondo_frame_bytes(&take->format);

    take->data = realloc(take->data, (size_t)(take->frames + frames) * frame_bytes + 1);
    assert_non_null(take->data);
    memcpy((char *)take->data + take->frames * frame_bytes, span->data, frames * frame_bytes);
    take->frames += frames;
}

int
file_test_capture(struct file_take *take, const char *device, enum rondo_sample_format sample,
                  uint64_t frames_max, struct rondo_error *error)
{
    struct rondo_stream_config config = RONDO_STREAM_CONFIG_INIT;
    struct rondo_stream *stream = NULL;
    struct rondo_stream_info info;
    int result = 0;

    memset(take, 0, sizeof(*take));
    memset(error, 0, sizeof(*error));
    config.format.sample = sample;
    config.clock = rondo_clock_offline();
    config.error = error;
    result = rondo_stream_open(&stream, device, &config);
    if (result < 0)
        return result;
    rondo_stream_query_info(stream, &info);
    take->format = info.granted.format;
    take->length_frames = info.granted.length_frames;
    result = rondo_stream_start(stream);
    while (result == 0 && take->frames < frames_max) {
        struct rondo_span span;

        result = rondo_stream_wait(stream, FILE_TEST_DEADLINE_NS);
        if (result < 0)
            break;
        result = 0;
        span = rondo_stream_get(stream, UINT32_MAX);
        keep(take, &span,
             span.frames < frames_max - take->frames ? span.frames : frames_max - take->frames);
        assert_int_equal(rondo_stream_release(stream, span.frames), 0);
    }
    if (result == -ENODATA)
        result = 0;
    if (result < 0)
        rondo_stream_error(stream, error);
    rondo_stream_close(stream);
    return result;
}

/* What no call can tell in words, the log does. */
static void
keep_words(enum rondo_log_level level, const char *text, void *context)
{
    struct rondo_error *error = context;

    if (level == RONDO_LOG_ERROR)
        snprintf(error->text, sizeof(error->text), "%s", text);
}

int
file_test_render(const struct file_take *take, const char *device, struct rondo_format *granted,
                 struct rondo_error *error)
{
    struct rondo_stream_config config = RONDO_STREAM_CONFIG_INIT;
    struct rondo_stream *stream = NULL;
    struct rondo_stream_info info;
    const size_t frame_bytes = rondo_frame_bytes(&take->format);
    uint64_t done = 0;
    bool fits = false;
    int result = 0;

    memset(error, 0, sizeof(*error));
    config.direction = RONDO_RENDER;
    config.log.callback = keep_words;
    config.log.context = error;
    config.format = take->format;
    config.clock = rondo_clock_offline();
    config.error = error;
    result = rondo_stream_open(&stream, device, &config);
    if (result < 0)
        return result;
    rondo_stream_query_info(stream, &info);
    if (granted != NULL)
        *granted = info.granted.format;
    fits = rondo_frame_bytes(&info.granted.format) == frame_bytes;
    if (fits)
        result = rondo_stream_start(stream);
    while (fits && result == 0 && done < take->frames) {
        struct rondo_span span;
        uint64_t some = take->frames - done;

        result = rondo_stream_wait(stream, FILE_TEST_DEADLINE_NS);
        if (result < 0)
            break;
        result = 0;
        span = rondo_stream_get(stream, some < UINT32_MAX ? (uint32_t)some : UINT32_MAX);
        memcpy(span.data, (const char *)take->data + done * frame_bytes, span.frames * frame_bytes);
        assert_int_equal(rondo_stream_release(stream, span.frames), 0);
        done += span.frames;
    }
    if (fits && result == 0)
        result = rondo_stream_drain(stream, FILE_TEST_DEADLINE_NS);
    if (result == 0)
        result = rondo_stream_reset(stream);
    if (result < 0) {
        struct rondo_error ended;

        if (rondo_stream_error(stream, &ended) != 0)
            *error = ended;
        error->code = result;
    }
    rondo_stream_close(stream);
    return result;
}

void
file_test_free(struct file_take *take)
{
    free(take->data);
    take->data = NULL;
}
