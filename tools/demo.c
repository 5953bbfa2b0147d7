/* SPDX-License-Identifier: MIT */
/*
 * The main job, end to end: a microphone input of the Magic Leap API, whose microphone is a sound
 * file or any other device, is captured into a new file.
 */
#include <errno.h>
#include <math.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <rondo/compat/ml_audio.h>
#include <rondo/mailbox.h>
#include <rondo/ml.h>
#include <rondo/stream.h>

#include "commands.h"
#include "compare.h"

#define DEVICE_SECONDS   5 /* from a device that never ends */
#define REFRESH_NS       50000000
#define SILENT_REFRESHES 200 /* without a new buffer: the device is stuck */
#define METER_WIDTH      30
#define METER_FLOOR_DB   (-60.0)

/* Debian's alsa-utils has them. */
static const char *const recordings[] = {
    "/usr/share/sounds/alsa/Front_Center.wav",
    "/usr/share/sounds/alsa/Front_Left.wav",
    "/usr/share/sounds/alsa/Rear_Center.wav",
};

struct options {
    const char *file;
    const char *device;
    const char *out;
    uint32_t seconds; /* 0: as long as the recording, or DEVICE_SECONDS */
    bool quick;
};

/* What the buffer callback tells the meter: the newest value only. */
struct level {
    uint64_t frames;
    int32_t peak;
};

/* What the buffer callback needs. */
struct recorder {
    struct rondo_stream *out;
    uint64_t frames_left; /* to be written */
    uint64_t frames_written;
    uint32_t channels;
    atomic_int error; /* of the file, negative errno */
    struct rondo_mailbox levels;
    unsigned char level_memory[RONDO_MAILBOX_BYTES(sizeof(struct level))] RONDO_CACHE_ALIGNED;
};

static void
print_usage(FILE *to)
{
    fprintf(to,
            "usage: rondo demo [FILE] [--device STRING] [--out FILE] [--seconds N] [--quick]\n\n"
            "Captures a recording through the Magic Leap microphone API into a new file, in real\n"
            "time, and checks the copy.\n\n"
            "  FILE             the recording; default: one of those of Debian's alsa-utils\n"
            "  --device STRING  capture from this device instead, such as null: (rondo backends)\n"
            "  --out FILE       the copy; default: rondo-demo.wav\n"
            "  --seconds N      stop after N seconds; default: at the end of the recording, or\n"
            "                   after %d seconds of a device that never ends\n"
            "  --quick          not in real time, but as fast as it goes\n",
            DEVICE_SECONDS);
}

/* Returns -1: go on; otherwise the exit status. */
static int
parse(struct options *options, int argc, char **argv)
{
    for (int i = 0; i < argc; i++) {
        const char **value = NULL;

        if (strcmp(argv[i], "--help") == 0) {
            print_usage(stdout);
            return 0;
        }
        if (strcmp(argv[i], "--quick") == 0) {
            options->quick = true;
        } else if (strcmp(argv[i], "--device") == 0) {
            value = &options->device;
        } else if (strcmp(argv[i], "--out") == 0) {
            value = &options->out;
        } else if (strcmp(argv[i], "--seconds") == 0 && i + 1 < argc) {
            char *end;
            const unsigned long seconds = strtoul(argv[++i], &end, 10);

            if (*end != 0 || seconds == 0 || seconds > 86400) {
                fprintf(stderr, "rondo: --seconds %s: allowed are 1 to 86400\n", argv[i]);
                return 2;
            }
            options->seconds = (uint32_t)seconds;
        } else if (argv[i][0] != '-' && options->file == NULL) {
            options->file = argv[i];
        } else {
            fprintf(stderr, "rondo: '%s' is not understood\n", argv[i]);
            print_usage(stderr);
            return 2;
        }
        if (value != NULL) {
            if (i + 1 >= argc) {
                fprintf(stderr, "rondo: %s needs a value\n", argv[i]);
                return 2;
            }
            *value = argv[++i];
        }
    }
    if (options->file != NULL && options->device != NULL) {
        fprintf(stderr, "rondo: give a file or a device, not both\n");
        return 2;
    }
    return -1;
}

/* Device string of a file. The lone '?' ends an address that may contain others. */
static char *
file_device(const char *path)
{
    char *device = NULL;

    return asprintf(&device, "file:%s?", path) < 0 ? NULL : device;
}

