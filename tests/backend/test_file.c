/* SPDX-License-Identifier: MIT */
/*
 * The `file:` backend: the conformance suite in both directions, and what is its own: loops, pipes
 * and names.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include <cmocka.h>

#include "backend/conformance.h"
#include "core/device_string.h"
#include "support/file_test.h"

#define FRAMES 10007u

static const char *program;

/* ---- the suite ---- */

/* Frames that carry their position; never silent. */
static int16_t
sample_at(uint64_t position, uint32_t channel)
{
    return (int16_t)((position * 2 + channel) % 65521 + 1);
}

static void
make_numbered(uint64_t position, void *data, uint32_t frames)
{
    int16_t *samples = data;

    for (uint32_t i = 0; i < frames * 2; i++)
        samples[i] = sample_at(position + i / 2, i % 2);
}

static bool
is_numbered(uint64_t position, const void *data, uint32_t frames)
{
    const int16_t *samples = data;

    for (uint32_t i = 0; i < frames * 2; i++)
        if (samples[i] != sample_at(position + i / 2, i % 2))
            return false;
    return true;
}

static void
make_source(const char *device)
{
    struct file_take take = {.format = {RONDO_S16, 2, 48000}, .frames = FRAMES};
    struct rondo_error error;

    take.data = malloc(FRAMES * 4);
    make_numbered(0, take.data, FRAMES);
    if (file_test_render(&take, device, NULL, &error) != 0) {
        fprintf(stderr, "%s: %s\n", device, error.text);
        exit(EXIT_FAILURE);
    }
    file_test_free(&take);
}

static void
check_sink(const char *name, uint64_t frames)
{
    char device[64];
    struct file_take take;
    struct rondo_error error;

    snprintf(device, sizeof(device), "file:%s", name);
    if (file_test_capture(&take, device, RONDO_S16, UINT64_MAX, &error) != 0)
        fail_msg("%s: %s", device, error.text);
    assert_int_equal(take.frames, frames);
    assert_true(is_numbered(0, take.data, (uint32_t)frames));
    file_test_free(&take);
    snprintf(device, sizeof(device), "%s.part", name);
    assert_false(file_test_exists(device));
}

static void
check_wav(uint64_t frames)
{
    check_sink("sink.wav", frames);
}

static void
check_flac(uint64_t frames)
{
    check_sink("sink.flac", frames);
}

/* ---- loops ---- */

static void
assert_loops(const char *name)
{
    char device[64];
    struct file_take once;
    struct file_take loop;
    struct rondo_error error;
    size_t frame_bytes = 0;
    const uint64_t frames = 3 * FRAMES + 1234;

    snprintf(device, sizeof(device), "file:%s", name);
    assert_int_equal(file_test_capture(&once, device, RONDO_SAMPLE_DEFAULT, UINT64_MAX, &error), 0);
    snprintf(device, sizeof(device), "file:%s?loop=1", name);
    if (file_test_capture(&loop, device, RONDO_SAMPLE_DEFAULT, frames, &error) != 0)
        fail_msg("%s: %s", device, error.text);
    frame_bytes = rondo_frame_bytes(&once.format);
    assert_int_equal(loop.length_frames, 0);
    assert_int_equal(loop.frames, frames);
    for (uint64_t done = 0; done < frames; done += once.frames) {
        const uint64_t some = frames - done < once.frames ? frames - done : once.frames;

        if (memcmp((char *)loop.data + done * frame_bytes, once.data, some * frame_bytes) != 0)
            fail_msg("%s: not the same the second time", name);
    }
    file_test_free(&once);
    file_test_free(&loop);
}

static void
a_loop_joins_the_end_to_the_beginning(void **state)
{
    static const char *const types[] = {"wav", "aiff", "flac", "ogg", "caf", "au", "w64", "rf64"};

    (void)state;
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        char device[64];

        snprintf(device, sizeof(device), "file:loop.%s", types[i]);
        make_source(device);
        assert_loops(device + 5);
    }
    if (file_test_has_sox()) {
        assert_int_equal(file_test_run("sox -D source.wav -e ima-adpcm ima.wav"), 0);
        assert_int_equal(file_test_run("sox -D source.wav -r 8000 -c 1 -e gsm-full-rate gsm.wav"),
                         0);
        assert_loops("ima.wav");
        assert_loops("gsm.wav");
    }
}

