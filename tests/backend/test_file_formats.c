/* SPDX-License-Identifier: MIT */
/*
 * Files of other programs come through `file:` with the samples that they have, and files that we
 * write have the samples that they were given. The other program is sox.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/file_test.h"

#define FRAMES 7001u /* a prime: fills no block of any codec */

/* What sox is told to write, and what must come out. */
struct kind {
    const char *name;
    const char *options;
    uint32_t rate_hz;
    uint32_t channels;
    unsigned bits; /* of the samples that go in */
    enum rondo_sample_format granted;
    double tolerance; /* of full scale; 0: exact */
};

/* Not here: 16-bit VOC, of which sox loses two frames, and 8SVX, where libsndfile takes the byte
 * that makes the size even for a frame. */
static const struct kind kinds[] = {
    {"s16.wav", "-e signed -b 16", 44100, 2, 16, RONDO_S16, 0},
    {"u8.wav", "-e unsigned -b 8", 8000, 1, 16, RONDO_S16, 0},
    {"s24.wav", "-e signed -b 24", 96000, 2, 24, RONDO_S32, 0},
    {"s32.wav", "-e signed -b 32", 192000, 1, 32, RONDO_S32, 0},
    {"f32.wav", "-e float -b 32", 48000, 2, 24, RONDO_F32, 0},
    {"f64.wav", "-e float -b 64", 44056, 3, 24, RONDO_F32, 0},
    {"ulaw.wav", "-e u-law", 8000, 1, 16, RONDO_S16, 0},
    {"alaw.wav", "-e a-law", 11025, 2, 16, RONDO_S16, 0},
    {"ima.wav", "-e ima-adpcm", 22050, 1, 16, RONDO_S16, 0},
    {"ima2.wav", "-e ima-adpcm", 44100, 2, 16, RONDO_S16, 0},
    {"ms.wav", "-e ms-adpcm", 44056, 2, 16, RONDO_S16, 0},
    {"gsm.wav", "-e gsm-full-rate", 8000, 1, 16, RONDO_S16, 0},
    {"big.wav", "-e signed -b 16 -B", 11025, 2, 16, RONDO_S16, 0},
    {"eight.wav", "-e signed -b 24", 48000, 8, 24, RONDO_S32, 0},
    {"s8.aiff", "-e signed -b 8", 11025, 1, 16, RONDO_S16, 0},
    {"s16.aiff", "-e signed -b 16", 44056, 3, 16, RONDO_S16, 0},
    {"s24.aiff", "-e signed -b 24", 88200, 6, 24, RONDO_S32, 0},
    {"s32.aiff", "-e signed -b 32", 48000, 8, 32, RONDO_S32, 0},
    {"s16.aifc", "-e signed -b 16", 32000, 2, 16, RONDO_S16, 0},
    {"s16.au", "-e signed -b 16", 16000, 4, 16, RONDO_S16, 0},
    {"s24.au", "-e signed -b 24", 37800, 1, 24, RONDO_S32, 0},
    {"ulaw.au", "-e u-law", 8000, 1, 16, RONDO_S16, 0},
    {"f32.au", "-e float -b 32", 44100, 2, 24, RONDO_F32, 0},
    {"s8.flac", "-b 8", 8000, 1, 16, RONDO_S16, 0},
    {"s16.flac", "-b 16", 44100, 2, 16, RONDO_S16, 0},
    {"s24.flac", "-b 24", 192000, 8, 24, RONDO_S32, 0},
    {"s16.w64", "-e signed -b 16", 32000, 5, 16, RONDO_S16, 0},
    {"s24.w64", "-e signed -b 24", 96000, 2, 24, RONDO_S32, 0},
    {"s16.caf", "-e signed -b 16", 44100, 2, 16, RONDO_S16, 0},
    /* sox itself takes no more than 16 bit out of it, scaled by its peak, which is full scale here.
     */
    {"f32.caf", "-e float -b 32", 176400, 7, 24, RONDO_F32, 1.0 / 32768},
    {"s16.sph", "-e signed -b 16", 16000, 1, 16, RONDO_S16, 0},
    {"u8.voc", "-e unsigned -b 8", 10000, 1, 16, RONDO_S16, 0},
    {"s16.sf", "-e signed -b 16", 22050, 2, 16, RONDO_S16, 0},
    {"s16.avr", "-e signed -b 16", 44100, 2, 16, RONDO_S16, 0},
    {"s16.paf", "-e signed -b 16", 44100, 2, 16, RONDO_S16, 0},
    /* sox takes 16 bit from the decoder, we take float: half a step of rounding, and clipping. */
    {"two.ogg", "-C 6", 44100, 2, 16, RONDO_F32, 1.0 / 32768},
    {"six.ogg", "-C 3", 48000, 6, 16, RONDO_F32, 1.0 / 32768},
};