static char *
choose_device(const struct options *options)
{
    if (options->device != NULL)
        return strdup(options->device);
    if (options->file != NULL)
        return file_device(options->file);
    for (size_t i = 0; i < sizeof recordings / sizeof recordings[0]; i++)
        if (access(recordings[i], R_OK) == 0)
            return file_device(recordings[i]);
    fprintf(stderr, "rondo: no recording: install alsa-utils, or give a FILE\n");
    return NULL;
}

/* What the device is. */
static int
look_at(const char *device, struct rondo_stream_info *info)
{
    struct rondo_stream_config config = RONDO_STREAM_CONFIG_INIT;
    struct rondo_stream *stream;
    struct rondo_error error;

    config.error = &error;
    if (rondo_stream_open(&stream, device, &config) != 0) {
        fprintf(stderr, "rondo: %s\n", error.text);
        return -1;
    }
    rondo_stream_query_info(stream, info);
    rondo_stream_close(stream);
    return 0;
}

/* The microphone whose format is nearest to the device's. */
static MLAudioMicCaptureType
choose_microphone(const struct rondo_format *device, MLAudioBufferFormat *format, const char **name)
{
    static const struct {
        MLAudioMicCaptureType type;
        uint32_t channels, rate_hz;
        const char *name;
    } microphones[] = {
        {MLAudioMicCaptureType_VoiceCapture, 1, 48000, "VoiceCapture"},
        {MLAudioMicCaptureType_VoiceComm, 1, 16000, "VoiceComm"},
        {MLAudioMicCaptureType_WorldCapture, 2, 48000, "WorldCapture"},
        {MLAudioMicCaptureType_RawMicsAndAECRef, 6, 48000, "RawMicsAndAECRef"},
    };
    size_t best = device->channels == 1 ? 0 : 2;

    for (size_t i = 0; i < sizeof microphones / sizeof microphones[0]; i++)
        if (microphones[i].channels == device->channels &&
            microphones[i].rate_hz == device->rate_hz)
            best = i;
    MLAudioGetBufferedInputDefaults(microphones[best].channels, microphones[best].rate_hz, format,
                                    NULL, NULL);
    *name = microphones[best].name;
    return microphones[best].type;
}

/* Write one buffer to the file, at most what is left. */
static int
write_out(struct recorder *recorder, const MLAudioBuffer *buffer)
{
    const uint32_t frame_bytes = recorder->channels * (uint32_t)sizeof(int16_t);
    const unsigned char *from = buffer->ptr;
    uint64_t left = buffer->size / frame_bytes;

    if (left > recorder->frames_left)
        left = recorder->frames_left;
    while (left > 0) {
        struct rondo_span room = rondo_stream_get(recorder->out, (uint32_t)left);

        if (room.frames == 0) {
            const int ready = rondo_stream_wait(recorder->out, -1);

            if (ready < 0)
                return ready;
            continue;
        }
        memcpy(room.data, from, (size_t)room.frames * frame_bytes);
        rondo_stream_release(recorder->out, room.frames);
        from += (size_t)room.frames * frame_bytes;
        left -= room.frames;
        recorder->frames_left -= room.frames;
        recorder->frames_written += room.frames;
    }
    return 0;
}

/* Called by the input, on its own thread, once for each full buffer. */
static void
on_buffer(MLHandle handle, void *context)
{
    struct recorder *const recorder = (struct recorder *)context;
    struct level level = {0, 0};
    MLAudioBuffer buffer;

    if (MLAudioGetInputBuffer(handle, &buffer) != MLResult_Ok)
        return;
    for (uint32_t i = 0; i < buffer.size / sizeof(int16_t); i++) {
        const int32_t sample = abs((int)((const int16_t *)(const void *)buffer.ptr)[i]);

        if (sample > level.peak)
            level.peak = sample;
    }
    if (atomic_load(&recorder->error) == 0) {
        const int error = write_out(recorder, &buffer);

        if (error != 0)
            atomic_store(&recorder->error, error);
    }
    MLAudioReleaseInputBuffer(handle);
    if (recorder->frames_left == 0 || atomic_load(&recorder->error) != 0)
        MLAudioStopInput(handle);
    level.frames = recorder->frames_written;
    rondo_mailbox_write(&recorder->levels, &level);
}

