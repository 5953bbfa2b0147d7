/* SPDX-License-Identifier: MIT */
#include "bench/system/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sndfile.h>

static char folder[BENCH_FILE_PATH_MAX - 16];
static char path[BENCH_FILE_PATH_MAX];

static void
remove_file(void)
{
    unlink(path);
    rmdir(folder);
}

static int
write_samples(SNDFILE *file)
{
    int16_t samples[3200 * BENCH_FILE_CHANNELS];

    for (uint32_t frame = 0; frame < BENCH_FILE_FRAMES; frame += 3200) {
        for (uint32_t i = 0; i < 3200 * BENCH_FILE_CHANNELS; i++)
            samples[i] =
                bench_file_sample(frame + i / BENCH_FILE_CHANNELS, i % BENCH_FILE_CHANNELS);
        if (sf_writef_short(file, samples, 3200) != 3200)
            return -1;
    }
    return 0;
}

const char *
bench_file(void)
{
    const char *const temporary = getenv("TMPDIR");
    SF_INFO info = {.samplerate = (int)BENCH_FILE_RATE_HZ,
                    .channels = (int)BENCH_FILE_CHANNELS,
                    .format = SF_FORMAT_WAV | SF_FORMAT_PCM_16};
    SNDFILE *file;
    int result;

    if (path[0] != '\0')
        return path;
    result = snprintf(folder, sizeof folder, "%s/rondo-bench-XXXXXX",
                      temporary == NULL ? "/tmp" : temporary);
    if (result < 0 || (size_t)result >= sizeof folder || mkdtemp(folder) == NULL)
        return NULL;
    snprintf(path, sizeof path, "%s/take.wav", folder);
    atexit(remove_file);
    file = sf_open(path, SFM_WRITE, &info);
    result = file == NULL ? -1 : write_samples(file);
    if (file == NULL || sf_close(file) != 0 || result != 0) {
        path[0] = '\0';
        return NULL;
    }
    return path;
}

void
bench_file_device(char *text, size_t text_bytes)
{
    /* The lone '?' ends a path that may contain others. */
    snprintf(text, text_bytes, "file:%s?", bench_file());
}