static void
a_loop_shorter_than_a_period_works(void **state)
{
    const int16_t samples[3] = {1, 2, 3};
    struct file_take loop;
    struct rondo_error error;

    (void)state;
    file_test_store("three.raw", samples, sizeof(samples));
    assert_int_equal(file_test_capture(&loop,
                                       "file:three.raw?loop=1&format=s16&rate=8000&channels=1",
                                       RONDO_SAMPLE_DEFAULT, 10000, &error),
                     0);
    for (size_t i = 0; i < 10000; i++)
        assert_int_equal(((int16_t *)loop.data)[i], i % 3 + 1);
    file_test_free(&loop);
}

static void
a_file_without_frames_cannot_be_repeated(void **state)
{
    struct file_take take = {.format = {RONDO_S16, 2, 48000}, .frames = 0};
    struct rondo_error error;

    (void)state;
    assert_int_equal(file_test_render(&take, "file:no-frames.wav", NULL, &error), 0);
    assert_int_equal(file_test_capture(&take, "file:no-frames.wav", RONDO_S16, 10, &error), 0);
    assert_int_equal(take.frames, 0);
    assert_int_equal(file_test_capture(&take, "file:no-frames.wav?loop=1", RONDO_S16, 10, &error),
                     -EBADMSG);
    assert_non_null(strstr(error.text, "no frames"));
}

/* ---- names ---- */

static void
names_may_hold_any_character(void **state)
{
    static const char *const names[] = {
        "with space.wav",  "what?.wav",     "100%25.wav",        "a&b=c.wav",
        "colon:colon.wav", "new\nline.wav", "\xc3\xa9.wav",      "-dash.wav",
        ".hidden.wav",     "UPPER.WAV",     "two.dots.flac.wav", "?",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct file_take take;
        struct rondo_error error;
        char device[64];

        snprintf(device, sizeof(device), "file:%s?type=wav", names[i]);
        make_source(device);
        assert_true(file_test_exists(names[i]));
        snprintf(device, sizeof(device), "file:%s?", names[i]);
        if (file_test_capture(&take, device, RONDO_S16, UINT64_MAX, &error) != 0)
            fail_msg("%s: %s", device, error.text);
        assert_int_equal(take.frames, FRAMES);
        file_test_free(&take);
    }
}

static void
a_long_path_works(void **state)
{
    char path[2000] = "";
    char device[2100];
    struct file_take take;
    struct rondo_error error;

    (void)state;
    for (int i = 0; i < 5; i++) {
        const size_t used = strlen(path);

        memset(path + used, 'a' + i, 250);
        strcpy(path + used + 250, "/");
        assert_int_equal(mkdir(path, 0755), 0);
    }
    /* As long as a name can be with .part behind it. */
    memset(path + strlen(path), 'n', NAME_MAX - 9);
    memcpy(path + 5 * 251 + NAME_MAX - 9, ".wav", 5);
    snprintf(device, sizeof(device), "file:%s", path);
    make_source(device);
    assert_int_equal(file_test_capture(&take, device, RONDO_S16, UINT64_MAX, &error), 0);
    assert_int_equal(take.frames, FRAMES);
    file_test_free(&take);
}

static void
an_error_about_a_long_path_still_tells_why(void **state)
{
    char device[1600];
    struct file_take take;
    struct rondo_error error;

    (void)state;
    memset(device, 'x', sizeof(device));
    memcpy(device, "file:", 5);
    for (size_t i = 100; i < 1500; i += 100)
        device[i] = '/';
    device[1500] = '\0';
    assert_int_equal(file_test_capture(&take, device, RONDO_S16, 1, &error), -ENOENT);
    assert_non_null(strstr(error.text, "no such"));
}

static void
the_file_behind_a_link_is_replaced(void **state)
{
    struct stat status;
    struct file_take take;
    struct rondo_error error;

    (void)state;
    assert_int_equal(mkdir("behind", 0755), 0);
    file_test_store("behind/real.wav", "old", 3);
    assert_int_equal(symlink("behind/real.wav", "link.wav"), 0);
    make_source("file:link.wav");
    assert_int_equal(lstat("link.wav", &status), 0);
    assert_true(S_ISLNK(status.st_mode));
    assert_int_equal(
        file_test_capture(&take, "file:behind/real.wav", RONDO_S16, UINT64_MAX, &error), 0);
    assert_int_equal(take.frames, FRAMES);
    file_test_free(&take);
}

