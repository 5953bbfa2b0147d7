/* SPDX-License-Identifier: MIT */
/*
 * Every bad file gives one clear error, and nothing that is half written claims to be whole.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dirent.h>
#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/device_string.h"
#include "support/file_test.h"

#define FRAMES 500u

static const char *program;

static void
assert_mentions(const struct rondo_error *error, const char *word)
{
    if (strstr(error->text, word) == NULL)
        fail_msg("the text '%s' does not mention '%s'", error->text, word);
}

static struct file_take
make_take(enum rondo_sample_format sample, uint32_t channels, uint64_t frames)
{
    struct file_take take = {.format = {sample, channels, 48000}, .frames = frames};
    int32_t *samples = file_test_samples(frames, channels, sample == RONDO_S16 ? 16 : 24, frames);

    take.data = file_test_convert(samples, (size_t)frames * channels, sample);
    free(samples);
    return take;
}

static void
make_file(const char *device, enum rondo_sample_format sample, uint32_t channels, uint64_t frames)
{
    struct file_take take = make_take(sample, channels, frames);
    struct rondo_error error;

    if (file_test_render(&take, device, NULL, &error) != 0)
        fail_msg("%s: %s", device, error.text);
    file_test_free(&take);
}

static void
assert_capture_refused(const char *device, int code, const char *word)
{
    struct file_take take;
    struct rondo_error error;
    const int result = file_test_capture(&take, device, RONDO_SAMPLE_DEFAULT, UINT64_MAX, &error);

    file_test_free(&take);
    if (result != code)
        fail_msg("%s: %s, and should be %s; text: %s", device, rondo_error_name(result),
                 rondo_error_name(code), error.text);
    assert_int_equal(error.code, code);
    assert_mentions(&error, word);
}

static void
assert_render_refused(const char *device, struct rondo_format format, int code, const char *word)
{
    struct file_take take = make_take(RONDO_S16, 1, 1);
    struct rondo_error error;
    int result = 0;

    take.format = format;
    result = file_test_render(&take, device, NULL, &error);
    file_test_free(&take);
    if (result != code)
        fail_msg("%s: %s, and should be %s; text: %s", device, rondo_error_name(result),
                 rondo_error_name(code), error.text);
    assert_int_equal(error.code, code);
    assert_mentions(&error, word);
}

static uint64_t
count_entries(const char *path)
{
    DIR *directory = opendir(path);
    uint64_t count = 0;

    assert_non_null(directory);
    while (readdir(directory) != NULL)
        count++;
    closedir(directory);
    return count - 2;
}

/* ---- reading ---- */

static void
what_is_no_sound_file_is_told_apart(void **state)
{
    static const char text[] = "Once upon a time there was a file that was no sound file at all.\n";
    static unsigned char zeros[10000];

    (void)state;
    file_test_store("empty.wav", "", 0);
    file_test_store("text.wav", text, sizeof(text));
    file_test_store("zeros.wav", zeros, sizeof(zeros));
    file_test_store("short.wav", "RIFF", 4);
    file_test_store("x.mp3", text, sizeof(text));
    assert_int_equal(mkdir("folder.wav", 0755), 0);
    assert_capture_refused("file:empty.wav", -EBADMSG, "empty");
    assert_capture_refused("file:text.wav", -EBADMSG, "not a sound file");
    assert_capture_refused("file:text.wav", -EBADMSG, "format, rate and channels");
    assert_capture_refused("file:zeros.wav", -EBADMSG, "not a sound file");
    assert_capture_refused("file:x.mp3", -EBADMSG, "not a sound file");
    assert_capture_refused("file:short.wav", -EBADMSG, "short.wav");
    assert_capture_refused("file:folder.wav", -EISDIR, "directory");
    assert_capture_refused("file:missing.wav", -ENOENT, "missing.wav");
    assert_capture_refused("file:missing/missing.wav", -ENOENT, "missing.wav");
    assert_capture_refused("file:text.wav/missing.wav", -ENOTDIR, "no directory");
    assert_capture_refused("file:", -EINVAL, "file:take.wav");
}

static void
wrong_parameters_of_a_capture_are_refused(void **state)
{
    (void)state;
    make_file("file:good.wav", RONDO_S16, 2, FRAMES);
    assert_capture_refused("file:good.wav?format=s16", -EINVAL, "all three");
    assert_capture_refused("file:good.wav?format=s16&rate=8000", -EINVAL, "all three");
    assert_capture_refused("file:good.wav?rate=8000", -EINVAL, "format, rate and channels");
    assert_capture_refused("file:good.wav?format=s24_32&rate=8000&channels=1", -EINVAL, "s16, s24");
    assert_capture_refused("file:good.wav?loop=2", -EINVAL, "from 0 to 1");
    assert_capture_refused("file:good.wav?type=wav", -EINVAL, "type is for render");
    assert_capture_refused("file:good.wav?volume=3", -EINVAL, "loop, type, format, rate, channels");
}

