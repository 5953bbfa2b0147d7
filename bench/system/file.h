/* SPDX-License-Identifier: MIT */
/**
 * @file
 * A recording for the bench: S16, stereo, 48 kHz, with samples that tell their place.
 */
#ifndef RONDO_BENCH_SYSTEM_FILE_H
#define RONDO_BENCH_SYSTEM_FILE_H

#include <stddef.h>
#include <stdint.h>

#define BENCH_FILE_RATE_HZ  48000u
#define BENCH_FILE_CHANNELS 2u
#define BENCH_FILE_FRAMES   (900u * 3200u) /* a minute */
#define BENCH_FILE_PATH_MAX 256

/** The sample at a place: no two neighbours alike, and no short period. */
static inline int16_t
bench_file_sample(uint64_t frame, uint32_t channel)
{
    return (int16_t)(((uint32_t)frame * 2u + channel) * 2654435761u >> 16);
}

/** Path of the file, which is made at the first call and removed at the end of the program; NULL: it
 * cannot be made. */
const char *bench_file(void);

/** The device string of the file. */
void bench_file_device(char *text, size_t text_bytes);

#endif
