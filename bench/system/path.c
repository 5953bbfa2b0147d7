/* SPDX-License-Identifier: MIT */
/*
 * path_file_ml: the whole path of a recording, from a sound file through the engine and its ring
 * into the double buffer of the Magic Leap API, under the offline clock, beside libsndfile reading
 * the same file into one buffer of the same size and nothing else.
 *
 * The file lies in the page cache. Its samples are numbered, so that any of them tells where it
 * belongs: a first round compares all of them, the measured rounds some of each buffer.
 */
#include <stdlib.h>
#include <string.h>

#include <sndfile.h>

#include <rondo/compat/ml_audio.h>
#include <rondo/ml.h>

#include "bench/bench.h"
#include "bench/system/file.h"
#include "bench/system/place.h"
#include "bench/timing.h"

/* An operation is one frame; a round is the whole file. */
#define FILE_FRAMES   BENCH_FILE_FRAMES
#define CHANNELS      BENCH_FILE_CHANNELS
#define BUFFER_FRAMES 3200u /* what the API recommends at 48 kHz: 67 ms */
#define BUFFER_BYTES  (BUFFER_FRAMES * CHANNELS * (uint32_t)sizeof(int16_t))
#define LIMIT_NS      (20 * UINT64_C(1000000000))
#define PAUSES        32

RONDO_STATIC_ASSERT(FILE_FRAMES % BUFFER_FRAMES == 0, "a round is whole buffers");

/* Compare frames with what belongs at a position: all of them, or the ends and a few between. */
static const char *
check(const int16_t *samples, uint64_t position, uint32_t frames, int all)
{
    const uint32_t step = all ? 1 : 509;

    for (uint32_t i = 0; i < frames; i += step)
        for (uint32_t c = 0; c < CHANNELS; c++)
            if (samples[i * CHANNELS + c] != bench_file_sample(position + i, c))
                return "path_file_ml: a sample is not what the file has there";
    for (uint32_t c = 0; c < CHANNELS; c++)
        if (samples[(frames - 1) * CHANNELS + c] != bench_file_sample(position + frames - 1, c))
            return "path_file_ml: the last sample of a buffer is wrong";
    return NULL;
}

/* ---- rondo ---- */

/* Take what there is, if anything. Returns frames; sets *what if they are wrong. */
static uint32_t
take(MLHandle input, uint64_t position, int all, const char **what)
{
    MLAudioBuffer buffer;
    const MLResult result = MLAudioGetInputBuffer(input, &buffer);

    if (result == MLAudioResult_BufferNotReady)
        return 0;
    if (result != MLResult_Ok || buffer.size != BUFFER_BYTES)
        *what = "path_file_ml: no buffer, or a wrong one";
    else
        *what = check((const int16_t *)(const void *)buffer.ptr, position, BUFFER_FRAMES, all);
    if (*what == NULL && MLAudioReleaseInputBuffer(input) != MLResult_Ok)
        *what = "path_file_ml: the buffer could not be released";
    return BUFFER_FRAMES;
}

/* The file once, from start to the last frame. */
static const char *
one_round(MLHandle input, int all, uint64_t *ns)
{
    const uint64_t begin_ns = bench_clock_ns();
    const char *what = NULL;
    uint64_t taken = 0;
    uint32_t spins = 0;

    if (MLAudioStartInput(input) != MLResult_Ok)
        return "path_file_ml: cannot start";
    while (taken < FILE_FRAMES && what == NULL) {
        const uint32_t frames = take(input, taken, all, &what);

        taken += frames;
        if (frames == 0) {
            /* Some microsecond, which two buffers bridge: to ask all the time would slow the device
             * thread down. */
            for (int i = 0; i < PAUSES; i++)
                bench_pause();
            if (++spins % 4096 == 0 && bench_clock_ns() - begin_ns > LIMIT_NS)
                what = "path_file_ml: nothing comes";
        }
    }
    *ns += bench_clock_ns() - begin_ns;
    if (MLAudioStopInput(input) != MLResult_Ok && what == NULL)
        what = "path_file_ml: cannot stop";
    return what;
}

static const char *
run_rondo(const struct bench_candidate *self, uint64_t operations, struct bench_measure *measure)
{
    static int checked;
    const char *const path = bench_file();
    struct rondo_ml_config config = RONDO_ML_CONFIG_INIT;
    MLAudioBufferFormat format;
    MLHandle input = ML_INVALID_HANDLE;
    char device[BENCH_FILE_PATH_MAX + 32];
    uint64_t ns = 0;
    const char *what;

    (void)self;
    if (path == NULL)
        return "path_file_ml: cannot write a file";
    bench_file_device(device, sizeof device);
    config.mic = device;
    config.clock = rondo_clock_offline();
    what = place_threads();
    if (what != NULL)
        return what;
    if (rondo_ml_configure(&config) != 0 ||
        MLAudioGetBufferedInputDefaults(CHANNELS, BENCH_FILE_RATE_HZ, &format, NULL, NULL) !=
            MLResult_Ok ||
        MLAudioCreateInputFromMicCapture(MLAudioMicCaptureType_WorldCapture, &format, BUFFER_BYTES,
                                         NULL, NULL, &input) != MLResult_Ok)
        return "path_file_ml: cannot open the file";
    what = place_caller();
    if (what == NULL && !checked)
        what = one_round(input, 1, &ns);
    checked = 1;
    while (what == NULL && measure->operations < operations) {
        what = one_round(input, 0, &measure->ns);
        measure->operations += FILE_FRAMES;
    }
    MLAudioDestroyInput(input);
    rondo_ml_configure(NULL);
    return what;
}

/* ---- libsndfile ---- */

static const char *
run_sndfile(const struct bench_candidate *self, uint64_t operations, struct bench_measure *measure)
{
    const char *const path = bench_file();
    int16_t *const buffer = malloc(BUFFER_BYTES);
    const char *what = buffer == NULL ? "path_file_ml: no memory" : NULL;
    SF_INFO info = {0};
    SNDFILE *const file = path == NULL ? NULL : sf_open(path, SFM_READ, &info);

    (void)self;
    if (file == NULL)
        what = "path_file_ml: libsndfile cannot open the file";
    while (what == NULL && measure->operations < operations) {
        const uint64_t begin_ns = bench_clock_ns();

        for (uint64_t taken = 0; taken < FILE_FRAMES && what == NULL; taken += BUFFER_FRAMES) {
            if (sf_readf_short(file, buffer, BUFFER_FRAMES) != (sf_count_t)BUFFER_FRAMES)
                what = "path_file_ml: libsndfile reads less than there is";
            else
                what = check(buffer, taken, BUFFER_FRAMES, 0);
        }
        measure->ns += bench_clock_ns() - begin_ns;
        measure->operations += FILE_FRAMES;
        if (sf_seek(file, 0, SEEK_SET) != 0)
            what = "path_file_ml: libsndfile cannot go back";
    }
    sf_close(file);
    free(buffer);
    return what;
}

static const struct bench_candidate candidates[] = {
    {"path_file_ml", "rondo", BENCH_OURS, BENCH_OPERATIONS_PER_S, FILE_FRAMES, run_rondo, NULL, 0,
     1},
    {"path_file_ml", "sf_readf_short alone", BENCH_BOUND, BENCH_OPERATIONS_PER_S, FILE_FRAMES,
     run_sndfile, NULL, 0, 1},
};

__attribute__((constructor)) static void
add_candidates(void)
{
    for (size_t i = 0; i < sizeof candidates / sizeof candidates[0]; i++)
        bench_add(&candidates[i]);
}