static void
the_file_goes_where_it_was_opened(void **state)
{
    struct rondo_stream_config config = RONDO_STREAM_CONFIG_INIT;
    struct rondo_stream *stream = NULL;

    (void)state;
    config.direction = RONDO_RENDER;
    assert_int_equal(mkdir("elsewhere", 0755), 0);
    assert_int_equal(rondo_stream_open(&stream, "file:here.wav?clock=offline", &config), 0);
    assert_int_equal(chdir("elsewhere"), 0);
    assert_int_equal(rondo_stream_start(stream), 0);
    rondo_stream_close(stream);
    assert_int_equal(chdir(".."), 0);
    assert_true(file_test_exists("here.wav"));
    assert_false(file_test_exists("elsewhere/here.wav"));
}

/* ---- pipes ---- */

static FILE *writer;

/* Have a program write into the pipe. */
static void
start_writer(const char *command)
{
    char line[200];

    snprintf(line, sizeof(line), "%s >source.fifo 2>/dev/null", command);
    writer = popen(line, "r");
    assert_non_null(writer);
}

/* Until it has ended: what it had left would be read next time. */
static void
wait_for_writer(void)
{
    pclose(writer);
}

static void
a_pipe_can_be_captured(void **state)
{
    static const char *const types[] = {"wav", "au", "aiff", "ogg", "flac", "caf", "w64", "rf64"};

    (void)state;
    assert_int_equal(mkfifo("source.fifo", 0600), 0);
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        struct file_take direct;
        struct file_take piped;
        struct rondo_error error;
        char device[64];
        int result = 0;

        snprintf(device, sizeof(device), "file:pipe.%s", types[i]);
        make_source(device);
        assert_int_equal(
            file_test_capture(&direct, device, RONDO_SAMPLE_DEFAULT, UINT64_MAX, &error), 0);
        snprintf(device, sizeof(device), "cat pipe.%s", types[i]);
        start_writer(device);
        result =
            file_test_capture(&piped, "file:source.fifo", RONDO_SAMPLE_DEFAULT, UINT64_MAX, &error);
        wait_for_writer();
        if (result == 0) {
            assert_int_equal(piped.frames, direct.frames);
            assert_memory_equal(piped.data, direct.data,
                                direct.frames * rondo_frame_bytes(&direct.format));
        } else {
            /* Kinds that need to go back and forth say so. */
            assert_true(i > 3);
            assert_true(result == -EBADMSG || result == -ENOTSUP);
            if (strstr(error.text, "wav, aiff, au and ogg can") == NULL)
                fail_msg("%s: %s", types[i], error.text);
        }
        file_test_free(&direct);
        file_test_free(&piped);
    }
}

static void
a_headerless_pipe_can_be_captured(void **state)
{
    struct file_take take;
    struct rondo_error error;

    (void)state;
    make_source("file:pipe.raw");
    start_writer("cat pipe.raw");
    assert_int_equal(file_test_capture(&take, "file:source.fifo?format=s16&rate=48000&channels=2",
                                       RONDO_SAMPLE_DEFAULT, UINT64_MAX, &error),
                     0);
    assert_int_equal(take.frames, FRAMES);
    assert_true(is_numbered(0, take.data, FRAMES));
    file_test_free(&take);
    wait_for_writer();
}

static void
a_pipe_whose_header_does_not_know_the_length_is_read_to_its_end(void **state)
{
    struct file_take take;
    struct rondo_error error;

    (void)state;
    if (!file_test_has_sox())
        skip();
    start_writer("cat pipe.raw | sox -D -V0 -t raw -e signed -b 16 -r 48000 -c 2 - -t wav -");
    if (file_test_capture(&take, "file:source.fifo", RONDO_S16, UINT64_MAX, &error) != 0)
        fail_msg("%s", error.text);
    assert_int_equal(take.length_frames, 0);
    assert_int_equal(take.frames, FRAMES);
    assert_true(is_numbered(0, take.data, FRAMES));
    file_test_free(&take);
    wait_for_writer();
}

static void
a_pipe_that_ends_too_early_is_an_error(void **state)
{
    struct file_take take;
    struct rondo_error error;

    (void)state;
    start_writer("head -c 20000 pipe.wav");
    assert_int_equal(
        file_test_capture(&take, "file:source.fifo", RONDO_SAMPLE_DEFAULT, UINT64_MAX, &error),
        -EBADMSG);
    assert_non_null(strstr(error.text, "of the 10007 frames that it promises"));
    file_test_free(&take);
    wait_for_writer();
}