/* At every length: an error, or all frames. */
static void
cut_everywhere(const char *name)
{
    char device[64];
    size_t bytes = 0;
    struct file_take whole;
    struct rondo_error error;
    void *data = NULL;
    unsigned refused_at_open = 0;

    snprintf(device, sizeof(device), "file:%s", name);
    assert_int_equal(file_test_capture(&whole, device, RONDO_SAMPLE_DEFAULT, UINT64_MAX, &error),
                     0);
    data = file_test_load(name, &bytes);
    for (size_t cut = 0; cut < bytes; cut++) {
        struct file_take take;
        int result = 0;

        file_test_store("cut.bin", data, cut);
        result = file_test_capture(&take, "file:cut.bin", RONDO_SAMPLE_DEFAULT, UINT64_MAX, &error);
        if (result == 0 && take.frames != whole.frames)
            fail_msg("%s, cut to %zu of %zu bytes, passes for %llu frames", name, cut, bytes,
                     (unsigned long long)take.frames);
        if (result != 0 && result != -EBADMSG && result != -ENOTSUP)
            fail_msg("%s, cut to %zu bytes: %s", name, cut, error.text);
        if (result != 0 && error.text[0] == '\0')
            fail_msg("%s, cut to %zu bytes: no text", name, cut);
        refused_at_open += result != 0 && take.format.channels == 0;
        file_test_free(&take);
    }
    /* Only FLAC cannot tell before it is read. */
    if (strstr(name, "flac") == NULL)
        assert_true(refused_at_open + 2 >= bytes - (bytes - refused_at_open));
    file_test_free(&whole);
    free(data);
}

static void
a_file_that_was_cut_off_is_never_taken_for_whole(void **state)
{
    static const char *const types[] = {"wav", "aiff", "w64", "rf64", "caf", "au"};
    char device[64];

    (void)state;
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        snprintf(device, sizeof(device), "file:whole.%s", types[i]);
        make_file(device, RONDO_S16, 1, 150);
        cut_everywhere(device + 5);
    }
    make_file("file:whole.flac", RONDO_S16, 1, 150);
    cut_everywhere("whole.flac");
}

static void
a_cut_off_vorbis_file_is_refused(void **state)
{
    size_t bytes = 0;
    void *data = NULL;

    (void)state;
    make_file("file:whole.ogg", RONDO_F32, 1, 20000);
    data = file_test_load("whole.ogg", &bytes);
    for (size_t cut = 10; cut < bytes; cut += 97) {
        file_test_store("cut.ogg", data, cut);
        assert_capture_refused("file:cut.ogg", -EBADMSG, "cut.ogg");
    }
    file_test_store("cut.ogg", data, bytes - 1);
    assert_capture_refused("file:cut.ogg", -EBADMSG, "cut off");
    /* In front of each page: what is left looks whole. */
    for (size_t cut = 1; cut + 4 < bytes; cut++) {
        if (memcmp((char *)data + cut, "OggS", 4) != 0)
            continue;
        file_test_store("cut.ogg", data, cut);
        assert_capture_refused("file:cut.ogg", -EBADMSG, "cut off");
    }
    free(data);
}

static void
a_cut_off_file_tells_what_is_missing(void **state)
{
    (void)state;
    make_file("file:missing.wav", RONDO_S16, 2, 1000);
    assert_int_equal(truncate("missing.wav", 44 + 4000 - 100), 0);
    assert_capture_refused("file:missing.wav", -EBADMSG, "promises 100 bytes more");
    make_file("file:missing.flac", RONDO_S16, 2, 20000);
    assert_int_equal(truncate("missing.flac", 40000), 0);
    assert_capture_refused("file:missing.flac", -EBADMSG, "of the 20000 frames that it promises");
}

/* A FLAC file is missing its end, known only when it gets there. */
static void
all_whole_frames_of_a_cut_off_file_come_before_the_error(void **state)
{
    struct file_take whole;
    struct file_take cut;
    struct rondo_error error;
    unsigned long long told = 0;

    (void)state;
    make_file("file:cut.flac", RONDO_S16, 2, 20000);
    assert_int_equal(
        file_test_capture(&whole, "file:cut.flac", RONDO_SAMPLE_DEFAULT, UINT64_MAX, &error), 0);
    assert_int_equal(truncate("cut.flac", 40000), 0);
    assert_int_equal(
        file_test_capture(&cut, "file:cut.flac", RONDO_SAMPLE_DEFAULT, UINT64_MAX, &error),
        -EBADMSG);
    assert_int_equal(sscanf(error.text, "file: ends after %llu of", &told), 1);
    assert_true(told > 0 && told % 480 != 0); /* in the middle of a transfer */
    assert_int_equal(cut.frames, told);
    assert_memory_equal(cut.data, whole.data, (size_t)told * rondo_frame_bytes(&whole.format));
    file_test_free(&cut);
    file_test_free(&whole);
}

