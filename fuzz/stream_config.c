/* SPDX-License-Identifier: MIT */
/*
 * Streams of any configuration, every field of it nonsense if the input says so, on null:, file: and
 * a device of our own whose frames are numbered; then a short life.
 *
 * What must be refused is refused with the documented code and in words; what is granted is what
 * engine.h says for what was asked; frames come and go in order; everything is given back.
 */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <rondo/backend.h>
#include <rondo/stream.h>

#include "fuzz/check.h"
#include "fuzz/input.h"
#include "fuzz/surroundings.h"

#define OPERATIONS_MAX 200u

/* No more than this is moved between two operations, nor by callbacks in a run. */
#define FRAMES_MAX    20000u
#define CALLBACKS_MAX 2000u

enum device {
    NUMBERS, /* ours */
    NULL_DEVICE,
    FILE_CAPTURE,
    FILE_RENDER,
    NONSENSE
};

static struct {
    struct rondo_stream *stream;
    struct rondo_stream_config config;
    struct rondo_stream_info info;
    struct rondo_clock *clock; /* a virtual one, or NULL */
    enum device device;
    const char *name;
    uint32_t frame_bytes;
    uint64_t position; /* the last one heard of; 0 after a reset */
    uint32_t lent;
    uint32_t given; /* render: number of the last frame */
    bool calls_back;
    /* the callback's */
    uint8_t appetite, temper;
    atomic_uint calls;
} scene;

/* ---- numbered frames: "numbers:" and "numbers-blocking:" ---- */

static struct {
    enum rondo_direction direction;
    uint32_t frame_bytes;
    uint64_t end_at; /* capture: 0: endless */
    uint64_t pos;
    uint32_t last; /* render: the last number that came */
} numbers;

static bool
is_numbered(void)
{
    return scene.device == NUMBERS && scene.frame_bytes >= sizeof(uint32_t);
}

static int
numbers_open(void **device, const struct rondo_device_request *request,
             struct rondo_device_info *granted, struct rondo_error *error)
{
    (void)error;
    granted->format = request->format;
    if (granted->format.sample == RONDO_SAMPLE_DEFAULT)
        granted->format.sample = RONDO_F32;
    if (granted->format.channels == 0)
        granted->format.channels = 3;
    if (granted->format.rate_hz == 0)
        granted->format.rate_hz = 32000;
    granted->length_frames = request->direction == RONDO_CAPTURE ? numbers.end_at : 0;
    granted->latency_frames = 11;
    numbers.direction = request->direction;
    numbers.frame_bytes = rondo_frame_bytes(&granted->format);
    numbers.last = 0;
    *device = &numbers;
    return 0;
}

static int
numbers_close(void *device, struct rondo_error *error)
{
    (void)device;
    (void)error;
    return 0;
}

static int
numbers_set_state(void *device, enum rondo_engine_state state, struct rondo_error *error)
{
    (void)device;
    (void)error;
    if (state == RONDO_ENGINE_RESET)
        numbers.pos = 0;
    return 0;
}

static int32_t
numbers_transfer(void *device, void *frames, uint32_t count, struct rondo_error *error)
{
    unsigned char *frame = frames;

    (void)device;
    (void)error;
    FUZZ_CHECK(count > 0 && count <= INT32_MAX);
    if (numbers.direction == RONDO_CAPTURE && numbers.end_at != 0 &&
        count > numbers.end_at - numbers.pos)
        count = (uint32_t)(numbers.end_at - numbers.pos);
    for (uint32_t i = 0; i < count; i++, frame += numbers.frame_bytes) {
        uint32_t number = (uint32_t)numbers.pos++;

        if (numbers.frame_bytes < sizeof number)
            continue;
        if (numbers.direction == RONDO_CAPTURE) {
            memset(frame, 0x5a, numbers.frame_bytes);
            memcpy(frame, &number, sizeof number);
            continue;
        }
        memcpy(&number, frame, sizeof number);
        FUZZ_CHECK(number == 0 || number > numbers.last); /* silence, or what is next */
        if (number != 0)
            numbers.last = number;
    }
    return (int32_t)count;
}

