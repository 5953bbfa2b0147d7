/* SPDX-License-Identifier: MIT */
/*
 * Sound files, read by `file:`. The input is four bytes of choices and the file.
 *
 * Whatever the file is: it is refused with a documented code and in words, or yields frames until its
 * end or an error; a file that ends without an error has the length it promised; and read again,
 * after a reset, in other portions, in another format, repeated, it yields the same.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <rondo/stream.h>

#include "fuzz/check.h"
#include "fuzz/input.h"
#include "fuzz/surroundings.h"

#define FILE_BYTES_MAX 65536u /* as much as a pipe holds */

/* Reading stops there. */
#define TAKE_FRAMES_MAX 3000u
#define TAKE_BYTES_MAX  (128u << 10)

/* How a file is read, and what came of it. */
struct take {
    struct rondo_format asked, granted;
    uint64_t length_frames;
    uint32_t frame_bytes, frames, frames_max;
    int end; /* -ENODATA: the end; 0: it was not read to its end; otherwise an error */
    unsigned char *data;
};

static struct {
    bool is_pipe, is_raw;
    uint8_t portions, change;
    int fd;
    char raw[80]; /* the parameters of a file without a header */
    struct fuzz_input bytes;
} scene;

/* What a file was like guides libFuzzer as its own counters do: it does not see into libsndfile. */
#define COUNTERS 4096u
__attribute__((section("__libfuzzer_extra_counters"), used)) static uint8_t counters[COUNTERS];

static void
tell_libfuzzer(const char *text, uint64_t number)
{
    uint64_t hash = number + 1;

    for (; *text != '\0' && *text != '/'; text++) /* without paths and numbers */
        if (*text < '0' || *text > '9')
            hash = (hash ^ (unsigned char)*text) * UINT64_C(0x9e3779b97f4a7c15);
    counters[(hash * UINT64_C(0x9e3779b97f4a7c15) >> 40) % COUNTERS] = 1;
}

static uint32_t
magic(void)
{
    uint32_t word = 0;

    if (scene.bytes.left >= 4)
        memcpy(&word, scene.bytes.at, 4);
    return word;
}

static unsigned
log2_of(uint64_t number)
{
    unsigned bits = 0;

    for (; number > 0; number >>= 1)
        bits++;
    return bits;
}

static void
check_error(const struct rondo_error *error, int code)
{
    FUZZ_CHECK_EQUAL(error->code, code);
    FUZZ_CHECK((code == 0) == (error->text[0] == '\0'));
    for (const char *c = error->text; *c != '\0'; c++)
        FUZZ_CHECK((unsigned char)*c >= ' ');
    tell_libfuzzer(error->text, magic());
}

/* ---- the device ---- */

/* Make a descriptor with the file in it, and the device string that reads it. */
static void
make_device(char *device, size_t device_bytes, bool loops)
{
    int ends[2];

    if (scene.is_pipe) {
        FUZZ_CHECK(pipe2(ends, O_CLOEXEC) == 0);
        scene.fd = ends[0];
        FUZZ_CHECK(write(ends[1], scene.bytes.at, scene.bytes.left) == (ssize_t)scene.bytes.left);
        close(ends[1]);
    } else {
        scene.fd = memfd_create("fuzz", MFD_CLOEXEC);
        FUZZ_CHECK(write(scene.fd, scene.bytes.at, scene.bytes.left) == (ssize_t)scene.bytes.left);
    }
    snprintf(device, device_bytes, "file:/proc/self/fd/%d?clock=offline&loop=%d%s", scene.fd, loops,
             scene.raw);
}

static int
open_stream(struct rondo_stream **stream, struct take *take, bool loops)
{
    struct rondo_stream_config config = RONDO_STREAM_CONFIG_INIT;
    struct rondo_stream_info info;
    struct rondo_error error = {-1, "nobody wrote here"};
    char device[160];
    int result;

    make_device(device, sizeof device, loops);
    config.format = take->asked;
    config.period_frames = 1 + scene.portions % 64u * 8;
    config.error = &error;
    result = rondo_stream_open(stream, device, &config);
    check_error(&error, result);
    /* -ENOMEM: the buffer of so large a frame is beyond our limit. */
    FUZZ_CHECK_ONE_OF(result, -EINVAL, -EBADMSG, -ENOTSUP, -ENOMEM);
    if (result != 0)
        return result;
    FUZZ_CHECK(!(loops && scene.is_pipe));
    rondo_stream_query_info(*stream, &info);
    take->granted = info.granted.format;
    take->length_frames = info.granted.length_frames;
    take->frame_bytes = rondo_frame_bytes(&take->granted);
    FUZZ_CHECK_EQUAL(rondo_format_check(&take->granted), 0);
    FUZZ_CHECK(take->granted.sample == RONDO_S16 || take->granted.sample == RONDO_S32 ||
               take->granted.sample == RONDO_F32);
    if (take->asked.sample == RONDO_S16 || take->asked.sample == RONDO_S32 ||
        take->asked.sample == RONDO_F32)
        FUZZ_CHECK_EQUAL(take->granted.sample, take->asked.sample);
    if (loops)
        FUZZ_CHECK_EQUAL(take->length_frames, 0);
    tell_libfuzzer("granted", magic() ^ (uint64_t)take->granted.sample << 32 ^
                                  (uint64_t)log2_of(take->granted.channels) << 36 ^
                                  (uint64_t)log2_of(take->granted.rate_hz) << 40 ^
                                  (uint64_t)log2_of(take->length_frames) << 48);
    return 0;
}