/* Under the offline clock, and in real time behind what the helper thread has read ahead. */
static void
a_file_that_shrinks_while_it_is_open_gives_all_that_is_left(void **state)
{
    enum {
        LEFT = 50001
    };
    struct rondo_clock *const clocks[] = {rondo_clock_offline(), rondo_clock_real()};
    const struct file_take take = make_take(RONDO_S16, 1, 60000);

    (void)state;
    for (size_t i = 0; i < sizeof(clocks) / sizeof(clocks[0]); i++) {
        struct rondo_stream_config config = RONDO_STREAM_CONFIG_INIT;
        struct rondo_stream *stream = NULL;
        struct rondo_error error;
        uint64_t done = 0;
        int result = 0;

        make_file("file:shrinks.wav", RONDO_S16, 1, 60000);
        config.clock = clocks[i];
        config.realtime_priority = -1;
        config.buffer_frames = 12000; /* a quarter of a second: nobody is so late */
        assert_int_equal(rondo_stream_open(&stream, "file:shrinks.wav", &config), 0);
        assert_int_equal(truncate("shrinks.wav", 44 + 2 * LEFT + 1), 0);
        assert_int_equal(rondo_stream_start(stream), 0);
        while ((result = rondo_stream_wait(stream, FILE_TEST_DEADLINE_NS)) > 0) {
            const struct rondo_span span = rondo_stream_get(stream, UINT32_MAX);

            assert_true(done + span.frames <= LEFT);
            assert_memory_equal(span.data, (const int16_t *)take.data + done,
                                (size_t)span.frames * 2);
            done += span.frames;
            assert_int_equal(rondo_stream_release(stream, span.frames), 0);
        }
        assert_int_equal(result, -EBADMSG);
        assert_int_equal(done, LEFT);
        assert_int_equal(rondo_stream_error(stream, &error), -EBADMSG);
        assert_mentions(&error, "50001 of the 60000 frames");
        rondo_stream_close(stream);
    }
    free(take.data);
}

static void
a_damaged_flac_file_is_refused(void **state)
{
    size_t bytes = 0;
    unsigned char *data = NULL;

    (void)state;
    make_file("file:damaged.flac", RONDO_S16, 2, 20000);
    data = file_test_load("damaged.flac", &bytes);
    memset(data + bytes / 2, 0x5a, 64);
    file_test_store("damaged.flac", data, bytes);
    free(data);
    assert_capture_refused("file:damaged.flac", -EBADMSG, "damaged.flac");
}

static void
headers_that_do_not_know_their_length_are_believed(void **state)
{
    static const uint32_t unknown[] = {0xffffffff, 0x7ffff000, 0x80000000, 0xffffffd8};
    struct file_take take;
    struct rondo_error error;
    unsigned char *data = NULL;
    size_t bytes = 0;

    (void)state;
    make_file("file:stream.wav", RONDO_S16, 2, FRAMES);
    data = file_test_load("stream.wav", &bytes);
    for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++) {
        memcpy(data + 40, &unknown[i], 4);
        file_test_store("stream.wav", data, bytes);
        assert_int_equal(
            file_test_capture(&take, "file:stream.wav", RONDO_SAMPLE_DEFAULT, UINT64_MAX, &error),
            0);
        assert_int_equal(take.frames, FRAMES);
        file_test_free(&take);
    }
    free(data);
}

static void
more_channels_than_there_can_be_are_refused(void **state)
{
    unsigned char *data = NULL;
    size_t bytes = 0;
    const uint16_t channels = 300;
    const uint16_t align = 600;

    (void)state;
    make_file("file:many.wav", RONDO_S16, 2, 600);
    data = file_test_load("many.wav", &bytes);
    memcpy(data + 22, &channels, 2);
    memcpy(data + 32, &align, 2);
    file_test_store("many.wav", data, bytes);
    free(data);
    assert_capture_refused("file:many.wav", -ENOTSUP, "256");
}

/* ---- writing: refused ---- */

