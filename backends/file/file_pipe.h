/* SPDX-License-Identifier: MIT */
/**
 * @file
 * What comes out of a pipe, before libsndfile takes it.
 *
 * Some of libsndfile's readers look for the next chunk for ever when a pipe ends within a header. So
 * it is given only what is known to begin as a file of a kind that it reads from pipes.
 */
#ifndef RONDO_BACKENDS_FILE_PIPE_H
#define RONDO_BACKENDS_FILE_PIPE_H

/** Wait for somebody who writes. @return 0; -ENXIO: nobody does; another negative errno */
int rondo__file_pipe_wait(int fd);

/**
 * Look at the first bytes, and leave them where they are. Waits for them, or for the pipe's end.
 *
 * @param fd  of a pipe, blocking
 * @return 0: WAV, AIFF, AU or Ogg; -EBADMSG: something else; another negative errno: it could not be
 * read
 */
int rondo__file_pipe_check(int fd);

#endif