/* ---- reading ---- */

static void
take_free(struct take *take)
{
    free(take->data);
    take->data = NULL;
}

/* Read a started stream to its end, or as much as there may be, in portions of a size that varies. */
static void
read_all(struct rondo_stream *stream, struct take *take, uint8_t portions)
{
    struct rondo_error error;
    uint32_t turn = portions;
    int ready = 0;

    take->frames_max = TAKE_BYTES_MAX / take->frame_bytes;
    if (take->frames_max > TAKE_FRAMES_MAX)
        take->frames_max = TAKE_FRAMES_MAX;
    take->data = malloc((size_t)take->frames_max * take->frame_bytes);
    take->frames = 0;
    FUZZ_CHECK(take->data != NULL);
    while (take->frames < take->frames_max) {
        const uint32_t most = take->frames_max - take->frames;
        struct rondo_span span;
        uint32_t some;

        ready = rondo_stream_wait(stream, FUZZ_DEADLINE_NS);
        if (ready < 0)
            break;
        span = rondo_stream_get(stream, turn % 3 == 0 ? UINT32_MAX : 1 + turn % 97);
        FUZZ_CHECK(span.frames > 0);
        some = turn % 5 == 0 ? span.frames / 2 + 1 : span.frames;
        some = some < most ? some : most;
        memcpy(take->data + (size_t)take->frames * take->frame_bytes, span.data,
               (size_t)some * take->frame_bytes);
        FUZZ_CHECK_EQUAL(rondo_stream_release(stream, some), 0);
        take->frames += some;
        turn++;
    }
    take->end = ready < 0 ? ready : 0;
    FUZZ_CHECK(take->end != -ETIMEDOUT); /* a hang */
    FUZZ_CHECK_ONE_OF(take->end, -ENODATA, -EBADMSG, -ENOTSUP, -EIO);
    if (take->end == -ENODATA) {
        const int64_t deadline_ns = fuzz_now_ns() + FUZZ_DEADLINE_NS;

        FUZZ_CHECK_EQUAL(rondo_stream_error(stream, NULL), 0);
        /* The position may follow a moment later. */
        while (rondo_stream_position(stream, NULL) != take->frames && fuzz_now_ns() < deadline_ns)
            sched_yield();
        FUZZ_CHECK_EQUAL(rondo_stream_position(stream, NULL), take->frames);
    } else if (take->end != 0) {
        rondo_stream_error(stream, &error);
        check_error(&error, take->end);
    }
}

/* Two ways of reading the same frames end alike; one of them may have been cut. Where an error is
 * noticed depends on the portions. */
static void
check_same_end(const struct take *a, const struct take *b)
{
    if (a->end == 0 || b->end == 0)
        return;
    FUZZ_CHECK_EQUAL(a->end, b->end);
    if (a->end == -ENODATA)
        FUZZ_CHECK_EQUAL(a->frames, b->frames);
}

static void
check_same(const struct take *a, const struct take *b)
{
    const uint32_t frames = a->frames < b->frames ? a->frames : b->frames;

    FUZZ_CHECK_EQUAL(a->frame_bytes, b->frame_bytes);
    FUZZ_CHECK(memcmp(a->data, b->data, (size_t)frames * a->frame_bytes) == 0);
    check_same_end(a, b);
}

/* Somebody else writes into the file that is being read, or cuts it off. Returns whether. */
static bool
change_file(void)
{
    const size_t place = scene.change * UINT32_C(2654435761) >> 8;
    const uint8_t byte = (uint8_t)(scene.change * 37);

    if (scene.change == 0 || scene.is_pipe)
        return false;
    if (scene.change % 8 == 7)
        FUZZ_CHECK(ftruncate(scene.fd, (off_t)(place % (scene.bytes.left + 1))) == 0);
    else /* more often in its header */
        FUZZ_CHECK(pwrite(scene.fd, &byte, 1,
                          (off_t)(place % (scene.change % 2 ? 64 : scene.bytes.left + 1))) == 1);
    return true;
}