static double
value_of(const void *data, enum rondo_sample_format sample, size_t index)
{
    if (sample == RONDO_S16)
        return ((const int16_t *)data)[index] / 32768.0;
    if (sample == RONDO_S32)
        return ((const int32_t *)data)[index] / 2147483648.0;
    return (double)((const float *)data)[index];
}

/* Decoded sound may be beyond full scale; sox's is not. */
static double
difference(double ours, double theirs)
{
    if (ours > 1.0)
        ours = 1.0;
    if (ours < -1.0)
        ours = -1.0;
    return fabs(ours - theirs);
}

static void
assert_same(const char *name, const void *ours, const void *theirs, enum rondo_sample_format sample,
            size_t count, double tolerance)
{
    for (size_t i = 0; i < count; i++) {
        const double a = value_of(ours, sample, i);
        const double b = value_of(theirs, sample, i);

        if (tolerance > 0 ? difference(a, b) > tolerance : a != b)
            fail_msg("%s: sample %zu is %.10f, and should be %.10f", name, i, a, b);
    }
}

static const char *
sox_options(enum rondo_sample_format sample)
{
    if (sample == RONDO_S16)
        return "-e signed -b 16";
    return sample == RONDO_S32 ? "-e signed -b 32" : "-e float -b 32";
}

/* What sox says the samples are. */
static void *
ask_sox(const char *name, enum rondo_sample_format sample, size_t *count)
{
    void *data = NULL;
    size_t bytes = 0;

    if (file_test_run("sox -D -V1 '%s' -t raw %s told.raw 2>/dev/null", name,
                      sox_options(sample)) != 0)
        fail_msg("sox cannot read %s", name);
    data = file_test_load("told.raw", &bytes);
    *count = bytes / rondo_sample_bytes(sample);
    return data;
}

static void
have_sox_write(const struct kind *kind)
{
    int32_t *samples = file_test_samples(FRAMES, kind->channels, kind->bits, 7);

    file_test_store("made.raw", samples, (size_t)FRAMES * kind->channels * sizeof(*samples));
    free(samples);
    /* Half volume for what decodes beyond full scale otherwise. */
    if (file_test_run(
            "sox -D -V1 %s -t raw -e signed -b 32 -r %u -c %u made.raw %s '%s' 2>/dev/null",
            strstr(kind->name, ".ogg") != NULL ? "-v 0.4" : "", kind->rate_hz, kind->channels,
            kind->options, kind->name) != 0)
        fail_msg("sox cannot write %s", kind->name);
}

static void
read_as(const struct kind *kind, enum rondo_sample_format asked, enum rondo_sample_format granted,
        double tolerance)
{
    struct file_take take;
    struct rondo_error error;
    char device[64];
    size_t count = 0;
    void *told = ask_sox(kind->name, granted, &count);

    snprintf(device, sizeof(device), "file:%s", kind->name);
    if (file_test_capture(&take, device, asked, UINT64_MAX, &error) != 0)
        fail_msg("%s: %s", kind->name, error.text);
    assert_int_equal(take.format.sample, granted);
    assert_int_equal(take.format.rate_hz, kind->rate_hz);
    assert_int_equal(take.format.channels, kind->channels);
    assert_int_equal(take.frames, take.length_frames);
    if (take.frames * kind->channels != count)
        fail_msg("%s: %llu frames, sox says %zu", kind->name, (unsigned long long)take.frames,
                 count / kind->channels);
    assert_true(take.frames >= FRAMES);
    assert_same(kind->name, take.data, told, granted, count, tolerance);
    file_test_free(&take);
    free(told);
}