/* libsndfile looks for the samples of an 8SVX for ever when a pipe ends before them. */
static void
a_pipe_of_a_kind_that_needs_more_than_a_pipe_is_refused_by_its_first_bytes(void **state)
{
    static const char *const heads[] = {
        "FORM\\0\\0\\0\\2008SVXV",  "FORM",
        "caff\\0\\1\\0\\0desc",     "fLaC",
        "RIFF\\0\\0\\0\\0AVI LIST", "no sound at all",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
        struct file_take take;
        struct rondo_error error;
        char command[80];

        snprintf(command, sizeof(command), "printf '%s'", heads[i]);
        start_writer(command);
        assert_int_equal(
            file_test_capture(&take, "file:source.fifo", RONDO_SAMPLE_DEFAULT, UINT64_MAX, &error),
            -EBADMSG);
        assert_non_null(strstr(error.text, "wav, aiff, au and ogg can"));
        wait_for_writer();
    }
}

/* What there is of the head is not taken out, and the rest is waited for. */
static void
a_pipe_whose_head_comes_in_pieces_can_be_captured(void **state)
{
    struct file_take take;
    struct rondo_error error;

    (void)state;
    start_writer("{ head -c 3 pipe.wav; sleep 0.05; tail -c +4 pipe.wav; }");
    assert_int_equal(file_test_capture(&take, "file:source.fifo", RONDO_S16, UINT64_MAX, &error),
                     0);
    assert_int_equal(take.frames, FRAMES);
    assert_true(is_numbered(0, take.data, FRAMES));
    file_test_free(&take);
    wait_for_writer();
}

static void
a_pipe_cannot_begin_again(void **state)
{
    struct rondo_stream_config config = RONDO_STREAM_CONFIG_INIT;
    struct rondo_stream *stream = NULL;
    struct rondo_error error = {0};
    struct file_take take;

    (void)state;
    start_writer("cat pipe.wav");
    assert_int_equal(rondo_stream_open(&stream, "file:source.fifo?clock=offline", &config), 0);
    assert_int_equal(rondo_stream_start(stream), 0);
    assert_true(rondo_stream_wait(stream, FILE_TEST_DEADLINE_NS) > 0);
    assert_int_equal(rondo_stream_reset(stream), -ESPIPE);
    rondo_stream_close(stream);
    wait_for_writer();
    start_writer("cat pipe.wav");
    assert_int_equal(file_test_capture(&take, "file:source.fifo?loop=1", RONDO_S16, 1, &error),
                     -ENOTSUP);
    assert_non_null(strstr(error.text, "loop"));
    wait_for_writer();
}

static void
a_pipe_without_a_writer_is_an_error(void **state)
{
    struct file_take take;
    struct rondo_error error;

    (void)state;
    assert_int_equal(file_test_capture(&take, "file:source.fifo", RONDO_S16, 1, &error), -ENXIO);
    assert_non_null(strstr(error.text, "nobody writes"));
}

static void
standard_input_can_be_captured(void **state)
{
    (void)state;
    assert_int_equal(file_test_run("cat pipe.wav | '%s' read-stdin", program), 0);
    assert_int_equal(file_test_run("'%s' read-stdin <pipe.wav", program), 0);
}

static int
read_stdin(void)
{
    struct file_take take;
    struct rondo_error error;

    if (file_test_capture(&take, "file:/dev/stdin", RONDO_S16, UINT64_MAX, &error) != 0) {
        fprintf(stderr, "%s\n", error.text);
        return 1;
    }
    if (take.frames != FRAMES || !is_numbered(0, take.data, FRAMES))
        return 1;
    file_test_free(&take);
    return 0;
}

static void
a_pipe_can_be_written(void **state)
{
    static const char *const types[] = {"raw", "ogg"};

    (void)state;
    assert_int_equal(mkfifo("sink.fifo", 0600), 0);
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        struct file_take take;
        struct rondo_error error;
        char device[128];
        char command[64];
        FILE *reader = NULL;

        snprintf(command, sizeof(command), "cat sink.fifo >piped.%s", types[i]);
        reader = popen(command, "r");
        assert_non_null(reader);
        snprintf(device, sizeof(device), "file:sink.fifo?type=%s", types[i]);
        make_source(device);
        assert_int_equal(pclose(reader), 0);
        snprintf(device, sizeof(device), "file:piped.%s%s", types[i],
                 i == 0 ? "?format=s16&rate=48000&channels=2" : "");
        if (file_test_capture(&take, device, RONDO_S16, UINT64_MAX, &error) != 0)
            fail_msg("%s: %s", device, error.text);
        assert_int_equal(take.frames, FRAMES);
        assert_true(i == 1 || is_numbered(0, take.data, FRAMES));
        file_test_free(&take);
    }
    assert_false(file_test_exists("sink.fifo.part"));
}