static const struct rondo_backend_ops numbers_ops[] = {
    {
        .version = RONDO_BACKEND_VERSION,
        .size = sizeof(struct rondo_backend_ops),
        .name = "numbers",
        .summary = "numbered frames",
        .open = numbers_open,
        .close = numbers_close,
        .set_state = numbers_set_state,
        .transfer = numbers_transfer,
    },
    {
        .version = RONDO_BACKEND_VERSION,
        .size = sizeof(struct rondo_backend_ops),
        .name = "numbers-blocking",
        .summary = "numbered frames that may be late",
        .blocking = true,
        .open = numbers_open,
        .close = numbers_close,
        .set_state = numbers_set_state,
        .transfer = numbers_transfer,
    },
};

/* ---- the application's side ---- */

/* Touch every byte of a span. Captured frames are in a row. */
static void
use_span(struct rondo_span span, bool is_capture)
{
    unsigned char *frame = span.data;
    uint32_t first = 0;

    FUZZ_CHECK((span.data == NULL) == (span.frames == 0));
    for (uint32_t i = 0; i < span.frames; i++, frame += scene.frame_bytes) {
        uint32_t number;

        if (!is_capture) {
            scene.given++;
            memset(frame, 0x5a, scene.frame_bytes);
            memcpy(frame, &scene.given,
                   scene.frame_bytes < sizeof scene.given ? scene.frame_bytes : sizeof scene.given);
            continue;
        }
        if (!is_numbered() || scene.info.granted.clock == RONDO_CLOCK_REAL)
            continue; /* a device in real time may be writing now */
        memcpy(&number, frame, sizeof number);
        if (numbers.end_at != 0 && number == 0)
            continue; /* silence behind the end */
        if (i == 0)
            first = number;
        FUZZ_CHECK_EQUAL(number, first + i);
    }
}

static uint32_t
on_frames(struct rondo_stream *stream, struct rondo_span span, void *context)
{
    const unsigned call = atomic_fetch_add(&scene.calls, 1);

    FUZZ_CHECK(context == &scene);
    FUZZ_CHECK(span.data != NULL && span.frames > 0);
    FUZZ_CHECK(span.frames <= scene.info.granted.period_frames);
    if (call > CALLBACKS_MAX)
        return 0;
    use_span(span, scene.config.direction == RONDO_CAPTURE);
    if ((scene.temper & 15) == 1 && call % 8 == 7)
        FUZZ_CHECK_EQUAL(rondo_stream_stop(stream), 0);
    if ((scene.temper & 15) == 2 && call % 8 == 7)
        FUZZ_CHECK_ONE_OF(rondo_stream_start(stream), -ECANCELED);
    if ((scene.temper & 15) == 3) {
        FUZZ_CHECK_EQUAL(rondo_stream_reset(stream), -EBADFD);
        FUZZ_CHECK_EQUAL(rondo_stream_drain(stream, 0),
                         scene.config.direction == RONDO_CAPTURE ? -ENOTSUP : -EBADFD);
    }
    if (scene.temper & 16)
        return UINT32_MAX; /* more than there is: all */
    if (scene.temper & 32)
        return span.frames;
    return span.frames * scene.appetite / UINT8_MAX;
}

/* ---- what must come of a configuration ---- */

static bool
config_is_good(const struct rondo_stream_config *config)
{
    return config->size == sizeof *config && (unsigned)config->direction <= RONDO_RENDER &&
           (unsigned)config->at_end <= RONDO_AT_END_SILENCE && config->realtime_priority <= 99 &&
           (unsigned)config->format.sample <= RONDO_F32 &&
           config->format.channels <= RONDO_CHANNELS_MAX &&
           config->format.rate_hz <= RONDO_RATE_HZ_MAX;
}