static void
files_of_sox_have_the_samples_that_sox_says_they_have(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        have_sox_write(&kinds[i]);
        read_as(&kinds[i], RONDO_SAMPLE_DEFAULT, kinds[i].granted, kinds[i].tolerance);
    }
}

static void
every_file_can_be_had_as_s16_s32_and_f32(void **state)
{
    static const char *const some[] = {"u8.wav",  "s16.aiff", "s24.flac", "s32.wav", "f32.wav",
                                       "f64.wav", "ulaw.au",  "ima2.wav", "s24.caf"};

    (void)state;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        for (size_t j = 0; j < sizeof(some) / sizeof(some[0]); j++) {
            if (strcmp(kinds[i].name, some[j]) != 0)
                continue;
            have_sox_write(&kinds[i]);
            read_as(&kinds[i], RONDO_S16, RONDO_S16, 0);
            read_as(&kinds[i], RONDO_S32, RONDO_S32, 0);
            /* 32 bits do not fit a float: sox rounds halves up, libsndfile to even. */
            read_as(&kinds[i], RONDO_F32, RONDO_F32, kinds[i].bits == 32 ? 0x1p-24 : 0);
            read_as(&kinds[i], RONDO_S24_PACKED, RONDO_S32, 0);
            read_as(&kinds[i], RONDO_S24_IN_32, RONDO_S32, 0);
        }
    }
}

static void
vorbis_can_be_had_as_integers(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (strcmp(kinds[i].name, "two.ogg") != 0)
            continue;
        have_sox_write(&kinds[i]);
        read_as(&kinds[i], RONDO_S16, RONDO_S16, 1.0 / 32768);
        read_as(&kinds[i], RONDO_S32, RONDO_S32, 1.0 / 32768);
    }
}

static void
float_files_are_taken_by_full_scale_and_clipped(void **state)
{
    static const float samples[] = {0.0f,  0.5f,  -0.5f, 1.0f,         -1.0f,         2.0f,
                                    -3.0f, 0.25f, 1e-9f, 0.5f / 32768, -0.5f / 32768, NAN};
    static const int16_t as_s16[] = {0,      16384, -16384, 32767, -32768, 32767,
                                     -32768, 8192,  0,      1,     0,      0};
    static const int32_t as_s32[] = {0,         1073741824, -1073741824, INT32_MAX,
                                     INT32_MIN, INT32_MAX,  INT32_MIN,   536870912,
                                     2,         32768,      -32768,      0};
    struct file_take take;
    struct rondo_error error;

    (void)state;
    file_test_store("f.raw", samples, sizeof(samples));
    assert_int_equal(file_test_capture(&take, "file:f.raw?format=f32&rate=48000&channels=1",
                                       RONDO_S16, UINT64_MAX, &error),
                     0);
    assert_int_equal(take.frames, 12);
    assert_memory_equal(take.data, as_s16, sizeof(as_s16));
    file_test_free(&take);
    assert_int_equal(file_test_capture(&take, "file:f.raw?format=f32&rate=48000&channels=1",
                                       RONDO_S32, UINT64_MAX, &error),
                     0);
    assert_memory_equal(take.data, as_s32, sizeof(as_s32));
    file_test_free(&take);
}

static void
a_quiet_float_file_is_not_made_louder(void **state)
{
    static const float samples[] = {0.001f, -0.001f, 0.0005f, 0.0f};
    struct file_take take;
    struct rondo_error error;

    (void)state;
    file_test_store("quiet.raw", samples, sizeof(samples));
    assert_int_equal(file_test_capture(&take, "file:quiet.raw?format=f32&rate=8000&channels=2",
                                       RONDO_S16, UINT64_MAX, &error),
                     0);
    assert_int_equal(((int16_t *)take.data)[0], 33);
    assert_int_equal(((int16_t *)take.data)[1], -33);
    assert_int_equal(((int16_t *)take.data)[2], 16);
    file_test_free(&take);
}