static void
a_pipe_refuses_kinds_whose_header_is_completed_at_the_end(void **state)
{
    struct file_take take = {.format = {RONDO_S16, 2, 48000}};
    struct rondo_error error;

    (void)state;
    assert_int_equal(file_test_render(&take, "file:sink.fifo?type=wav", NULL, &error), -ENOTSUP);
    assert_non_null(strstr(error.text, "ogg and raw"));
    assert_int_equal(file_test_render(&take, "file:sink.fifo?type=flac", NULL, &error), -ENOTSUP);
}

static void
a_pipe_without_a_reader_is_an_error(void **state)
{
    struct file_take take = {.format = {RONDO_S16, 2, 48000}};
    struct rondo_error error;

    (void)state;
    assert_int_equal(file_test_render(&take, "file:sink.fifo?type=raw", NULL, &error), -ENXIO);
    assert_non_null(strstr(error.text, "nobody reads"));
}

static void
a_reader_that_goes_away_is_an_error_and_no_signal(void **state)
{
    struct file_take take = {.format = {RONDO_S16, 2, 48000}, .frames = 200000};
    struct rondo_error error;
    FILE *reader = popen("head -c 1000 sink.fifo >/dev/null", "r");

    (void)state;
    assert_non_null(reader);
    take.data = calloc(take.frames, 4);
    assert_non_null(take.data);
    signal(SIGPIPE, SIG_DFL);
    assert_int_equal(file_test_render(&take, "file:sink.fifo?type=raw", NULL, &error), -ENXIO);
    assert_non_null(strstr(error.text, "frames, in sink.fifo"));
    pclose(reader);
    file_test_free(&take);
}

/* What is written when the file is finished is written on the application's own thread. */
static void
a_reader_that_goes_away_before_the_end_is_no_signal_either(void **state)
{
    struct rondo_stream_config config = RONDO_STREAM_CONFIG_INIT;
    struct rondo_stream *stream = NULL;
    int reader = -1;

    (void)state;
    signal(SIGPIPE, SIG_DFL);
    config.direction = RONDO_RENDER;
    assert_int_equal(rondo_stream_open(&stream, "file:sink.fifo?type=ogg&clock=offline", &config),
                     0);
    reader = open("sink.fifo", O_RDONLY | O_NONBLOCK);
    assert_true(reader >= 0);
    assert_int_equal(rondo_stream_start(stream), 0);
    assert_true(rondo_stream_wait(stream, FILE_TEST_DEADLINE_NS) > 0);
    {
        const struct rondo_span span = rondo_stream_get(stream, UINT32_MAX);

        make_numbered(0, span.data, span.frames);
        assert_int_equal(rondo_stream_release(stream, span.frames), 0);
    }
    assert_int_equal(rondo_stream_drain(stream, FILE_TEST_DEADLINE_NS), 0);
    close(reader);
    assert_int_equal(rondo_stream_reset(stream), -ENXIO);
    rondo_stream_close(stream);
}

static void
on_alarm(int number)
{
    (void)number;
}

