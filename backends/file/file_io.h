/* SPDX-License-Identifier: MIT */
/**
 * @file
 * The bytes below libsndfile: a descriptor whose errors are kept exactly as the system gave them.
 */
#ifndef RONDO_BACKENDS_FILE_IO_H
#define RONDO_BACKENDS_FILE_IO_H

#include <stdbool.h>
#include <stdint.h>

#include <sndfile.h>

/** What is read or written, and where. */
struct rondo__file_io {
    int fd;    /**< -1: everything written is dropped, to try out whether a format can be written */
    int error; /**< the first error, a negative errno; 0: none */
    int64_t position; /**< where the next byte is read or written */
    int64_t length;   /**< bytes that there are */
    bool appends;     /**< a pipe: what was written once cannot be changed */
    bool insists;     /**< goes on writing after an error: to complete a header on a full disk */
};

/** For sf_open_virtual(), with a struct rondo__file_io as user data. */
extern SF_VIRTUAL_IO rondo__file_io_calls;

#endif