static void
headerless_files_are_read_as_they_are_told_to_be(void **state)
{
    static const enum rondo_sample_format formats[] = {RONDO_S16, RONDO_S24_PACKED, RONDO_S32,
                                                       RONDO_F32};
    static const unsigned bits[] = {16, 24, 32, 24};

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        int32_t *samples = file_test_samples(FRAMES, 3, bits[i], 11);
        const size_t count = FRAMES * 3;
        struct file_take take;
        struct rondo_error error;
        char device[128];
        void *expected = file_test_convert(samples, count,
                                           formats[i] == RONDO_S24_PACKED ? RONDO_S32 : formats[i]);

        if (formats[i] == RONDO_S24_PACKED) {
            unsigned char *packed = malloc(count * 3);

            assert_non_null(packed);
            for (size_t k = 0; k < count; k++)
                memcpy(packed + k * 3, (const char *)&samples[k] + 1, 3); /* little-endian */
            file_test_store("x.raw", packed, count * 3);
            free(packed);
        } else {
            file_test_store("x.raw", expected, count * rondo_sample_bytes(formats[i]));
        }
        snprintf(device, sizeof(device), "file:x.raw?channels=3&format=%s&rate=12345",
                 rondo_sample_name(formats[i]));
        assert_int_equal(file_test_capture(&take, device, RONDO_SAMPLE_DEFAULT, UINT64_MAX, &error),
                         0);
        assert_int_equal(take.frames, FRAMES);
        assert_int_equal(take.format.rate_hz, 12345);
        assert_int_equal(take.format.channels, 3);
        assert_int_equal(take.format.sample,
                         formats[i] == RONDO_S24_PACKED ? RONDO_S32 : formats[i]);
        assert_memory_equal(take.data, expected, count * rondo_sample_bytes(take.format.sample));
        file_test_free(&take);
        free(expected);
        free(samples);
    }
}

/* ---- what we write ---- */

struct storage {
    enum rondo_sample_format asked;
    enum rondo_sample_format granted;
    unsigned bits;
};

static const struct storage storages[] = {
    {RONDO_S16, RONDO_S16, 16}, {RONDO_S24_PACKED, RONDO_S32, 24}, {RONDO_S24_IN_32, RONDO_S32, 24},
    {RONDO_S32, RONDO_S32, 32}, {RONDO_F32, RONDO_F32, 24},
};

/* Write, read back, and have sox read it too. */
static void
round_trip(const char *type, const struct storage *storage, uint32_t channels, uint32_t rate_hz)
{
    int32_t *samples = file_test_samples(FRAMES, channels, storage->bits, channels);
    struct file_take take = {.format = {storage->asked, channels, rate_hz}, .frames = FRAMES};
    struct file_take back;
    struct rondo_format granted;
    struct rondo_error error;
    char device[128];
    size_t count = (size_t)FRAMES * channels;
    void *told = NULL;

    take.data = file_test_convert(samples, count, storage->granted);
    take.format.sample = storage->granted;
    /* What is granted for a request of 24 bits has another size: ask by the parameter, too. */
    snprintf(device, sizeof(device), "file:out.%s?format=%s", type,
             rondo_sample_name(storage->asked));
    if (file_test_render(&take, device, &granted, &error) != 0)
        fail_msg("%s %s: %s", type, rondo_sample_name(storage->asked), error.text);
    assert_int_equal(granted.sample, storage->granted);
    assert_int_equal(granted.channels, channels);
    assert_int_equal(granted.rate_hz, rate_hz);
    assert_false(file_test_exists("out.wav.part"));

    if (strcmp(type, "raw") == 0)
        snprintf(device, sizeof(device), "file:out.raw?format=%s&channels=%u&rate=%u",
                 rondo_sample_name(storage->asked == RONDO_S24_IN_32 ? RONDO_S24_PACKED
                                                                     : storage->asked),
                 channels, rate_hz);
    else
        snprintf(device, sizeof(device), "file:out.%s", type);
    if (file_test_capture(&back, device, RONDO_SAMPLE_DEFAULT, UINT64_MAX, &error) != 0)
        fail_msg("%s %s: %s", type, rondo_sample_name(storage->asked), error.text);
    assert_int_equal(back.format.sample, storage->granted);
    assert_int_equal(back.format.channels, channels);
    assert_int_equal(back.format.rate_hz, rate_hz);
    assert_int_equal(back.frames, FRAMES);
    assert_same(device, back.data, take.data, storage->granted, count, 0);

    /* sox reads RF64 no further than its name. */
    if (strcmp(type, "raw") != 0 && strcmp(type, "rf64") != 0) {
        snprintf(device, sizeof(device), "out.%s", type);
        told = ask_sox(device, storage->granted, &count);
        assert_int_equal(count, (size_t)FRAMES * channels);
        /* Nor does it take more than 16 bit out of these. */
        assert_same(device, take.data, told, storage->granted, count,
                    storage->granted == RONDO_F32 &&
                            (strcmp(type, "caf") == 0 || strcmp(type, "w64") == 0)
                        ? 1.0 / 32768
                        : 0);
    }
    file_test_free(&back);
    file_test_free(&take);
    free(told);
    free(samples);
}