static void
print_progress(const struct level *level, uint64_t frames_in_all, uint32_t rate_hz)
{
    const double db =
        level->peak == 0 ? METER_FLOOR_DB : fmax(METER_FLOOR_DB, 20 * log10(level->peak / 32768.0));
    int bars = (int)((db - METER_FLOOR_DB) / -METER_FLOOR_DB * METER_WIDTH + 0.5);
    char meter[METER_WIDTH + 1];

    if (bars < 0)
        bars = 0;
    if (bars > METER_WIDTH)
        bars = METER_WIDTH;
    memset(meter, '.', METER_WIDTH);
    memset(meter, '#', (size_t)bars);
    meter[METER_WIDTH] = 0;
    printf("\r  [%s] %6.1f dBFS  %5.1f of %.1f s  %3.0f %% ", meter, db,
           (double)level->frames / rate_hz, (double)frames_in_all / rate_hz,
           100.0 * (double)level->frames / (double)frames_in_all);
    fflush(stdout);
}

/* Show levels until everything is written. Returns 0, or a negative errno. */
static int
watch(struct recorder *recorder, uint64_t frames_in_all, uint32_t rate_hz)
{
    const struct timespec pause = {0, REFRESH_NS};
    struct level level = {0, 0};
    const bool shows = isatty(STDOUT_FILENO) != 0;
    int silent = 0;

    for (;;) {
        const bool fresh = rondo_mailbox_read(&recorder->levels, &level);
        const int error = atomic_load(&recorder->error);

        if (fresh && shows)
            print_progress(&level, frames_in_all, rate_hz);
        if (error != 0 || level.frames >= frames_in_all) {
            if (!shows)
                print_progress(&level, frames_in_all, rate_hz);
            printf("\n");
            return error;
        }
        silent = fresh ? 0 : silent + 1;
        if (silent > SILENT_REFRESHES) {
            printf("\n");
            return -ETIMEDOUT;
        }
        nanosleep(&pause, NULL);
    }
}

static void
on_log(enum rondo_log_level level, const char *text, void *context)
{
    (void)context;
    if (level >= RONDO_LOG_WARNING)
        fprintf(stderr, "rondo: %s\n", text);
}

/* Say what was done. Returns the exit status. */
static int
report(const struct recorder *recorder, const struct rondo_ml_input_stats *stats, float latency_ms,
       const char *device, const char *out_device, const char *out)
{
    uint64_t same_frames = 0;
    int same;

    printf("  frames   %llu written\n", (unsigned long long)recorder->frames_written);
    printf("  buffers  %llu, %llu frames dropped\n", (unsigned long long)stats->buffers_filled,
           (unsigned long long)stats->frames_dropped);
    printf("  xruns    %llu, %llu frames lost\n", (unsigned long long)stats->xruns,
           (unsigned long long)stats->xrun_frames);
    printf("  latency  %.1f ms from the microphone to the program\n", (double)latency_ms);
    printf("  copy     %s\n", out);
    if (!stats->bit_exact || stats->device_length_frames != recorder->frames_written) {
        printf("  check    none: %s\n", stats->bit_exact ? "the recording was not taken to its end"
                                                         : "the samples were converted");
        return 0;
    }
    same = compare_files(device, out_device, &same_frames);
    if (same == 1 && same_frames == recorder->frames_written) {
        printf("  check    bit-exact: all %llu frames are the recording's\n",
               (unsigned long long)same_frames);
        return 0;
    }
    printf("  check    DIFFERENT from frame %llu on\n", (unsigned long long)same_frames);
    return 1;
}