/* engine.h: what sizes are granted. 0, or the error of a device that can do everything. */
static int
expected_sizes(const struct rondo_format *format, bool is_staged, uint64_t *period,
               uint64_t *buffer)
{
    const uint64_t frame_bytes = rondo_frame_bytes(format);
    uint64_t staging;

    *period = scene.config.period_frames;
    *buffer = scene.config.buffer_frames;
    if (*period == 0)
        *period = format->rate_hz < 100 ? 1 : format->rate_hz / 100;
    if (*buffer == 0)
        *buffer = 4 * *period;
    if (*buffer < 2 * *period)
        *buffer = 2 * *period;
    if (*buffer % *period != 0)
        *buffer += *period - *buffer % *period;
    if (*buffer > RONDO_CAPACITY_FRAMES_MAX)
        return -EOVERFLOW;
    if (*buffer * frame_bytes > FUZZ_FILE_BYTES_MAX)
        return -ENOMEM;
    if (!is_staged)
        return 0;
    staging = format->rate_hz > 4 * *buffer ? format->rate_hz : 4 * *buffer;
    if (staging > RONDO_CAPACITY_FRAMES_MAX)
        return -EOVERFLOW;
    return staging * frame_bytes > FUZZ_FILE_BYTES_MAX ? -ENOMEM : 0;
}

static uint32_t
or_else(uint32_t asked, uint32_t own)
{
    return asked != 0 ? asked : own;
}

static void
check_granted(const struct rondo_format *own)
{
    const struct rondo_format *const asked = &scene.config.format;
    const struct rondo_engine_info *const granted = &scene.info.granted;
    uint64_t period;
    uint64_t buffer;

    FUZZ_CHECK_EQUAL(rondo_format_check(&granted->format), 0);
    FUZZ_CHECK_EQUAL(expected_sizes(&granted->format, false, &period, &buffer), 0);
    FUZZ_CHECK_EQUAL(granted->period_frames, period);
    FUZZ_CHECK_EQUAL(granted->buffer_frames, buffer);
    FUZZ_CHECK(granted->priority == RONDO_PRIORITY_NORMAL);
    FUZZ_CHECK_EQUAL(scene.info.direction, scene.config.direction);
    FUZZ_CHECK_EQUAL(scene.info.asked.period_frames, scene.config.period_frames);
    FUZZ_CHECK_EQUAL(scene.info.asked.buffer_frames, scene.config.buffer_frames);
    FUZZ_CHECK(scene.info.asked.error == NULL);
    FUZZ_CHECK(strcmp(scene.info.device, scene.name) == 0);
    if (scene.config.clock != NULL)
        FUZZ_CHECK_EQUAL(granted->clock, rondo_clock_kind(scene.config.clock));
    if (own == NULL)
        return;
    FUZZ_CHECK_EQUAL(granted->format.sample, or_else(asked->sample, own->sample));
    FUZZ_CHECK_EQUAL(granted->format.channels, or_else(asked->channels, own->channels));
    FUZZ_CHECK_EQUAL(granted->format.rate_hz, or_else(asked->rate_hz, own->rate_hz));
}

/* ---- opening ---- */

static void
log_nothing(enum rondo_log_level level, const char *text, void *context)
{
    FUZZ_CHECK(level <= RONDO_LOG_ERROR && text[0] != '\0' && context == &scene);
}

static void
choose_device(struct fuzz_input *input)
{
    static const char *const nulls[] = {"null:", "null:?rate=8000&channels=1&format=s24",
                                        "null:?clock=offline", "null:?rate=1&channels=256"};
    static const char *const ours[] = {"numbers:", "numbers:?clock=offline",
                                       "numbers-blocking:", "numbers-blocking:?clock=offline"};
    static const char *const captures[] = {"+a.wav", "+a.wav?clock=offline", "+a.wav?loop=1",
                                           "+a.wav?loop=1&clock=offline",
                                           "+a.wav?rate=7&channels=3&format=s24&clock=offline"};
    static const char *const renders[] = {"o.wav?clock=offline",
                                          "o.wav",
                                          "o.flac?clock=offline",
                                          "o.ogg?clock=offline",
                                          "o.caf?format=f32",
                                          "o.raw",
                                          "o.rf64?clock=offline",
                                          "o.w64?format=s24&clock=offline",
                                          "o.aiff",
                                          "o.au?rate=44100&channels=7"};
    static const char *const nonsense[] = {"",        "null",        "none:",  "null:x",
                                           "null:?r", "file:",       "file:?", "null:?channels=0",
                                           "file:/",  "null:?rate=", NULL};
    static char path[512];
    const char *name = NULL;

    switch (fuzz_below(input, 12)) {
    case 0:
    case 1:
    case 2:
    case 3:
        scene.device = NUMBERS;
        scene.name = FUZZ_PICK(input, ours);
        numbers.end_at = fuzz_bool(input) ? fuzz_below(input, 5000) : 0;
        break;
    case 4:
    case 5:
    case 6:
        scene.device = NULL_DEVICE;
        scene.name = FUZZ_PICK(input, nulls);
        break;
    case 7:
    case 8:
        scene.device = FILE_CAPTURE;
        name = FUZZ_PICK(input, captures);
        break;
    case 9:
    case 10:
        scene.device = FILE_RENDER;
        name = FUZZ_PICK(input, renders);
        break;
    default:
        scene.device = NONSENSE;
        scene.name = FUZZ_PICK(input, nonsense);
        break;
    }
    if (name != NULL) {
        snprintf(path, sizeof path, "file:%s/%s", fuzz_folder(), name);
        scene.name = path;
    }
}