static void
what_is_written_is_read_back_exactly(void **state)
{
    static const char *const types[] = {"wav",  "aif", "aiff", "flac", "w64",
                                        "rf64", "caf", "au",   "raw"};

    (void)state;
    for (size_t t = 0; t < sizeof(types) / sizeof(types[0]); t++) {
        for (size_t s = 0; s < sizeof(storages) / sizeof(storages[0]); s++) {
            if (strcmp(types[t], "flac") == 0 && storages[s].granted != RONDO_S16 &&
                storages[s].bits != 24)
                continue;
            if (strcmp(types[t], "flac") == 0 && storages[s].granted == RONDO_F32)
                continue;
            round_trip(types[t], &storages[s], 1, 8000);
            round_trip(types[t], &storages[s], 2, 44100);
            round_trip(types[t], &storages[s], 7, 96000);
        }
    }
}

static void
the_same_samples_give_the_same_file(void **state)
{
    static const char *const types[] = {"wav", "aiff", "flac", "w64", "caf", "au"};

    (void)state;
    for (size_t t = 0; t < sizeof(types) / sizeof(types[0]); t++) {
        const bool is_flac = strcmp(types[t], "flac") == 0;
        const enum rondo_sample_format sample = is_flac ? RONDO_S16 : RONDO_F32;
        int32_t *samples = file_test_samples(FRAMES, 2, is_flac ? 16 : 24, 5);
        struct file_take take = {.format = {sample, 2, 48000}, .frames = FRAMES};
        struct rondo_error error;
        char device[32];
        size_t bytes[2] = {0};
        void *data[2] = {0};

        take.data = file_test_convert(samples, (size_t)FRAMES * 2, sample);
        for (int i = 0; i < 2; i++) {
            snprintf(device, sizeof(device), "file:same%d.%s", i, types[t]);
            assert_int_equal(file_test_render(&take, device, NULL, &error), 0);
            data[i] = file_test_load(device + 5, &bytes[i]);
        }
        assert_int_equal(bytes[0], bytes[1]);
        assert_memory_equal(data[0], data[1], bytes[0]);
        if (memmem(data[0], bytes[0], "PEAK", 4) != NULL) /* it holds the time of day */
            fail_msg("%s: tells the peak", device);
        free(data[0]);
        free(data[1]);
        free(samples);
        file_test_free(&take);
    }
}

static void
a_run_without_frames_gives_a_file_without_frames(void **state)
{
    static const char *const types[] = {"wav", "aiff", "flac", "ogg", "w64", "rf64", "caf", "au"};

    (void)state;
    for (size_t t = 0; t < sizeof(types) / sizeof(types[0]); t++) {
        const enum rondo_sample_format sample =
            strcmp(types[t], "flac") == 0 ? RONDO_S16 : RONDO_F32;
        struct file_take take = {.format = {sample, 2, 48000}, .frames = 0};
        struct rondo_error error;
        char device[32];

        snprintf(device, sizeof(device), "file:zero.%s", types[t]);
        if (file_test_render(&take, device, NULL, &error) != 0)
            fail_msg("%s: %s", device, error.text);
        if (file_test_capture(&take, device, RONDO_SAMPLE_DEFAULT, UINT64_MAX, &error) != 0)
            fail_msg("%s: %s", device, error.text);
        assert_int_equal(take.frames, 0);
        assert_int_equal(take.format.channels, 2);
        file_test_free(&take);
    }
}