/* Everything is open: go. Returns the exit status. */
static int
record(struct recorder *recorder, MLHandle input, uint64_t frames_in_all, uint32_t rate_hz,
       const char *device, const char *out_device, const char *out)
{
    struct rondo_ml_input_stats stats;
    struct rondo_error error;
    float latency_ms = 0;
    int result;

    MLAudioGetBufferedInputLatency(input, &latency_ms);
    result = rondo_stream_start(recorder->out);
    if (result == 0) {
        const MLResult started = MLAudioStartInput(input);

        if (started != MLResult_Ok) {
            fprintf(stderr, "rondo: MLAudioStartInput: %s\n", MLAudioGetResultString(started));
            return 1;
        }
        result = watch(recorder, frames_in_all, rate_hz);
        MLAudioStopInput(input);
    }
    if (result == 0)
        result = rondo_stream_drain(recorder->out, -1);
    if (result == 0)
        result = rondo_stream_reset(recorder->out); /* the file is whole now */
    rondo_ml_query_input_stats(input, &stats);
    if (result != 0) {
        rondo_stream_error(recorder->out, &error);
        fprintf(stderr, "rondo: %s\n", error.code != 0 ? error.text : rondo_error_meaning(result));
        return 1;
    }
    return report(recorder, &stats, latency_ms, device, out_device, out);
}

int
command_demo(int argc, char **argv)
{
    struct options options = {.out = "rondo-demo.wav"};
    struct rondo_ml_config ml = RONDO_ML_CONFIG_INIT;
    struct rondo_stream_config out_config = RONDO_STREAM_CONFIG_INIT;
    struct recorder *recorder = NULL;
    struct rondo_stream_info info;
    struct rondo_error error;
    MLAudioBufferFormat format;
    MLAudioMicCaptureType type;
    MLHandle input = ML_INVALID_HANDLE;
    const char *name;
    char *device = NULL;
    char *out_device = NULL;
    uint64_t frames;
    MLResult created;
    int status = parse(&options, argc, argv);

    if (status >= 0)
        return status;
    status = 1;
    device = choose_device(&options);
    out_device = file_device(options.out);
    recorder = (struct recorder *)aligned_alloc(RONDO_CACHELINE_BYTES,
                                                (sizeof *recorder + RONDO_CACHELINE_BYTES - 1) /
                                                    RONDO_CACHELINE_BYTES * RONDO_CACHELINE_BYTES);
    if (device == NULL || out_device == NULL || recorder == NULL || look_at(device, &info) != 0)
        goto out;
    memset((void *)recorder, 0, sizeof *recorder);
    rondo_mailbox_init(&recorder->levels, recorder->level_memory, sizeof(struct level));

    type = choose_microphone(&info.granted.format, &format, &name);
    frames = info.granted.length_frames;
    if (frames == 0 && options.seconds == 0)
        options.seconds = DEVICE_SECONDS;
    /* What the recording becomes at the microphone's rate. */
    frames = (frames * format.samples_per_second + info.granted.format.rate_hz - 1) /
             info.granted.format.rate_hz;
    if (options.seconds != 0 &&
        (frames == 0 || frames > (uint64_t)options.seconds * format.samples_per_second))
        frames = (uint64_t)options.seconds * format.samples_per_second;

    printf("%s: %u channels, %u Hz, %s\n", device, info.granted.format.channels,
           info.granted.format.rate_hz, rondo_sample_name(info.granted.format.sample));
    printf("captured as %s: %u channels, %u Hz, s16%s\n", name, format.channel_count,
           format.samples_per_second, options.quick ? ", as fast as it goes" : "");

    ml.mic = device;
    ml.clock = options.quick ? rondo_clock_offline() : NULL;
    ml.log.callback = on_log;
    out_config.direction = RONDO_RENDER;
    out_config.format =
        (struct rondo_format){RONDO_S16, format.channel_count, format.samples_per_second};
    out_config.clock = rondo_clock_offline();
    out_config.log.callback = on_log;
    out_config.error = &error;
    if (rondo_stream_open(&recorder->out, out_device, &out_config) != 0) {
        fprintf(stderr, "rondo: %s\n", error.text);
        goto out;
    }
    recorder->frames_left = frames;
    recorder->channels = format.channel_count;
    rondo_ml_configure(&ml);
    created = MLAudioCreateInputFromMicCapture(type, &format, 0, on_buffer, recorder, &input);
    if (created != MLResult_Ok)
        fprintf(stderr, "rondo: MLAudioCreateInputFromMicCapture: %s\n",
                MLAudioGetResultString(created));
    else
        status = record(recorder, input, frames, format.samples_per_second, device, out_device,
                        options.out);
    MLAudioDestroyInput(input);

out:
    if (recorder != NULL)
        rondo_stream_close(recorder->out);
    free(recorder);
    free(out_device);
    free(device);
    return status;
}