static void
choose_config(struct fuzz_input *input)
{
    static const uint32_t rates[] = {0,     1,     50,     99,      100,     8000,
                                     44100, 48000, 192000, 1536000, 1536001, UINT32_MAX};
    static const uint32_t channels[] = {0, 1, 2, 3, 6, 8, 255, 256, 257, UINT32_MAX};
    struct rondo_stream_config *const config = &scene.config;
    const uint8_t shape = fuzz_byte(input);
    const uint8_t oddity = fuzz_byte(input);

    *config = (struct rondo_stream_config)RONDO_STREAM_CONFIG_INIT;
    config->direction = shape & 1 ? RONDO_RENDER : RONDO_CAPTURE;
    if (scene.device == FILE_RENDER)
        config->direction = shape & 64 ? RONDO_CAPTURE : RONDO_RENDER;
    config->format.sample = (enum rondo_sample_format)fuzz_below(input, 6);
    config->format.channels = FUZZ_PICK(input, channels);
    config->format.rate_hz = FUZZ_PICK(input, rates);
    if (shape & 2)
        config->period_frames = fuzz_count(input, 480);
    if (shape & 4)
        config->buffer_frames = fuzz_count(input, 2 * config->period_frames);
    if (shape & 8) {
        config->callback = on_frames;
        config->callback_context = &scene;
        scene.appetite = fuzz_byte(input);
        scene.temper = fuzz_byte(input);
    }
    if (shape & 16)
        config->at_end = RONDO_AT_END_SILENCE;
    if (shape & 32)
        config->log = (struct rondo_log){log_nothing, &scene};
    config->realtime_priority = oddity & 1 ? -1 : oddity % 101;
    switch (oddity >> 3) {
    case 1:
        config->size = fuzz_count(input, config->size);
        break;
    case 2:
        config->direction = (enum rondo_direction)fuzz_count(input, 2);
        break;
    case 3:
        config->at_end = (enum rondo_at_end)fuzz_count(input, 2);
        break;
    case 4:
        config->realtime_priority = (int32_t)fuzz_edge(input, 99);
        break;
    case 5:
        config->format.sample = (enum rondo_sample_format)fuzz_edge(input, RONDO_F32);
        break;
    case 6:
        config->format.channels = (uint32_t)fuzz_edge(input, RONDO_CHANNELS_MAX);
        break;
    case 7:
        config->format.rate_hz = (uint32_t)fuzz_edge(input, RONDO_RATE_HZ_MAX);
        break;
    case 8:
        config->period_frames = (uint32_t)fuzz_edge(input, RONDO_CAPACITY_FRAMES_MAX);
        break;
    case 9:
        config->buffer_frames = (uint32_t)fuzz_edge(input, RONDO_CAPACITY_FRAMES_MAX);
        break;
    default:
        break;
    }
    switch (fuzz_below(input, 8)) {
    case 0: /* as the device string says */
        break;
    case 1:
        config->clock = rondo_clock_real();
        break;
    case 2:
    case 3:
        config->clock = rondo_clock_offline();
        break;
    default:
        FUZZ_CHECK_EQUAL(rondo_clock_virtual_create(&scene.clock), 0);
        config->clock = scene.clock;
        break;
    }
}