static void
vorbis_keeps_length_and_level(void **state)
{
    static const enum rondo_sample_format formats[] = {RONDO_S16, RONDO_S32, RONDO_F32};
    const uint32_t frames = 44100;

    (void)state;
    for (size_t f = 0; f < 3; f++) {
        struct file_take take = {.format = {formats[f], 1, 44100}, .frames = frames};
        struct file_take back;
        struct rondo_error error;
        struct rondo_format granted;
        int32_t *samples = malloc(frames * sizeof(*samples));
        double power = 0;
        double deviation = 0;

        assert_non_null(samples);
        for (uint32_t i = 0; i < frames; i++)
            samples[i] = (int32_t)(1e9 * sin(i * 0.0627));
        take.data = file_test_convert(samples, frames, formats[f]);
        assert_int_equal(file_test_render(&take, "file:tone.ogg", &granted, &error), 0);
        assert_int_equal(granted.sample, formats[f]);
        assert_int_equal(
            file_test_capture(&back, "file:tone.ogg", RONDO_SAMPLE_DEFAULT, UINT64_MAX, &error), 0);
        assert_int_equal(back.format.sample, RONDO_F32);
        assert_int_equal(back.frames, frames);
        for (uint32_t i = 0; i < frames; i++) {
            const double a = value_of(take.data, formats[f], i);
            const double b = value_of(back.data, RONDO_F32, i);

            power += a * a;
            deviation += (a - b) * (a - b);
        }
        assert_true(deviation < power / 1000); /* 30 dB below the tone */
        file_test_free(&back);
        file_test_free(&take);
        free(samples);
    }
}

static void
defaults_of_a_render_are_s16_stereo_48000(void **state)
{
    struct rondo_stream_config config = RONDO_STREAM_CONFIG_INIT;
    struct rondo_stream *stream = NULL;
    struct rondo_stream_info info;

    (void)state;
    config.direction = RONDO_RENDER;
    assert_int_equal(rondo_stream_open(&stream, "file:none.wav?clock=offline", &config), 0);
    rondo_stream_query_info(stream, &info);
    assert_int_equal(info.granted.format.sample, RONDO_S16);
    assert_int_equal(info.granted.format.channels, 2);
    assert_int_equal(info.granted.format.rate_hz, 48000);
    assert_int_equal(info.granted.length_frames, 0);
    rondo_stream_close(stream);
    assert_false(file_test_exists("none.wav"));
    assert_false(file_test_exists("none.wav.part"));
}

static void
a_render_that_is_asked_for_24_bits_stores_24(void **state)
{
    static const enum rondo_sample_format formats[] = {RONDO_S24_PACKED, RONDO_S24_IN_32};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct rondo_stream_config config = RONDO_STREAM_CONFIG_INIT;
        struct rondo_stream *stream = NULL;
        struct rondo_stream_info info;
        size_t bytes = 0;

        config.direction = RONDO_RENDER;
        config.format.sample = formats[i];
        config.period_frames = 100;
        assert_int_equal(rondo_stream_open(&stream, "file:bits.raw?clock=offline", &config), 0);
        rondo_stream_query_info(stream, &info);
        assert_int_equal(info.asked.format.sample, formats[i]);
        assert_int_equal(info.granted.format.sample, RONDO_S32);
        assert_int_equal(rondo_stream_get(stream, 100).frames, 100);
        assert_int_equal(rondo_stream_release(stream, 100), 0);
        assert_int_equal(rondo_stream_start(stream), 0);
        assert_int_equal(rondo_stream_drain(stream, FILE_TEST_DEADLINE_NS), 0);
        rondo_stream_close(stream);
        free(file_test_load("bits.raw", &bytes));
        assert_int_equal(bytes, 100 * 2 * 3);
    }
}