static void
what_cannot_be_written_is_refused_and_leaves_nothing(void **state)
{
    const struct rondo_format stereo = {RONDO_S16, 2, 48000};
    const struct rondo_format nine = {RONDO_S16, 9, 48000};
    const struct rondo_format fast = {RONDO_S16, 2, 1000000};
    const struct rondo_format wide = {RONDO_S32, 2, 48000};
    const struct rondo_format real = {RONDO_F32, 2, 48000};
    char longer[300];

    (void)state;
    assert_int_equal(mkdir("bare", 0755), 0);
    assert_int_equal(chdir("bare"), 0);
    assert_render_refused("file:x.doc", stereo, -EINVAL, "wav, aif, aiff, flac, ogg");
    assert_render_refused("file:x", stereo, -EINVAL, "type=");
    assert_render_refused("file:x.wav?type=mp3", stereo, -EINVAL, "wav, aif, aiff, flac, ogg");
    assert_render_refused("file:x.wav?loop=1", stereo, -EINVAL, "capture");
    assert_render_refused("file:x.wav?rate=fast", stereo, -EINVAL, "number");
    assert_render_refused("file:x.flac", nine, -ENOTSUP, "1 to 8 channels, not 9");
    assert_render_refused("file:x.flac", fast, -ENOTSUP, "1000000 Hz");
    assert_render_refused("file:x.flac", wide, -ENOTSUP, "s24");
    assert_render_refused("file:x.flac", real, -ENOTSUP, "s24");
    assert_render_refused("file:../folder.wav", stereo, -EISDIR, "directory");
    assert_render_refused("file:x.wav/?type=wav", stereo, -EISDIR, "directory");
    assert_render_refused("file:missing/x.wav", stereo, -ENOENT, "missing/x.wav");
    assert_render_refused("file:../text.wav/x.wav", stereo, -ENOTDIR, "no directory");
    assert_render_refused("file:", stereo, -EINVAL, "file:take.wav");
    memset(longer, 'n', sizeof(longer));
    memcpy(longer, "file:", 5);
    memcpy(longer + 5 + 247, ".wav", 5);
    assert_render_refused(longer, stereo, -ENAMETOOLONG, "too long");
    assert_int_equal(count_entries("."), 0);
    assert_int_equal(symlink("nowhere.wav", "link.wav"), 0);
    assert_render_refused("file:link.wav", stereo, -ENOENT, "link");
    assert_int_equal(count_entries("."), 1);
    assert_int_equal(chdir(".."), 0);
}

static void
a_device_that_never_runs_leaves_nothing(void **state)
{
    struct rondo_stream_config config = RONDO_STREAM_CONFIG_INIT;
    struct rondo_stream *stream = NULL;

    (void)state;
    file_test_store("before.wav", "old", 3);
    config.direction = RONDO_RENDER;
    assert_int_equal(rondo_stream_open(&stream, "file:before.wav?clock=offline", &config), 0);
    assert_int_equal(rondo_stream_stop(stream), 0);
    assert_int_equal(rondo_stream_reset(stream), 0);
    rondo_stream_close(stream);
    assert_false(file_test_exists("before.wav.part"));
    free(file_test_load("before.wav", &(size_t){0}));
}

/* ---- writing: fails ---- */

/* The frames that an error says were written. */
static uint64_t
frames_told(const struct rondo_error *error)
{
    const char *number = strstr(error->text, "written: ");
    unsigned long long frames = 0;

    if (number == NULL || sscanf(number, "written: %llu frames", &frames) != 1)
        fail_msg("the text '%s' does not tell how many frames were written", error->text);
    return frames;
}

/* After an error: what was there stays, and the .part holds exactly what the error says. */
static void
assert_only_part(const char *name, const struct file_take *take, const struct rondo_error *error)
{
    char device[256];
    char part[128];
    struct file_take got;
    struct rondo_error second;
    size_t bytes = 0;
    char *old = file_test_load(name, &bytes);

    assert_int_equal(bytes, 3);
    assert_memory_equal(old, "old", 3);
    free(old);
    snprintf(part, sizeof(part), "%s.part", name);
    assert_mentions(error, part);
    snprintf(device, sizeof(device), "file:%s", part);
    if (file_test_capture(&got, device, RONDO_SAMPLE_DEFAULT, UINT64_MAX, &second) != 0)
        fail_msg("%s: %s", part, second.text);
    assert_int_equal(got.frames, frames_told(error));
    assert_true(got.frames > 0 && got.frames < take->frames);
    assert_memory_equal(got.data, take->data,
                        (size_t)got.frames * rondo_frame_bytes(&take->format));
    file_test_free(&got);
}

static void
a_file_size_limit_ends_the_file_in_whole_frames(void **state)
{
    static const char *const types[] = {"wav", "aiff", "w64", "caf", "au", "rf64"};
    struct rlimit before;
    struct rlimit limit;
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);

    (void)state;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        struct file_take take = make_take(RONDO_F32, 3, 30000);
        struct rondo_error error;
        char name[32];
        char device[64];
        int result = 0;

        snprintf(name, sizeof(name), "limit.%s", types[i]);
        snprintf(device, sizeof(device), "file:%s", name);
        file_test_store(name, "old", 3);
        limit = before;
        limit.rlim_cur = 100001;
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
        result = file_test_render(&take, device, NULL, &error);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
        assert_int_equal(result, -EFBIG);
        assert_only_part(name, &take, &error);
        file_test_free(&take);
    }
    signal(SIGXFSZ, handler);
}