static bool
is_real(void)
{
    return rondo_clock_kind(scene.config.clock) == RONDO_CLOCK_REAL &&
           (scene.config.clock != NULL || strstr(scene.name, "clock=offline") == NULL);
}

static bool
open_stream(struct fuzz_input *input)
{
    static const struct rondo_format null_own[] = {
        {RONDO_S16, 2, 48000}, {RONDO_S24_PACKED, 1, 8000}, {RONDO_S16, 256, 1}};
    const struct rondo_format *own = NULL;
    struct rondo_format numbers_own = {RONDO_F32, 3, 32000};
    struct rondo_error error = {-1, "nobody wrote here"};
    const bool asks = fuzz_byte(input) % 4 != 0;
    int result;

    scene.config.error = asks ? &error : NULL;
    scene.stream = (struct rondo_stream *)&scene;
    /* Not only where a callback runs at once: it may look at this before open has returned. */
    result = rondo_stream_open(&scene.stream, scene.name, &scene.config);
    FUZZ_CHECK((scene.stream != NULL) == (result == 0));
    if (asks && scene.config.size == sizeof scene.config) {
        FUZZ_CHECK_EQUAL(error.code, result);
        FUZZ_CHECK((error.text[0] != '\0') == (result != 0));
    } else {
        FUZZ_CHECK_EQUAL(error.code, -1);
    }
    if (!config_is_good(&scene.config) || scene.name == NULL) {
        FUZZ_CHECK_EQUAL(result, -EINVAL);
        return false;
    }
    if (scene.device == NULL_DEVICE)
        own = &null_own[strstr(scene.name, "8000") ? 1 : strstr(scene.name, "256") ? 2 : 0];
    if (scene.device == NUMBERS)
        own = &numbers_own;
    if (own != NULL) {
        const struct rondo_format *const asked = &scene.config.format;
        const struct rondo_format format = {
            (enum rondo_sample_format)or_else(asked->sample, own->sample),
            or_else(asked->channels, own->channels), or_else(asked->rate_hz, own->rate_hz)};
        uint64_t period;
        uint64_t buffer;

        FUZZ_CHECK_EQUAL(result, expected_sizes(&format,
                                                is_real() && strstr(scene.name, "blocking") != NULL,
                                                &period, &buffer));
    } else if (scene.device == NONSENSE) {
        FUZZ_CHECK(result != 0);
        FUZZ_CHECK_ONE_OF(result, -EINVAL, -ENOENT, -EISDIR, -EBADMSG);
    } else {
        FUZZ_CHECK_ONE_OF(result, -EINVAL, -ENOENT, -ENOTSUP, -EOVERFLOW, -ENOMEM);
    }
    if (result != 0)
        return false;
    rondo_stream_query_info(scene.stream, &scene.info);
    check_granted(own);
    scene.frame_bytes = rondo_frame_bytes(&scene.info.granted.format);
    return true;
}

/* ---- a life ---- */

/* What a stream of this device may say when it is told to do something. */
static void
check_control(int result)
{
    if (scene.device == FILE_RENDER && scene.config.direction == RONDO_RENDER)
        FUZZ_CHECK_ONE_OF(result, -EFBIG, -EIO, -ECANCELED);
    else if ((scene.temper & 15) == 1 && scene.calls_back)
        FUZZ_CHECK_ONE_OF(result, -ECANCELED, -EBADFD);
    else
        FUZZ_CHECK_EQUAL(result, 0);
}