static void
parameters_of_a_render_stand_in_for_what_is_not_asked(void **state)
{
    struct rondo_stream_config config = RONDO_STREAM_CONFIG_INIT;
    struct rondo_stream *stream = NULL;
    struct rondo_stream_info info;

    (void)state;
    config.direction = RONDO_RENDER;
    assert_int_equal(
        rondo_stream_open(
            &stream, "file:none?clock=offline&type=CAF&format=f32&rate=8000&channels=5", &config),
        0);
    rondo_stream_query_info(stream, &info);
    assert_int_equal(info.granted.format.sample, RONDO_F32);
    assert_int_equal(info.granted.format.channels, 5);
    assert_int_equal(info.granted.format.rate_hz, 8000);
    rondo_stream_close(stream);

    config.format = (struct rondo_format){RONDO_S16, 1, 16000};
    assert_int_equal(
        rondo_stream_open(
            &stream, "file:none?clock=offline&type=CAF&format=f32&rate=8000&channels=5", &config),
        0);
    rondo_stream_query_info(stream, &info);
    assert_int_equal(info.granted.format.sample, RONDO_S16);
    assert_int_equal(info.granted.format.channels, 1);
    assert_int_equal(info.granted.format.rate_hz, 16000);
    rondo_stream_close(stream);
}

/* libsndfile only guesses how long it is, and its decoder rounds otherwise after it was wound back. */
static void
an_mpeg_file_is_the_same_in_each_turn_and_promises_no_length(void **state)
{
    struct file_take once;
    struct file_take turns;
    struct rondo_error error;
    size_t bytes;

    (void)state;
    if (file_test_run("sox -D -R -n -r 8000 -c 1 m.mp3 synth 0.2 sine 440 gain -3 2>&1") != 0)
        skip(); /* this sox cannot write them */
    assert_int_equal(file_test_capture(&once, "file:m.mp3", RONDO_F32, UINT64_MAX, &error), 0);
    assert_int_equal(once.length_frames, 0);
    assert_true(once.frames > 1600);
    bytes = (size_t)once.frames * sizeof(float);
    assert_int_equal(
        file_test_capture(&turns, "file:m.mp3?loop=1", RONDO_F32, 3 * once.frames, &error), 0);
    assert_int_equal(turns.frames, 3 * once.frames);
    for (size_t turn = 0; turn < 3; turn++)
        assert_memory_equal((char *)turns.data + turn * bytes, once.data, bytes);
    file_test_free(&once);
    file_test_free(&turns);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_of_sox_have_the_samples_that_sox_says_they_have),
        cmocka_unit_test(every_file_can_be_had_as_s16_s32_and_f32),
        cmocka_unit_test(vorbis_can_be_had_as_integers),
        cmocka_unit_test(float_files_are_taken_by_full_scale_and_clipped),
        cmocka_unit_test(a_quiet_float_file_is_not_made_louder),
        cmocka_unit_test(headerless_files_are_read_as_they_are_told_to_be),
        cmocka_unit_test(what_is_written_is_read_back_exactly),
        cmocka_unit_test(the_same_samples_give_the_same_file),
        cmocka_unit_test(a_run_without_frames_gives_a_file_without_frames),
        cmocka_unit_test(vorbis_keeps_length_and_level),
        cmocka_unit_test(an_mpeg_file_is_the_same_in_each_turn_and_promises_no_length),
        cmocka_unit_test(defaults_of_a_render_are_s16_stereo_48000),
        cmocka_unit_test(a_render_that_is_asked_for_24_bits_stores_24),
        cmocka_unit_test(parameters_of_a_render_stand_in_for_what_is_not_asked),
    };
    int result = 0;

    if (!file_test_has_sox()) {
        fprintf(stderr, "skipped: no sox\n");
        return 77;
    }
    file_test_enter_folder();
    result = cmocka_run_group_tests(tests, NULL, NULL);
    file_test_leave_folder();
    return result;
}