/* The encoder holds frames back until the file is finished. */
static void
a_limit_that_is_met_while_finishing_is_told_exactly(void **state)
{
    struct file_take take = make_take(RONDO_S16, 2, 3000);
    struct rondo_error error;
    struct rlimit before;
    struct rlimit limit;
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    int result = 0;

    (void)state;
    file_test_store("late.flac", "old", 3);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    limit = before;
    limit.rlim_cur = 9000;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    result = file_test_render(&take, "file:late.flac", NULL, &error);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    signal(SIGXFSZ, handler);
    assert_int_equal(result, -EFBIG);
    assert_mentions(&error, "at most 3000 frames, in late.flac.part");
    assert_int_equal(truncate("late.flac.part", 3), 0);              /* it is there */
    assert_capture_refused("file:late.flac", -EBADMSG, "late.flac"); /* and this is what it was */
    file_test_free(&take);
}

static void
a_device_that_is_full_says_so(void **state)
{
    struct file_take take = make_take(RONDO_S16, 2, 20000);
    struct rondo_error error;

    (void)state;
    assert_int_equal(file_test_render(&take, "file:/dev/full?type=raw", NULL, &error), -ENOSPC);
    assert_mentions(&error, "no space left");
    assert_mentions(&error, "/dev/full");
    assert_int_equal(file_test_render(&take, "file:/dev/full?type=wav", NULL, &error), -ENOSPC);
    assert_int_equal(file_test_render(&take, "file:/dev/null?type=wav", NULL, &error), 0);
    assert_false(file_test_exists("/dev/full.part"));
    assert_false(file_test_exists("/dev/null.part"));
    file_test_free(&take);
}

/* In real time the error comes from the helper thread. */
static void
a_device_that_is_full_says_so_in_real_time(void **state)
{
    struct rondo_stream_config config = RONDO_STREAM_CONFIG_INIT;
    struct rondo_stream *stream = NULL;
    struct rondo_error error;
    int result = 0;

    (void)state;
    config.direction = RONDO_RENDER;
    config.realtime_priority = -1;
    assert_int_equal(rondo_stream_open(&stream, "file:/dev/full?type=raw", &config), 0);
    assert_int_equal(rondo_stream_start(stream), 0);
    while (result >= 0) {
        const struct rondo_span span = rondo_stream_get(stream, UINT32_MAX);

        if (span.frames > 0)
            memset(span.data, 1, span.frames * 4u);
        rondo_stream_release(stream, span.frames);
        result = rondo_stream_wait(stream, FILE_TEST_DEADLINE_NS);
    }
    assert_int_equal(result, -ENOSPC);
    assert_int_equal(rondo_stream_error(stream, &error), -ENOSPC);
    assert_mentions(&error, "written: 0 frames");
    rondo_stream_reset(stream);
    assert_int_equal(rondo_stream_start(stream), 0);
    assert_int_equal(rondo_stream_error(stream, NULL), 0);
    rondo_stream_close(stream);
}

static void
a_file_cannot_outgrow_its_header(void **state)
{
    enum {
        BLOCK = 65536
    };
    struct rondo__device_string string;
    struct rondo_device_info granted;
    struct rondo_error error = {0};
    void *device = NULL;
    void *frames = calloc(BLOCK, 1024);
    int32_t result = 0;
    uint64_t done = 0;

    (void)state;
    assert_non_null(frames);
    assert_int_equal(rondo__device_string_parse(&string, "file:/dev/null?type=wav", &error), 0);
    {
        const struct rondo_device_request request = {.direction = RONDO_RENDER,
                                                     .format = {RONDO_S32, 256, 48000},
                                                     .address = string.address,
                                                     .parameters = string.parameters};

        assert_int_equal(string.ops->open(&device, &request, &granted, &error), 0);
    }
    assert_int_equal(string.ops->set_state(device, RONDO_ENGINE_RESET, &error), 0);
    assert_int_equal(string.ops->set_state(device, RONDO_ENGINE_RUNNING, &error), 0);
    for (; done < UINT64_C(0x100000000); done += (uint64_t)BLOCK * 1024) {
        result = string.ops->transfer(device, frames, BLOCK, &error);
        if (result != BLOCK)
            break;
    }
    assert_int_equal(result, -EFBIG);
    assert_true(done > UINT64_C(0xf0000000));
    assert_mentions(&error, "larger than a file of this kind may be");
    assert_int_equal(string.ops->transfer(device, frames, 1, &error), -EFBIG);
    assert_int_equal(string.ops->set_state(device, RONDO_ENGINE_RUNNING, &error), -EFBIG);
    assert_int_equal(string.ops->set_state(device, RONDO_ENGINE_RESET, &error), 0);
    assert_int_equal(string.ops->set_state(device, RONDO_ENGINE_RUNNING, &error), 0);
    assert_int_equal(string.ops->transfer(device, frames, 1, &error), 1);
    assert_int_equal(string.ops->close(device, &error), 0);
    rondo__device_string_finish(&string);
    free(frames);
}

