/* SPDX-License-Identifier: MIT */
/**
 * @file
 * Whether a file is as long as its own header says.
 *
 * libsndfile reads what there is of a file that was cut off. Here that is an error, told before the
 * first frame.
 */
#ifndef RONDO_BACKENDS_FILE_PROMISE_H
#define RONDO_BACKENDS_FILE_PROMISE_H

#include <stdbool.h>
#include <stdint.h>

/** Whether a size of samples in bytes is one of those that stand for "not known" in headers of
 * 32-bit sizes. */
bool rondo__file_size_is_unknown(uint64_t bytes);

/**
 * Look at the header of WAV, RF64, W64, AIFF, 8SVX, CAF and AU, and at the last page of Ogg.
 *
 * Headers that say that they do not know (written into a pipe) promise nothing, and so do other
 * kinds of files.
 *
 * @param fd            can be read at any offset
 * @param length_bytes  of the file
 * @param missing       receives the bytes that are missing; 0: not known how many
 * @return 0: it keeps its promise, or makes none; -EBADMSG: it is cut off; another negative errno:
 * it could not be read
 */
int rondo__file_promise(int fd, uint64_t length_bytes, uint64_t *missing);

#endif
