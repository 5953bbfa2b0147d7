/* SPDX-License-Identifier: MIT */
/*
 * What the tests of the Magic Leap facade share: a microphone on a virtual clock, files whose samples
 * are known, a callback that remembers, waits that end.
 */
#ifndef RONDO_TESTS_ML_TEST_H
#define RONDO_TESTS_ML_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <pthread.h>

#include <rondo/clock.h>
#include <rondo/ml.h>

#include "ml_audio.h"

#define ML_UNUSED __attribute__((unused))

/* Every wait for another thread ends here. */
#define ML_DEADLINE_S 20

#define ml_assert_ok(expression)                                                                   \
    assert_string_equal(MLAudioGetResultString(expression), "MLResult_Ok")

#define ml_assert_result(expression, code)                                                         \
    assert_string_equal(MLAudioGetResultString(expression), #code)

static inline uint64_t
ml_now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static inline void
ml_yield(void)
{
    const struct timespec little = {0, 100000};

    nanosleep(&little, NULL);
}

/* Wait until a condition on other threads' work holds; fail the test when the deadline comes first. */
#define ml_wait_until(condition)                                                                   \
    do {                                                                                           \
        const uint64_t ml_end_ns = ml_now_ns() + ML_DEADLINE_S * 1000000000u;                      \
        while (!(condition)) {                                                                     \
            if (ml_now_ns() > ml_end_ns)                                                           \
                fail_msg("deadline: %s", #condition);                                              \
            ml_yield();                                                                            \
        }                                                                                          \
    } while (0)

/* ---- the microphone ---- */

/* Turns the time of all inputs of a test. */
static struct rondo_clock *ml_clock ML_UNUSED;

/* A failed open says why, beside the test that fails of it. */
static inline void
ml_print(enum rondo_log_level level, const char *text, void *context)
{
    (void)context;
    if (level == RONDO_LOG_ERROR)
        print_message("log: %s\n", text);
}

/* Inputs that ml_create() made: what a failed test leaves behind, its tear-down takes away. */
static struct {
    MLHandle handles[1024];
    unsigned count;
} ml_made ML_UNUSED;

/* The device behind inputs that are created from now on; NULL clock: the real one. */
static inline void
ml_use(const char *mic, struct rondo_clock *clock)
{
    struct rondo_ml_config config = RONDO_ML_CONFIG_INIT;

    config.mic = mic;
    config.clock = clock;
    config.log.callback = ml_print;
    assert_int_equal(rondo_ml_configure(&config), 0);
}

static inline void
ml_deny(bool deny)
{
    struct rondo_ml_config config = RONDO_ML_CONFIG_INIT;

    config.mic = "null:";
    config.clock = ml_clock;
    config.deny_record_audio = deny;
    assert_int_equal(rondo_ml_configure(&config), 0);
}

/* cmocka's set-up: a silent room on a virtual clock. */
static inline int
ml_set_up(void **state)
{
    (void)state;
    assert_int_equal(rondo_clock_virtual_create(&ml_clock), 0);
    ml_use("null:", ml_clock);
    return 0;
}

static inline int
ml_tear_down(void **state)
{
    (void)state;
    for (unsigned i = 0; i < ml_made.count; i++)
        MLAudioDestroyInput(ml_made.handles[i]);
    ml_made.count = 0;
    ml_deny(false);
    MLAudioSetMicMuteCallback(NULL, NULL);
    MLAudioSetMicMute(false);
    rondo_ml_configure(NULL);
    rondo_clock_destroy(ml_clock);
    ml_clock = NULL;
    return 0;
}

#define ml_test(name) cmocka_unit_test_setup_teardown(name, ml_set_up, ml_tear_down)

static inline void
ml_advance_ms(uint64_t ms)
{
    assert_int_equal(rondo_clock_advance(ml_clock, ms * 1000000u), 0);
}

static inline MLAudioBufferFormat
ml_format(uint32_t channels, uint32_t rate_hz)
{
    const MLAudioBufferFormat format = {
        channels, rate_hz, 16, 16, MLAudioSampleFormat_Int, MLAudioChannelFormat_Default};

    return format;
}

static inline MLAudioBufferFormat
ml_format_of(MLAudioMicCaptureType type)
{
    switch (type) {
    case MLAudioMicCaptureType_VoiceComm:
        return ml_format(1, 16000);
    case MLAudioMicCaptureType_WorldCapture:
        return ml_format(2, 48000);
    case MLAudioMicCaptureType_RawMicsAndAECRef:
        return ml_format(6, 48000);
    default:
        return ml_format(1, 48000);
    }
}

static inline void
ml_keep(MLHandle handle)
{
    assert_true(ml_made.count < sizeof ml_made.handles / sizeof ml_made.handles[0]);
    ml_made.handles[ml_made.count++] = handle;
}

static inline MLHandle
ml_create(MLAudioMicCaptureType type, uint32_t size, MLAudioBufferCallback callback, void *context)
{
    const MLAudioBufferFormat format = ml_format_of(type);
    MLHandle handle = ML_INVALID_HANDLE;

    ml_assert_ok(MLAudioCreateInputFromMicCapture(type, &format, size, callback, context, &handle));
    assert_true(MLHandleIsValid(handle));
    ml_keep(handle);
    return handle;
}

/* An input whose buffers hold 20 ms each: 960 frames of 2 channels. */
#define ML_20MS_FRAMES 960u
#define ML_20MS_BYTES  (ML_20MS_FRAMES * 4u)

static inline MLHandle
ml_create_20ms(MLAudioBufferCallback callback, void *context)
{
    return ml_create(MLAudioMicCaptureType_WorldCapture, ML_20MS_BYTES, callback, context);
}

static inline MLResult
ml_get(MLHandle handle)
{
    MLAudioBuffer buffer;

    return MLAudioGetInputBuffer(handle, &buffer);
}

static inline MLAudioState
ml_state(MLHandle handle)
{
    MLAudioState state = MLAudioState_Paused;

    ml_assert_ok(MLAudioGetInputState(handle, &state));
    return state;
}

/* ---- files whose samples are known ---- */

/* The sample of a ramp: no two frames within 2^30 are alike, nor two channels of a frame. */
static inline int16_t
ml_ramp(uint64_t frame, uint32_t channel)
{
    const uint32_t word = channel % 2 == 0 ? (uint32_t)(frame & 0x7fff) + 1
                                           : (uint32_t)(frame >> 15 & 0x7fff) + 0x8000;

    return (int16_t)(uint16_t)(word + channel / 2);
}

/* A file of a test, under a name that nobody else has. */
struct ml_file {
    char path[256];
    char device[320]; /* that captures it */
};

static inline void
ml_put_u32(unsigned char *bytes, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        bytes[i] = (unsigned char)(value >> 8 * i);
}

/* Write samples as a WAV file of 16 bits. */
static inline void
ml_write_wav(struct ml_file *file, const int16_t *samples, uint32_t channels, uint32_t rate_hz,
             uint32_t frames)
{
    const char *const folder = getenv("TMPDIR");
    const uint32_t data_bytes = frames * channels * 2;
    unsigned char header[44] = "RIFF....WAVEfmt ....................data....";
    int fd;
    FILE *stream;

    ml_put_u32(header + 4, 36 + data_bytes);
    ml_put_u32(header + 16, 16);
    ml_put_u32(header + 20, 1 | channels << 16);
    ml_put_u32(header + 24, rate_hz);
    ml_put_u32(header + 28, rate_hz * channels * 2);
    ml_put_u32(header + 32, channels * 2 | 16u << 16);
    ml_put_u32(header + 40, data_bytes);

    snprintf(file->path, sizeof file->path, "%s/rondo-ml-XXXXXX.wav",
             folder != NULL ? folder : "/tmp");
    fd = mkstemps(file->path, 4);
    assert_true(fd >= 0);
    stream = fdopen(fd, "wb");
    assert_non_null(stream);
    assert_int_equal(fwrite(header, 1, sizeof header, stream), sizeof header);
    assert_int_equal(fwrite(samples, 2 * channels, frames, stream), frames);
    assert_int_equal(fclose(stream), 0);
    snprintf(file->device, sizeof file->device, "file:%s", file->path);
}

/* Write a ramp. */
static inline void
ml_write_ramp(struct ml_file *file, uint32_t channels, uint32_t rate_hz, uint32_t frames)
{
    int16_t *const samples = malloc((size_t)frames * channels * sizeof *samples);

    assert_non_null(samples);
    for (uint32_t frame = 0; frame < frames; frame++)
        for (uint32_t channel = 0; channel < channels; channel++)
            samples[(size_t)frame * channels + channel] = ml_ramp(frame, channel);
    ml_write_wav(file, samples, channels, rate_hz, frames);
    free(samples);
}

static inline void
ml_remove(struct ml_file *file)
{
    unlink(file->path);
}

/* Where in the ramp of a stereo microphone a buffer begins, having seen that all of it follows. */
static inline uint64_t
ml_check_ramp(const MLAudioBuffer *buffer)
{
    const int16_t *const samples = (const int16_t *)(const void *)buffer->ptr;
    const uint32_t frames = buffer->size / 4;
    const uint64_t first = (uint64_t)(uint16_t)(samples[0] - 1) |
                           (uint64_t)(uint16_t)(samples[1] - (int16_t)0x8000) << 15;

    for (uint32_t frame = 0; frame < frames; frame++) {
        assert_int_equal(samples[2 * frame], ml_ramp(first + frame, 0));
        assert_int_equal(samples[2 * frame + 1], ml_ramp(first + frame, 1));
    }
    return first;
}

/* Get a buffer, see that it holds the ramp from a frame on; it stays lent. */
static inline MLAudioBuffer
ml_get_ramp(MLHandle handle, uint64_t first)
{
    MLAudioBuffer buffer;

    ml_assert_ok(MLAudioGetInputBuffer(handle, &buffer));
    assert_int_equal(ml_check_ramp(&buffer), first);
    return buffer;
}

/* ---- a callback that remembers ---- */

/* What a callback saw. */
struct ml_recorder {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    uint32_t calls;    /* begun */
    uint32_t returned; /* ended */
    uint32_t inside, inside_max;
    uint32_t got;      /* gets that returned Ok */
    uint32_t released; /* releases that returned Ok */
    bool reads;        /* get and release in the callback */
    bool held;         /* callbacks wait until this is false */
    MLHandle handle;   /* as the last one had it */
    void *context;
    pthread_t thread;
    void (*action)(struct ml_recorder *); /* done in the callback */
    MLResult result;                      /* of the action */
};

#define ML_RECORDER_INIT                                                                           \
    {                                                                                              \
        .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER                     \
    }

static inline void
ml_record(MLHandle handle, void *context)
{
    struct ml_recorder *const recorder = context;
    MLAudioBuffer buffer;

    pthread_mutex_lock(&recorder->lock);
    recorder->handle = handle;
    recorder->context = context;
    recorder->thread = pthread_self();
    if (++recorder->inside > recorder->inside_max)
        recorder->inside_max = recorder->inside;
    recorder->calls++;
    while (recorder->held)
        pthread_cond_wait(&recorder->changed, &recorder->lock);
    pthread_mutex_unlock(&recorder->lock);

    if (recorder->action != NULL)
        recorder->action(recorder);
    if (recorder->reads) {
        const bool got = MLAudioGetInputBuffer(handle, &buffer) == MLResult_Ok;
        const bool released = got && MLAudioReleaseInputBuffer(handle) == MLResult_Ok;

        pthread_mutex_lock(&recorder->lock);
        recorder->got += got;
        recorder->released += released;
        pthread_mutex_unlock(&recorder->lock);
    }

    pthread_mutex_lock(&recorder->lock);
    recorder->inside--;
    recorder->returned++;
    pthread_mutex_unlock(&recorder->lock);
}

/* Let held callbacks go. */
static inline void
ml_let_go(struct ml_recorder *recorder)
{
    pthread_mutex_lock(&recorder->lock);
    recorder->held = false;
    pthread_cond_broadcast(&recorder->changed);
    pthread_mutex_unlock(&recorder->lock);
}

static inline uint32_t
ml_calls(struct ml_recorder *recorder)
{
    uint32_t calls;

    pthread_mutex_lock(&recorder->lock);
    calls = recorder->calls;
    pthread_mutex_unlock(&recorder->lock);
    return calls;
}

static inline uint32_t
ml_returned(struct ml_recorder *recorder)
{
    uint32_t returned;

    pthread_mutex_lock(&recorder->lock);
    returned = recorder->returned;
    pthread_mutex_unlock(&recorder->lock);
    return returned;
}

#endif