static void
a_file_that_cannot_take_its_name_stays_part(void **state)
{
    struct rondo_stream_config config = RONDO_STREAM_CONFIG_INIT;
    struct rondo_stream *stream = NULL;

    (void)state;
    config.direction = RONDO_RENDER;
    assert_int_equal(rondo_stream_open(&stream, "file:name.wav?clock=offline", &config), 0);
    assert_int_equal(rondo_stream_start(stream), 0);
    assert_true(file_test_exists("name.wav.part"));
    assert_false(file_test_exists("name.wav"));
    assert_int_equal(mkdir("name.wav", 0755), 0);
    assert_int_equal(rondo_stream_reset(stream), -EISDIR);
    rondo_stream_close(stream);
    assert_true(file_test_exists("name.wav.part"));
    assert_int_equal(rmdir("name.wav"), 0);
}

static void
two_cannot_write_the_same_file(void **state)
{
    struct rondo_stream_config config = RONDO_STREAM_CONFIG_INIT;
    struct rondo_stream *first = NULL;
    struct rondo_stream *second = NULL;

    (void)state;
    config.direction = RONDO_RENDER;
    assert_int_equal(rondo_stream_open(&first, "file:same.wav?clock=offline", &config), 0);
    assert_int_equal(rondo_stream_open(&second, "file:same.wav?clock=offline", &config), 0);
    assert_int_equal(rondo_stream_start(first), 0);
    assert_int_equal(rondo_stream_start(second), -EBUSY);
    assert_int_equal(rondo_stream_reset(first), 0);
    assert_true(file_test_exists("same.wav"));
    assert_int_equal(rondo_stream_start(second), 0);
    rondo_stream_close(first);
    rondo_stream_close(second);
    assert_false(file_test_exists("same.wav.part"));
}

static void
a_part_that_was_left_behind_is_replaced(void **state)
{
    static const char *const devices[] = {"file:left.wav", "file:left.flac", "file:left.ogg"};
    static char stale[100000];

    (void)state;
    memset(stale, 's', sizeof(stale));
    for (size_t i = 0; i < 3; i++) {
        char part[32];
        size_t bytes = 0;
        char *data = NULL;

        snprintf(part, sizeof(part), "%s.part", devices[i] + 5);
        file_test_store(part, stale, sizeof(stale));
        make_file(devices[i], RONDO_S16, 1, FRAMES);
        assert_false(file_test_exists(part));
        data = file_test_load(devices[i] + 5, &bytes);
        assert_true(bytes < 20000);
        assert_null(memmem(data, bytes, "ssssssss", 8));
        free(data);
    }
}

static void
a_part_that_is_no_file_is_left_alone(void **state)
{
    const struct rondo_format mono = {RONDO_S16, 1, 48000};
    size_t bytes = 0;

    (void)state;
    file_test_store("precious", "keep", 4);
    assert_int_equal(symlink("precious", "trap.wav.part"), 0);
    assert_render_refused("file:trap.wav", mono, -ELOOP, "trap.wav");
    free(file_test_load("precious", &bytes));
    assert_int_equal(bytes, 4);
    assert_int_equal(mkdir("trap2.wav.part", 0755), 0);
    assert_render_refused("file:trap2.wav", mono, -EISDIR, "trap2.wav");
}

/* ---- in another process ---- */

static int
run_self(const char *mode)
{
    return file_test_run("'%s' %s", program, mode);
}

/* As a user who may do nothing here. */
static int
check_no_permission(void)
{
    static const struct {
        const char *device;
        enum rondo_direction direction;
    } cases[] = {
        {"file:secret.wav", RONDO_CAPTURE},
        {"file:locked/new.wav", RONDO_RENDER},
        {"file:open/readonly.wav", RONDO_RENDER},
    };

    if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
        return 77;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct rondo_stream_config config = RONDO_STREAM_CONFIG_INIT;
        struct rondo_stream *stream = NULL;
        struct rondo_error error = {0};
        int result = 0;

        config.direction = cases[i].direction;
        config.error = &error;
        result = rondo_stream_open(&stream, cases[i].device, &config);
        if (result != -EACCES || error.code != -EACCES ||
            strstr(error.text, "permission denied") == NULL ||
            strstr(error.text, cases[i].device + 5) == NULL) {
            fprintf(stderr, "%s: %d, '%s'\n", cases[i].device, result, error.text);
            return 1;
        }
    }
    return 0;
}