static void
do_get_and_release(struct fuzz_input *input, bool holds)
{
    const uint32_t buffer = scene.info.granted.buffer_frames;
    uint32_t max = fuzz_count(input, scene.info.granted.period_frames);
    struct rondo_span span;
    uint32_t release;
    int result;

    max = max > FRAMES_MAX ? FRAMES_MAX : max;
    span = rondo_stream_get(scene.stream, max);
    FUZZ_CHECK(span.frames <= max && span.frames <= buffer);
    use_span(span, scene.config.direction == RONDO_CAPTURE);
    if (span.frames < UINT32_MAX)
        FUZZ_CHECK_EQUAL(rondo_stream_release(scene.stream, span.frames + 1), -EINVAL);
    if (holds && scene.clock != NULL)
        rondo_clock_advance(scene.clock, rondo_frames_to_ns(fuzz_below(input, 2000),
                                                            scene.info.granted.format.rate_hz));
    release = fuzz_bool(input) ? span.frames : fuzz_below(input, span.frames + 1);
    result = rondo_stream_release(scene.stream, release);
    if (release == 0)
        FUZZ_CHECK_EQUAL(result, 0);
    else if (scene.clock == NULL || holds)
        FUZZ_CHECK_ONE_OF(result, -EPIPE);
    else
        FUZZ_CHECK_EQUAL(result, 0); /* no time has passed */
}

static void
do_wait(struct fuzz_input *input)
{
    const int64_t timeout_ns = fuzz_bool(input) ? 0 : fuzz_below(input, 2000) * 1000;
    const int result = rondo_stream_wait(scene.stream, timeout_ns);

    if (result > 0) {
        FUZZ_CHECK((uint32_t)result <= scene.info.granted.buffer_frames);
        if (scene.clock != NULL) /* no time passes */
            FUZZ_CHECK(rondo_stream_get(scene.stream, 1).frames == 1);
        FUZZ_CHECK_EQUAL(rondo_stream_release(scene.stream, 0), 0);
    } else {
        FUZZ_CHECK(result < 0);
        FUZZ_CHECK_ONE_OF(result, -ETIMEDOUT, -EBADFD, -ENODATA, -EFBIG, -EIO);
        if (result == -ENODATA)
            FUZZ_CHECK(scene.config.direction == RONDO_CAPTURE &&
                       scene.config.at_end == RONDO_AT_END_STOP);
    }
}

static void
do_advance(struct fuzz_input *input)
{
    const uint32_t rate_hz = scene.info.granted.format.rate_hz;
    const uint64_t frames = fuzz_count(input, scene.info.granted.period_frames) % FRAMES_MAX;
    struct timespec little = {0, 20000};

    if (scene.clock != NULL)
        FUZZ_CHECK_EQUAL(rondo_clock_advance(scene.clock, rondo_frames_to_ns(frames, rate_hz) +
                                                              fuzz_below(input, 3)),
                         0);
    else if (scene.info.granted.clock == RONDO_CLOCK_REAL)
        nanosleep(&little, NULL);
}

/* Time goes on while the stream stands still, perhaps to its end. */
static void
do_stop_and_jump(struct fuzz_input *input)
{
    check_control(rondo_stream_stop(scene.stream));
    if (scene.clock != NULL)
        FUZZ_CHECK_EQUAL(rondo_clock_advance(scene.clock, fuzz_edge(input, UINT64_MAX)), 0);
}

static void
do_ask(struct fuzz_input *input)
{
    const size_t text_bytes = fuzz_below(input, 1000);
    char *const text = malloc(text_bytes + 1);
    struct rondo_stats stats;
    struct rondo_xrun xrun;
    struct rondo_error error = {0, ""};
    struct pollfd descriptor = {.events = POLLIN};
    int length;
    int code;

    FUZZ_CHECK(text != NULL);
    memset(text, '#', text_bytes + 1);
    length = rondo_stream_describe(scene.stream, text_bytes == 0 ? NULL : text, text_bytes);
    FUZZ_CHECK(length > 0 && text[text_bytes] == '#');
    if (text_bytes > 0)
        FUZZ_CHECK_EQUAL(strlen(text),
                         (size_t)length < text_bytes ? (size_t)length : text_bytes - 1);
    free(text);

    rondo_stream_query_stats(scene.stream, &stats);
    FUZZ_CHECK(stats.frames_lost >= stats.xruns_lost || stats.xruns_lost == 0);
    while (rondo_stream_next_xrun(scene.stream, &xrun) == 1) {
        FUZZ_CHECK(xrun.kind == RONDO_XRUN_LOST || xrun.kind == RONDO_XRUN_RECOVERED);
        FUZZ_CHECK(xrun.cause >= RONDO_CAUSE_APPLICATION && xrun.cause <= RONDO_CAUSE_DEVICE);
        FUZZ_CHECK(xrun.frames > 0);
    }
    code = rondo_stream_error(scene.stream, &error);
    FUZZ_CHECK_EQUAL(code, error.code);
    FUZZ_CHECK((code == 0) == (error.text[0] == '\0'));
    FUZZ_CHECK_ONE_OF(code, -EFBIG, -EIO);
    FUZZ_CHECK(rondo_stream_delay(scene.stream) >= scene.info.granted.latency_frames);
    if (fuzz_byte(input) % 4 == 0) {
        descriptor.fd = rondo_stream_fd(scene.stream);
        FUZZ_CHECK(descriptor.fd >= 0);
        FUZZ_CHECK_EQUAL(rondo_stream_fd(scene.stream), descriptor.fd);
        FUZZ_CHECK(poll(&descriptor, 1, 0) >= 0);
    }
}

