/* SPDX-License-Identifier: MIT */
/**
 * @file
 * Where a file that is written goes.
 *
 * While it grows it is called NAME.part; when it is finished it takes the place of NAME in one
 * step. So NAME is whole whenever it is there, and what was there before stays until something
 * whole replaces it. A .part that was left behind is replaced by the next run; two at once cannot
 * write the same one.
 *
 * What is there and is no regular file (a pipe, /dev/null) is written as it is.
 */
#ifndef RONDO_BACKENDS_FILE_TARGET_H
#define RONDO_BACKENDS_FILE_TARGET_H

#include <stdbool.h>

#include <rondo/error.h>

#include "backends/file/file_io.h"
#include "backends/file/file_type.h"

/** A place for a file. Begins as RONDO__FILE_TARGET_INIT. */
struct rondo__file_target {
    const char *path; /**< as given */
    char *resolved;   /**< behind symbolic links; cut behind the directory */
    const char *name; /**< in the directory */
    char *part;       /**< in the directory */
    int directory;    /**< held open: the file goes there, whatever the working directory becomes */
    bool direct;      /**< no regular file: there is no .part */
};

#define RONDO__FILE_TARGET_INIT                                                                    \
    {                                                                                              \
        .directory = -1                                                                            \
    }

/**
 * Look at what stands where the file shall go, without changing anything.
 *
 * @param path  alive as long as the target
 * @return 0, to be finished; a negative errno with @p error filled in, to be finished too
 */
int rondo__file_target_find(struct rondo__file_target *target, const char *path,
                            const struct rondo__file_type *type, struct rondo_error *error);

/**
 * Open the empty .part, or what is there and is no regular file.
 *
 * @param io  receives the descriptor
 * @return 0; a negative errno with @p error filled in: -EBUSY: somebody is writing it
 */
int rondo__file_target_create(const struct rondo__file_target *target, struct rondo__file_io *io,
                              struct rondo_error *error);

/** The .part is complete and on the disk: let it take its name. @return 0; a negative errno: it
 * stays .part */
int rondo__file_target_publish(const struct rondo__file_target *target, int fd);

/** Give everything back. */
void rondo__file_target_finish(struct rondo__file_target *target);

#endif