static void
without_permission_nothing_is_read_or_written(void **state)
{
    int result = 0;

    (void)state;
    make_file("file:secret.wav", RONDO_S16, 1, FRAMES);
    assert_int_equal(chmod("secret.wav", 0), 0);
    assert_int_equal(mkdir("locked", 0555), 0);
    assert_int_equal(mkdir("open", 0777), 0);
    assert_int_equal(chmod("open", 0777), 0);
    file_test_store("open/readonly.wav", "old", 3);
    assert_int_equal(chmod("open/readonly.wav", 0444), 0);
    result = run_self("no-permission");
    assert_int_equal(count_entries("locked"), 0);
    assert_int_equal(count_entries("open"), 1);
    assert_int_equal(chmod("secret.wav", 0600), 0);
    if (result == 77)
        skip();
    assert_int_equal(result, 0);
}

/* On a disk of 64 KiB. */
static void
the_full_disk(void **state)
{
    struct file_take take = make_take(RONDO_S16, 2, 30000);
    struct rondo_error error;

    (void)state;
    file_test_store("disk/take.wav", "old", 3);
    assert_int_equal(file_test_render(&take, "file:disk/take.wav", NULL, &error), -ENOSPC);
    assert_mentions(&error, "no space left");
    assert_only_part("disk/take.wav", &take, &error);

    /* With room again the next run replaces both. */
    take.frames = 1000;
    assert_int_equal(file_test_render(&take, "file:disk/take.wav", NULL, &error), 0);
    assert_false(file_test_exists("disk/take.wav.part"));
    assert_int_equal(count_entries("disk"), 1);
    take.frames = 30000;
    assert_int_equal(file_test_render(&take, "file:disk/take.flac", NULL, &error), -ENOSPC);
    assert_mentions(&error, "at most");
    assert_false(file_test_exists("disk/take.flac"));
    file_test_free(&take);
}

static int
check_full_disk(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_full_disk)};

    if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("none", "disk", "tmpfs", 0, "size=65536") != 0)
        return 77;
    return cmocka_run_group_tests(tests, NULL, NULL) == 0 ? 0 : 1;
}

static void
a_full_disk_leaves_a_part_and_what_was_there(void **state)
{
    int result = 0;

    (void)state;
    assert_int_equal(mkdir("disk", 0755), 0);
    result = run_self("full-disk >full-disk.log 2>&1");
    if (result == 77)
        skip();
    if (result != 0)
        file_test_run("cat full-disk.log >&2");
    assert_int_equal(result, 0);
}

/* Frames of a capture that is reset and read again. */
static uint32_t
read_some(struct rondo_stream *stream, int16_t *samples, uint32_t frames)
{
    uint32_t done = 0;

    assert_int_equal(rondo_stream_start(stream), 0);
    while (done < frames && rondo_stream_wait(stream, FILE_TEST_DEADLINE_NS) > 0) {
        const struct rondo_span span = rondo_stream_get(stream, frames - done);

        memcpy(samples + done, span.data, span.frames * sizeof(*samples));
        assert_int_equal(rondo_stream_release(stream, span.frames), 0);
        done += span.frames;
    }
    return done;
}

/* libsndfile begins to read behind the header, and seeks to where the header says. */
static void
a_file_whose_samples_begin_in_its_header_yields_the_same_after_a_reset(void **state)
{
    static const unsigned char au[] = {'.', 's', 'n', 'd', 0, 0, 0,    8,    0, 0, 0, 60,
                                       0,   0,   0,   3,   0, 0, 0x1f, 0x40, 0, 0, 0, 1};
    struct rondo_stream *stream = NULL;
    unsigned char file[sizeof(au) + 100];
    int16_t first[200] = {0};
    int16_t again[200] = {0};

    (void)state;
    memcpy(file, au, sizeof(au));
    for (size_t i = sizeof(au); i < sizeof(file); i++)
        file[i] = (unsigned char)i;
    file_test_store("begin.au", file, sizeof(file));
    assert_int_equal(rondo_stream_open(&stream, "file:begin.au?clock=offline", NULL), 0);
    assert_int_equal(read_some(stream, first, 200), 30);
    assert_int_equal(rondo_stream_reset(stream), 0);
    assert_int_equal(read_some(stream, again, 200), 30);
    assert_memory_equal(first, again, sizeof(first));
    rondo_stream_close(stream);
}