static void
do_drain(struct fuzz_input *input)
{
    const int result = rondo_stream_drain(scene.stream, fuzz_below(input, 1000) * 1000);

    if (scene.config.direction == RONDO_CAPTURE)
        FUZZ_CHECK_EQUAL(result, -ENOTSUP);
    else
        FUZZ_CHECK_ONE_OF(result, -EBADFD, -ETIMEDOUT, -EFBIG, -EIO);
}

static void
operate(struct fuzz_input *input)
{
    uint64_t position;
    bool was_reset = false;

    switch (fuzz_byte(input) % 20) {
    case 0:
    case 1:
    case 2:
        check_control(rondo_stream_start(scene.stream));
        break;
    case 3:
        check_control(rondo_stream_stop(scene.stream));
        break;
    case 4:
        do_stop_and_jump(input);
        break;
    case 5:
        check_control(rondo_stream_reset(scene.stream));
        was_reset = true;
        break;
    case 6:
        do_drain(input);
        break;
    case 7:
        rondo_stream_kick(scene.stream);
        break;
    case 8:
        do_ask(input);
        break;
    case 9:
    case 10:
    case 11:
    case 12:
        do_advance(input);
        break;
    case 13:
    case 14:
        if (!scene.calls_back)
            do_wait(input);
        break;
    case 15:
        if (!scene.calls_back)
            do_get_and_release(input, true);
        break;
    default:
        if (!scene.calls_back)
            do_get_and_release(input, false);
        break;
    }
    position = rondo_stream_position(scene.stream, NULL);
    FUZZ_CHECK(was_reset || position >= scene.position);
    scene.position = position;
}

/* ---- a run ---- */

static void
store_file(void)
{
    static int16_t samples[2 * 1000];
    static unsigned char wav[44 + sizeof samples];

    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++)
        samples[i] = (int16_t)(i * 7919);
    fuzz_folder_store("+a.wav", wav, fuzz_wav(wav, samples, 2, 48000, 1000));
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    fuzz_confine();
    store_file();
    for (size_t i = 0; i < sizeof numbers_ops / sizeof numbers_ops[0]; i++)
        FUZZ_CHECK_EQUAL(rondo_backend_register(&numbers_ops[i]), 0);
    return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input input = {data, size};
    const struct fuzz_census before = fuzz_census();

    memset(&scene, 0, sizeof scene);
    memset(&numbers, 0, sizeof numbers);
    FUZZ_CHECK_EQUAL(rondo_stream_open(NULL, "null:", NULL), -EINVAL);
    choose_device(&input);
    choose_config(&input);
    scene.calls_back = scene.config.callback != NULL;
    fuzz_guard_mappings(true);
    if (open_stream(&input))
        for (unsigned i = 0; i < OPERATIONS_MAX && fuzz_has_more(&input); i++)
            operate(&input);
    rondo_stream_close(scene.stream);
    fuzz_guard_mappings(false);
    FUZZ_CHECK_EQUAL(rondo_clock_destroy(scene.clock), 0);
    fuzz_folder_clear();
    if (scene.device == FILE_CAPTURE && scene.config.direction == RONDO_RENDER)
        store_file(); /* it may have been replaced */
    fuzz_census_check(&before);
    return 0;
}
