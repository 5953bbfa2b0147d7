/* SPDX-License-Identifier: MIT */
#ifndef TOOLS_COMPARE_H
#define TOOLS_COMPARE_H

#include <stdint.h>

/**
 * Compare two sound files sample by sample, both read as S16.
 *
 * @param frames  receives the frames that are the same from the beginning on
 * @return 1: the same to the last sample; 0: different; below 0: one of them cannot be read (told on
 *         stderr)
 */
int compare_files(const char *device, const char *other_device, uint64_t *frames);

#endif