static void
signals_do_not_disturb_writing(void **state)
{
    const struct itimerval often = {{0, 2000}, {0, 2000}};
    const struct itimerval never = {{0, 0}, {0, 0}};
    struct sigaction action = {.sa_handler = on_alarm}; /* without SA_RESTART */
    struct rondo__device_string string;
    struct rondo_device_info granted;
    struct rondo_error error = {0};
    struct file_take take;
    void *device = NULL;
    int16_t *frames = malloc(100000 * 4);
    FILE *reader = NULL;

    (void)state;
    assert_non_null(frames);
    make_numbered(0, frames, 100000);
    assert_int_equal(rondo__device_string_parse(&string, "file:sink.fifo?type=raw", &error), 0);
    {
        const struct rondo_device_request request = {.direction = RONDO_RENDER,
                                                     .format = {RONDO_S16, 2, 48000},
                                                     .address = string.address,
                                                     .parameters = string.parameters};

        assert_int_equal(string.ops->open(&device, &request, &granted, &error), 0);
    }
    /* More than the pipe holds, so that writing waits for the reader; it is in no hurry. */
    reader = popen("exec 3<sink.fifo; sleep 0.2; cat <&3 >alarmed.raw", "r");
    assert_non_null(reader);
    assert_int_equal(string.ops->set_state(device, RONDO_ENGINE_RUNNING, &error), 0);
    sigaction(SIGALRM, &action, NULL);
    assert_int_equal(setitimer(ITIMER_REAL, &often, NULL), 0);
    assert_int_equal(string.ops->transfer(device, frames, 100000, &error), 100000);
    assert_int_equal(setitimer(ITIMER_REAL, &never, NULL), 0);
    assert_int_equal(string.ops->close(device, &error), 0);
    rondo__device_string_finish(&string);
    pclose(reader);
    assert_int_equal(file_test_capture(&take, "file:alarmed.raw?format=s16&rate=48000&channels=2",
                                       RONDO_S16, UINT64_MAX, &error),
                     0);
    assert_int_equal(take.frames, 100000);
    assert_memory_equal(take.data, frames, 400000);
    file_test_free(&take);
    free(frames);
}

int
main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_loop_joins_the_end_to_the_beginning),
        cmocka_unit_test(a_loop_shorter_than_a_period_works),
        cmocka_unit_test(a_file_without_frames_cannot_be_repeated),
        cmocka_unit_test(names_may_hold_any_character),
        cmocka_unit_test(a_long_path_works),
        cmocka_unit_test(an_error_about_a_long_path_still_tells_why),
        cmocka_unit_test(the_file_behind_a_link_is_replaced),
        cmocka_unit_test(the_file_goes_where_it_was_opened),
        cmocka_unit_test(a_pipe_can_be_captured),
        cmocka_unit_test(a_headerless_pipe_can_be_captured),
        cmocka_unit_test(a_pipe_whose_header_does_not_know_the_length_is_read_to_its_end),
        cmocka_unit_test(a_pipe_that_ends_too_early_is_an_error),
        cmocka_unit_test(
            a_pipe_of_a_kind_that_needs_more_than_a_pipe_is_refused_by_its_first_bytes),
        cmocka_unit_test(a_pipe_whose_head_comes_in_pieces_can_be_captured),
        cmocka_unit_test(a_pipe_cannot_begin_again),
        cmocka_unit_test(a_pipe_without_a_writer_is_an_error),
        cmocka_unit_test(standard_input_can_be_captured),
        cmocka_unit_test(a_pipe_can_be_written),
        cmocka_unit_test(a_pipe_refuses_kinds_whose_header_is_completed_at_the_end),
        cmocka_unit_test(a_pipe_without_a_reader_is_an_error),
        cmocka_unit_test(a_reader_that_goes_away_is_an_error_and_no_signal),
        cmocka_unit_test(a_reader_that_goes_away_before_the_end_is_no_signal_either),
        cmocka_unit_test(signals_do_not_disturb_writing),
    };
    const struct rondo_format format = {RONDO_S16, 2, 48000};
    const struct conformance_subject subjects[] = {
        {"file:source.wav", RONDO_CAPTURE, {0}, format, FRAMES, is_numbered, NULL, NULL},
        {"file:source.flac",
         RONDO_CAPTURE,
         {RONDO_S16, 1, 8000},
         format,
         FRAMES,
         is_numbered,
         NULL,
         NULL},
        {"file:sink.wav", RONDO_RENDER, {0}, format, 0, NULL, make_numbered, check_wav},
        {"file:sink.flac?rate=48000",
         RONDO_RENDER,
         {RONDO_S16, 2, 0},
         format,
         0,
         NULL,
         make_numbered,
         check_flac},
    };
    int result = 0;

    if (argc == 2 && strcmp(argv[1], "read-stdin") == 0)
        return read_stdin();
    program = realpath(argv[0], NULL);
    file_test_enter_folder();
    make_source("file:source.wav");
    make_source("file:source.flac");
    for (size_t i = 0; i < sizeof(subjects) / sizeof(subjects[0]); i++)
        result += conformance_run(&subjects[i]);
    result += cmocka_run_group_tests(tests, NULL, NULL);
    file_test_leave_folder();
    return result;
}