/* Once, and again after a reset. Returns whether it could be opened. */
static bool
read_twice(struct take *take, struct take *again)
{
    struct rondo_stream *stream = NULL;
    int result = open_stream(&stream, take, false);
    bool is_changed;

    if (result != 0) {
        close(scene.fd);
        return false;
    }
    *again = *take;
    result = rondo_stream_start(stream);
    FUZZ_CHECK_EQUAL(result, 0);
    read_all(stream, take, scene.portions);
    if (take->end == -ENODATA && take->length_frames != 0)
        FUZZ_CHECK_EQUAL(take->frames, take->length_frames);
    if (take->end == -ENODATA)
        FUZZ_CHECK_EQUAL(rondo_stream_wait(stream, 0), -ENODATA);

    is_changed = change_file();
    result = rondo_stream_reset(stream);
    if (is_changed) {
        FUZZ_CHECK_ONE_OF(result, -EBADMSG, -ENOTSUP);
    } else if (scene.is_pipe) {
        FUZZ_CHECK_EQUAL(result, take->frames == 0 ? result : -ESPIPE);
        FUZZ_CHECK_ONE_OF(result, -ESPIPE);
    } else {
        FUZZ_CHECK_EQUAL(result, 0);
    }
    FUZZ_CHECK_EQUAL(rondo_stream_position(stream, NULL), 0);
    if (result == 0 && rondo_stream_start(stream) == 0) {
        read_all(stream, again, (uint8_t)(scene.portions * 7 + 3));
        if (!is_changed)
            check_same(take, again);
    }
    rondo_stream_close(stream);
    close(scene.fd);
    return true;
}

/* The same frames in another format: as many, with the same end. */
static void
read_differently(const struct take *plain)
{
    struct rondo_stream *stream = NULL;
    struct take take = *plain;

    take.asked.sample = plain->asked.sample == RONDO_F32 ? RONDO_S16 : RONDO_F32;
    FUZZ_CHECK_EQUAL(open_stream(&stream, &take, false), 0);
    close(scene.fd);
    FUZZ_CHECK_EQUAL(take.length_frames, plain->length_frames);
    FUZZ_CHECK_EQUAL(rondo_stream_start(stream), 0);
    read_all(stream, &take, scene.portions);
    check_same_end(&take, plain);
    rondo_stream_close(stream);
    take_free(&take);
}

/* Repeated: the frames of one turn again and again, or up to the error that ends it. */
static void
read_repeated(const struct take *plain)
{
    struct rondo_stream *stream = NULL;
    struct take take = *plain;
    const int result = open_stream(&stream, &take, true);

    close(scene.fd);
    if (result != 0) {
        FUZZ_CHECK(plain->length_frames == 0 || result == -ENOMEM);
        return;
    }
    FUZZ_CHECK_EQUAL(rondo_stream_start(stream), 0);
    read_all(stream, &take, scene.portions);
    if (plain->end != -ENODATA) {
        check_same(&take, plain);
    } else {
        FUZZ_CHECK(take.end == 0 || plain->frames == 0); /* it does not end */
        for (uint32_t frame = 0; frame < take.frames; frame++)
            FUZZ_CHECK(memcmp(take.data + (size_t)frame * take.frame_bytes,
                              plain->data + (size_t)(frame % plain->frames) * take.frame_bytes,
                              take.frame_bytes) == 0);
    }
    rondo_stream_close(stream);
    take_free(&take);
}

/* ---- a run ---- */

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    fuzz_confine();
    return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const samples[] = {"s16", "s24", "s32", "f32"};
    struct fuzz_input input = {data, size};
    const struct fuzz_census before = fuzz_census();
    const uint8_t choices = fuzz_byte(&input);
    const uint8_t raw = fuzz_byte(&input);
    struct take take = {.end = 0};
    struct take again = {.end = 0};

    scene.portions = fuzz_byte(&input);
    take.asked.sample = (enum rondo_sample_format)(choices % 6);
    scene.change = fuzz_byte(&input);
    take.asked.channels = scene.change % 4;
    scene.change /= 4;
    scene.is_pipe = (choices & 0xc0) == 0xc0;
    scene.is_raw = (choices & 0x30) == 0x30;
    scene.raw[0] = '\0';
    if (scene.is_raw)
        snprintf(scene.raw, sizeof scene.raw, "&format=%s&channels=%u&rate=%u", samples[raw % 4],
                 1 + raw / 4 % 8u, 8000u << raw / 32);
    scene.bytes = fuzz_rest(&input);
    if (scene.bytes.left > FILE_BYTES_MAX)
        return -1;
    if (read_twice(&take, &again) && !scene.is_pipe) {
        if (scene.portions & 1)
            read_differently(&take);
        if (scene.portions & 2)
            read_repeated(&take);
    }
    take_free(&take);
    take_free(&again);
    fuzz_census_check(&before);
    return 0;
}