static void
a_file_that_has_become_another_kind_is_refused_at_the_reset(void **state)
{
    struct rondo_stream *stream = NULL;
    struct rondo_error error;
    int16_t samples[10];
    unsigned char *data = NULL;
    size_t bytes = 0;

    (void)state;
    make_file("file:other.wav", RONDO_S16, 1, 1000);
    data = file_test_load("other.wav", &bytes);
    assert_int_equal(rondo_stream_open(&stream, "file:other.wav?clock=offline", NULL), 0);
    assert_int_equal(read_some(stream, samples, 10), 10);
    data[22] = 200; /* channels */
    data[32] = 0x90;
    data[33] = 1;
    file_test_store("other.wav", data, bytes);
    assert_int_equal(rondo_stream_reset(stream), -EBADMSG);
    rondo_stream_error(stream, &error);
    assert_mentions(&error, "another kind");
    /* And right again once it is what it was. */
    data[22] = 1;
    data[32] = 2;
    data[33] = 0;
    file_test_store("other.wav", data, bytes);
    assert_int_equal(rondo_stream_reset(stream), 0);
    assert_int_equal(read_some(stream, samples, 10), 10);
    free(data);
    rondo_stream_close(stream);
}

/* libsndfile looks for the chunks of an 8SVX up to the length that it was told. */
static void
a_file_that_has_become_shorter_is_refused_at_the_reset(void **state)
{
    struct rondo_stream *stream = NULL;
    struct rondo_error error;
    int16_t samples[10];

    (void)state;
    if (file_test_run("sox -D -R -n -r 8000 -b 8 -c 1 short.8svx synth 0.2 sine 440 2>&1") != 0)
        skip(); /* this sox cannot write them */
    assert_int_equal(rondo_stream_open(&stream, "file:short.8svx?clock=offline", NULL), 0);
    assert_int_equal(read_some(stream, samples, 10), 10);
    assert_int_equal(truncate("short.8svx", 45), 0);
    assert_int_equal(rondo_stream_reset(stream), -EBADMSG);
    rondo_stream_error(stream, &error);
    assert_mentions(&error, "cut off");
    assert_int_equal(truncate("short.8svx", 0), 0);
    assert_int_equal(rondo_stream_start(stream), -EBADMSG);
    rondo_stream_close(stream);
}

/* Frames that are there must not be told to be missing. */
static void
a_kind_that_libsndfile_does_not_read_to_its_end_is_refused(void **state)
{
    (void)state;
    if (file_test_run("sox -D -R -n -r 8000 -b 24 -c 1 p.paf synth 0.2 sine 440 2>&1") != 0)
        skip(); /* this sox cannot write them */
    assert_capture_refused("file:p.paf", -ENOTSUP, "loses the end");
}

int
main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_no_sound_file_is_told_apart),
        cmocka_unit_test(wrong_parameters_of_a_capture_are_refused),
        cmocka_unit_test(a_file_that_was_cut_off_is_never_taken_for_whole),
        cmocka_unit_test(a_cut_off_vorbis_file_is_refused),
        cmocka_unit_test(a_cut_off_file_tells_what_is_missing),
        cmocka_unit_test(all_whole_frames_of_a_cut_off_file_come_before_the_error),
        cmocka_unit_test(a_file_that_shrinks_while_it_is_open_gives_all_that_is_left),
        cmocka_unit_test(a_damaged_flac_file_is_refused),
        cmocka_unit_test(headers_that_do_not_know_their_length_are_believed),
        cmocka_unit_test(more_channels_than_there_can_be_are_refused),
        cmocka_unit_test(what_cannot_be_written_is_refused_and_leaves_nothing),
        cmocka_unit_test(a_device_that_never_runs_leaves_nothing),
        cmocka_unit_test(a_file_size_limit_ends_the_file_in_whole_frames),
        cmocka_unit_test(a_limit_that_is_met_while_finishing_is_told_exactly),
        cmocka_unit_test(a_device_that_is_full_says_so),
        cmocka_unit_test(a_device_that_is_full_says_so_in_real_time),
        cmocka_unit_test(a_file_cannot_outgrow_its_header),
        cmocka_unit_test(a_file_that_cannot_take_its_name_stays_part),
        cmocka_unit_test(two_cannot_write_the_same_file),
        cmocka_unit_test(a_part_that_was_left_behind_is_replaced),
        cmocka_unit_test(a_part_that_is_no_file_is_left_alone),
        cmocka_unit_test(without_permission_nothing_is_read_or_written),
        cmocka_unit_test(a_full_disk_leaves_a_part_and_what_was_there),
        cmocka_unit_test(a_file_whose_samples_begin_in_its_header_yields_the_same_after_a_reset),
        cmocka_unit_test(a_file_that_has_become_another_kind_is_refused_at_the_reset),
        cmocka_unit_test(a_file_that_has_become_shorter_is_refused_at_the_reset),
        cmocka_unit_test(a_kind_that_libsndfile_does_not_read_to_its_end_is_refused),
    };
    int result = 0;

    if (argc == 2 && strcmp(argv[1], "no-permission") == 0)
        return check_no_permission();
    if (argc == 2 && strcmp(argv[1], "full-disk") == 0)
        return check_full_disk();
    program = realpath(argv[0], NULL);
    file_test_enter_folder();
    result = cmocka_run_group_tests(tests, NULL, NULL);
    file_test_leave_folder();
    return result;
}
